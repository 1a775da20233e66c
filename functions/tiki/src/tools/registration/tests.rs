//! Tests of the calls to Tiki's API and of its responses.

use inlet::provider::catalogue::{EventSpec, find};
use inlet::store::StoreName;
use serde_json::json;

use inlet::tools::registration::ChangeOptions;

use super::*;

const OLD: &str = r#"{"order":"oldoldoldoldoldoldoldoldoldoldol"}"#;
const NEW: &str = r#"{"order":"Qm7vT2xLk9Rw4ZpB8nYc1HsD6fJg3AeU","stock":"hT5nWq8ZcV2xJ7mKd4LpY9sRb3GfE6Ua","aftersale":"Xk3PzN6vBw9TqL2rMy8HcJ5dSg7FeA4Q"}"#;

fn opened(credentials: &[&str], options: &[(&str, &str)]) -> Result<Registry, PlanError> {
    let api = Tiki::API.unwrap();
    let given: Vec<(String, String)> =
        options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Registry::open(&ApiContext {
        destination: Destination::new("https://api.example", "tiki", &StoreName::parse("hcm").unwrap())
            .unwrap(),
        access: json!({"token": "the-t0ken"}),
        credentials: credentials.iter().map(|json| serde_json::from_str(json).unwrap()).collect(),
        options: Options::parse(&given, api.options)?,
    })
}

fn plan(registry: &Registry, events: &[&str]) -> Result<Vec<Step>, PlanError> {
    let events: Vec<&'static EventSpec> =
        events.iter().map(|name| find(crate::EVENTS, name).unwrap()).collect();
    let change = Change::Register { events: &events, options: ChangeOptions::default() };
    registry.plan(&CurrentRegistrations::default(), change)
}

fn call(steps: &[Step]) -> &Call {
    let [Step { action: Action::Call(call), .. }] = steps else { panic!("{steps:?}") };
    call
}

#[test]
fn registers_all_topics_in_one_call_with_the_newest_keys() {
    let options = [("warehouse", "sgn"), ("warehouse", "hn5"), ("partner", "700455")];
    let registry = opened(&[NEW, OLD], &options).unwrap();
    let steps = plan(&registry, &[]).unwrap();
    let wire = call(&steps).raw_request();
    assert_eq!((wire.verb, wire.path.as_str()), (Verb::Post, "/business/v1/register-webhooks"));
    assert!(wire.headers.contains(&("authorization", "Bearer the-t0ken".to_owned())));
    let body: Value = serde_json::from_slice(&wire.body.unwrap()).unwrap();
    assert_eq!(
        body,
        json!({
            "sync_inventory_location": ["sgn", "hn5"],
            "sync_webhook": {
                "order": {"url": "https://api.example/tiki/hcm/order", "secret_key": "Qm7vT2xLk9Rw4ZpB8nYc1HsD6fJg3AeU"},
                "stock": {"url": "https://api.example/tiki/hcm/stock", "secret_key": "hT5nWq8ZcV2xJ7mKd4LpY9sRb3GfE6Ua"},
                "aftersale": {"url": "https://api.example/tiki/hcm/aftersale", "secret_key": "Xk3PzN6vBw9TqL2rMy8HcJ5dSg7FeA4Q"},
            },
            "external_partner_id": "700455",
        })
    );
    let shown = call(&steps).to_string();
    for secret in ["the-t0ken", "Qm7v", "hT5n", "Xk3P"] {
        assert!(!shown.contains(secret), "{secret} is shown:\n{shown}");
    }
}

#[test]
fn unwanted_topics_are_left_out_but_never_orders() {
    let registry = opened(&[NEW], &[("warehouse", "sgn")]).unwrap();
    for (events, topics, left_out) in [
        (&[][..], &["order", "stock", "aftersale"][..], None),
        (&["aftersale.cr", "aftersale.fd"], &["order", "aftersale"], Some("Left out: stock.")),
        (&["stock.changed"], &["order", "stock"], Some("Left out: aftersale.")),
        (&["order.status"], &["order"], Some("Left out: stock and aftersale.")),
    ] {
        let steps = plan(&registry, events).unwrap();
        let items: Vec<&str> = steps[0].items.iter().map(|item| item.event.as_str()).collect();
        assert_eq!(items, topics, "{events:?}");
        for item in &steps[0].items {
            let note = item.note.clone().unwrap_or_default();
            assert_eq!(note.contains("Left out"), left_out.is_some(), "{events:?}: {note}");
            assert!(left_out.is_none_or(|words| note.contains(words)), "{events:?}: {note}");
        }
        let body = call(&steps).shown_body().unwrap();
        assert_eq!(body["sync_webhook"].as_object().unwrap().len(), topics.len(), "{body}");
        assert!(body.get("external_partner_id").is_none());
    }
}

