//! Every fault of every call that the functions make, for every kind of deduplication, with retries and without.

use std::collections::{BTreeMap, HashSet};
use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use inlet_aws::dynamodb::table::Table;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::faults::call::{Operation, Service};
use crate::faults::concurrent::run_all;
use crate::faults::function::{Ended, Function};
use crate::faults::plan::{Calls, Fault, Plan, Rule};
use crate::faults::reconciliation::{Numbers, Reconciliation};
use crate::faults::sender::{Kind, forged};
use crate::faults::world::{World, sqs_event};
use crate::stack::Stack;

/// Number of concurrent cases. They mostly wait for timeouts; with more, two cores would cause
/// timeouts that no case asked for.
const AT_ONCE: usize = 12;

/// Number of cases between two progress lines.
const PROGRESS_EVERY: usize = 100;

/// Number of immediate retries of a delivery that was not answered 2xx.
const RETRIES: usize = 2;

/// Invocations of the faulty function: below the five receives after which a message is parked.
const FAULTY_ROUNDS: usize = 3;

/// Maximum rounds of processor and sweeper until nothing is pending.
const ROUNDS: usize = 12;

/// Longer than the resend delay of the worlds' sweepers.
const SETTLED: Duration = Duration::from_millis(1_200);

/// The program whose calls fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Program {
    /// The receiver.
    Receiver,
    /// The processor, with messages whose events are stored.
    Processor,
    /// The processor, with messages that carry whole events.
    Fallback,
    /// The sweeper, and nothing was enqueued.
    Sweeper,
}

impl Program {
    /// Returns with and without the provider's retries, if it makes a difference: for the receiver only.
    fn retries(self) -> &'static [bool] {
        if self == Self::Receiver { &[false, true] } else { &[false] }
    }
}

/// A case.
#[derive(Clone, Debug)]
pub struct Case {
    /// The program whose calls fail.
    pub program: Program,
    /// The kind of body.
    pub kind: Kind,
    /// The faults.
    pub rules: Vec<Rule>,
    /// True if the provider retries deliveries that were not answered 2xx.
    pub retries: bool,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?}, {:?}, {}",
            self.program,
            self.kind,
            if self.retries { "retries" } else { "no retries" }
        )?;
        self.rules
            .iter()
            .try_for_each(|rule| write!(f, ", {:?} {:?} {}", rule.matching, rule.calls, rule.fault))
    }
}

impl Case {
    /// Returns true if every genuine delivery must be answered 2xx: at least one service works, and no process is
    /// killed.
    fn must_accept(&self) -> bool {
        let killed = self.rules.iter().any(|rule| Fault::KILLS.contains(&rule.fault));
        let both =
            [Service::DynamoDb, Service::Sqs].iter().all(|s| self.rules.iter().any(|rule| rule.is_of(*s)));
        self.program != Program::Receiver || !(killed || both)
    }

    /// Returns true if credentials cannot be read: deliveries are deferred, forgeries too.
    fn is_blind(&self) -> bool {
        self.rules.iter().any(|rule| rule.is_of(Service::Ssm))
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
    /// The calls of the program whose calls failed.
    pub seen: Vec<Operation>,
}

/// The phase after the faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Afterwards {
    /// Processor and sweeper run.
    Recovery,
    /// No program runs: a test of the check, which must find the loss.
    Nothing,
}

