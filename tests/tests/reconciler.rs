//! The reconciler's function on the local stack, with a store at a twin of Zid that lost some of its webhooks.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use inlet::provider::catalogue::find;
use inlet::store::StoreName;
use inlet::tools::sender::delivery;
use inlet_aws::client::clock;
use inlet_tests::deliveries::received_without;
use inlet_tests::demo_credential;
use inlet_tests::faults::call::{Operation, Service};
use inlet_tests::faults::function::{Ended, Function};
use inlet_tests::faults::plan::{Calls, Fault, Plan, Rule};
use inlet_tests::faults::world::World;
use inlet_tests::stack::Stack;
use inlet_twins::Twin as _;
use inlet_twins::random::Random;
use inlet_twins::server::TwinServer;
use inlet_twins::zid::ZidTwin;
use inlet_zid::Zid;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The number of changes at the provider: enough that orders change after their creation.
const CHANGES: usize = 40;

/// Of so many changes, the webhook of one is never sent.
const LOST: usize = 9;

/// The age of the newest change: longer than Zid retries a webhook.
const AGE: Duration = Duration::from_hours(3);

/// A store whose access is stored.
struct Scene {
    stack: Stack,
    world: World,
    store: StoreName,
    twin: TwinServer<ZidTwin>,
    plan: Plan,
    reconciler: Function,
    /// The orders whose last change no webhook brought.
    missed: usize,
}

fn now() -> Timestamp {
    Timestamp::from_millisecond(clock::now().millis()).unwrap()
}

impl Scene {
    async fn start() -> Self {
        let (stack, twin) = (Stack::up(), TwinServer::start(ZidTwin::default(), now).unwrap());
        let world = World::new(&stack.facts).await;
        let credential = demo_credential("zid");
        let store = stack.store("zid", &json!([credential])).await;
        let (mut random, mut has_arrived) = (Random::new(18), BTreeMap::new());
        for change in 0..CHANGES {
            let at = now() - AGE - Duration::from_secs(60 * (CHANGES - change) as u64);
            let webhook = twin.twin(|twin| twin.change(&mut random, at));
            let body: Value = serde_json::from_slice(&webhook.body).unwrap();
            let is_lost = change % LOST == LOST - 1;
            has_arrived.insert(body["id"].to_string(), !is_lost);
            if is_lost {
                continue;
            }
            let row = find(inlet_zid::EVENTS, webhook.event).unwrap();
            let request = delivery::<Zid>(store.clone(), row, webhook.body, &credential);
            let received = received_without::<Zid>(&stack, &world.table, world.queue(), request);
            assert_eq!(Box::pin(received).await.0, 200);
        }
        let missed = has_arrived.values().filter(|has_arrived| !**has_arrived).count();
        assert!(missed > 1 && missed < has_arrived.len() / 2, "{missed} of {}", has_arrived.len());
        world.set_access(&stack, &format!("zid/{store}"), &ZidTwin::access()).await;
        let plan = Plan::default();
        let binary = Path::new(env!("CARGO_BIN_EXE_reconciler-of-twin"));
        let reconciler = world.reconciler_at(binary, &twin.url, &plan).await;
        Self { stack, world, store, twin, plan, reconciler, missed }
    }

    /// Invokes the function a quarter of an hour later: when the lease of the last run is over.
    async fn invoke(&mut self) -> Ended {
        self.world.lose_item("reconciler", "lease").await;
        self.reconciler.invoke(json!({})).await
    }

    /// Invokes it, and returns the number of objects of which it published a state.
    async fn publish(&mut self) -> u64 {
        let ended = self.invoke().await;
        assert_eq!(ended, Ended::Returned(Value::Null), "{}", self.world.log());
        let lines = self.lines();
        let run = lines.iter().rfind(|line| line["message"] == "reconciliation").unwrap();
        assert_eq!((&run["outcome"], &run["unread"]), (&json!("reconciled"), &json!(0)), "{lines:#?}");
        run["published"].as_u64().unwrap()
    }

    fn lines(&self) -> Vec<Value> {
        self.world.log().lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Returns the number of the store's events.
    async fn events(&self) -> usize {
        let prefix = format!("zid/{}/", self.store);
        let keys = self.world.keys().await;
        keys.iter().filter(|(pk, sk)| pk.starts_with(&prefix) && sk.starts_with("event/")).count()
    }

    async fn end(self) {
        let log = self.world.log();
        assert!(!log.contains("tw1n-"), "a secret is in the log: {log}");
        self.world.remove_access(&self.stack, &format!("zid/{}", self.store)).await;
        self.world.remove().await;
    }
}

#[tokio::test]
async fn the_function_publishes_what_was_never_sent_once() {
    let mut scene = Box::pin(Scene::start()).await;
    let before = scene.events().await;
    assert_eq!(scene.publish().await, scene.missed as u64);
    let after = scene.events().await;
    assert!(after >= before + scene.missed, "{before} events, then {after}");
    assert!(!scene.twin.take_requests().is_empty());

    assert_eq!((scene.publish().await, scene.events().await), (0, after));
    // Without the cursor, a run reads the same changes again.
    scene.world.lose_item("reconciler", &format!("cursor/zid/{}/order", scene.store)).await;
    assert_eq!((scene.publish().await, scene.events().await), (0, after));
    let lines = scene.lines();
    let shares = lines.iter().filter(|line| line["kind"] == "order");
    let counts: Vec<_> = shares.map(|line| (line["missed"].as_u64(), line["reconciled"].as_u64())).collect();
    let missed = Some(scene.missed as u64);
    let of_runs = [(missed, Some(0)), (Some(0), Some(0)), (Some(0), missed)];
    assert_eq!(counts, of_runs, "{lines:#?}");
    scene.end().await;
}

#[tokio::test]
async fn a_crash_before_the_cursor_publishes_nothing_twice() {
    let mut calm = Box::pin(Scene::start()).await;
    assert_eq!(calm.publish().await, calm.missed as u64);
    let expected = calm.events().await;
    calm.end().await;

    // The queue has the first message, and the cursor is not stored.
    let mut scene = Box::pin(Scene::start()).await;
    let send = Operation::new(Service::Sqs, "SendMessage");
    scene.plan.set(vec![Rule::new(&send, Calls::Nth(1), Fault::KillAfter)]);
    let before = scene.events().await;
    assert_eq!(scene.invoke().await, Ended::Died);
    let during = scene.events().await;
    assert!(before < during && during < expected, "{before}, {during}, {expected}");
    scene.plan.stop();
    assert!(scene.publish().await > 0);
    assert_eq!((scene.publish().await, scene.events().await), (0, expected));
    scene.end().await;
}
