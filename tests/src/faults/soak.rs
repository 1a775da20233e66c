//! One long case: deliveries of all five providers while faults come and go, with a reconciliation at the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use inlet_aws::dynamodb::table::Table;
use serde_json::json;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::faults::call::{Operation, Service};
use crate::faults::function::{Ended, Function};
use crate::faults::matrix::{is_2xx, poll, recover};
use crate::faults::order::PATH;
use crate::faults::plan::{Calls, Fault, Matching, Plan, Rule};
use crate::faults::reconciliation::{Numbers, Reconciliation};
use crate::faults::sender::{Kind, RECEIVERS, forged, mixed};
use crate::faults::states::States;
use crate::faults::world::{Published, World};
use crate::stack::Stack;

/// Number of environments of each receiver.
const ENVIRONMENTS: usize = 2;

/// Duration of one fault schedule.
const SCHEDULE_DURATION: Duration = Duration::from_secs(3);

/// Number and delay of a provider's retries of a delivery that was not answered 2xx. The last retry comes after
/// the last fault schedule.
const RETRIES: u32 = 6;
const PAUSE: Duration = Duration::from_millis(500);

/// One delivery in this many is sent twice, and one in this many is followed by a forged one.
const DUPLICATE: usize = 20;
const FORGERY: usize = 50;

/// Interval between two runs of the sweeper, in place of a minute.
const SWEEP: Duration = Duration::from_secs(4);

/// Senders of states that go back and forth, and the lead of each instance's clock in milliseconds.
const PRODUCTS: usize = 5;
const AHEAD_MS: [i64; PRODUCTS] = [0, 500, 5_000, 59_000, -5_000];

/// The states of a product, in turn.
const STATES: [&str; 5] = ["a", "b", "a", "c", "a"];

/// The result of a soak.
#[derive(Debug)]
pub struct Soaked {
    /// The numbers.
    pub numbers: Numbers,
    /// The broken promises.
    pub broken: Vec<String>,
    /// Number of distinct genuine bodies that were answered 2xx.
    pub accepted: usize,
    /// Duration of the sending.
    pub took: Duration,
    /// Number of processes that died.
    pub deaths: usize,
    /// Number of products whose state went back and forth.
    pub entities: usize,
    /// The products whose newest event does not carry the last state that was answered 2xx.
    pub wrong: Vec<String>,
}

/// The state that the tasks of a soak share.
struct Shared {
    world: World,
    plan: Plan,
    reconciliation: Mutex<Reconciliation>,
    over: AtomicBool,
    deaths: AtomicUsize,
    published: Mutex<Vec<Published>>,
    states: Mutex<States>,
}

/// Sends `count` events through faults that come and go, and reconciles.
pub async fn soak(stack: &Stack, count: usize) -> Soaked {
    let shared = Arc::new(Shared {
        world: World::new(&stack.facts).await,
        plan: Plan::default(),
        reconciliation: Mutex::default(),
        over: AtomicBool::new(false),
        deaths: AtomicUsize::new(0),
        published: Mutex::default(),
        states: Mutex::default(),
    });
    let start = Instant::now();
    let mut senders = JoinSet::new();
    for (which, binary) in RECEIVERS.into_iter().enumerate() {
        let next = Arc::new(AtomicUsize::new(0));
        for _ in 0..ENVIRONMENTS {
            let function = shared.world.function(binary, &shared.plan).await;
            senders.spawn(send_all(Arc::clone(&shared), function, which, count, Arc::clone(&next)));
        }
    }
    for product in 0..PRODUCTS {
        let receiver = Kind::Windowed.receiver();
        let ahead_ms = AHEAD_MS[product % AHEAD_MS.len()];
        let function = shared.world.function_ahead(receiver, &shared.plan, ahead_ms).await;
        senders.spawn(send_states(Arc::clone(&shared), function, product, count / PRODUCTS / 10));
    }
    let mut others = JoinSet::new();
    others.spawn(change_the_schedule(Arc::clone(&shared)));
    others.spawn(process(Arc::clone(&shared)));
    others.spawn(sweep(Arc::clone(&shared)));
    others.spawn(watch(Arc::clone(&shared)));
    senders.join_all().await;
    let took = start.elapsed();
    shared.over.store(true, Ordering::SeqCst);
    others.join_all().await;
    shared.plan.stop();

    let quiet = recover(&shared.world).await;
    let mut published = std::mem::take(&mut *shared.published.lock().await);
    published.extend(shared.world.published().await);
    let table = Table::new(stack.clients.dynamodb.clone(), shared.world.table.clone(), 90);
    let reconciliation = shared.reconciliation.lock().await;
    let (mut numbers, mut broken) = reconciliation.reconciled(&shared.world, &table, &published).await;
    if !quiet {
        let parked = shared.world.dead_letters().await;
        broken.push(format!("work is left at the end; {parked} messages wait for a redrive"));
    }
    numbers.faults = shared.plan.struck();
    let accepted = reconciliation.0.values().filter(|sent| sent.genuine && sent.accepted > 0).count();
    let deaths = shared.deaths.load(Ordering::SeqCst);
    let states = shared.states.lock().await;
    let wrong = states.wrong(&table, &published, PATH).await;
    Soaked { numbers, broken, accepted, took, deaths, entities: states.len(), wrong }
}