/// Runs a case in a world of its own.
pub async fn run(stack: &Stack, case: Case, afterwards: Afterwards) -> Outcome {
    let world = World::new(&stack.facts).await;
    let plan = Plan::default();
    let mut reconciliation = Reconciliation::default();
    let mut broken = Vec::new();

    let (on_receiver, on_later) = match case.program {
        Program::Receiver => (case.rules.clone(), None),
        Program::Processor => (Vec::new(), Some("inlet-processor")),
        Program::Fallback => {
            (vec![Rule::all_of(Service::DynamoDb, Fault::ServerError)], Some("inlet-processor"))
        }
        Program::Sweeper => (vec![Rule::all_of(Service::Sqs, Fault::ServerError)], Some("inlet-sweeper")),
    };
    let receiving = Plan::new(on_receiver);
    deliver(&world, &case, &receiving, &mut reconciliation, &mut broken).await;

    if let Some(binary) = on_later {
        plan.set(case.rules.clone());
        let mut function = world.function(binary, &plan).await;
        for _ in 0..FAULTY_ROUNDS {
            if case.program == Program::Sweeper {
                tokio::time::sleep(SETTLED).await;
                function.invoke(json!({})).await;
            } else {
                poll(&world, &mut function).await;
            }
        }
    }
    if afterwards == Afterwards::Recovery && !recover(&world).await {
        broken.push(format!("work is left after {ROUNDS} rounds"));
    }
    let table = Table::new(stack.clients.dynamodb.clone(), world.table.clone(), 90);
    let published = world.published().await;
    let (mut numbers, more) = reconciliation.reconciled(&world, &table, &published).await;
    broken.extend(more);
    let plan_with_faults = if case.program == Program::Receiver { &receiving } else { &plan };
    numbers.faults = plan_with_faults.struck();
    let mut seen: Vec<Operation> = plan_with_faults.seen().into_keys().collect();
    seen.sort();
    world.remove().await;
    Outcome { case, numbers, broken, seen }
}

/// Sends a case's deliveries: equal ones at the same time, a changed entity, a late duplicate, another entity, a
/// forgery.
async fn deliver(
    world: &World,
    case: &Case,
    plan: &Plan,
    reconciliation: &mut Reconciliation,
    broken: &mut Vec<String>,
) {
    let binary = case.kind.receiver();
    let (mut one, mut other) = (world.function(binary, plan).await, world.function(binary, plan).await);
    let has_own_time = case.kind != Kind::Windowed;
    let [a1, a2, b1, c1, c2] =
        [("7001", "a1"), ("7001", "a2"), ("7002", "b1"), ("7003", "c1"), ("7003", "c2")]
            .map(|(entity, mark)| case.kind.delivery(entity, mark));
    let attempts = if case.retries { 1 + RETRIES } else { 1 };
    let must_accept = case.must_accept();
    let reconciliation = Mutex::new((reconciliation, broken));
    let reconciliation = &reconciliation;
    let send = async |function: &mut Function, (body, event): &(Vec<u8>, Value), name: &str| {
        for _ in 0..attempts {
            let ended = function.invoke(event.clone()).await;
            let accepted = is_2xx(&ended);
            let mut noted = reconciliation.lock().await;
            // The entity of b1 never changes, so it is one event for every kind of body.
            noted.0.record(body.clone(), name, true, has_own_time || name == "b1", accepted);
            if must_accept && !accepted {
                noted.1.push(format!("{name}: refused although a service works: {ended:?}"));
            }
            if ended == Ended::TimedOut {
                noted.1.push(format!("{name}: no response within the function's time"));
            }
            if accepted {
                break;
            }
        }
    };
    tokio::join!(send(&mut one, &a1, "a1"), send(&mut other, &a1, "a1, at the same time"));
    send(&mut one, &a2, "a2, of the same entity").await;
    // Out of order: c2 before c1.
    send(&mut other, &c2, "c2, before c1").await;
    send(&mut other, &c1, "c1").await;
    if has_own_time {
        send(&mut other, &a1, "a1, a late duplicate").await;
    }
    send(&mut one, &b1, "b1").await;
    let (_, genuine) = case.kind.delivery("7004", "forged");
    let (forged_body, _) = case.kind.delivery("7004", "forged");
    let ended = one.invoke(forged(genuine)).await;
    let was_accepted = is_2xx(&ended) && !case.is_blind();
    reconciliation.lock().await.0.record(forged_body, "a forgery", false, has_own_time, was_accepted);
    plan.stop();
    if case.retries {
        // Deliveries that were never answered 2xx are sent once more when all services work again.
        for (delivery, name) in [(&a2, "a2"), (&c1, "c1"), (&b1, "b1")] {
            let is_unaccepted =
                reconciliation.lock().await.0.0.get(&delivery.0).is_some_and(|sent| sent.accepted == 0);
            if is_unaccepted {
                send(&mut one, delivery, name).await;
            }
        }
    }
}

