//! A flood of invented store names, with Parameter Store's rate limit in front of it: it must not
//! affect genuine deliveries.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use inlet::store::StoreName;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::faults::call::{Operation, Service};
use crate::faults::function::{Ended, Function};
use crate::faults::matrix::is_2xx;
use crate::faults::plan::{Calls, Fault, Matching, Plan, Rule};
use crate::faults::sender::{forged, to_store};
use crate::faults::world::World;
use crate::stack::Stack;

/// The calls a second that Parameter Store accepts, for the whole account.
pub const LIMIT: u32 = 40;

/// The extent of a flood.
#[derive(Clone, Copy, Debug)]
pub struct Flood {
    /// Number of instances of the receiver.
    pub instances: usize,
    /// Requests for invented names a second, over all instances; 0 for the same without a flood.
    pub invented: u32,
    /// Forged requests for stores that exist a second, over all instances.
    pub forged: u32,
    /// Number of stores, each of which sends a genuine delivery every two seconds.
    pub stores: usize,
    /// The lifetime of the receivers' list of names.
    pub names_seconds: u32,
    /// The duration.
    pub lasts: Duration,
    /// When a new store is configured, after the beginning.
    pub new_store_after: Duration,
    /// Names that an instance may read because the next list comes late, as on a busy machine.
    pub late_reads: u64,
}

/// The result of a flood.
#[derive(Clone, Debug, Default)]
pub struct Flooded {
    /// Requests for invented names.
    pub invented: u64,
    /// Forged requests for stores that exist.
    pub forged: u64,
    /// Genuine deliveries.
    pub genuine: u64,
    /// Genuine deliveries that were not answered 2xx.
    pub failed: u64,
    /// Genuine deliveries that were deferred, because their credentials could not be read.
    pub deferred: u64,
    /// Flood requests that were not answered 401.
    pub believed: u64,
    /// The longest time of a genuine delivery.
    pub slowest: Duration,
    /// Calls of Parameter Store for credentials, and for names.
    pub reads: u32,
    /// See `reads`.
    pub lists: u32,
    /// Calls of Parameter Store that were throttled. They are among `reads` and `lists`.
    pub throttled: u32,
    /// Pages of a whole list at the end: ten names each.
    pub pages: u32,
    /// The time from configuring a new store until its first delivery was answered 2xx; `None` if none was.
    pub new_store: Option<Duration>,
}

