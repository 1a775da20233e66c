//! The faults of a consumer in the modes `function` and `https`, behind the deployed processor: each event is processed
//! or parked, an entity's events are handed over in order, and no two of them at once.

use std::collections::{BTreeMap, HashSet};
use std::fmt::{self, Write as _};
use std::ops::AddAssign;
use std::sync::Arc;
use std::time::{Duration, Instant};

use inlet_aws::dynamodb::table::Table;

use crate::faults::call::{Operation, Service};
use crate::faults::concurrent::run_all;
use crate::faults::consumer::{
    Behaviour, Consumer, Failure, Given, Mode, RetryAfter, SECRETS, SHORT_LIMIT_SECONDS, entity_of,
};
use crate::faults::function::Function;
use crate::faults::matrix::{Hidden, count_unprocessed, is_2xx, poll_with};
use crate::faults::plan::{Calls, Fault, Plan, Rule};
use crate::faults::reconciliation::Reconciliation;
use crate::faults::sender::Kind;
use crate::faults::world::{Published, World};
use crate::stack::Stack;

/// Number of cases at once.
const AT_ONCE: usize = 10;

/// The entities, and the number of events of each.
const ENTITIES: [&str; 3] = ["7001", "7002", "7003"];
const EVENTS: usize = 3;

/// The poison: an event in the middle of the second entity.
const POISON: (&str, usize) = ("7002", 1);

/// Number of tries of an event that fails by its own fault.
const TRIES: usize = 5;

/// Invocations of the processor during the fault: below the five tries after which an event is parked.
const FAULTY_ROUNDS: usize = 3;

/// Maximum invocations of the processor afterwards.
const ROUNDS: usize = 80;

/// The time limit of a call, except in cases whose fault makes calls last longer than the short one.
const LONG_LIMIT_SECONDS: u32 = 20;

/// The time in a `Retry-After` of a case, and the maximum time until the next attempt: below the queue's own visibility
/// timeout of three minutes.
const RETRY_AFTER: Duration = Duration::from_secs(2);
const PROMPT: Duration = Duration::from_secs(60);

/// A case.
#[derive(Clone, Debug)]
pub struct Case {
    /// The consumer's mode.
    pub mode: Mode,
    /// The consumer's behaviour.
    pub behaviour: Behaviour,
    /// The faults of the processor's calls, those to the consumer among them.
    pub rules: Vec<Rule>,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.mode, describe(self.behaviour, self.mode))?;
        let mut rules = self.rules.iter();
        rules.try_for_each(|rule| write!(f, ", {:?} {:?} {}", rule.matching, rule.calls, rule.fault))
    }
}

/// Describes a behaviour for the table.
fn describe(behaviour: Behaviour, mode: Mode) -> String {
    let failure = |failure| match failure {
        Failure::Status(status) => format!("returns {status}"),
        Failure::Later(status, RetryAfter::Seconds(_)) => {
            format!("returns {status}, `Retry-After` in seconds")
        }
        Failure::Later(status, RetryAfter::Date(_)) => format!("returns {status}, `Retry-After` as a date"),
        Failure::Later(status, RetryAfter::Huge) => format!("returns {status}, `Retry-After` of 40 digits"),
        Failure::Later(status, RetryAfter::Unreadable) => format!("returns {status}, `Retry-After: soon`"),
        Failure::Redirect(status) => format!("redirects with {status}"),
        Failure::Service(429, _) => "throttled".to_owned(),
        Failure::Service(status, code) => format!("{code} ({status})"),
        Failure::Unhandled(kind) => format!("unhandled error {kind}"),
        Failure::Named(kind) => format!("names a failure `{kind}`"),
        Failure::Text(text) => format!("returns `{text}`"),
        Failure::SixMegabytes => "returns 6 MB".to_owned(),
        Failure::Hang => "never responds".to_owned(),
    };
    let consumer = if mode == Mode::Function { "function" } else { "endpoint" };
    match behaviour {
        Behaviour::Works => "works".to_owned(),
        Behaviour::Fails(why) => format!("down: {}", failure(why)),
        Behaviour::Flaps(why) => format!("every second call {}", failure(why)),
        Behaviour::RespondsLate => format!("the {consumer} processes and responds too late"),
        Behaviour::Poison(why) => format!("one event: {}", failure(why)),
    }
}

