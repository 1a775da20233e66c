//! What a newcomer reads first, and what stands in the way of those whose account is not set up.

use crate::inlet::{bare, run, snapshot};

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
