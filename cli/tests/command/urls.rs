//! `inlet urls`.

use crate::inlet::{run, snapshot};

#[test]
fn a_store_has_a_url_for_each_event() {
    snapshot("urls-tiki-demo", &run(&["urls", "tiki/demo"]).done());
}

#[test]
fn the_stores_of_a_provider_are_found_by_their_secrets() {
    let told = run(&["--json", "urls", "zid"]).done().json();
    let stores = told["stores"].as_array().expect("stores");
    assert!(stores.iter().any(|store| store["store"] == "zid/demo"), "{told}");
}