/// Sends the states of some products, each after the one before was answered. The instance's clock may be wrong.
async fn send_states(shared: Arc<Shared>, mut function: Function, sender: usize, count: usize) {
    for n in 0..count {
        // Nine products for each sender, shared with no other sender: the order of a product's states is its own.
        let entity = format!("state{sender}x{}", n % 9);
        let (body, event) = Kind::Windowed.delivery(&entity, STATES[(n / 9) % STATES.len()]);
        for _ in 0..=RETRIES {
            let sent = Instant::now();
            let ended = function.invoke(event.clone()).await;
            shared.note_death(&ended);
            let accepted = is_2xx(&ended);
            shared.states.lock().await.record(&entity, body.clone(), sent, accepted);
            shared.reconciliation.lock().await.record(body.clone(), &entity, true, false, accepted);
            if accepted {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn send_all(
    shared: Arc<Shared>,
    mut function: Function,
    which: usize,
    count: usize,
    next: Arc<AtomicUsize>,
) {
    loop {
        let n = next.fetch_add(1, Ordering::SeqCst) * RECEIVERS.len() + which;
        if n >= count {
            return;
        }
        let (_, body, event) = mixed(n);
        let (name, has_own_time) =
            // Of these bodies, only Zip's has a time of its own that is read.
            (format!("delivery {n}"), RECEIVERS[which] == "inlet-zip");
        let times = if n.is_multiple_of(DUPLICATE) { 2 } else { 1 };
        for _ in 0..times {
            for _ in 0..=RETRIES {
                let ended = function.invoke(event.clone()).await;
                shared.note_death(&ended);
                let accepted = is_2xx(&ended);
                shared.reconciliation.lock().await.record(body.clone(), &name, true, has_own_time, accepted);
                if accepted {
                    break;
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
        if n.is_multiple_of(FORGERY) {
            let (_, body, event) = mixed(n + count * RECEIVERS.len());
            let ended = function.invoke(forged(event)).await;
            shared.note_death(&ended);
            shared.reconciliation.lock().await.record(
                body,
                &format!("forgery {n}"),
                false,
                has_own_time,
                is_2xx(&ended),
            );
        }
    }
}

impl Shared {
    fn note_death(&self, ended: &Ended) {
        let died = matches!(ended, Ended::Died | Ended::TimedOut);
        self.deaths.fetch_add(usize::from(died), Ordering::SeqCst);
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }
}

async fn change_the_schedule(shared: Arc<Shared>) {
    let some = |service, one_in, fault| Rule {
        matching: Matching::Service(service),
        calls: Calls::OneIn(one_in),
        fault,
    };
    let all = Rule::all_of;
    let schedules = [
        vec![],
        vec![some(Service::DynamoDb, 5, Fault::TimeoutApplied), some(Service::Sqs, 7, Fault::Slow)],
        vec![all(Service::Sqs, Fault::Refuse)],
        vec![],
        vec![all(Service::DynamoDb, Fault::Throttle)],
        vec![some(Service::DynamoDb, 30, Fault::KillAfter), some(Service::Sqs, 30, Fault::KillBefore)],
        vec![all(Service::DynamoDb, Fault::ServerError), all(Service::Sqs, Fault::ServerError)],
        vec![some(Service::EventBridge, 2, Fault::Partial), some(Service::Ssm, 2, Fault::Throttle)],
        vec![some(Service::EventBridge, 3, Fault::KillAfter), some(Service::Sqs, 3, Fault::CloseMidResponse)],
        vec![Rule::new(&Operation::response(), Calls::OneIn(15), Fault::KillBefore)],
        vec![all(Service::DynamoDb, Fault::TimeoutLost)],
        vec![some(Service::DynamoDb, 2, Fault::DoneLate)],
        vec![Rule {
            matching: Matching::Service(Service::DynamoDb),
            calls: Calls::Periodically {
                during: Duration::from_millis(1_500),
                every: Duration::from_secs(4),
            },
            fault: Fault::Throttle,
        }],
    ];
    for schedule in schedules.iter().cycle() {
        shared.plan.set(schedule.clone());
        let since = Instant::now();
        while since.elapsed() < SCHEDULE_DURATION {
            if shared.is_over() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

async fn process(shared: Arc<Shared>) {
    let mut processor = shared.world.function("inlet-processor", &shared.plan).await;
    while !shared.is_over() {
        let before = shared.plan.struck();
        let worked = poll(&shared.world, &mut processor).await;
        // Lambda's poller backs off too: the five receives of a message are not all spent in one fault schedule.
        let pause = if worked && shared.plan.struck() == before { 0 } else { 700 };
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
}

async fn sweep(shared: Arc<Shared>) {
    let mut sweeper = shared.world.function("inlet-sweeper", &shared.plan).await;
    while !shared.is_over() {
        tokio::time::sleep(SWEEP).await;
        sweeper.invoke(json!({})).await;
    }
}

async fn watch(shared: Arc<Shared>) {
    while !shared.is_over() {
        let seen = shared.world.published().await;
        shared.published.lock().await.extend(seen);
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}