impl Case {
    fn limit_seconds(&self) -> u32 {
        let hangs = matches!(
            self.behaviour,
            Behaviour::RespondsLate
                | Behaviour::Fails(Failure::Hang)
                | Behaviour::Poison(Failure::Hang)
                | Behaviour::Flaps(Failure::Hang)
        );
        let is_silent = |rule: &Rule| {
            rule.is_of(Service::Consumer) && matches!(rule.fault, Fault::TimeoutLost | Fault::TimeoutApplied)
        };
        if hangs || self.rules.iter().any(is_silent) { SHORT_LIMIT_SECONDS } else { LONG_LIMIT_SECONDS }
    }

    /// Returns true if the poison fails by its own fault and is parked after its tries.
    fn parks(&self) -> bool {
        match self.behaviour {
            Behaviour::Poison(Failure::Hang | Failure::Named("transient")) => false,
            Behaviour::Poison(_) => true,
            Behaviour::Works | Behaviour::Fails(_) | Behaviour::Flaps(_) | Behaviour::RespondsLate => false,
        }
    }

    /// Returns true if the consumer names a time until the next attempt, which this case measures.
    fn is_timed(&self) -> bool {
        matches!(
            self.behaviour,
            Behaviour::Fails(Failure::Later(_, RetryAfter::Seconds(_) | RetryAfter::Date(_)))
        )
    }
}

/// The result of a case, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Cases.
    pub cases: usize,
    /// Events that were accepted.
    pub events: usize,
    /// Calls that failed by plan.
    pub faults: u32,
    /// Events that the consumer was given, each time counted.
    pub given: usize,
    /// Events that the consumer processed.
    pub processed: usize,
    /// Repeated processings of an event.
    pub processed_again: usize,
    /// Events that were parked.
    pub parked: usize,
    /// Events that were neither processed nor parked.
    pub lost: usize,
    /// Entities whose events were given in another order than they arrived.
    pub disordered: usize,
}

impl AddAssign<&Self> for Numbers {
    fn add_assign(&mut self, other: &Self) {
        self.cases += other.cases;
        self.events += other.events;
        self.faults += other.faults;
        self.given += other.given;
        self.processed += other.processed;
        self.processed_again += other.processed_again;
        self.parked += other.parked;
        self.lost += other.lost;
        self.disordered += other.disordered;
    }
}

/// The result of a case.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The case.
    pub case: Case,
    /// The numbers.
    pub numbers: Numbers,
    /// The broken promises.
    pub broken: Vec<String>,
    /// The processor's calls.
    pub seen: Vec<Operation>,
}

