//! `inlet reconcile`, `inlet truth` and `inlet access`, against a twin of Zid's API.

use std::collections::BTreeMap;
use std::time::Duration;

use inlet::provider::catalogue::find;
use inlet::store::StoreName;
use inlet::tools::sender::delivery;
use inlet_aws::client::clock;
use inlet_aws::dynamodb::record::Origin;
use inlet_tests::deliveries::received_without;
use inlet_tests::demo_credential;
use inlet_tests::stack::Stack;
use inlet_twins::random::Random;
use inlet_twins::server::TwinServer;
use inlet_twins::zid::ZidTwin;
use inlet_twins::{ApiResponse, Twin as _};
use inlet_zid::Zid;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::fake_aws::FakeAws;
use crate::inlet::{Ran, in_an_account, run, run_with};

/// The number of changes at the provider: enough that orders change after their creation.
const CHANGES: usize = 40;

/// Of so many changes, the webhook of one is lost.
const LOST: usize = 9;

/// The age of the newest change: longer than Zid retries a webhook.
const AGE: Duration = Duration::from_hours(3);

/// A store of which some webhooks were lost.
struct Scene {
    stack: Stack,
    store: StoreName,
    server: TwinServer<ZidTwin>,
    orders: usize,
    /// The orders whose last change no webhook brought.
    missed: usize,
}

impl Scene {
    async fn start() -> Self {
        let (stack, server) = (Stack::up(), TwinServer::start(ZidTwin::default(), now).expect("a free port"));
        let credential = demo_credential("zid");
        let store = stack.store("zid", &json!([credential])).await;
        let (mut random, mut has_arrived) = (Random::new(18), BTreeMap::new());
        for change in 0..CHANGES {
            let at = now() - AGE - Duration::from_secs(60 * (CHANGES - change) as u64);
            let webhook = server.twin(|twin| twin.change(&mut random, at));
            let body: Value = serde_json::from_slice(&webhook.body).expect("an order");
            let is_lost = change % LOST == LOST - 1;
            has_arrived.insert(body["id"].to_string(), !is_lost);
            if is_lost {
                continue;
            }
            let row = find(inlet_zid::EVENTS, webhook.event).expect("an event of the catalogue");
            let request = delivery::<Zid>(store.clone(), row, webhook.body, &credential);
            let (table, queue) = (&stack.facts.table, &stack.facts.queue_url);
            assert_eq!(Box::pin(received_without::<Zid>(&stack, table, queue, request)).await.0, 200);
        }
        let missed = has_arrived.values().filter(|has_arrived| !**has_arrived).count();
        assert!(missed > 1 && missed < has_arrived.len() / 2, "{missed} of {}", has_arrived.len());
        Self { stack, store, server, orders: has_arrived.len(), missed }
    }

    fn address(&self) -> String {
        format!("zid/{}", self.store)
    }

    /// Runs the command on the orders of the last six hours with these further arguments.
    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &ZidTwin::access())
    }

    fn run_with(&self, arguments: &[&str], access: &Value) -> Ran {
        let store = self.address();
        let mut all = vec!["reconcile", &store, "--since", "6h", "--kind", "order"];
        all.extend(["--api", &self.server.url, "--access", "-"]);
        all.extend(arguments);
        let ran = run_with(&all, &access.to_string());
        for text in [&ran.out, &ran.err] {
            assert!(!text.contains("tw1n-"), "a secret is printed: {text}");
        }
        ran
    }

    /// Returns the numbers of orders: by webhook, reconciled, missed.
    fn counts(report: &Value) -> [usize; 3] {
        let kind = &report["kinds"][0];
        let count = |name: &str| usize::try_from(kind[name].as_u64().expect("a count")).expect("a small one");
        ["arrived", "reconciled", "missed"].map(count)
    }

    async fn events(&self) -> usize {
        self.stack.events("zid", &self.store).await.len()
    }
}

fn now() -> Timestamp {
    Timestamp::from_millisecond(clock::now().millis()).expect("a time")
}

