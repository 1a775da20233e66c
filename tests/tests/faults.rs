//! The promise under every fault: a delivery that was answered 2xx is stored once and processed. Needs `make up`.

use std::sync::Arc;
use std::time::Duration;

use inlet_tests::faults::behind;
use inlet_tests::faults::blind;
use inlet_tests::faults::call::Service;
use inlet_tests::faults::consumer::Mode;
use inlet_tests::faults::flood::{Flood, Flooded, LIMIT, flood};
use inlet_tests::faults::matrix::{Afterwards, Case, Extent, Program, all, cases, run, table};
use inlet_tests::faults::names;
use inlet_tests::faults::order;
use inlet_tests::faults::outage::{OutageResult, outage};
use inlet_tests::faults::plan::{Fault, Rule};
use inlet_tests::faults::sender::Kind;
use inlet_tests::faults::soak::{Soaked, soak};
use inlet_tests::stack::Stack;

async fn holds(extent: Extent) {
    let stack = Arc::new(Stack::up());
    let cases = cases(&stack, extent).await;
    let outcomes = all(&stack, cases).await;
    println!("\n{}", table(&outcomes));
    let broken: Vec<String> = outcomes
        .iter()
        .filter(|outcome| !outcome.broken.is_empty())
        .map(|outcome| format!("{}:\n    {}", outcome.case, outcome.broken.join("\n    ")))
        .collect();
    assert!(broken.is_empty(), "{} of {} cases:\n{}", broken.len(), outcomes.len(), broken.join("\n"));
}

#[tokio::test]
async fn a_loss_would_be_seen() {
    let rules = vec![Rule::all_of(Service::Sqs, Fault::Refuse)];
    let case = Case { program: Program::Receiver, kind: Kind::OwnTime, rules, retries: false };
    // Stored, not enqueued, and no sweeper runs.
    let outcome = run(&Stack::up(), case, Afterwards::Nothing).await;
    assert_eq!((outcome.numbers.stored, outcome.numbers.lost), (5, 5), "{:#?}", outcome.broken);
    assert!(
        outcome.broken.iter().all(|line| line.contains("stored 1 times, processed 0")),
        "{:#?}",
        outcome.broken
    );
}

#[tokio::test]
async fn nothing_is_lost_to_any_fault() {
    holds(Extent::Short).await;
}

/// Runs the faults behind the modes `function` and `https`, prints the table, and checks the promises.
async fn holds_behind_a_consumer(extent: behind::Extent) {
    let stack = Arc::new(Stack::up());
    let outcomes = behind::all(&stack, behind::cases(&stack, extent).await).await;
    println!("\n{}", behind::table(&outcomes));
    let broken = outcomes.iter().filter(|outcome| !outcome.broken.is_empty());
    let broken: Vec<String> =
        broken.map(|it| format!("{}:\n    {}", it.case, it.broken.join("\n    "))).collect();
    assert!(broken.is_empty(), "{} of {} cases:\n{}", broken.len(), outcomes.len(), broken.join("\n"));
}

#[tokio::test]
async fn no_fault_behind_a_function_or_endpoint_loses_or_reorders() {
    holds_behind_a_consumer(behind::Extent::Short).await;
}

#[tokio::test]
async fn redriven_and_replayed_events_reach_a_consumer_in_order() {
    let stack = Stack::up();
    for mode in Mode::ALL {
        assert_eq!(behind::redrive_and_replay(&stack, mode).await, [""; 0], "{mode}");
    }
}

#[tokio::test]
#[ignore = "minutes: make faults"]
async fn no_fault_of_any_call_behind_a_consumer_loses_or_reorders() {
    holds_behind_a_consumer(behind::Extent::Full).await;
}

