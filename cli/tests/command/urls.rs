//! `inlet urls`.

use crate::inlet::{run, snapshot};

#[test]
fn a_store_has_a_url_for_each_event() {
    snapshot("urls-tiki-demo", &run(&["urls", "tiki/demo"]).done());
}

#[test]
fn stores_are_found_by_their_secrets() {
    let printed = run(&["--json", "urls", "zid"]).done().json();
    let [zid] = printed["providers"].as_array().expect("providers").as_slice() else { panic!("{printed}") };
    let stores = zid["stores"].as_array().expect("stores");
    assert!(stores.iter().any(|store| store["store"] == "zid/demo"), "{printed}");
    let page = run(&["urls", "zid"]).done().out;
    assert_eq!(page.matches("Steps at zid:").count(), 1, "{page}");
}