pub(crate) fn is_2xx(ended: &Ended) -> bool {
    matches!(ended, Ended::Returned(response) if response["statusCode"].as_u64().is_some_and(|s| (200..300).contains(&s)))
}

/// Gives the processor the queue's messages, as Lambda's poller does; returns true if there were any.
pub async fn poll(world: &World, processor: &mut Function) -> bool {
    poll_with(world, processor, Hidden::NoLonger).await
}

/// The time for which a message is hidden that was received and is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// It is visible again immediately: time passes quickly.
    NoLonger,
    /// The queue or the processor decides.
    ByTheQueue,
}

/// Does the same, with failed messages hidden for this long.
pub async fn poll_with(world: &World, processor: &mut Function, hidden: Hidden) -> bool {
    let messages = world.received().await;
    if messages.is_empty() {
        return false;
    }
    let failed: Option<HashSet<String>> = match processor.invoke(sqs_event(&messages)).await {
        Ended::Returned(response) => {
            let failures = response["batchItemFailures"].as_array().cloned().unwrap_or_default();
            Some(failures.iter().filter_map(|f| f["itemIdentifier"].as_str().map(str::to_owned)).collect())
        }
        Ended::Failed(_) | Ended::Died | Ended::TimedOut => None,
    };
    for message in &messages {
        let id = message["MessageId"].as_str().unwrap_or_default();
        if failed.as_ref().is_some_and(|failed| !failed.contains(id)) {
            world.done(message).await;
        } else if hidden == Hidden::NoLonger {
            world.time_passes_for(message).await;
        }
    }
    true
}

/// Runs processor and sweeper without faults until every event has its receipt; returns true if that was reached.
pub async fn recover(world: &World) -> bool {
    let calm = Plan::default();
    let mut processor = world.function("inlet-processor", &calm).await;
    let mut sweeper = world.function("inlet-sweeper", &calm).await;
    for _ in 0..ROUNDS {
        for _ in 0..100 {
            if !poll(world, &mut processor).await {
                break;
            }
        }
        if count_unprocessed(world).await == 0 && !world.has_deferred().await {
            return true;
        }
        tokio::time::sleep(SETTLED).await;
        sweeper.invoke(json!({})).await;
    }
    false
}

/// Returns the number of events without a receipt.
pub async fn count_unprocessed(world: &World) -> usize {
    // A void receipt does not count.
    let void = world.void_receipts().await;
    let keys: HashSet<(String, String)> =
        world.keys().await.into_iter().filter(|key| !void.contains(key)).collect();
    let event =
        |(pk, sk): &(String, String)| Some((pk.clone(), format!("receipt/{}", sk.strip_prefix("event/")?)));
    keys.iter().filter_map(event).filter(|receipt| !keys.contains(receipt)).count()
}

/// The extent of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Every case.
    Full,
    /// For every call of every kind one fault, in turn, with all calls failing and no retries;
    /// and one of the two kills.
    Short,
}

/// The short run has one fault in this many: the number of faults, so that each call meets one.
const SPARSE: usize = Fault::OF_SERVICES.len();