#[tokio::test]
async fn the_newest_event_carries_the_last_answered_state() {
    let stack = Arc::new(Stack::up());
    let rows = order::all(&stack, order::rows()).await;
    let (mut deliveries, mut entities, mut lost, mut wrong, mut broken) = (0, 0, 0, 0, Vec::new());
    for order::Ordered { row, numbers, entities: count, wrong: states, broken: promises } in &rows {
        deliveries += numbers.deliveries;
        entities += count;
        lost += numbers.lost;
        wrong += states.len();
        broken.extend(states.iter().chain(promises).map(|line| format!("{row}:\n    {line}")));
    }
    println!(
        "{} rows, {deliveries} deliveries of {entities} entities: {lost} lost, {wrong} wrong final states",
        rows.len()
    );
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[tokio::test]
async fn a_delivery_is_accepted_while_credentials_cannot_be_read() {
    let rows = blind::all(&Arc::new(Stack::up()), blind::rows()).await;
    let (mut deliveries, mut lost, mut broken) = (0, 0, Vec::new());
    for blind::Seen { row, numbers, broken: promises } in &rows {
        deliveries += numbers.deliveries;
        lost += numbers.lost;
        broken.extend(promises.iter().map(|line| format!("{row}:\n    {line}")));
    }
    println!("{} rows of Parameter Store, {deliveries} deliveries: {lost} lost", rows.len());
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[tokio::test]
async fn a_failing_list_of_names_fails_no_delivery() {
    let broken = names::all(&Arc::new(Stack::up())).await;
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Floods receivers, prints the numbers, and checks the promises.
async fn flood_changes_nothing(of: Flood) {
    let stack = Stack::up();
    let calm = flood(&stack, Flood { invented: 0, forged: 0, ..of }).await;
    let flooded = flood(&stack, of).await;
    let seconds = of.lasts.as_secs_f64();
    println!("{} instances, {seconds:.0} s, Parameter Store accepts {LIMIT} calls a second", of.instances);
    println!(
        "{:<14} {:>9} {:>8} {:>8} {:>7} {:>9} {:>8} {:>6} {:>6} {:>6} {:>10} {:>10}",
        "",
        "invented",
        "forged",
        "genuine",
        "failed",
        "deferred",
        "slowest",
        "reads",
        "lists",
        "pages",
        "throttled",
        "new store"
    );
    for (name, it) in [("without flood", &calm), ("flood", &flooded)] {
        println!(
            "{name:<14} {:>7.0}/s {:>6.0}/s {:>8} {:>7} {:>9} {:>6.2} s {:>6} {:>6} {:>6} {:>10} {:>8.1} s",
            it.invented as f64 / seconds,
            it.forged as f64 / seconds,
            it.genuine,
            it.failed,
            it.deferred,
            it.slowest.as_secs_f64(),
            it.reads,
            it.lists,
            it.pages,
            it.throttled,
            it.new_store.unwrap_or_default().as_secs_f64(),
        );
    }
    let Flooded { failed, deferred, believed, reads, lists, pages, new_store, .. } = flooded;
    assert_eq!((failed, deferred, believed), (0, 0, 0), "failed, deferred, accepted forgeries");
    assert!(new_store.is_some_and(|took| took < Duration::from_secs(60)), "a new store: {new_store:?}");
    // An instance reads no name that is not listed, except that of its very first request, which it reads while it
    // lists the names, and a few if the next list comes late. For forged deliveries to stores that exist it reads a burst
    // of ten, and one more in two seconds.
    let seconds = of.lasts.as_secs();
    let (cold, forged) = (1, if of.forged > 0 { 11 + seconds / 2 } else { 0 });
    let of_all = |count: u64| u32::try_from(count).unwrap() * u32::try_from(of.instances).unwrap();
    let at_most = calm.reads + of_all(cold + of.late_reads + forged);
    assert!(reads <= at_most, "{reads} reads, {} without the flood", calm.reads);
    // The instances share the list. One of them reads it at the start, and again when 85 % of its lifetime are over,
    // however many instances and requests there are.
    let refreshes = 1 + seconds * 100 / (u64::from(of.names_seconds) * 85);
    let at_most = calm.lists + pages * u32::try_from(refreshes).unwrap();
    assert!(lists <= at_most, "{lists} pages of names, {} without the flood", calm.lists);
}

#[tokio::test]
async fn a_flood_of_invented_names_changes_nothing() {
    let of = Flood {
        instances: 6,
        invented: 60,
        forged: 0,
        stores: 4,
        names_seconds: 6,
        lasts: Duration::from_secs(14),
        new_store_after: Duration::from_secs(4),
        // The list ends half a second after it is due, and other tests run on the same machine.
        late_reads: 5,
    };
    flood_changes_nothing(of).await;
}

#[tokio::test]
#[ignore = "minutes, and a machine of its own: make flood"]
async fn a_flood_of_a_thousand_names_a_second_changes_nothing() {
    let of = Flood {
        instances: 24,
        invented: 1_000,
        forged: 0,
        stores: 20,
        names_seconds: 50,
        lasts: Duration::from_secs(90),
        new_store_after: Duration::from_secs(20),
        late_reads: 0,
    };
    flood_changes_nothing(of).await;
}

/// More receives than many redrive policies of SQS allow.
const RECEIVES: usize = 120;

#[tokio::test]
async fn a_long_outage_of_the_bus_needs_no_operator() {
    let OutageResult { numbers, broken } = outage(&Stack::up(), Service::EventBridge, RECEIVES).await;
    assert!(broken.is_empty(), "{broken:#?}");
    assert_eq!((numbers.stored, numbers.processed), (3, 3));
}

#[tokio::test]
async fn a_long_outage_of_the_table_loses_no_fallback() {
    let OutageResult { numbers, broken } = outage(&Stack::up(), Service::DynamoDb, RECEIVES).await;
    assert!(broken.is_empty(), "{broken:#?}");
    assert_eq!((numbers.stored, numbers.processed), (3, 3));
}

#[tokio::test]
#[ignore = "about as long as all other tests together: make faults"]
async fn nothing_is_lost_to_any_fault_of_any_call() {
    holds(Extent::Full).await;
}

#[tokio::test]
#[ignore = "minutes: make soak"]
async fn nothing_is_lost_while_faults_come_and_go() {
    #[expect(clippy::disallowed_methods, reason = "the caller sets the number of events")]
    let count = std::env::var("INLET_SOAK").ok().and_then(|n| n.parse().ok()).unwrap_or(5_000);
    let Soaked { numbers, broken, accepted, took, deaths, entities, wrong } = soak(&Stack::up(), count).await;
    println!(
        "\n{} deliveries of {count} events in {:.0} s ({:.0} a second); {} calls failed, {deaths} receivers died\n\
         {accepted} events accepted, {} stored, {} processed, {} processed again, {} stored again, {} lost\n\
         {} wrong final states of {entities} products\n\
         worst delay from 2xx to bus: {:.1} s",
        numbers.deliveries,
        took.as_secs_f64(),
        numbers.deliveries as f64 / took.as_secs_f64(),
        numbers.faults,
        numbers.stored,
        numbers.processed,
        numbers.processed_again,
        numbers.stored_again,
        numbers.lost,
        wrong.len(),
        numbers.worst_delay.as_secs_f64(),
    );
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
