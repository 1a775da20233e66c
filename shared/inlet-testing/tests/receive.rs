//! The path of a delivery, simulated: ports in memory that fail as configured.

use std::sync::Arc;

use inlet::canonical::{Kind, StoreDefaults};
use inlet::delivery::Delivery;
use inlet::event::EventId;
use inlet::proof::{Claim, Comparison, Rejection, Verified};
use inlet::provider::Provider;
use inlet::provider::catalogue::{Documented, EventSpec};
use inlet::provider::parsed_event::ParsedEvent;
use inlet::provider::response::{Outcome, Response};
use inlet::provider::retry_policy::RetryPolicy;
use inlet::receive::{Receiver, Report, Store, WriteToken};
use inlet::received_at::ReceivedAt;
use inlet::request::{Method, Request, Unverified};
use inlet::secret::Secret;
use inlet::store::StoreName;
use inlet::trust::Trust;
use inlet::value::time::Time;
use inlet_testing::ports::{
    Failure, MemoryJournal, MemoryQuarantine, MemoryQueue, MemorySecrets, Plan, ready,
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A minimal provider: a token in the query, a stock level in the body.
#[derive(Debug)]
struct Toy;

const LEVEL: EventSpec = EventSpec::new("level", Kind::Stock, "changed")
    .entity(&[&["sku"]])
    .timestamp("at")
    .payload(Documented::Full, |payload| {
        Some(inlet::canonical::Canonical::bare(Kind::Stock, payload["sku"].as_str().map(str::to_owned)))
    });

impl Provider for Toy {
    const NAME: &'static str = "toy";
    const RETRY_POLICY: RetryPolicy = RetryPolicy::not_documented("a test needs no sample");
    type Credential = Secret;
    type Settings = ();

    fn claim(request: &Unverified, secret: &Secret) -> Result<Claim, Rejection> {
        let token = request.query("token").ok_or(Rejection::Missing { expected: "token" })?;
        let comparisons = vec![Comparison::new(token.as_bytes(), secret.clone())];
        Ok(Claim::Shared { comparisons, trust: Trust::UrlToken })
    }

    fn parse(delivery: &Verified<Delivery>) -> ParsedEvent {
        let payload: Value = serde_json::from_slice(delivery.body()).unwrap_or_default();
        ParsedEvent::of(&LEVEL, &payload, Time::parse_rfc3339)
    }

    fn respond(_: &Outcome<'_>, (): &()) -> Response {
        Response::ok(json!({}))
    }
}

type Whole = Receiver<MemorySecrets<Toy>, MemoryJournal, MemoryQueue, MemoryQuarantine>;

fn store(secret: &str) -> Arc<Store<Toy>> {
    Arc::new(Store {
        credentials: vec![Secret::new(secret).unwrap()],
        settings: (),
        defaults: StoreDefaults::default(),
    })
}

fn receiver(journal: Plan, queue: Plan) -> Whole {
    let name = StoreName::parse("demo").unwrap();
    let secrets = MemorySecrets { name, store: store("right"), newer: None };
    Receiver {
        secrets,
        journal: MemoryJournal::failing(journal),
        queue: MemoryQueue::failing(queue),
        quarantine: MemoryQuarantine::default(),
    }
}

fn request(store: &str, token: &str, body: &str) -> Unverified {
    Unverified::new(Request {
        method: Method::Post,
        store: StoreName::parse(store).unwrap(),
        topic: None,
        query: format!("token={token}"),
        headers: std::iter::empty::<(&str, &str)>().collect(),
        body: body.as_bytes().to_vec(),
    })
}

/// Delivers a body at this millisecond, in an invocation of its own.
fn deliver(receiver: &Whole, body: &str, at_ms: i64, attempt: &str) -> (u16, Report) {
    let received_at = ReceivedAt::from_millis(at_ms).unwrap();
    let attempt = WriteToken(attempt.to_owned());
    let receiving = receiver.receive::<Toy>(request("demo", "right", body), received_at, &attempt);
    let (response, report) = ready(receiving);
    (response.status, report)
}

fn lasting(level: u32) -> String {
    json!({"sku": "A", "level": level, "at": "2024-01-01T00:00:00Z"}).to_string()
}

fn windowed(level: u32) -> String {
    json!({"sku": "A", "level": level}).to_string()
}

fn sent_ids(receiver: &Whole) -> Vec<EventId> {
    receiver.queue.messages().into_iter().map(|message| message.id).collect()
}

#[test]
fn a_delivery_is_stored_then_enqueued() {
    let receiver = receiver(Plan::default(), Plan::default());
    assert_eq!(deliver(&receiver, &lasting(1), 0, "a").0, 200);
    let bodies = receiver.journal.bodies();
    assert_eq!(bodies.values().collect::<Vec<_>>(), [&lasting(1).into_bytes()]);
    assert_eq!(sent_ids(&receiver), bodies.keys().cloned().collect::<Vec<_>>());
}

#[test]
fn an_unprocessed_duplicate_is_enqueued_under_the_same_id() {
    let receiver = receiver(Plan::default(), Plan::nth(1, Failure::Before));
    let (status, report) = deliver(&receiver, &lasting(1), 0, "a");
    assert_eq!(status, 200, "stored, so it is safe");
    assert!(matches!(report, Report::Accepted(accepted) if accepted.queue_fault.is_some()));
    assert!(sent_ids(&receiver).is_empty());

    deliver(&receiver, &lasting(1), 5_000, "b");
    assert_eq!(sent_ids(&receiver), receiver.journal.bodies().into_keys().collect::<Vec<_>>());
}

#[test]
fn a_duplicate_of_a_processed_event_is_answered_and_left_alone() {
    let receiver = receiver(Plan::default(), Plan::default());
    deliver(&receiver, &lasting(1), 0, "a");
    receiver.journal.process(&sent_ids(&receiver)[0]);
    assert_eq!(deliver(&receiver, &lasting(1), 9_000_000, "b").0, 200);
    assert_eq!(receiver.queue.calls(), 1);
}

#[test]
fn without_the_journal_the_queue_carries_the_whole_event() {
    let receiver = receiver(Plan::always(Failure::Before), Plan::default());
    assert_eq!(deliver(&receiver, &lasting(1), 0, "a").0, 200);
    assert_eq!(receiver.queue.messages()[0].whole.as_deref(), Some(lasting(1).as_bytes()));
}

#[test]
fn without_both_it_is_our_fault() {
    let receiver = receiver(Plan::always(Failure::Before), Plan::always(Failure::Before));
    assert_eq!(deliver(&receiver, &lasting(1), 0, "a").0, 503);
}

#[test]
fn our_own_write_is_not_a_duplicate() {
    let receiver = receiver(Plan::default(), Plan::default());
    for body in [lasting(1), windowed(1)] {
        for _ in 0..2 {
            let (_, report) = deliver(&receiver, &body, 0, "one attempt");
            assert!(matches!(&report, Report::Accepted(a) if !a.duplicate), "{body}: {report:?}");
        }
    }
}

#[test]
fn equal_bodies_are_one_event_forever_only_with_an_own_time() {
    let a_day_ms = 86_400_000;
    for (body, events) in [(lasting(1), 1), (windowed(1), 2)] {
        let receiver = receiver(Plan::default(), Plan::default());
        for (at_ms, attempt) in [(0, "a"), (1_000, "b"), (a_day_ms, "c")] {
            deliver(&receiver, &body, at_ms, attempt);
        }
        assert_eq!(receiver.journal.bodies().len(), events, "{body}");
    }
}

#[test]
fn the_window_ends_when_the_provider_no_longer_retries() {
    let window_ms = i64::try_from(Toy::RETRY_WINDOW.as_millis()).unwrap();
    for (after_ms, events) in [(window_ms, 1), (window_ms + 1, 2)] {
        let receiver = receiver(Plan::default(), Plan::default());
        deliver(&receiver, &windowed(1), 0, "a");
        deliver(&receiver, &windowed(1), after_ms, "b");
        assert_eq!(receiver.journal.bodies().len(), events, "after {after_ms} ms");
    }
}

#[test]
fn a_state_that_comes_back_within_the_window_is_new() {
    let receiver = receiver(Plan::default(), Plan::default());
    for (n, level) in [1, 1, 2, 1, 1].into_iter().enumerate() {
        let at_ms = i64::try_from(n).unwrap() * 1_000;
        deliver(&receiver, &windowed(level), at_ms, &n.to_string());
    }
    assert_eq!(receiver.journal.bodies().len(), 3, "A, A is one event; A, B, A is three");
}

#[test]
fn a_receivers_clock_that_is_ahead_hides_no_later_state() {
    for ahead_ms in [500, 59_000, 300_000] {
        let receiver = receiver(Plan::default(), Plan::default());
        for (level, at_ms) in [(1, ahead_ms), (2, 100), (1, 200), (3, 300)] {
            deliver(&receiver, &windowed(level), at_ms, &at_ms.to_string());
        }
        let levels: Vec<Vec<u8>> = receiver.journal.history().into_iter().map(|(_, body)| body).collect();
        let expected = [1, 2, 1, 3].map(|level| windowed(level).into_bytes());
        assert_eq!(levels, expected, "a clock {ahead_ms} ms ahead");
        let sent: Vec<EventId> = sent_ids(&receiver);
        let mut stored: Vec<EventId> = receiver.journal.bodies().into_keys().collect();
        stored.sort_by_key(|id| sent.iter().position(|sent| sent == id));
        assert_eq!(sent, stored, "each event is sent under the id that it is stored under");
    }
}

#[test]
fn equal_deliveries_of_one_millisecond_send_one_event() {
    let receiver = receiver(Plan::default(), Plan::default());
    for attempt in ["a", "b"] {
        let (_, report) = deliver(&receiver, &windowed(1), 0, attempt);
        assert!(matches!(&report, Report::Accepted(a) if !a.duplicate), "{report:?}");
    }
    assert_eq!(receiver.journal.bodies().len(), 1);
    assert_eq!(sent_ids(&receiver), receiver.journal.bodies().into_keys().collect::<Vec<_>>());
}

#[test]
fn a_newer_secret_is_tried_before_a_delivery_is_refused() {
    let mut receiver = receiver(Plan::default(), Plan::default());
    let send = |receiver: &Whole| {
        let received_at = ReceivedAt::from_millis(0).unwrap();
        ready(receiver.receive::<Toy>(
            request("demo", "brand-new", "{}"),
            received_at,
            &WriteToken("a".into()),
        ))
        .0
        .status
    };
    assert_eq!(send(&receiver), 401);
    receiver.secrets.newer = Some(store("brand-new"));
    assert_eq!(send(&receiver), 200);
}

#[test]
fn nothing_unverified_reaches_a_port() {
    for (store, token) in [("demo", "wrong"), ("demo", ""), ("another", "right")] {
        let receiver = receiver(Plan::default(), Plan::default());
        let received_at = ReceivedAt::from_millis(0).unwrap();
        let (response, report) =
            ready(receiver.receive::<Toy>(request(store, token, "{}"), received_at, &WriteToken("a".into())));
        assert_eq!(response.status, 401, "{store} {token:?}: {report:?}");
        assert!(receiver.journal.bodies().is_empty() && receiver.queue.calls() == 0, "{store} {token:?}");
    }
}

fn any_failure() -> impl Strategy<Value = Option<Failure>> {
    prop::sample::select(vec![None, None, Some(Failure::Before), Some(Failure::After)])
}

fn plan(failures: &[Option<Failure>]) -> Plan {
    let numbered = failures.iter().enumerate().filter_map(|(n, failure)| Some((n + 1, (*failure)?)));
    Plan { at: numbered.collect(), always: None }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_delivery_answered_2xx_is_safe_under_any_fault(
        levels in prop::collection::vec((0_u32..3, any::<bool>()), 1..12),
        journal in prop::collection::vec(any_failure(), 12),
        queue in prop::collection::vec(any_failure(), 12),
    ) {
        let receiver = receiver(plan(&journal), plan(&queue));
        for (n, (level, own_time)) in levels.into_iter().enumerate() {
            let body = if own_time { lasting(level) } else { windowed(level) };
            let at_ms = i64::try_from(n).unwrap() * 1_000;
            let (status, report) = deliver(&receiver, &body, at_ms, &n.to_string());
            match report {
                Report::Accepted(accepted) => {
                    prop_assert_eq!(status, 200);
                    let id = accepted.event.id();
                    let stored = receiver.journal.bodies().get(id) == Some(&body.clone().into_bytes());
                    let carried = receiver.queue.messages().iter().any(|m| m.id == *id && m.whole.is_some());
                    prop_assert!(stored || carried, "{id} is nowhere");
                }
                Report::Refused(why) => prop_assert_eq!(status, 503, "{}", why),
                Report::Deferred(fault) => prop_assert!(false, "the secrets are readable: {fault}"),
                Report::Probed => prop_assert!(false, "a POST is not a probe"),
            }
        }
    }
}