/// Runs a flood against instances that start with it.
pub async fn flood(stack: &Stack, of: Flood) -> Flooded {
    let world = World::new(&stack.facts).await;
    let matching = Matching::Service(Service::Ssm);
    let plan = Plan::new(vec![Rule { matching, calls: Calls::Beyond(LIMIT), fault: Fault::Throttle }]);
    let names_seconds = of.names_seconds.to_string();
    let variables = [("INLET_STORE_NAMES_SECONDS", names_seconds.as_str())];
    let mut functions = Vec::new();
    for _ in 0..of.instances {
        let function = world.function_with("inlet-zort", &plan, &variables).await;
        functions.push(Arc::new(Mutex::new(function)));
    }
    let functions = Arc::new(functions);
    let mut stores = Vec::new();
    for _ in 0..of.stores {
        stores.push(stack.store("zort", &demo_list()).await);
    }
    let sum = Arc::new(Mutex::new(Flooded::default()));
    let (until, count) = (Instant::now() + of.lasts, Arc::new(AtomicU64::new(0)));
    let mut running = JoinSet::new();
    for (instance, function) in functions.iter().enumerate() {
        for (rate, is_invented) in [(of.invented, true), (of.forged, false)] {
            let (function, sum, count) = (Arc::clone(function), Arc::clone(&sum), Arc::clone(&count));
            let stores = stores.clone();
            let pause = Duration::from_secs_f64(of.instances as f64 / f64::from(rate.max(1)));
            if rate == 0 {
                continue;
            }
            running.spawn(async move {
                let mut next = tokio::time::interval(pause);
                while Instant::now() < until {
                    next.tick().await;
                    let n = count.fetch_add(1, Ordering::Relaxed);
                    let store = if is_invented {
                        StoreName::parse(&format!("invented-{instance}-{n}")).expect("a name")
                    } else {
                        stores[usize::try_from(n).unwrap_or(0) % stores.len()].clone()
                    };
                    let event = forged(to_store(&store, &format!("{n}")));
                    let ended = function.lock().await.invoke(event).await;
                    let mut sum = sum.lock().await;
                    let counted = if is_invented { &mut sum.invented } else { &mut sum.forged };
                    *counted += 1;
                    sum.believed += u64::from(status(&ended) != Some(401));
                }
            });
        }
    }
    for (nth, store) in stores.iter().enumerate() {
        let (functions, store) = (Arc::clone(&functions), store.clone());
        let sum = Arc::clone(&sum);
        running.spawn(async move {
            let mut n = 0;
            while Instant::now() < until {
                let ended = send(&functions[(nth + n) % functions.len()], &store, n, &sum).await;
                let mut sum = sum.lock().await;
                sum.genuine += 1;
                if !is_2xx(&ended) {
                    sum.failed += 1;
                    println!("{store}: {ended:?}");
                }
                drop(sum);
                n += 1;
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        });
    }
    tokio::time::sleep(of.new_store_after).await;
    let new = stack.store("zort", &demo_list()).await;
    let since = Instant::now();
    let mut first = None;
    let mut n = 0;
    while Instant::now() < until && first.is_none() {
        // Always the same instance, as a provider that retries.
        let ended = send(&functions[0], &new, n, &sum).await;
        first = is_2xx(&ended).then(|| since.elapsed());
        n += 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    running.join_all().await;
    let mut sum = sum.lock().await.clone();
    let seen: HashMap<Operation, u32> = plan.seen();
    let calls = |name: &str| seen.get(&Operation::new(Service::Ssm, name)).copied().unwrap_or_default();
    sum.reads = calls("GetParameters");
    sum.lists = calls("GetParametersByPath");
    sum.throttled = plan.struck();
    sum.new_store = first;
    sum.pages = pages(stack).await;
    // So that a second run lists as many pages.
    for store in stores.iter().chain([&new]) {
        stack.remove_parameter(&format!("zort/{store}")).await;
    }
    let deferred = |line: &&str| line.contains(r#""outcome":"deferred""#);
    sum.deferred = u64::try_from(world.log().lines().filter(deferred).count()).unwrap_or(u64::MAX);
    world.remove().await;
    sum
}

/// Returns the number of pages of the provider's list of names.
async fn pages(stack: &Stack) -> u32 {
    let path = format!("/inlet/{}/zort", stack.facts.stage);
    let pages = stack.clients.ssm.get_parameters_by_path().path(path).max_results(10).into_paginator();
    let pages = pages.send().collect::<Result<Vec<_>, _>>().await.expect("the names");
    u32::try_from(pages.len()).expect("few pages")
}

/// Sends a genuine delivery, and notes its time.
async fn send(function: &Mutex<Function>, store: &StoreName, n: usize, sum: &Mutex<Flooded>) -> Ended {
    let event = to_store(store, &format!("{store}-{n}"));
    let mut function = function.lock().await;
    let sent = Instant::now();
    let ended = function.invoke(event).await;
    let took = sent.elapsed();
    drop(function);
    let mut sum = sum.lock().await;
    sum.slowest = sum.slowest.max(took);
    ended
}

/// Returns the credentials of a store.
pub(crate) fn demo_list() -> serde_json::Value {
    serde_json::json!([crate::demo_credential("zort")])
}

/// Returns the status of a response; `None` if there is none.
pub(crate) fn status(ended: &Ended) -> Option<u64> {
    match ended {
        Ended::Returned(response) => response["statusCode"].as_u64(),
        _ => None,
    }
}
