//! The deliveries that the receiver quarantines, and those that it does not, with ports in memory.

use std::sync::Arc;

use inlet::canonical::StoreDefaults;
use inlet::delivery::Delivery;
use inlet::proof::{Claim, Comparison, Rejection, Verified};
use inlet::provider::Provider;
use inlet::provider::parsed_event::{ParsedEvent, UnknownReason};
use inlet::provider::response::{Outcome, Response};
use inlet::provider::retry_policy::RetryPolicy;
use inlet::receive::quarantine::QuarantineOutcome;
use inlet::receive::{MAX_BODY_LEN, NotAccepted, Receiver, Report, Store, WriteToken};
use inlet::received_at::ReceivedAt;
use inlet::request::{Headers, Method, Request, Unverified};
use inlet::secret::Secret;
use inlet::store::StoreName;
use inlet::trust::Trust;
use inlet_testing::ports::{
    Failure, MemoryJournal, MemoryQuarantine, MemoryQueue, MemorySecrets, Plan, QuarantinedDelivery,
};
use serde_json::Value;

/// A provider that sends its secret along.
struct Plain;

impl Provider for Plain {
    const NAME: &'static str = "plain";
    const RETRY_POLICY: RetryPolicy = RetryPolicy::not_documented("a test");
    type Credential = Secret;
    type Settings = ();

    fn claim(request: &Unverified, credential: &Secret) -> Result<Claim, Rejection> {
        let key = request.header("key").ok_or(Rejection::Missing { expected: "key" })?;
        let comparisons = vec![Comparison::new(key, credential.clone())];
        Ok(Claim::Shared { comparisons, trust: Trust::SharedSecret })
    }

    fn parse(_: &Verified<Delivery>) -> ParsedEvent {
        ParsedEvent::unknown("anything", UnknownReason::Event, None)
    }

    fn respond(_: &Outcome<'_>, (): &()) -> Response {
        Response::ok(Value::Null)
    }
}

type Memory = Receiver<MemorySecrets<Plain>, MemoryJournal, MemoryQueue, MemoryQuarantine>;

fn store(secret: &str) -> Arc<Store<Plain>> {
    Arc::new(Store {
        credentials: vec![Secret::new(secret).unwrap()],
        settings: (),
        defaults: StoreDefaults::default(),
    })
}

fn name(text: &str) -> StoreName {
    StoreName::parse(text).unwrap()
}

fn now() -> ReceivedAt {
    ReceivedAt::from_millis(1_749_715_272_345).unwrap()
}

/// Returns a receiver whose one store, `demo`, has the secret `old`, and another one after a refresh.
fn receiver(newer: Option<&str>, plan: Plan) -> Memory {
    Receiver {
        secrets: MemorySecrets { name: name("demo"), store: store("old"), newer: newer.map(store) },
        journal: MemoryJournal::default(),
        queue: MemoryQueue::default(),
        quarantine: MemoryQuarantine::failing(plan),
    }
}

async fn received(receiver: &Memory, to: &str, key: Option<&str>, body: &[u8]) -> (u16, Report) {
    let request = Request {
        method: Method::Post,
        store: name(to),
        topic: None,
        query: String::new(),
        headers: key.map(|key| ("key", key)).into_iter().collect::<Headers>(),
        body: body.to_vec(),
    };
    let attempt = WriteToken("1".into());
    let (response, report) = receiver.receive::<Plain>(Unverified::new(request), now(), &attempt).await;
    assert!(response.status == 200 || receiver.journal.bodies().is_empty(), "nothing refused is an event");
    assert!(response.status == 200 || receiver.queue.messages().is_empty(), "nothing refused is enqueued");
    (response.status, report)
}

#[tokio::test]
async fn an_unverified_delivery_of_a_configured_store_is_kept() {
    for (key, newer, rejection) in [
        (Some("wrong"), None, Rejection::Mismatch),
        (Some("wrong"), Some("new"), Rejection::Mismatch),
        (None, None, Rejection::Missing { expected: "key" }),
    ] {
        let receiver = receiver(newer, Plan::default());
        let (status, report) = received(&receiver, "demo", key, b"\xff{}").await;
        assert_eq!(status, 401, "{report:?}");
        let Report::Refused(NotAccepted::VerificationFailed {
            quarantined: Ok(QuarantineOutcome::Stored),
            ..
        }) = report
        else {
            panic!("{report:?}");
        };
        let quarantined = QuarantinedDelivery {
            store: name("demo"),
            rejection,
            received_at: now(),
            body: b"\xff{}".to_vec(),
        };
        assert_eq!(receiver.quarantine.deliveries(), [quarantined]);
    }
}

#[tokio::test]
async fn a_delivery_that_verifies_is_not_quarantined() {
    for (key, newer) in [("old", None), ("new", Some("new"))] {
        let receiver = receiver(newer, Plan::default());
        assert_eq!(received(&receiver, "demo", Some(key), b"{}").await.0, 200, "{key}");
        assert_eq!(receiver.quarantine.deliveries(), [], "{key}");
    }
}

#[tokio::test]
async fn unusable_credentials_quarantine_and_ask_for_a_retry() {
    let mut receiver = receiver(None, Plan::default());
    receiver.secrets.store =
        Arc::new(Store { credentials: vec![], settings: (), defaults: StoreDefaults::default() });
    let (status, report) = received(&receiver, "demo", Some("old"), b"{}").await;
    assert_eq!(status, 503, "the sender did nothing wrong: {report:?}");
    assert_eq!(receiver.quarantine.deliveries().len(), 1, "a wrong parameter loses nothing: {report:?}");
    receiver.secrets.newer = Some(store("old"));
    assert_eq!(received(&receiver, "demo", Some("old"), b"{}").await.0, 200, "it was corrected");
}

#[tokio::test]
async fn nothing_is_quarantined_for_an_unconfigured_store() {
    let receiver = receiver(None, Plan::default());
    let (status, report) = received(&receiver, "unconfigured", Some("wrong"), b"{}").await;
    assert!(matches!(report, Report::Refused(NotAccepted::UnknownStore)), "{report:?}");
    assert_eq!((status, receiver.quarantine.deliveries()), (401, vec![]));
}

#[tokio::test]
async fn a_delivery_that_can_never_verify_is_not_quarantined() {
    let receiver = receiver(None, Plan::default());
    let (status, _) = received(&receiver, "demo", Some("wrong"), &vec![b'x'; MAX_BODY_LEN + 1]).await;
    assert_eq!((status, receiver.quarantine.deliveries()), (413, vec![]));
}

#[tokio::test]
async fn a_quarantine_that_fails_changes_nothing_for_the_sender() {
    for failure in [Failure::Before, Failure::After] {
        let receiver = receiver(None, Plan::always(failure));
        let (status, report) = received(&receiver, "demo", Some("wrong"), b"{}").await;
        assert_eq!(status, 401, "{report:?}");
        assert!(
            matches!(report, Report::Refused(NotAccepted::VerificationFailed { quarantined: Err(_), .. })),
            "{failure:?}: {report:?}"
        );
    }
}