#[tokio::test]
async fn a_dry_run_counts_and_publishes_nothing() {
    let scene = Box::pin(Scene::start()).await;
    let before = scene.events().await;
    let report = scene.run(&["--dry-run", "--json"]).done().json();
    assert_eq!(Scene::counts(&report), [scene.orders - scene.missed, 0, scene.missed], "{report}");
    assert_eq!((&report["published"], &report["kinds"][0]["coverage"]), (&json!(false), &json!("complete")));
    assert_eq!(report["kinds"][0]["objects"].as_array().map(Vec::len), Some(scene.missed));
    assert_eq!(scene.events().await, before);
}

#[tokio::test]
async fn missed_states_are_published_once() {
    let scene = Box::pin(Scene::start()).await;
    let before = scene.events().await;
    let asked = scene.run(&["--json"]);
    assert_eq!((asked.code, scene.events().await), (2, before), "it asks first: {asked:?}");

    let report = scene.run(&["--yes", "--json"]).done().json();
    assert_eq!(
        (&report["published"], report["kinds"][0]["objects"][0]["published"].as_u64() > Some(0)),
        (&json!(true), true)
    );
    let published = scene.events().await - before;
    assert!(published >= scene.missed, "{published}");

    let listed =
        run(&["list", "--store", &scene.address(), "--origin", "reconciled", "--json"]).done().json();
    assert_eq!(listed["events"].as_array().map(Vec::len), Some(published), "{listed}");
    let id = listed["events"][0]["id"].as_str().expect("an id");
    let shown = run(&["show", id, "--message"]).done();
    let message: Value = serde_json::from_str(&shown.out).expect("a message");
    assert_eq!(
        ["type", "origin", "trust", "providertype"].map(|name| message[name].as_str().unwrap_or_default()),
        ["commerce.order.observed", "reconciled", "fetched", "inlet.observed"],
        "{message}"
    );
    assert!(message["missed"].as_str().is_some_and(|fields| !fields.is_empty()), "{message}");

    let again = scene.run(&["--yes", "--json"]).done().json();
    assert_eq!(Scene::counts(&again), [scene.orders - scene.missed, scene.missed, 0], "{again}");
    assert_eq!(scene.events().await, before + published);
}

#[tokio::test]
async fn a_reconciled_event_arrives_by_the_clock_of_aws() {
    // A machine that is ten minutes slow: its times would be older than those of the webhooks before.
    const SLOW: Duration = Duration::from_mins(10);
    let scene = Box::pin(Scene::start()).await;
    let aws = FakeAws::ahead(SLOW);
    let access = std::env::temp_dir().join(format!("inlet-access-{}.json", scene.store));
    std::fs::write(&access, ZidTwin::access().to_string()).expect("a file");
    let (store, file) = (scene.address(), access.to_str().expect("a path"));
    let mut arguments =
        vec!["--stack", "inlet-local", "reconcile", &store, "--since", "6h", "--kind", "order"];
    arguments.extend(["--api", &scene.server.url, "--access", file, "--yes"]);
    in_an_account(&aws.facts, &arguments).done();
    std::fs::remove_file(&access).expect("a file");
    let mut reconciled = Vec::new();
    for id in scene.stack.events("zid", &scene.store).await {
        let record = scene.stack.stored(&id).await.record;
        if record.origin == Origin::Reconciled {
            reconciled.push(record.received_ms);
        }
    }
    assert!(reconciled.len() >= scene.missed, "{reconciled:?}");
    let minutes_ahead = |at: &i64| (at - clock::local_ms()).div_euclid(60_000);
    assert!(reconciled.iter().all(|at| (8..=10).contains(&minutes_ahead(at))), "{reconciled:?}");
}

