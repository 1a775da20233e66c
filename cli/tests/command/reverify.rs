//! `inlet reverify`.

use inlet_tests::demo_credential;
use serde_json::{Value, json};

use crate::given::unsent;
use crate::inlet::{run, snapshot};

#[tokio::test]
async fn a_quarantined_delivery_becomes_an_event_later() {
    let (stack, store, request) = unsent("order.create").await;
    let (address, parameter) = (format!("zid/{store}"), format!("zid/{store}"));
    stack.set(&parameter, r#"[{"username":"mistyped","password":"mistyped"}]"#).await;
    assert_eq!(stack.send("zid", &request).status, 401);

    snapshot("reverify-dry-run", &run(&["reverify", &address, "--dry-run"]).done());
    snapshot("reverify-still-failing", &run(&["reverify", &address, "--yes"]));
    stack.set(&parameter, &json!([demo_credential("zid")]).to_string()).await;
    snapshot("reverify-unconfirmed", &run(&["reverify", &address]));
    snapshot("reverify", &run(&["reverify", &address, "--yes"]).done());
    assert_eq!(stack.published_once(1, &store).len(), 1);
    let id = stack.events("zid", &store).await.remove(0);
    let shown: Value = run(&["show", id.as_str(), "--json"]).done().json();
    assert_eq!(shown["origin"], "quarantine");
    snapshot("reverify-nothing", &run(&["reverify", &address, "--yes"]).done());
}
