//! `inlet quarantine`.

use crate::given::unsent;
use crate::inlet::{bare, run, snapshot};

#[tokio::test]
async fn a_quarantined_delivery_is_shown_without_its_proof() {
    let (stack, store, request) = unsent("order.create").await;
    stack.set(&format!("zid/{store}"), r#"[{"username":"mistyped","password":"mistyped"}]"#).await;
    assert_eq!(stack.send("zid", &request).status, 401);
    let address = format!("zid/{store}");
    let listed = run(&["quarantine", "list", "--store", &address, "--json"]).done().json();
    let id = listed["quarantined"][0]["id"].as_str().unwrap().to_owned();
    let shown = run(&["quarantine", "show", &id[..8], "--store", &address]).done();
    snapshot("quarantine-show", &shown);
    let with_body = run(&["quarantine", "show", &id, "--body", "--json", "--store", &address]).done();
    assert!(with_body.json()["body"].as_str().unwrap().contains("81230457"));
    let proof = request.headers.value("authorization").unwrap().split_once(' ').unwrap().1;
    assert!(!(shown.out + &with_body.out).contains(proof), "the proof is shown");
    snapshot("quarantine-none", &run(&["quarantine", "show", "000000", "--store", &address]));
    snapshot("quarantine-no-id", &bare(&["quarantine", "show", "order.create"]));
}