/// Runs a case in a world of its own.
pub async fn run(stack: &Stack, case: Case) -> Outcome {
    let world = World::new(&stack.facts).await;
    let consumer = Consumer::start(case.mode).await;
    if case.mode == Mode::Https {
        world.set_consumer_secrets(stack, &SECRETS).await;
    }
    let mut broken = Vec::new();
    let (reconciliation, arrived) = deliver(stack, &world, &mut broken).await;
    let poison = arrived.iter().filter(|id| entity_of(id).ends_with(POISON.0)).nth(POISON.1);
    consumer.set_poison(poison.expect("the poison arrived"));

    let plan = Plan::default();
    let mut processor = world.processor_for(&consumer, &plan, case.limit_seconds()).await;
    plan.set(case.rules.clone());
    consumer.behave(case.behaviour);
    if case.is_timed() {
        // Each entity's first event is refused once.
        poll_with(&world, &mut processor, Hidden::ByTheQueue).await;
        consumer.behave(Behaviour::Works);
        broken.extend(wait(&world, &consumer, &mut processor).await);
    } else {
        for _ in 0..FAULTY_ROUNDS {
            poll_with(&world, &mut processor, Hidden::NoLonger).await;
        }
        if case.behaviour == Behaviour::Poison(Failure::Hang) {
            broken.extend(isolated(&consumer, &arrived, &mut processor, &world).await);
        }
    }
    plan.stop();
    let heals = !case.parks() && !matches!(case.behaviour, Behaviour::Flaps(_));
    if heals {
        consumer.behave(Behaviour::Works);
    }
    if !drained(&world, &mut processor).await {
        broken.push(format!("work is left after {ROUNDS} rounds"));
    }
    let numbers = reconciled(stack, &world, &case, &consumer, &arrived, &reconciliation, &mut broken).await;
    let mut seen: Vec<Operation> = plan.seen().into_keys().collect();
    seen.sort();
    let numbers = Numbers { faults: plan.struck(), ..numbers };
    world.remove().await;
    Outcome { case, numbers, broken, seen }
}

/// Delivers the events, the entities' in turn, and returns the ids of the stored ones in the order of arrival.
async fn deliver(stack: &Stack, world: &World, broken: &mut Vec<String>) -> (Reconciliation, Vec<String>) {
    let mut reconciliation = Reconciliation::default();
    let mut receiver = world.function(Kind::OwnTime.receiver(), &Plan::default()).await;
    for n in 0..EVENTS {
        for entity in ENTITIES {
            let mark = format!("{entity}-{n}");
            let (body, event) = Kind::OwnTime.delivery(entity, &mark);
            let accepted = is_2xx(&receiver.invoke(event).await);
            reconciliation.record(body, &mark, true, true, accepted);
            if !accepted {
                broken.push(format!("{mark} is refused although every service works"));
            }
        }
    }
    let table = world.table_of(stack);
    let mut arrived = Vec::new();
    for (pk, sk) in world.keys().await {
        let Some(digest) = sk.strip_prefix("event/") else { continue };
        let id = inlet::event::EventId::parse(&format!("{pk}/{digest}")).expect("an event's key");
        let event = table.events.get(&id).await.expect("a readable event").expect("an event");
        arrived.push((event.record.received, id.to_string()));
    }
    arrived.sort();
    (reconciliation, arrived.into_iter().map(|(_, id)| id).collect())
}

/// Invokes the processor until the queue is empty; returns true if every event then has a receipt or is parked.
async fn drained(world: &World, processor: &mut Function) -> bool {
    for _ in 0..ROUNDS {
        if !poll_with(world, processor, Hidden::NoLonger).await {
            return count_unprocessed(world).await == parked(world).await.len();
        }
    }
    false
}

