//! Tests of the calls to ZORT's API, of what they keep of other receivers, and of its responses.

use inlet::provider::catalogue::find;
use inlet::store::StoreName;
use inlet::tools::registration::Options;
use proptest::prelude::*;
use serde_json::json;

use super::*;

const OURS: &str = "https://api.example/zort/bkk";

fn account(credential: Value) -> Account {
    Account::open(&ApiContext {
        destination: Destination::new("https://api.example", "zort", &StoreName::parse("bkk").unwrap())
            .unwrap(),
        access: json!({"storename": "the-st0re", "apikey": "the-k3y", "apisecret": "the-s3cret"}),
        credentials: vec![credential],
        options: Options::default(),
    })
    .unwrap()
}

fn ours() -> Account {
    account(json!({"key1": "n3w-1", "key2": "n3w-2", "key3": "n3w-3"}))
}

fn reply(account: &Account, status: u16, body: &str) -> Reply {
    account.list_call().expect("GetWebhook is documented").reply(status, body.into())
}

fn current(account: &Account, settings: &Value) -> CurrentRegistrations {
    account.parse(&reply(account, 200, &settings.to_string())).unwrap()
}

fn register(
    account: &Account,
    settings: &Value,
    events: &[&str],
    options: ChangeOptions,
) -> Result<Vec<Step>, PlanError> {
    account.plan(&current(account, settings), Change::Register { events: &rows(events), options })
}

fn unregister(account: &Account, settings: &Value, events: &[&str]) -> Result<Vec<Step>, PlanError> {
    account.plan(&current(account, settings), Change::Unregister { events: &rows(events) })
}

fn rows(names: &[&str]) -> Vec<&'static EventSpec> {
    names.iter().map(|name| find(EVENTS, name).unwrap()).collect()
}

const AS_IT_IS: ChangeOptions = ChangeOptions { take_over: false, renew: false };
const TAKE_OVER: ChangeOptions = ChangeOptions { take_over: true, renew: false };

/// Returns the body that the one call of a plan sends.
fn sent(steps: &[Step]) -> Value {
    let calls: Vec<&Call> = steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::Call(call) => Some(call),
            _ => None,
        })
        .collect();
    let [call] = calls[..] else { panic!("{steps:?}") };
    let wire = call.raw_request();
    assert_eq!((wire.verb, wire.path.as_str()), (Verb::Post, "/Webhook/UpdateWebhook"));
    serde_json::from_slice(&wire.body.unwrap()).unwrap()
}

fn has_no_call(steps: &[Step]) -> bool {
    steps.iter().all(|step| matches!(step.action, Action::Nothing))
}

fn planned(steps: &[Step]) -> Vec<(&str, Planned)> {
    steps.iter().flat_map(|step| &step.items).map(|item| (item.event.as_str(), item.planned)).collect()
}

