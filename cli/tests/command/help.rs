//! The first texts that a newcomer reads, and the errors of a machine without a configured account.

use inlet_tests::stack::Stack;

use crate::inlet::{bare, in_an_account, run, snapshot};

#[test]
fn the_help_has_groups_and_a_quick_start() {
    snapshot("help", &bare(&["--help"]).done());
}

#[test]
fn an_invalid_store_is_explained_before_any_call() {
    snapshot("invalid-store", &bare(&["urls", "shopify/x"]));
}

#[test]
fn missing_credentials_and_region_have_own_errors() {
    snapshot("no-region", &bare(&["urls"]));
    snapshot("no-credentials", &bare(&["--region", "eu-central-1", "urls"]));
    snapshot("no-local-stack", &bare(&["--local", "urls"]));
}

#[test]
fn every_command_has_a_manual_page_and_completions() {
    let folder = std::env::temp_dir().join(format!("inlet-man-{}", std::process::id()));
    bare(&["man", folder.to_str().expect("a path")]).done();
    let pages = std::fs::read_dir(&folder).expect("a folder").count();
    std::fs::remove_dir_all(&folder).expect("its end");
    let commands = bare(&["help"]).done().out;
    assert!(commands.contains("urls") && pages > 3, "{pages} pages for\n{commands}");
    assert!(run(&["completions", "bash"]).done().out.contains("urls"));
}

#[test]
fn a_deployment_is_found_by_its_stacks_name() {
    let facts = Stack::up().facts;
    let printed = in_an_account(&facts, &["--json", "--stack", "inlet-local", "secret", "list", "zid/demo"])
        .done()
        .json();
    assert_eq!(printed["credentials"][0]["shape"], "basic", "{printed}");
    snapshot("not-deployed", &in_an_account(&facts, &["--stack", "inlet-nowhere", "urls"]));
}