/// Lets the queue itself hide what was refused with a `Retry-After`, and returns what is wrong with the times.
async fn wait(world: &World, consumer: &Consumer, processor: &mut Function) -> Vec<String> {
    let refused = consumer.given();
    let began = Instant::now();
    while began.elapsed() < PROMPT && count_unprocessed(world).await > 0 {
        poll_with(world, processor, Hidden::ByTheQueue).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let given = consumer.given();
    let mut broken = Vec::new();
    for first in &refused {
        let later = given.iter().skip(refused.len());
        match later.clone().find(|event| event.id == first.id) {
            None => broken.push(format!("{}: not given again within {PROMPT:?}", first.id)),
            Some(again) if again.at.duration_since(first.at) < RETRY_AFTER => {
                let after = again.at.duration_since(first.at);
                broken.push(format!("{}: given again after {after:?}", first.id));
            }
            Some(_) => {}
        }
    }
    if refused.len() != ENTITIES.len() {
        broken.push(format!("{} events were refused", refused.len()));
    }
    broken
}

/// Returns the events that are not processed while one event hangs.
async fn isolated(
    consumer: &Consumer,
    arrived: &[String],
    processor: &mut Function,
    world: &World,
) -> Vec<String> {
    let others: Vec<&String> = arrived.iter().filter(|id| !entity_of(id).ends_with(POISON.0)).collect();
    let waiting = || {
        let given = consumer.given();
        let processed: HashSet<&str> =
            given.iter().filter(|event| event.is_processed).map(|event| event.id.as_str()).collect();
        others
            .iter()
            .filter(|id| !processed.contains(id.as_str()))
            .map(|id| (*id).clone())
            .collect::<Vec<_>>()
    };
    for _ in 0..2 * EVENTS {
        if waiting().is_empty() {
            break;
        }
        poll_with(world, processor, Hidden::NoLonger).await;
    }
    waiting().into_iter().map(|id| format!("{id} waits for the event that hangs")).collect()
}

/// Returns the ids of parked events.
async fn parked(world: &World) -> HashSet<String> {
    let id = |(pk, sk): (String, String)| Some(format!("{pk}/{}", sk.strip_prefix("parked/")?));
    world.keys().await.into_iter().filter_map(id).collect()
}

/// Compares what arrived with what the consumer processed.
async fn reconciled(
    stack: &Stack,
    world: &World,
    case: &Case,
    consumer: &Consumer,
    arrived: &[String],
    reconciliation: &Reconciliation,
    broken: &mut Vec<String>,
) -> Numbers {
    let (given, parked) = (consumer.given(), parked(world).await);
    let published = |event: &Given| {
        let (id, received) = (event.id.clone(), event.received.clone());
        Published { id, received, at: event.at }
    };
    let published: Vec<Published> = given.iter().filter(|event| event.is_processed).map(published).collect();
    let table = Table::new(stack.clients.dynamodb.clone(), world.table.clone(), 90);
    let (numbers, more) = reconciliation.reconciled(world, &table, &published).await;
    let processed: HashSet<&str> = published.iter().map(|event| event.id.as_str()).collect();
    let lost: Vec<&String> =
        arrived.iter().filter(|id| !processed.contains(id.as_str()) && !parked.contains(*id)).collect();
    broken.extend(lost.iter().map(|id| format!("{id} is lost")));
    // The reconciliation does not count parked events.
    if parked.is_empty() {
        broken.extend(more);
    }
    broken.extend(consumer.broken());
    let disordered = disorder(arrived, &given);
    broken.extend(disordered.iter().map(|entity| format!("{entity}: given out of order: {given:#?}")));
    let poison = arrived.iter().filter(|id| entity_of(id).ends_with(POISON.0)).nth(POISON.1);
    let poison = poison.map(String::as_str).unwrap_or_default();
    let wanted: HashSet<String> =
        if case.parks() { HashSet::from([poison.to_owned()]) } else { HashSet::new() };
    if parked != wanted {
        broken.push(format!("parked {parked:?}, not {wanted:?}"));
    }
    if case.parks() {
        let tries = given.iter().filter(|event| event.id == poison).count();
        // A killed processor may try again.
        if case.rules.is_empty() && tries != TRIES {
            broken.push(format!("the poison was given {tries} times"));
        }
        if world.dead_letters().await == 0 {
            broken.push("the poison is not in the dead-letter queue".to_owned());
        }
    }
    Numbers {
        cases: 1,
        events: arrived.len(),
        faults: 0,
        given: given.len(),
        processed: processed.len(),
        processed_again: numbers.processed_again,
        parked: parked.len(),
        lost: lost.len(),
        disordered: disordered.len(),
    }
}

/// Returns the entities of which an event was given after a later one. A repeat of the newest is in order.
fn disorder<'a>(arrived: &'a [String], given: &[Given]) -> Vec<&'a str> {
    let position = |id: &str| arrived.iter().position(|arrived| arrived == id);
    let entities: HashSet<&str> = arrived.iter().map(|id| entity_of(id)).collect();
    let is_disordered = |entity: &&str| {
        let positions = given.iter().filter(|event| event.entity() == *entity);
        !positions.map(|event| position(&event.id)).collect::<Vec<_>>().is_sorted()
    };
    entities.into_iter().filter(is_disordered).collect()
}