#[test]
fn a_key_of_another_length_or_none_is_not_registered() {
    let long = r#"{"order":"a-key-that-is-longer-than-32-characters"}"#;
    let short = r#"{"order":"short","stock":"hT5nWq8ZcV2xJ7mKd4LpY9sRb3GfE6Ua","aftersale":"Xk3PzN6vBw9TqL2rMy8HcJ5dSg7FeA4Q"}"#;
    for (credentials, why) in [
        (&[long][..], "Tiki requires keys of exactly 32 characters"),
        (&[short], "it has no key of 32 characters for every topic"),
        (&[OLD], "it has no key of 32 characters for every topic"),
        (&[], "it has no key of 32 characters for every topic"),
    ] {
        let registry = opened(credentials, &[("warehouse", "sgn")]).unwrap();
        assert_eq!(plan(&registry, &[]).unwrap_err(), PlanError::Credential(why), "{credentials:?}");
    }
}

#[test]
fn a_warehouse_is_required() {
    let registry = opened(&[NEW], &[]).unwrap();
    assert!(matches!(plan(&registry, &[]), Err(PlanError::Option { name: "warehouse", .. })));
    assert!(matches!(opened(&[NEW], &[("shop", "1")]), Err(PlanError::NoSuchOption { .. })));
}

#[test]
fn listing_and_removal_are_not_documented() {
    let registry = opened(&[NEW], &[]).unwrap();
    assert!(registry.list_call().is_none());
    let removal = registry.plan(&CurrentRegistrations::default(), Change::Unregister { events: &[] });
    assert!(matches!(removal, Err(PlanError::NotDocumented(_))), "{removal:?}");
}

#[test]
fn every_response_is_read() {
    let registry = opened(&[NEW], &[("warehouse", "sgn")]).unwrap();
    let steps = plan(&registry, &[]).unwrap();
    let documented = r#"{"success":false,"error":{"status_code":401,"message":"Unauthorized","message_code":"INVALID_TOKEN"},"meta_data":{"request_id":"r-1"}}"#;
    for (status, body, expected) in [
        (200, r#"{"success":true}"#, "done"),
        (200, r#"{"success":true,"meta_data":{"request_id":"97b2"}}"#, "done: Tiki's request 97b2"),
        (200, "", "unconfirmed: the provider's response (status 200) is not an object with success: true"),
        (
            201,
            "<html>",
            "unconfirmed: the provider's response (status 201) is not an object with success: true",
        ),
        (200, "{}", "unconfirmed: the provider's response (status 200) is not an object with success: true"),
        (
            401,
            documented,
            "rejected: the provider rejected the access to its API: \"INVALID_TOKEN: Unauthorized, request r-1\"",
        ),
        (
            200,
            documented,
            "rejected: the provider rejected the call with status 200: \"INVALID_TOKEN: Unauthorized, request r-1\"",
        ),
        (401, "", "rejected: the provider rejected the access to its API"),
        (400, r#"{"error":"no"}"#, "rejected: the provider rejected the call with status 400"),
        (429, "", "rejected: the provider's rate limit is reached (429)"),
        (500, "<html>", "unconfirmed: the provider failed with status 500"),
        (302, "", "rejected: the provider rejected the call with status 302"),
    ] {
        let read = match registry.call_result(&call(&steps).reply(status, body.into())) {
            CallResult::Done => "done".to_owned(),
            CallResult::DoneWithNote(note) => format!("done: {note}"),
            CallResult::Unconfirmed(error) => format!("unconfirmed: {error}"),
            CallResult::Rejected(error) => format!("rejected: {error}"),
        };
        assert_eq!(read, expected, "{status} {body}");
    }
}
