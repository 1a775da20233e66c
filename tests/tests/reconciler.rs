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
use inlet_aws::dynamodb::pending::{FIRST_PASS, PendingEvent, SECOND_PASS};
use inlet_tests::deliveries::received_without;
use inlet_tests::demo_credential;
use inlet_tests::faults::call::{Operation, Service};
use inlet_tests::faults::concurrent::run_all;
use inlet_tests::faults::function::{Ended, Function};
use inlet_tests::faults::matrix::{Extent, recover};
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

/// Invocations whose calls fail, before those whose calls do not.
const FAULTY_RUNS: usize = 2;

/// Number of cases at the same time.
const AT_ONCE: usize = 6;

/// Longer than the six minutes after which the sweeper sends an event that the reconciler was about to send.
const LATER: Duration = Duration::from_mins(10);

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

/// A fault of one operation of the reconciler, and its effect.
struct Case {
    rule: Rule,
    struck: u32,
    broken: Vec<String>,
}

/// Moves the sweeper's pending list back by some minutes, and its cursors behind every event: it sends what is on the
/// list, and finds nothing else.
async fn let_time_pass(scene: &Scene) {
    let pending = scene.world.table_of(&scene.stack).pending;
    for pass in [FIRST_PASS, SECOND_PASS] {
        pending.set_cursor(pass, clock::now()).await.unwrap();
    }
    for event in pending.list(None).await.unwrap() {
        let sent = event.sent.earlier(LATER);
        pending.put(&PendingEvent { sent, ..event }).await.unwrap();
    }
}

/// Runs the reconciler with a fault, then without until a run publishes nothing, and then processor and sweeper.
async fn run(rule: Rule, expected: usize) -> Case {
    let mut scene = Box::pin(Scene::start()).await;
    scene.plan.set(vec![rule.clone()]);
    for _ in 0..FAULTY_RUNS {
        scene.invoke().await;
    }
    scene.plan.stop();
    let mut broken = Vec::new();
    scene.publish().await;
    if scene.publish().await != 0 {
        broken.push("a second run published again".to_owned());
    }
    let events = scene.events().await;
    if events != expected {
        broken.push(format!("{events} events instead of {expected}"));
    }
    let_time_pass(&scene).await;
    if !recover(&scene.world).await {
        broken.push("not all events were processed".to_owned());
    }
    let struck = scene.plan.struck();
    scene.end().await;
    Case { rule, struck, broken }
}

/// Returns the number of events of a scene without faults, and the operations that its run called.
async fn without_faults() -> (usize, Vec<Operation>) {
    let mut scene = Box::pin(Scene::start()).await;
    scene.publish().await;
    let of_services = scene.plan.seen().into_keys().filter(|operation| operation.service != Service::Lambda);
    let mut operations: Vec<Operation> = of_services.collect();
    operations.sort();
    let events = scene.events().await;
    scene.end().await;
    (events, operations)
}

#[tokio::test]
async fn an_event_that_was_stored_and_not_sent_is_sent_by_the_sweeper() {
    let (expected, _) = without_faults().await;
    let send = Operation::new(Service::Sqs, "SendMessage");
    let case = run(Rule::new(&send, Calls::Nth(1), Fault::KillBefore), expected).await;
    assert_eq!((case.struck, case.broken), (1, vec![]));
}

/// Checks that the missed states become events once whatever fails, and prints a row for each fault.
async fn publishes_once_under_faults(extent: Extent) {
    let (expected, operations) = without_faults().await;
    assert!(operations.iter().any(|operation| operation.service == Service::Sqs), "{operations:?}");

    let faults: Vec<Fault> = Fault::OF_SERVICES.into_iter().chain(Fault::KILLS).collect();
    let all = operations.iter().enumerate().flat_map(|(nth, operation)| {
        faults.iter().enumerate().flat_map(move |(which, fault)| {
            [Calls::Nth(1), Calls::Every].map(|calls| (nth + which, Rule::new(operation, calls, *fault)))
        })
    });
    // The short form has one fault of each operation, another one for the next.
    let is_in = |turn: usize, rule: &Rule| {
        extent == Extent::Full || turn.is_multiple_of(faults.len()) && rule.calls == Calls::Nth(1)
    };
    let rules = all.filter(|(turn, rule)| is_in(*turn, rule)).map(|(_, rule)| rule).collect();
    let cases = run_all(AT_ONCE, rules, move |rule| run(rule, expected)).await;

    let mut rows: BTreeMap<String, (usize, u32)> = BTreeMap::new();
    for case in &cases {
        let (count, struck) = rows.entry(case.rule.fault.to_string()).or_default();
        *count += 1;
        *struck += case.struck;
    }
    println!("| fault | cases | failed calls |\n|---|--:|--:|");
    rows.iter().for_each(|(fault, (count, struck))| println!("| reconciler: {fault} | {count} | {struck} |"));
    let broken = cases.iter().filter(|case| !case.broken.is_empty());
    let broken: Vec<String> =
        broken.map(|case| format!("{:?}:\n    {}", case.rule, case.broken.join("\n    "))).collect();
    assert!(broken.is_empty(), "{} of {} cases:\n{}", broken.len(), cases.len(), broken.join("\n"));
    assert!(cases.iter().all(|case| case.struck > 0), "a case had no fault");
}

#[tokio::test]
async fn no_fault_of_a_call_loses_or_repeats_a_missed_state() {
    publishes_once_under_faults(Extent::Short).await;
}

#[tokio::test]
#[ignore = "minutes: make faults"]
async fn no_fault_of_any_call_loses_or_repeats_a_missed_state() {
    publishes_once_under_faults(Extent::Full).await;
}