/// Parks the poison, redrives it after the consumer is repaired, replays everything while every second call fails, and
/// returns what is broken.
pub async fn redrive_and_replay(stack: &Stack, mode: Mode) -> Vec<String> {
    let world = World::new(&stack.facts).await;
    let consumer = Consumer::start(mode).await;
    world.set_consumer_secrets(stack, &SECRETS).await;
    let mut broken = Vec::new();
    let (_, arrived) = deliver(stack, &world, &mut broken).await;
    let poison = arrived.iter().filter(|id| entity_of(id).ends_with(POISON.0)).nth(POISON.1);
    let poison = poison.expect("the poison arrived");
    consumer.set_poison(poison);
    let (rejected, down) = match mode {
        Mode::Function => (Failure::Unhandled("KeyError"), Failure::Service(500, "ServiceException")),
        Mode::Https => (Failure::Status(400), Failure::Status(500)),
    };
    consumer.behave(Behaviour::Poison(rejected));
    let mut processor = world.processor_for(&consumer, &Plan::default(), LONG_LIMIT_SECONDS).await;
    if !drained(&world, &mut processor).await || parked(&world).await != HashSet::from([poison.clone()]) {
        broken.push("the poison alone must be parked".to_owned());
    }
    let before = consumer.given().len();
    consumer.behave(Behaviour::Works);
    world.redrive(stack).await;
    if !drained(&world, &mut processor).await {
        broken.push("work is left after the redrive".to_owned());
    }
    let redriven: Vec<String> = consumer.given().into_iter().skip(before).map(|event| event.id).collect();
    if redriven != [poison.clone()] || !parked(&world).await.is_empty() {
        broken.push(format!("the redrive gave {redriven:?}"));
    }

    let before = consumer.given().len();
    consumer.behave(Behaviour::Flaps(down));
    world.replay(stack, "after-the-fix").await;
    if !drained(&world, &mut processor).await {
        broken.push("work is left after the replay".to_owned());
    }
    let replayed: Vec<Given> = consumer.given().into_iter().skip(before).collect();
    if replayed.iter().any(|event| event.replay.as_deref() != Some("after-the-fix")) {
        broken.push(format!("events without the replay's id: {replayed:#?}"));
    }
    let processed: HashSet<&str> =
        replayed.iter().filter(|event| event.is_processed).map(|event| event.id.as_str()).collect();
    if processed.len() != arrived.len() {
        broken.push(format!("{} of {} are processed again", processed.len(), arrived.len()));
    }
    broken.extend(
        disorder(&arrived, &replayed).iter().map(|entity| format!("{entity}: replayed out of order")),
    );
    broken.extend(consumer.broken());
    world.remove().await;
    broken
}