#[tokio::test]
async fn an_api_that_is_not_read_to_its_end_has_no_share() {
    let scene = Box::pin(Scene::start()).await;
    let refused =
        scene.run_with(&["--dry-run"], &json!({"authorization": "other", "manager_token": "other"}));
    assert_eq!(refused.code, 4);

    scene.server.set_responses([ApiResponse::json(200, &json!({"status": "error"}))]);
    let broken = scene.run(&["--yes", "--json"]);
    assert_eq!(broken.code, 5, "{broken:?}");
    let kind = &broken.json()["kinds"][0];
    assert!(kind["error"].is_string() && kind.get("arrived_percent").is_none(), "{kind}");
}

#[tokio::test]
async fn people_see_the_share_and_what_is_missed() {
    let scene = Box::pin(Scene::start()).await;
    let shown = scene.run(&["--dry-run"]).done();
    assert!(shown.out.contains("BY WEBHOOK") && shown.out.contains("missed zid/"), "{shown:?}");
    let requests = scene.server.take_requests();
    assert_eq!(requests.len(), 1 + scene.missed, "one list, and each missed order: {requests:?}");
}

#[test]
fn only_kinds_that_can_be_read_are_compared() {
    for (arguments, code) in [
        (["zid/riyadh", "--kind", "payment", "--dry-run"], 2),
        (["zid/riyadh", "--kind", "order", "--since=400d"], 2),
    ] {
        let ran = run_with(&[&["reconcile"][..], &arguments[..]].concat(), "");
        assert_eq!(ran.code, code, "{ran:?}");
    }
}

#[tokio::test]
async fn an_access_is_stored_used_and_removed() {
    let scene = Box::pin(Scene::start()).await;
    let store = scene.address();
    let truth = || run(&["truth", &store, "--since", "6h", "--api", &scene.server.url, "--json"]);
    let without = truth().done().json();
    assert!(without["stores"][0]["unknown"].is_string(), "{without}");
    assert_eq!(without["stores"][0]["kinds"], json!([]), "there is no figure");

    let incomplete =
        run_with(&["access", "set", &store, "--access", "-"], r#"{"authorization": "tw1n-app"}"#);
    assert_eq!(incomplete.code, 2, "{incomplete:?}");
    let set = |done: &str| {
        let ran =
            run_with(&["access", "set", &store, "--access", "-", "--json"], &ZidTwin::access().to_string());
        assert!(!format!("{ran:?}").contains("tw1n-"), "{ran:?}");
        assert_eq!(ran.done().json(), json!({"store": store, "done": done}));
    };
    set("set");
    set("replaced");
    let name = format!("/inlet-access/{}/{store}", scene.stack.facts.stage);
    let got = scene.stack.clients.ssm.get_parameter().name(name).with_decryption(true).send().await;
    let stored = got.expect("a parameter").parameter.expect("a parameter");
    assert_eq!(stored.r#type().map(aws_sdk_ssm::types::ParameterType::as_str), Some("SecureString"));
    let listed = run(&["access", "list", &store, "--json"]).done().json();
    assert_eq!(listed["accesses"][0]["store"], json!(store));

    let known = truth().json();
    let kinds = known["stores"][0]["kinds"].as_array().expect("kinds");
    let order = kinds.iter().find(|kind| kind["kind"] == "order").expect("orders");
    let share = (1000 * (scene.orders - scene.missed) / scene.orders).to_string();
    let share = format!("{}.{}", &share[..share.len() - 1], &share[share.len() - 1..]);
    assert_eq!(
        (&order["missed"], &order["arrived_percent"]),
        (&json!(scene.missed), &json!(share)),
        "{known}"
    );
    let dry = run(&[
        "reconcile",
        &store,
        "--since",
        "6h",
        "--kind",
        "order",
        "--dry-run",
        "--json",
        "--api",
        &scene.server.url,
    ]);
    assert_eq!(Scene::counts(&dry.done().json())[2], scene.missed, "the stored access is used");

    assert_eq!(run(&["access", "remove", &store, "--yes", "--json"]).done().json()["done"], "removed");
    assert_eq!(run(&["access", "remove", &store, "--yes", "--json"]).done().json()["done"], "absent");
}
