//! Tests of what remains of a working subscription if the provider fails while it is recreated.

use inlet::tools::registration::{Change, ChangeOptions, Destination};
use inlet_tests::stand_in::{Behaviour, StandIn, ZID_ACCESS};
use serde_json::{Value, json};

use crate::deployment::address::StoreAddress;
use crate::options::OutputArgs;
use crate::output::Output;
use crate::webhook::api_client::ApiAt;
use crate::webhook::carry_out::carry_out;
use crate::webhook::session::Session;

const EVENT: &str = "order.create";

/// The outcome of a renewal: its result and note, the calls, and the subscriptions that Zid then has.
struct Renewed {
    result: Value,
    note: String,
    asked: String,
    left: Vec<Value>,
}

async fn renew(duplicate: Option<u16>, behaviours: impl IntoIterator<Item = Behaviour>) -> Renewed {
    let store: StoreAddress = "zid/riyadh".parse().unwrap();
    let api = StandIn::start();
    api.state().zid.push(json!({"event": EVENT, "target_url": "https://api.example/zid/riyadh/order.create",
        "original_id": "7", "status": "ready", "health_status": "healthy"}));
    let destination = Destination::new("https://api.example", store.provider.name, &store.store).unwrap();
    let session = Session::open(
        (&store, "inlet"),
        &store.provider.api.unwrap(),
        destination,
        serde_json::from_str(ZID_ACCESS).unwrap(),
        vec![json!({"username": "inlet", "password": "s3cret"})],
        &[],
        &ApiAt::of(&api.url),
    )
    .unwrap();
    let row = [store.provider.event(EVENT).unwrap()];
    let output = Output::new(&OutputArgs::quiet());

    let listing = session.list().await.unwrap();
    let renew = Change::Register { events: &row, options: ChangeOptions { take_over: false, renew: true } };
    let steps = session.plan(&listing, renew).unwrap();
    api.take_requests();
    api.state().zid_duplicate = duplicate;
    api.behaviours(behaviours);
    let again = Change::Register { events: &row, options: ChangeOptions::default() };
    let outcomes = carry_out(&session, &listing, steps, again, &output).await;
    let [outcome] = &outcomes[..] else { panic!("{outcomes:?}") };
    let shown = serde_json::to_value(outcome).unwrap();
    let asked: Vec<String> = api
        .take_requests()
        .iter()
        .map(|call| call.split(' ').next().unwrap_or_default().to_owned())
        .collect();
    let note = shown["note"].as_str().unwrap_or_default().to_owned();
    let left = api.state().zid.clone();
    Renewed { result: shown["result"].clone(), note, asked: asked.join(" "), left }
}

fn is_the_old_one(left: &[Value]) -> bool {
    left.len() == 1 && left[0]["original_id"] == json!("7")
}

fn is_the_new_one(left: &[Value]) -> bool {
    left.len() == 1 && left[0]["original_id"] != json!("7")
}

#[tokio::test]
async fn a_provider_failure_never_deletes_what_works() {
    for (mood, looked, note) in [
        (Behaviour::Says(500, "oops"), Behaviour::Well, "the old registration still exists"),
        (Behaviour::Says(503, ""), Behaviour::Well, "the old registration still exists"),
        (Behaviour::Says(500, ""), Behaviour::Says(500, ""), "could not be read"),
        (Behaviour::Says(409, ""), Behaviour::Says(500, ""), "could not be read"),
        (Behaviour::Says(422, ""), Behaviour::BreaksOff, "could not be read"),
    ] {
        let case = format!("{mood:?}, then {looked:?}");
        let renewed = renew(None, [mood, looked]).await;
        assert!(is_the_old_one(&renewed.left), "{case}: {:?}", renewed.left);
        assert_eq!((renewed.asked.as_str(), &renewed.result), ("POST GET GET", &json!("failed")), "{case}");
        assert!(renewed.note.to_lowercase().contains(note), "{case}: {}", renewed.note);
    }
}

#[tokio::test]
async fn a_subscription_created_despite_an_error_replaces_the_old() {
    for mood in [Behaviour::DoesAndSays(500, ""), Behaviour::DoesAndSays(409, ""), Behaviour::BreaksOff] {
        let case = format!("{mood:?}");
        let renewed = renew(None, [mood]).await;
        assert!(is_the_new_one(&renewed.left), "{case}: {:?}", renewed.left);
        assert_eq!(
            (renewed.asked.as_str(), &renewed.result),
            ("POST GET DELETE GET", &json!("changed")),
            "{case}"
        );
    }
}

#[tokio::test]
async fn the_old_one_is_deleted_first_if_both_are_rejected() {
    for status in [409, 422] {
        let renewed = renew(Some(status), []).await;
        assert!(is_the_new_one(&renewed.left), "{status}: {:?}", renewed.left);
        assert_eq!(
            (renewed.asked.as_str(), &renewed.result),
            ("POST GET DELETE POST GET", &json!("changed")),
            "{status}"
        );
    }
}

#[tokio::test]
async fn a_deleted_one_is_created_although_the_provider_fails() {
    let failing = [
        Behaviour::Well,
        Behaviour::Well,
        Behaviour::Well,
        Behaviour::Says(500, ""),
        Behaviour::Well,
        Behaviour::Says(429, ""),
    ];
    let renewed = renew(Some(409), failing).await;
    assert!(is_the_new_one(&renewed.left), "{:?}", renewed.left);
    assert_eq!(renewed.asked, "POST GET DELETE POST GET POST GET POST GET");
    assert_eq!(renewed.result, json!("changed"), "{}", renewed.note);
}

#[tokio::test]
async fn an_unconfirmed_deletion_is_checked_in_the_list() {
    let undone = renew(Some(409), [Behaviour::Well, Behaviour::Well, Behaviour::Says(500, "")]).await;
    assert!(is_the_old_one(&undone.left), "{:?}", undone.left);
    assert_eq!((undone.asked.as_str(), undone.result), ("POST GET DELETE GET GET", json!("failed")));
    let done = renew(Some(409), [Behaviour::Well, Behaviour::Well, Behaviour::DoesAndSays(500, "")]).await;
    assert!(is_the_new_one(&done.left), "{:?}", done.left);
    assert_eq!((done.asked.as_str(), done.result), ("POST GET DELETE GET POST GET", json!("changed")));
}

#[tokio::test]
async fn a_lost_subscription_is_reported_as_lost() {
    let again = || [Behaviour::Says(500, ""), Behaviour::Well];
    let behaviours =
        [Behaviour::Well, Behaviour::Well, Behaviour::Well].into_iter().chain((0..4).flat_map(|_| again()));
    let renewed = renew(Some(409), behaviours).await;
    assert!(renewed.left.is_empty(), "{:?}", renewed.left);
    assert_eq!(renewed.result, json!("failed"));
    assert!(renewed.note.starts_with("The old registration is removed"), "{}", renewed.note);
}