/// Returns the cases of a consumer that fails, in both modes.
pub fn behaviours() -> Vec<Case> {
    let of = |mode, behaviour| Case { mode, behaviour, rules: Vec::new() };
    let fails = |mode, failure| of(mode, Behaviour::Fails(failure));
    let poison = |mode, failure| of(mode, Behaviour::Poison(failure));
    let mut cases: Vec<Case> = Mode::ALL.map(|mode| of(mode, Behaviour::Works)).to_vec();
    for (status, code) in [
        (429, "TooManyRequestsException"),
        (500, "ServiceException"),
        (403, "AccessDeniedException"),
        (404, "ResourceNotFoundException"),
        (502, "EC2ThrottledException"),
    ] {
        cases.push(fails(Mode::Function, Failure::Service(status, code)));
    }
    for kind in ["KeyError", "Runtime.ExitError", "Sandbox.Timedout"] {
        cases.push(fails(Mode::Function, Failure::Unhandled(kind)));
    }
    cases.push(fails(Mode::Function, Failure::Named("transient")));
    cases.push(of(Mode::Function, Behaviour::Flaps(Failure::Service(503, "ServiceUnavailable"))));
    for kind in ["permanent", "transient"] {
        cases.push(poison(Mode::Function, Failure::Named(kind)));
    }
    cases.push(poison(Mode::Function, Failure::Unhandled("KeyError")));
    for text in [
        "ok",
        "[]",
        r#"{"batchItemFailures": []}"#,
        r#"{"failures": [{"id": "zid/a/order/1/0000000000000001", "kind": "permanent"}]}"#,
        r#"{"failures": [{"id": "7002"}]}"#,
    ] {
        cases.push(poison(Mode::Function, Failure::Text(text)));
    }
    cases.push(poison(Mode::Function, Failure::SixMegabytes));
    for status in [408, 425, 429, 500, 502, 503, 504] {
        cases.push(fails(Mode::Https, Failure::Status(status)));
    }
    for (status, time) in [
        (429, RetryAfter::Seconds(2)),
        (503, RetryAfter::Date(3)),
        (429, RetryAfter::Huge),
        (503, RetryAfter::Unreadable),
    ] {
        cases.push(fails(Mode::Https, Failure::Later(status, time)));
    }
    cases.push(of(Mode::Https, Behaviour::Flaps(Failure::Status(503))));
    for status in [400, 404, 410] {
        cases.push(poison(Mode::Https, Failure::Status(status)));
    }
    for status in [301, 307] {
        cases.push(poison(Mode::Https, Failure::Redirect(status)));
    }
    for mode in Mode::ALL {
        cases.push(of(mode, Behaviour::RespondsLate));
        cases.push(fails(mode, Failure::Hang));
        cases.push(poison(mode, Failure::Hang));
    }
    cases
}

/// Returns the cases in which a call of the processor fails, as a run without faults makes them.
async fn calls(stack: &Arc<Stack>, extent: Extent) -> Vec<Case> {
    let probe = |mode, behaviour| Case { mode, behaviour, rules: Vec::new() };
    let usual = Mode::ALL.map(|mode| probe(mode, Behaviour::Works));
    // These make the calls that follow a failure.
    let failing = [
        probe(Mode::Function, Behaviour::Poison(Failure::Named("permanent"))),
        probe(Mode::Https, Behaviour::Poison(Failure::Status(400))),
    ];
    let probes = usual.into_iter().chain(failing.into_iter().filter(|_| extent == Extent::Full)).collect();
    let mut cases = Vec::new();
    for (nth, probe) in all(stack, probes).await.into_iter().enumerate() {
        assert!(probe.broken.is_empty(), "without any fault: {}: {:#?}", probe.case, probe.broken);
        let works = probe.case.behaviour == Behaviour::Works;
        for (at, operation) in probe.seen.iter().enumerate() {
            let is_response = operation.service == Service::Lambda;
            let faults = Fault::OF_SERVICES.iter().filter(|_| !is_response);
            let kills = Fault::KILLS.iter().take(if is_response { 1 } else { 2 });
            for (which, fault) in faults.chain(kills).enumerate() {
                let is_kill = Fault::KILLS.contains(fault);
                // The consumer's own faults are never left out.
                let is_of_consumer = operation.service == Service::Consumer;
                let in_short = is_of_consumer || is_response || (which + at + nth).is_multiple_of(5);
                if extent == Extent::Short && !in_short {
                    continue;
                }
                let mut add = |calls| {
                    let rules = vec![Rule::new(operation, calls, *fault)];
                    cases.push(Case { rules, ..probe.case.clone() });
                };
                match (extent, is_kill, works) {
                    (Extent::Short, true, _) | (Extent::Full, _, false) => add(Calls::Nth(1)),
                    (Extent::Short, false, _) => add(Calls::Every),
                    (Extent::Full, true, true) => (1..=3).for_each(|n| add(Calls::Nth(n))),
                    (Extent::Full, false, true) => {
                        add(Calls::Nth(1));
                        add(Calls::Every);
                    }
                }
            }
        }
    }
    cases
}

