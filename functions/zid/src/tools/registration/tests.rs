//! Tests of the calls to Zid's API, of what they leave alone, and of its responses.

use inlet::provider::catalogue::find;
use inlet::store::StoreName;

use super::*;

const OURS: &str = "https://api.example/zid/riyadh";

fn opened(credentials: &Value, options: &[(&str, &str)]) -> Result<Webhooks, PlanError> {
    let given: Vec<(String, String)> =
        options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Webhooks::open(&ApiContext {
        destination: Destination::new("https://api.example", "zid", &StoreName::parse("riyadh").unwrap())
            .unwrap(),
        access: json!({"authorization": "the-app-t0ken", "manager_token": "the-st0re-token"}),
        credentials: credentials.as_array().unwrap().clone(),
        options: Options::parse(&given, Zid::API.unwrap().options)?,
    })
}

fn ours() -> Webhooks {
    opened(&json!([{"username": "inlet", "password": "p:4ss"}]), &[]).unwrap()
}

fn reply(status: u16, body: &str) -> Reply {
    let webhooks = ours();
    webhooks.list_call().expect("the list is documented").reply(status, body.into())
}

fn current(webhooks: &Webhooks, list: &Value) -> CurrentRegistrations {
    webhooks.parse(&reply(200, &json!({"data": list}).to_string())).unwrap()
}

fn register(
    webhooks: &Webhooks,
    list: &Value,
    events: &[&str],
    options: ChangeOptions,
) -> Result<Vec<Step>, PlanError> {
    webhooks.plan(&current(webhooks, list), Change::Register { events: &rows(events), options })
}

fn unregister(webhooks: &Webhooks, list: &Value, events: &[&str]) -> Result<Vec<Step>, PlanError> {
    webhooks.plan(&current(webhooks, list), Change::Unregister { events: &rows(events) })
}

fn rows(names: &[&str]) -> Vec<&'static EventSpec> {
    names.iter().map(|name| find(EVENTS, name).unwrap()).collect()
}

fn entry(event: &str, url: &str, original_id: &str) -> Value {
    json!({"id": "0b0c", "event": event, "target_url": url, "original_id": original_id, "subscriber": "x",
        "conditions": null, "active": true, "status": "ready", "health_status": "healthy", "broken_at": null})
}

fn planned(steps: &[Step]) -> Vec<(&str, Planned)> {
    steps.iter().flat_map(|step| &step.items).map(|item| (item.event.as_str(), item.planned)).collect()
}

fn body(call: &Call) -> Value {
    serde_json::from_slice(&call.raw_request().body.unwrap()).unwrap()
}

const AS_IT_IS: ChangeOptions = ChangeOptions { take_over: false, renew: false };
const RENEW: ChangeOptions = ChangeOptions { take_over: false, renew: true };

#[test]
fn makes_a_subscription_with_the_pair_at_the_top() {
    let webhooks = ours();
    let steps = register(&webhooks, &json!([]), &["order.create"], AS_IT_IS).unwrap();
    let [Step { action: Action::Call(call), .. }] = &steps[..] else { panic!("{steps:?}") };
    let wire = call.raw_request();
    assert_eq!((wire.verb, wire.path.as_str()), (Verb::Post, "/v1/managers/webhooks"));
    assert!(wire.headers.contains(&("authorization", "Bearer the-app-t0ken".to_owned())));
    assert!(wire.headers.contains(&("x-manager-token", "the-st0re-token".to_owned())));
    let sent = body(call);
    assert!(sent["original_id"].as_u64().is_some_and(|id| id < 1 << 31), "{sent}");
    assert_eq!(
        sent,
        json!({
            "event": "order.create", "target_url": format!("{OURS}/order.create"), "original_id": sent["original_id"],
            "subscriber": "inlet", "conditions": null, "username": "inlet", "password": "p:4ss",
        })
    );
    let shown = call.to_string();
    for secret in ["t0ken", "p:4ss", "st0re-token"] {
        assert!(!shown.contains(secret), "{secret} is shown:\n{shown}");
    }
}