/// Returns the cases: every call of a run without faults, failing in every way.
pub async fn cases(stack: &Arc<Stack>, extent: Extent) -> Vec<Case> {
    let calm = |program, kind| Case { program, kind, rules: Vec::new(), retries: false };
    let programs = [Program::Receiver, Program::Processor, Program::Fallback, Program::Sweeper];
    let probes = programs.iter().flat_map(|program| Kind::ALL.map(|kind| calm(*program, kind))).collect();
    let mut cases = Vec::new();
    for (nth, probe) in all(stack, probes).await.into_iter().enumerate() {
        assert!(probe.broken.is_empty(), "without any fault: {}: {:#?}", probe.case, probe.broken);
        assert!(!probe.seen.is_empty(), "no call was seen: {}", probe.case);
        let Case { program, kind, .. } = probe.case;
        let mut add = |rules: Vec<Rule>, retries| cases.push(Case { program, kind, rules, retries });
        for (at, operation) in probe.seen.iter().enumerate() {
            let is_response = operation.service == Service::Lambda;
            let faults = Fault::OF_SERVICES.iter().filter(|_| !is_response);
            let batch = ["PutEvents", "BatchWriteItem"].contains(&operation.name.as_str());
            let partial = [Fault::Partial];
            for (which, fault) in faults.chain(partial.iter().filter(|_| batch)).enumerate() {
                if extent == Extent::Full {
                    for calls in [Calls::Nth(1), Calls::Every] {
                        for &retries in program.retries() {
                            add(vec![Rule::new(operation, calls, *fault)], retries);
                        }
                    }
                } else if (which + at + nth) % SPARSE == 0 {
                    add(vec![Rule::new(operation, Calls::Every, *fault)], false);
                }
            }
            for (which, fault) in Fault::KILLS.iter().take(if is_response { 1 } else { 2 }).enumerate() {
                if extent == Extent::Full {
                    for n in 1..=3 {
                        for &retries in program.retries() {
                            add(vec![Rule::new(operation, Calls::Nth(n), *fault)], retries);
                        }
                    }
                } else if is_response || (which + at + nth) % 2 == 0 {
                    add(vec![Rule::new(operation, Calls::Nth(1), *fault)], false);
                }
            }
        }
        if program == Program::Receiver {
            for (which, fault) in Fault::OF_SERVICES.into_iter().enumerate() {
                if extent == Extent::Full || (which + nth) % SPARSE == 0 {
                    let both = [Service::DynamoDb, Service::Sqs].map(|service| Rule::all_of(service, fault));
                    let ways = if extent == Extent::Full { program.retries() } else { &[false] };
                    for &retries in ways {
                        add(both.to_vec(), retries);
                    }
                }
            }
        }
    }
    cases
}

/// Runs cases, many at a time.
pub async fn all(stack: &Arc<Stack>, cases: Vec<Case>) -> Vec<Outcome> {
    let (began, total, count) = (Instant::now(), cases.len(), Arc::new(AtomicUsize::new(0)));
    let run_case = |case| {
        let (stack, count) = (Arc::clone(stack), Arc::clone(&count));
        async move {
            let outcome = run(&stack, case, Afterwards::Recovery).await;
            if !outcome.broken.is_empty() {
                println!("BROKEN {}:\n    {}", outcome.case, outcome.broken.join("\n    "));
            }
            let done = count.fetch_add(1, Ordering::SeqCst) + 1;
            if done.is_multiple_of(PROGRESS_EVERY) {
                println!("{done} of {total} cases, {} s", began.elapsed().as_secs());
            }
            outcome
        }
    };
    run_all(AT_ONCE, cases, run_case).await
}

/// Returns the table for people: a row for each fault of each program.
pub fn table(outcomes: &[Outcome]) -> String {
    let mut rows: BTreeMap<(Program, String), Numbers> = BTreeMap::new();
    let mut sum = Numbers::default();
    for outcome in outcomes {
        let fault = match outcome.case.rules.as_slice() {
            [] => "none".to_owned(),
            [rule] => rule.fault.to_string(),
            [rule, ..] => format!("{}, both services", rule.fault),
        };
        *rows.entry((outcome.case.program, fault)).or_default() += &outcome.numbers;
        sum += &outcome.numbers;
    }
    let mut text = String::from(
        "| fault | cases | calls failed | deliveries | answered 2xx | stored | processed | processed again | lost |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    let mut row = |name: &str, n: &Numbers| {
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {} | {} | {} | {} | {} | {} |",
            n.cases, n.faults, n.deliveries, n.accepted, n.stored, n.processed, n.processed_again, n.lost
        );
    };
    for ((program, fault), numbers) in &rows {
        row(&format!("{program:?}: {fault}"), numbers);
    }
    row("**all**", &sum);
    text
}
