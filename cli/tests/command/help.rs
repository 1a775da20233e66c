//! The first texts that a newcomer reads, and the errors of a machine without a configured account.

use inlet_tests::stack::Stack;

use crate::inlet::{bare, in_an_account, run, snapshot};

#[test]
fn the_help_leads_a_newcomer() {
    snapshot("help", &bare(&["--help"]).done());
}

#[test]
fn an_unknown_store_is_explained_before_anything_is_asked_of_aws() {
    snapshot("not-a-store", &bare(&["urls", "shopify/x"]));
}

#[test]
fn nobody_signed_in_and_no_region_are_told_apart() {
    snapshot("no-region", &bare(&["urls"]));
    snapshot("no-credentials", &bare(&["--region", "eu-central-1", "urls"]));
    snapshot("no-local-stack", &bare(&["--local", "urls"]));
}

#[test]
fn every_command_has_a_page_in_the_manual_and_stands_in_the_completions() {
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
    let told = in_an_account(&facts, &["--json", "--stack", "inlet-local", "secret", "list", "zid/demo"])
        .done()
        .json();
    assert_eq!(told["credentials"][0]["form"], "basic", "{told}");
    snapshot("not-deployed", &in_an_account(&facts, &["--stack", "inlet-nowhere", "urls"]));
}