#[test]
fn every_store_event_has_its_own_id_and_the_app_market_none() {
    let webhooks = ours();
    let steps = register(&webhooks, &json!([]), &[], AS_IT_IS).unwrap();
    let ids: std::collections::BTreeSet<u64> = steps
        .iter()
        .map(|step| match &step.action {
            Action::Call(call) => body(call)["original_id"].as_u64().unwrap(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!((steps.len(), ids.len()), (16, 16));
    let market = register(&webhooks, &json!([]), &["app.market.application.install"], AS_IT_IS).unwrap();
    assert_eq!(planned(&market), [("app.market.application.install", Planned::Skip)]);
}

#[test]
fn existing_subscriptions_of_this_store_and_others_are_kept() {
    let webhooks = ours();
    let list = json!([
        entry("order.create", "https://other.example/hook", "1"),
        entry("order.create", &format!("{OURS}/order.create"), "2"),
    ]);
    let steps = register(&webhooks, &list, &["order.create", "product.create"], AS_IT_IS).unwrap();
    assert_eq!(planned(&steps), [("order.create", Planned::Keep), ("product.create", Planned::Add)]);
}

#[test]
fn renewing_creates_the_new_one_before_it_deletes_the_old() {
    let webhooks = ours();
    let fresh = register(&webhooks, &json!([]), &["order.create"], AS_IT_IS).unwrap();
    let Action::Call(first) = &fresh[0].action else { panic!("{fresh:?}") };
    let first = body(first)["original_id"].to_string();
    let list = json!([entry("order.create", &format!("{OURS}/order.create"), &first)]);
    let steps = register(&webhooks, &list, &["order.create"], RENEW).unwrap();
    let [Step { action: Action::Swap { create, delete }, .. }] = &steps[..] else { panic!("{steps:?}") };
    assert_ne!(body(create)["original_id"].to_string(), first);
    assert_eq!(delete.raw_request().path, format!("/v1/managers/webhooks?original_id={first}"));
}

#[test]
fn a_replacement_never_reuses_the_id_of_the_deleted_one() {
    let webhooks =
        opened(&json!([{"username": "inlet", "password": "p"}]), &[("original_id", "4410")]).unwrap();
    for url in ["order.create", "order.create?token=0ld"] {
        let list = json!([entry("order.create", &format!("{OURS}/{url}"), "4410")]);
        match register(&webhooks, &list, &["order.create"], RENEW) {
            Err(PlanError::Option { name: "original_id", why }) => {
                assert!(why.contains("order.create"), "{why}");
            }
            other => panic!("{url}: {other:?}"),
        }
    }
    let list = json!([entry("order.create", &format!("{OURS}/order.create"), "7")]);
    let steps = register(&webhooks, &list, &["order.create"], RENEW).unwrap();
    let [Step { action: Action::Swap { create, .. }, .. }] = &steps[..] else { panic!("{steps:?}") };
    assert_eq!(body(create)["original_id"], json!(4410));
    let kept = json!([entry("order.create", &format!("{OURS}/order.create"), "4410")]);
    let steps = register(&webhooks, &kept, &["order.create"], AS_IT_IS).unwrap();
    assert_eq!(planned(&steps), [("order.create", Planned::Keep)]);
}

#[test]
fn an_inactive_or_different_subscription_is_not_as_planned() {
    let webhooks = ours();
    for (changes, expected, word) in [
        (json!({}), Planned::Keep, ""),
        (json!({"health_status": "degraded"}), Planned::Keep, "Ten or more"),
        (json!({"health_status": "broken"}), Planned::Skip, "--renew"),
        (json!({"status": "error"}), Planned::Skip, "--renew"),
        (json!({"active": false}), Planned::Skip, "--renew"),
        (json!({"active": false, "health_status": "degraded"}), Planned::Skip, "--renew"),
        (json!({"conditions": {"status": "new"}}), Planned::Skip, "--renew"),
    ] {
        let mut entry = entry("order.create", &format!("{OURS}/order.create"), "1");
        for (name, value) in changes.as_object().unwrap() {
            entry[name] = value.clone();
        }
        let list = json!([entry]);
        let steps = register(&webhooks, &list, &["order.create"], AS_IT_IS).unwrap();
        assert_eq!(planned(&steps), [("order.create", expected)], "{changes}");
        let note = steps[0].items[0].note.clone().unwrap_or_default();
        assert!(note.contains(word) && note.is_empty() == word.is_empty(), "{changes}: {note}");
        let renewed = register(&webhooks, &list, &["order.create"], RENEW).unwrap();
        assert_eq!(planned(&renewed), [("order.create", Planned::Change)], "{changes}");
    }
}

#[test]
fn a_url_of_an_older_form_is_replaced() {
    let webhooks = ours();
    let list = json!([entry("order.create", &format!("{OURS}/order.create?token=0ld"), "7")]);
    let steps = register(&webhooks, &list, &["order.create"], AS_IT_IS).unwrap();
    assert_eq!(planned(&steps), [("order.create", Planned::Change)]);
}

#[test]
fn nothing_is_removed_that_shares_its_id_with_one_that_stays() {
    let webhooks = ours();
    let list = json!([
        entry("order.create", &format!("{OURS}/order.create"), "4410"),
        entry("order.create", "https://other.example/hook", "4410"),
        entry("product.create", &format!("{OURS}/product.create"), "5"),
        entry("product.update", &format!("{OURS}/product.update"), "5"),
        json!({"event": "category.create", "target_url": format!("{OURS}/category.create")}),
    ]);
    let all = unregister(&webhooks, &list, &[]).unwrap();
    assert_eq!(
        planned(&all),
        [
            ("category.create", Planned::Skip),
            ("order.create", Planned::Skip),
            ("product.create", Planned::Remove),
            ("product.update", Planned::Remove),
        ]
    );
    let calls: Vec<String> = all
        .iter()
        .filter_map(|step| match &step.action {
            Action::Call(call) => Some(call.raw_request().path),
            _ => None,
        })
        .collect();
    assert_eq!(calls, ["/v1/managers/webhooks?original_id=5"]);
    let one = unregister(&webhooks, &list, &["product.create"]).unwrap();
    assert_eq!(planned(&one), [("product.create", Planned::Skip)]);
    assert!(matches!(register(&webhooks, &list, &["product.create"], RENEW), Err(PlanError::Shared { .. })));
}

#[test]
fn only_documented_conditions_for_their_events_are_accepted() {
    let pair = json!([{"username": "u", "password": "p"}]);
    let given = |options: &[(&str, &str)]| opened(&pair, options);
    let webhooks = given(&[("status", "inDelivery"), ("delivery_option_id", "12")]).unwrap();
    let list = json!([]);
    let steps = register(&webhooks, &list, &["order.status.update"], AS_IT_IS).unwrap();
    let Action::Call(call) = &steps[0].action else { panic!("{steps:?}") };
    assert_eq!(body(call)["conditions"], json!({"status": "inDelivery", "delivery_option_id": 12}));
    for events in [&[][..], &["order.create", "product.create"]] {
        assert!(
            matches!(register(&webhooks, &list, events, AS_IT_IS), Err(PlanError::Option { .. })),
            "{events:?}"
        );
    }
    for wrong in
        [("status", "shipped"), ("payment_method", "cash"), ("delivery_option_id", "x"), ("original_id", "x")]
    {
        assert!(matches!(given(&[wrong]), Err(PlanError::Option { .. })), "{wrong:?}");
    }
    let mut listed = entry("order.status.update", &format!("{OURS}/order.status.update"), "1");
    listed["conditions"] = json!({"status": "inDelivery", "delivery_option_id": 12});
    let note = |webhooks: &Webhooks| {
        let steps = register(webhooks, &json!([listed]), &["order.status.update"], AS_IT_IS).unwrap();
        steps[0].items[0].note.clone()
    };
    assert_eq!(note(&webhooks), None);
    assert!(note(&ours()).is_some_and(|note| note.contains("other conditions")));
}

#[test]
fn without_a_pair_the_url_has_the_token() {
    let webhooks = opened(&json!([{"url_token": "t0k"}]), &[]).unwrap();
    let steps = register(&webhooks, &json!([]), &["order.create"], AS_IT_IS).unwrap();
    let Action::Call(call) = &steps[0].action else { panic!("{steps:?}") };
    assert_eq!(body(call)["target_url"], json!(format!("{OURS}/order.create?token=t0k")));
    assert!(body(call).get("username").is_none());
    assert!(!call.to_string().contains("t0k") && !steps[0].items[0].target.to_string().contains("t0k"));
    let both = opened(&json!([{"url_token": "t0k"}, {"username": "u", "password": "p"}]), &[]).unwrap();
    let steps = register(&both, &json!([]), &["order.create"], AS_IT_IS).unwrap();
    let Action::Call(call) = &steps[0].action else { panic!("{steps:?}") };
    assert_eq!(body(call)["username"], json!("u"));
    let none = opened(&json!([]), &[]).unwrap();
    assert!(matches!(register(&none, &json!([]), &[], AS_IT_IS), Err(PlanError::Credential(_))));
}

#[test]
fn a_subscription_is_listed_with_its_status() {
    let webhooks = ours();
    let with = |changes: Value| {
        let mut entry = entry("order.create", &format!("{OURS}/order.create"), "1");
        for (name, value) in changes.as_object().unwrap() {
            entry[name] = value.clone();
        }
        let listed = current(&webhooks, &json!([entry])).registrations.remove(0);
        (listed.state, listed.problem.map(|problem| problem.text().to_owned()).unwrap_or_default())
    };
    for (changes, state, problem) in [
        (json!({}), "ready, healthy", ""),
        (json!({"health_status": "degraded"}), "ready, degraded", "Ten or more"),
        (
            json!({"health_status": "broken", "broken_at": "2026-01-02 03:04:05"}),
            "ready, broken",
            "Broken since 2026-01-02 03:04:05",
        ),
        (json!({"status": "error", "health_status": null}), "error", "Its status is error"),
        (json!({"active": false, "status": null}), "healthy, inactive", "It is not active"),
        (
            json!({"status": "inactive", "active": false, "health_status": null}),
            "inactive",
            "Its status is inactive",
        ),
        (json!({"conditions": {"status": "new"}}), "ready, healthy, status=new", ""),
        (json!({"conditions": [], "status": null, "health_status": null}), "", ""),
    ] {
        let (listed, wrong) = with(changes.clone());
        assert_eq!(listed, state, "{changes}");
        assert!(wrong.starts_with(problem) && wrong.is_empty() == problem.is_empty(), "{changes}: {wrong}");
    }
}

#[test]
fn a_response_without_a_list_is_not_an_empty_list() {
    let webhooks = ours();
    for (status, body, expected) in [
        (200, "{}", "the provider's response (status 200) is not an object with a list under data"),
        (200, "<html>", "the provider's response (status 200) is not an object with a list under data"),
        (
            200,
            r#"{"data":{"order":1}}"#,
            "the provider's response (status 200) is not an object with a list under data",
        ),
        (
            401,
            r#"{"message":"Unauthenticated the-st0re-token"}"#,
            r#"the provider rejected the access to its API: "{\"message\":\"Unauthenticated ***\"}""#,
        ),
        (500, "", "the provider failed with status 500"),
    ] {
        match webhooks.parse(&reply(status, body)) {
            Err(error) => assert_eq!(error.to_string(), expected, "{status} {body}"),
            Ok(_) => panic!("read as a list: {status} {body}"),
        }
    }
}

#[test]
fn a_refusal_that_may_mean_that_it_is_there_is_looked_into() {
    let webhooks = ours();
    for (status, expected) in [
        (201, "done"),
        (200, "done"),
        (409, "unconfirmed"),
        (422, "unconfirmed"),
        (500, "unconfirmed"),
        (400, "rejected"),
        (401, "rejected"),
        (429, "rejected"),
    ] {
        let read = match webhooks.call_result(&reply(status, "{}")) {
            CallResult::Done | CallResult::DoneWithNote(_) => "done",
            CallResult::Unconfirmed(_) => "unconfirmed",
            CallResult::Rejected(_) => "rejected",
        };
        assert_eq!(read, expected, "{status}");
    }
}