#[test]
fn the_first_registration_sets_keys_and_a_url_per_trigger() {
    let account = ours();
    let account_without = reply(&account, 200, r#"{"resCode":"100","resDesc":"Webhook not found"}"#);
    let steps = account
        .plan(&account.parse(&account_without).unwrap(), Change::Register { events: &[], options: AS_IT_IS })
        .unwrap();
    let body = sent(&steps);
    assert_eq!(body.as_object().unwrap().len(), 3 + SLOTS.len(), "{body}");
    assert_eq!(
        (&body["key1"], &body["key2"], &body["key3"]),
        (&json!("n3w-1"), &json!("n3w-2"), &json!("n3w-3"))
    );
    assert_eq!(body["updatequantityurl"], json!(format!("{OURS}/UPDATEPRODUCTQUANTITY")));
    assert_eq!(
        body["updatereturnpurchasepaymenturl"],
        json!(format!("{OURS}/UPDATERETURNPURCHASEORDERPAYMENT"))
    );
    let Action::Call(call) = &steps[0].action else { panic!("no call") };
    let shown = call.to_string();
    for secret in ["the-st0re", "the-k3y", "the-s3cret", "n3w-"] {
        assert!(!shown.contains(secret), "{secret} is shown:\n{shown}");
    }
}

#[test]
fn settings_of_other_receivers_are_sent_back_unchanged() {
    let account = ours();
    let settings = json!({
        "key1": "n3w-1", "key2": "n3w-2", "key3": "n3w-3", "hookVersion": 4,
        "addorderurl": "https://other.example/hook?k=1", "addcontacturl": "https://other.example/contact",
        "neverheardofurl": "https://other.example/new", "deleteorderurl": "", "addtransferurl": null,
        "updateorderurl": format!("{OURS}/UPDATEORDER"),
    });
    let steps = register(&account, &settings, &["ADDORDER", "UPDATEORDER", "DELETEORDER"], AS_IT_IS).unwrap();
    assert_eq!(
        planned(&steps),
        [("ADDORDER", Planned::Skip), ("UPDATEORDER", Planned::Keep), ("DELETEORDER", Planned::Add)]
    );
    assert_eq!(
        sent(&steps),
        json!({
            "key1": "n3w-1", "key2": "n3w-2", "key3": "n3w-3",
            "addorderurl": "https://other.example/hook?k=1", "addcontacturl": "https://other.example/contact",
            "neverheardofurl": "https://other.example/new",
            "updateorderurl": format!("{OURS}/UPDATEORDER"), "deleteorderurl": format!("{OURS}/DELETEORDER"),
        })
    );
    let taken = sent(&register(&account, &settings, &["ADDORDER"], TAKE_OVER).unwrap());
    assert_eq!(taken["addorderurl"], json!(format!("{OURS}/ADDORDER")));
    assert_eq!(taken["addcontacturl"], json!("https://other.example/contact"));
}

#[test]
fn a_second_registration_makes_no_call() {
    let account = ours();
    let first = register(&account, &json!({"key1": "", "addproducturl": ""}), &[], AS_IT_IS).unwrap();
    let second = register(&account, &sent(&first), &[], AS_IT_IS).unwrap();
    assert!(has_no_call(&second), "{second:?}");
    assert!(planned(&second).iter().all(|(_, planned)| *planned == Planned::Keep));
}

#[test]
fn new_keys_are_registered_even_if_every_url_is_set() {
    let account = ours();
    let settings =
        json!({"key1": "old-1", "key2": "old-2", "key3": "old-3", "addorderurl": format!("{OURS}/ADDORDER")});
    let steps = register(&account, &settings, &["ADDORDER"], AS_IT_IS).unwrap();
    assert_eq!(planned(&steps), [("ADDORDER", Planned::Change)]);
    assert_eq!(sent(&steps)["key1"], json!("n3w-1"));
}

#[test]
fn keys_of_another_receiver_need_permission_to_change() {
    let account = ours();
    let settings = json!({"key1": "theirs", "key2": "theirs", "key3": "theirs", "addorderurl": "https://other.example/x"});
    assert!(matches!(register(&account, &settings, &[], AS_IT_IS), Err(PlanError::Shared { .. })));
    assert_eq!(sent(&register(&account, &settings, &[], TAKE_OVER).unwrap())["key1"], json!("n3w-1"));
    let nothing_of_ours = unregister(&account, &settings, &[]).unwrap();
    assert!(nothing_of_ours.is_empty(), "{nothing_of_ours:?}");
}

#[test]
fn all_three_keys_are_required() {
    let account = account(json!({"key1": "only"}));
    let nothing = register(&account, &json!({"key1": ""}), &[], AS_IT_IS);
    assert!(matches!(nothing, Err(PlanError::Credential(_))));
}

#[test]
fn a_trigger_without_a_known_field_is_skipped_and_reported() {
    let account = ours();
    let steps = register(&account, &json!({"key1": ""}), &["DELETEPURCHASEORDER"], AS_IT_IS).unwrap();
    assert!(has_no_call(&steps));
    assert_eq!(planned(&steps), [("DELETEPURCHASEORDER", Planned::Skip)]);
}

#[test]
fn unregistering_clears_our_urls_and_keeps_the_keys() {
    let account = ours();
    let settings = json!({
        "key1": "a", "key2": "b", "key3": "c",
        "addorderurl": format!("{OURS}/ADDORDER"), "updateorderurl": format!("{OURS}/an-older-form"),
        "deleteorderurl": "https://api.example/zort/bkk-2/DELETEORDER",
    });
    assert_eq!(
        sent(&unregister(&account, &settings, &[]).unwrap()),
        json!({
            "key1": "a", "key2": "b", "key3": "c", "addorderurl": "", "updateorderurl": "",
            "deleteorderurl": "https://api.example/zort/bkk-2/DELETEORDER",
        })
    );
    let one = unregister(&account, &settings, &["ADDORDER", "DELETEORDER"]).unwrap();
    assert_eq!(planned(&one), [("ADDORDER", Planned::Remove)]);
    assert_eq!(sent(&one)["updateorderurl"], json!(format!("{OURS}/an-older-form")));
}

#[test]
fn keys_that_cannot_be_read_are_not_replaced_for_others() {
    let account = ours();
    for (key2, key3) in [(json!(null), json!("c")), (json!("b"), json!("")), (json!(2), json!("c"))] {
        let mut settings = json!({"key1": "a", "key2": key2, "key3": key3, "addorderurl": format!("{OURS}/ADDORDER"),
                "updateorderurl": format!("{OURS}/UPDATEORDER")});
        let alone = unregister(&account, &settings, &["ADDORDER"]).unwrap();
        assert_eq!(sent(&alone)["key1"], json!("n3w-1"), "{settings}");
        settings["addtransferurl"] = json!("https://other.example/x");
        let shared = unregister(&account, &settings, &[]);
        assert!(matches!(shared, Err(PlanError::Shared { .. })), "{settings}: {shared:?}");
    }
}

#[test]
fn set_urls_are_listed_by_trigger() {
    let account = ours();
    let settings = json!({"key1": "a", "updatequantityurl": format!("{OURS}/X?token=s3cret"), "addwarehouseurl": "https://other"});
    let listed = current(&account, &settings).registrations;
    let listed: Vec<(String, String)> =
        listed.into_iter().map(|one| (one.event, one.target.to_string())).collect();
    assert_eq!(
        listed,
        [
            ("addwarehouseurl".to_owned(), "https://other".to_owned()),
            ("UPDATEPRODUCTQUANTITY".to_owned(), format!("{OURS}/X?token=***")),
        ]
    );
}

#[test]
fn an_unreadable_response_is_not_an_empty_list() {
    let account = ours();
    for (status, body, expected) in [
        (
            200,
            r#"{"resCode":100,"resDesc":"Invalid apikey"}"#,
            "the provider rejected the call with status 200: \"resCode 100: Invalid apikey\"",
        ),
        (
            200,
            r#"{"res":{"resCode":"100","resDesc":"no"}}"#,
            "the provider rejected the call with status 200: \"resCode 100: no\"",
        ),
        (
            401,
            r#"{"resCode":"100","resDesc":"no"}"#,
            "the provider rejected the access to its API: \"resCode 100: no\"",
        ),
        (401, r#"{"key1":"x","addorderurl":"y"}"#, "the provider rejected the access to its API"),
        (500, "<html>oops</html>", "the provider failed with status 500"),
        (
            200,
            "<html>log in</html>",
            "the provider's response (status 200) is not an object with key1 and the events' URLs",
        ),
        (
            200,
            r#"{"resCode":"200"}"#,
            "the provider's response (status 200) is not an object with key1 and the events' URLs",
        ),
        (
            200,
            r#"{"key1":"k","addorderurl":{"u":"x"}}"#,
            "the provider's response (status 200) is not an object with key1 and the events' URLs",
        ),
        (200, "[]", "the provider's response (status 200) is not an object with key1 and the events' URLs"),
    ] {
        match account.parse(&reply(&account, status, body)) {
            Err(error) => assert_eq!(error.to_string(), expected, "{status} {body}"),
            Ok(_) => panic!("read as settings: {status} {body}"),
        }
    }
    for body in [
        "Invalid webhook",
        r#"{"resCode":"100","resDesc":"Webhook not found"}"#,
        r#"{"res":{"resDesc":"invalid webhook"}}"#,
    ] {
        let none = account.parse(&reply(&account, 200, body)).unwrap();
        assert_eq!(none.registrations, [], "{body}");
    }
    let resulted = json!({"resCode": "200", "key1": "k", "AddOrderUrl": "https://other"});
    assert_eq!(current(&account, &resulted).registrations.len(), 1);
}

#[test]
fn the_result_code_counts_and_not_the_status() {
    let account = ours();
    for (status, body, verdict) in [
        (200, r#"{"resCode":"200","resDesc":"Success"}"#, "done"),
        (200, r#"{"res":{"resCode":200}}"#, "done"),
        (200, r#"{"resCode":201}"#, "done"),
        (200, "{}", "done"),
        (200, r#"{"resCode":"100","resDesc":"bad"}"#, "rejected"),
        (200, r#"{"res":{"resCode":100}}"#, "rejected"),
        (200, "<html>", "unconfirmed"),
        (401, "", "rejected"),
        (429, "", "rejected"),
        (503, r#"{"resCode":"200"}"#, "unconfirmed"),
    ] {
        let read = match account.call_result(&reply(&account, status, body)) {
            CallResult::Done | CallResult::DoneWithNote(_) => "done",
            CallResult::Unconfirmed(_) => "unconfirmed",
            CallResult::Rejected(_) => "rejected",
        };
        assert_eq!(read, verdict, "{status} {body}");
    }
}

proptest! {
    #[test]
    fn no_field_of_another_receiver_is_changed(
        others in proptest::collection::btree_map("[a-z]{1,12}url", "https://[a-z]{1,8}\\.example/[a-z]{0,8}", 0..12),
        mine in proptest::collection::btree_set(0..SLOTS.len(), 0..8),
    ) {
        let account = ours();
        let mut settings = json!({"key1": "n3w-1", "key2": "n3w-2", "key3": "n3w-3"});
        for slot in mine {
            settings[SLOTS[slot].1] = json!(format!("{OURS}/{}", SLOTS[slot].0));
        }
        for (name, url) in &others {
            settings[name] = json!(url);
        }
        for steps in [register(&account, &settings, &[], AS_IT_IS).unwrap(), unregister(&account, &settings, &[]).unwrap()] {
            if has_no_call(&steps) {
                continue;
            }
            let body = sent(&steps);
            for (name, url) in &others {
                prop_assert_eq!(&body[name], url, "{} of {}", name, body);
            }
        }
    }
}