/// The extent of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Every case.
    Full,
    /// The behaviours of a consumer without their variants, every fault of the call that hands over events, and some
    /// faults of each other call.
    Short,
}

/// Returns all cases.
pub async fn cases(stack: &Arc<Stack>, extent: Extent) -> Vec<Case> {
    let behaviours =
        behaviours().into_iter().filter(|case| extent == Extent::Full || !is_variant(case.behaviour));
    behaviours.chain(calls(stack, extent).await).collect()
}

/// Returns true for a behaviour that another one differs from only in a status, a code or a text.
fn is_variant(behaviour: Behaviour) -> bool {
    let (Behaviour::Fails(failure) | Behaviour::Poison(failure)) = behaviour else { return false };
    match failure {
        Failure::Status(status) => [404, 410, 502, 504].contains(&status),
        Failure::Redirect(status) => status == 301,
        Failure::Service(status, _) => [404, 502].contains(&status),
        Failure::Unhandled(kind) => kind != "KeyError",
        Failure::Text(text) => !text.starts_with("{\"failures\""),
        Failure::Later(_, time) => time == RetryAfter::Unreadable,
        Failure::Named(_) | Failure::SixMegabytes | Failure::Hang => false,
    }
}

/// Runs cases, many at a time.
pub async fn all(stack: &Arc<Stack>, cases: Vec<Case>) -> Vec<Outcome> {
    let run_case = |case| {
        let stack = Arc::clone(stack);
        async move {
            let outcome = run(&stack, case).await;
            if !outcome.broken.is_empty() {
                println!("BROKEN {}:\n    {}", outcome.case, outcome.broken.join("\n    "));
            }
            outcome
        }
    };
    run_all(AT_ONCE, cases, run_case).await
}

/// Returns the table for people: a row for each fault of each mode.
pub fn table(outcomes: &[Outcome]) -> String {
    let mut rows: BTreeMap<(Mode, usize, String), Numbers> = BTreeMap::new();
    let mut sum = Numbers::default();
    for Outcome { case, numbers, .. } in outcomes {
        let (rank, fault) = match case.rules.as_slice() {
            [] => (0, describe(case.behaviour, case.mode)),
            [rule, ..] if rule.is_of(Service::Consumer) => (1, format!("the call: {}", rule.fault)),
            [rule, ..] => (2, format!("a call of AWS: {}", rule.fault)),
        };
        *rows.entry((case.mode, rank, fault)).or_default() += numbers;
        sum += numbers;
    }
    let mut text = String::from(
        "| mode | fault | cases | events | handed over | processed | processed again | parked | lost | out of order |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    let mut row = |mode: &str, fault: &str, n: &Numbers| {
        let _ = writeln!(
            text,
            "| {mode} | {fault} | {} | {} | {} | {} | {} | {} | {} | {} |",
            n.cases, n.events, n.given, n.processed, n.processed_again, n.parked, n.lost, n.disordered
        );
    };
    for ((mode, _, fault), numbers) in &rows {
        row(&mode.to_string(), fault, numbers);
    }
    row("**both**", "**all**", &sum);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(id: &str) -> Given {
        let (id, received) = (id.to_owned(), String::new());
        Given { id, received, replay: None, at: Instant::now(), is_processed: true }
    }

    #[test]
    fn an_event_after_a_later_one_is_out_of_order() {
        let arrived = ["a/1", "b/1", "a/2"].map(str::to_owned);
        let disorder = |ids: &[&str]| {
            let given: Vec<Given> = ids.iter().map(|id| given(id)).collect();
            disorder(&arrived, &given).len()
        };
        assert_eq!(disorder(&["a/1", "a/1", "b/1", "a/2", "a/2"]), 0, "repeats of the newest");
        assert_eq!(disorder(&["a/2", "b/1"]), 0, "the other one is lost, not late");
        assert_eq!(disorder(&["a/1", "a/2", "b/1", "a/1"]), 1);
    }
}
