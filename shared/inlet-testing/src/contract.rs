//! The contract that every provider passes. A provider's tests name their facts; the rest is here.

use std::collections::BTreeSet;
use std::sync::Arc;

use inlet::canonical::{Canonical, StoreDefaults};
use inlet::delivery::Delivery;
use inlet::drift::detector::{Difference, Drift, DriftDetector};
use inlet::path::Target;
use inlet::proof::{Covered, Rejection, Verified, verify};
use inlet::provider::Provider as _;
use inlet::provider::catalogue::{DedupRule, Documented, EventSpec};
use inlet::provider::response::Refusal;
use inlet::receive::{Receiver, Report, Store as KnownStore, WriteToken};
use inlet::received_at::ReceivedAt;
use inlet::request::{Request, Unverified};
use inlet::store::StoreName;
use inlet::tools::sender::{Sender, delivery};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use crate::ports::{MemoryJournal, MemoryQuarantine, MemoryQueue, MemorySecrets, ready};

/// The facts about a provider that the contract needs.
pub trait Contract {
    /// The provider.
    type Provider: Sender;

    /// Two live credentials of one store, as a JSON list.
    const CREDENTIALS: &'static str;

    /// A credential of another store, as a JSON object.
    const OTHER_CREDENTIAL: &'static str;

    /// The header that carries the proof, and the number of its leading characters that are not part of it (`Basic `).
    const PROOF: (&'static str, usize);

    /// True if the proof covers the body.
    const COVERS_BODY: bool;

    /// True if the proof is hex digits, whose case makes no difference.
    const PROOF_IS_HEX: bool = false;

    /// The bodies in the provider's `payloads` folder: the event's name and the text.
    const PAYLOADS: &'static [(&'static str, &'static str)];
}

/// Writes the contract's tests into a provider's test module.
#[macro_export]
macro_rules! contract {
    ($contract:ty) => {
        $crate::contract!(@tests $contract:
            an_authentic_delivery_verifies,
            every_live_credential_verifies,
            a_changed_proof_does_not_verify,
            a_changed_body_does_not_verify_if_the_proof_covers_it,
            a_key_that_differs_in_one_bit_does_not_verify,
            another_stores_credential_does_not_verify,
            no_proof_and_no_credential_are_refused,
            the_delivery_keeps_the_bytes_that_were_sent,
            only_the_signed_body_decides_which_event_it_is,
            reading_never_panics,
            every_row_has_a_unique_name,
            every_topic_is_found_in_a_longer_path,
            every_documented_row_has_a_payload_and_reads_it,
            an_undocumented_row_is_read_like_its_kind,
            a_row_without_a_mapping_has_only_an_id,
            the_debug_output_contains_no_value,
            payload_files_have_known_shapes_and_a_new_field_is_drift,
            an_undocumented_value_is_drift,
            every_refusal_is_json_with_its_status,
            a_returning_state_is_new_even_if_clocks_differ,
        );
    };
    (@tests $contract:ty: $($test:ident),* $(,)?) => {
        $( #[test] fn $test() { $crate::contract::$test::<$contract>(); } )*
    };
}

type P<C> = <C as Contract>::Provider;
type Credential<C> = <P<C> as inlet::provider::Provider>::Credential;

fn rows<C: Contract>() -> &'static [EventSpec] {
    <P<C> as Sender>::EVENTS
}

fn store() -> StoreName {
    StoreName::parse("demo").expect("a store's name")
}

fn now() -> ReceivedAt {
    ReceivedAt::from_millis(1_749_715_272_345).expect("a time")
}

fn raw_credentials<C: Contract>() -> Vec<Value> {
    serde_json::from_str(C::CREDENTIALS).expect("a JSON list")
}

fn credentials<C: Contract>() -> Vec<Credential<C>> {
    serde_json::from_str(C::CREDENTIALS).unwrap_or_else(|e| panic!("credentials: {e}"))
}

fn sent<C: Contract>(row: &EventSpec, body: &[u8], credential: &Value) -> Request {
    delivery::<P<C>>(store(), row, body.to_vec(), credential)
}

fn verified<C: Contract>(
    request: Request,
    credentials: &[Credential<C>],
) -> Result<Verified<Delivery>, Rejection> {
    verify::<P<C>>(Unverified::new(request), credentials, now()).map_err(|refused| refused.rejection)
}

/// Parses a body by the event's row, after verification.
pub fn read<C: Contract>(event: &str, body: &[u8]) -> inlet::provider::parsed_event::ParsedEvent {
    use inlet::provider::Provider as _;
    let row =
        inlet::provider::catalogue::find(rows::<C>(), event).unwrap_or_else(|| panic!("no row for {event}"));
    let request = sent::<C>(row, body, &raw_credentials::<C>()[0]);
    P::<C>::parse(&verified::<C>(request, &credentials::<C>()).expect("an authentic delivery verifies"))
}

/// Runs a property a moderate number of times: these run on every commit.
fn check<S: Strategy>(strategy: &S, property: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config { cases: 96, failure_persistence: None, ..Config::default() };
    if let Err(e) = TestRunner::new(config).run(strategy, property) {
        panic!("{e}");
    }
}

fn any_row<C: Contract>() -> impl Strategy<Value = &'static EventSpec> {
    prop::sample::select(rows::<C>().iter().collect::<Vec<_>>())
}

fn any_body<C: Contract>() -> impl Strategy<Value = Vec<u8>> {
    let payloads: Vec<Vec<u8>> = C::PAYLOADS.iter().map(|(_, text)| text.as_bytes().to_vec()).collect();
    prop_oneof![
        prop::collection::vec(any::<u8>(), 1..300),
        "[\\[\\]{}:,\"a-z0-9 ]{1,60}".prop_map(String::into_bytes),
        prop::sample::select(payloads),
    ]
}

#[allow(missing_docs, reason = "the name describes it: it is the name of a test")]
pub fn an_authentic_delivery_verifies<C: Contract>() {
    let credential = &raw_credentials::<C>()[0];
    check(&(any_row::<C>(), any_body::<C>()), |(row, body)| {
        let verified = verified::<C>(sent::<C>(row, &body, credential), &credentials::<C>());
        prop_assert!(verified.is_ok(), "{} was refused: {:?}", row.event, verified.err());
        Ok(())
    });
}

#[allow(missing_docs, reason = "the name describes it: it is the name of a test")]
pub fn every_live_credential_verifies<C: Contract>() {
    let raw = raw_credentials::<C>();
    assert!(raw.len() >= 2, "the contract needs two credentials");
    for credential in &raw {
        for row in rows::<C>() {
            let verified = verified::<C>(sent::<C>(row, b"{}", credential), &credentials::<C>());
            assert!(verified.is_ok(), "{} was refused: {:?}", row.event, verified.err());
        }
    }
}

#[allow(missing_docs, reason = "the name describes it: it is the name of a test")]
pub fn a_changed_proof_does_not_verify<C: Contract>() {
    let (header, fixed) = C::PROOF;
    let credential = &raw_credentials::<C>()[0];
    // Seven bits: with the eighth it would not be a header character.
    check(
        &(any_row::<C>(), any_body::<C>(), any::<prop::sample::Index>(), 0_u8..7),
        |(row, body, at, bit)| {
            let mut request = sent::<C>(row, &body, credential);
            let Some(proof) = request.headers.value(header) else {
                return Ok(()); // This row's proof is not in the header: the provider's own tests change it.
            };
            let mut bytes = proof.as_bytes().to_vec();
            let at = fixed + at.index(bytes.len() - fixed);
            bytes[at] ^= 1 << bit;
            let changed = String::from_utf8(bytes).expect("seven-bit text");
            if C::PROOF_IS_HEX && changed.eq_ignore_ascii_case(proof) {
                return Ok(());
            }
            request.headers.set(header, changed.clone());
            let verified = verified::<C>(request, &credentials::<C>());
            prop_assert!(verified.is_err(), "{}: {changed:?} verified", row.event);
            Ok(())
        },
    );
}

#[allow(missing_docs, reason = "the name describes it: it is the name of a test")]
pub fn a_changed_body_does_not_verify_if_the_proof_covers_it<C: Contract>() {
    let credential = &raw_credentials::<C>()[0];
    check(
        &(any_row::<C>(), any_body::<C>(), any::<prop::sample::Index>(), 0_u8..8),
        |(row, body, at, bit)| {
            let mut request = sent::<C>(row, &body, credential);
            if request.headers.value(C::PROOF.0).is_none() {
                return Ok(());
            }
            let at = at.index(request.body.len());
            request.body[at] ^= 1 << bit;
            let verified = verified::<C>(request, &credentials::<C>());
            prop_assert_eq!(
                verified.is_ok(),
                !C::COVERS_BODY,
                "{} with another body: {:?}",
                row.event,
                verified.err()
            );
            Ok(())
        },
    );
}

#[allow(missing_docs, reason = "the name describes it: it is the name of a test")]
pub fn a_key_that_differs_in_one_bit_does_not_verify<C: Contract>() {
    let credential = raw_credentials::<C>().swap_remove(0);
    check(
        &(any_row::<C>(), any_body::<C>(), any::<prop::sample::Index>(), 0_u8..7),
        |(row, body, at, bit)| {
            // Each of the credential's keys: which one is used depends on the row.
            let mut changed = credential.clone();
            for key in changed.as_object_mut().expect("an object").values_mut() {
                let mut bytes = key.as_str().expect("text").as_bytes().to_vec();
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
                *key = Value::String(String::from_utf8(bytes).expect("seven-bit text"));
            }
            let verified = verified::<C>(sent::<C>(row, &body, &changed), &credentials::<C>());
            prop_assert_eq!(verified.err(), Some(Rejection::Mismatch), "{} with {}", row.event, changed);
            Ok(())
        },
    );
}

#[allow(missing_docs, reason = "the name describes it: it is the name of a test")]
pub fn another_stores_credential_does_not_verify<C: Contract>() {
    let other: Value = serde_json::from_str(C::OTHER_CREDENTIAL).expect("a JSON object");
    for row in rows::<C>() {
        let verified = verified::<C>(sent::<C>(row, b"{}", &other), &credentials::<C>());
        assert_eq!(verified.err(), Some(Rejection::Mismatch), "{}", row.event);
    }
}

#[allow(missing_docs, reason = "the name describes it: it is the name of a test")]
pub fn no_proof_and_no_credential_are_refused<C: Contract>() {
    let credential = &raw_credentials::<C>()[0];
    for row in rows::<C>() {
        let authentic = sent::<C>(row, b"{}", credential);
        assert_eq!(
            verified::<C>(authentic.clone(), &[]).err(),
            Some(Rejection::NoUsableCredential),
            "{}",
            row.event
        );

        let bare = Request {
            headers: std::iter::empty::<(&str, &str)>().collect(),
            query: String::new(),
            ..authentic
        };
        let verified = verified::<C>(bare, &credentials::<C>());
        assert!(matches!(verified, Err(Rejection::Missing { .. })), "{}: {:?}", row.event, verified.err());
    }
}

#[allow(missing_docs, reason = "the name describes it: it is the name of a test")]
pub fn the_delivery_keeps_the_bytes_that_were_sent<C: Contract>() {
    let credential = &raw_credentials::<C>()[0];
    check(&(any_row::<C>(), any_body::<C>()), |(row, body)| {
        let request = sent::<C>(row, &body, credential);
        let was = request.body.clone();
        let delivery = verified::<C>(request, &credentials::<C>()).expect("an authentic delivery verifies");
        prop_assert_eq!(delivery.body(), was.as_slice());
        Ok(())
    });
}

/// Checks that the identity of a signed delivery is what was signed: no query, topic or header beside it counts.
pub fn only_the_signed_body_decides_which_event_it_is<C: Contract>() {
    use inlet::provider::Provider as _;
    if !C::COVERS_BODY {
        return;
    }
    let credential = &raw_credentials::<C>()[0];
    let topics: Vec<String> = rows::<C>().iter().filter_map(|row| P::<C>::address(row).topic).collect();
    let strategy = (
        any_row::<C>(),
        any_body::<C>(),
        "[a-z]{1,4}=[a-z0-9%+&=.]{0,12}",
        prop_oneof![prop::sample::select(topics), "[a-zA-Z.]{1,12}"],
    );
    check(&strategy, |(row, body, query, topic)| {
        let request = sent::<C>(row, &body, credential);
        let Ok(first) = verified::<C>(request.clone(), &credentials::<C>()) else {
            return Ok(());
        };
        if *first.covered() != Covered::Body {
            return Ok(());
        }
        let event = |delivery: Verified<Delivery>| {
            let parsed = P::<C>::parse(&delivery);
            delivery.into_event::<P<C>>(parsed)
        };
        let first = event(first);
        let own_topic = request.topic.clone().map(|topic| topic.to_ascii_uppercase());
        let headers = request.headers.iter().chain([("x-more", "1")]).collect();
        let changed_around = Request { query: query.clone(), topic: own_topic, headers, ..request.clone() };
        let changed_around =
            verified::<C>(changed_around, &credentials::<C>()).expect("nothing signed is changed");
        let changed_around = event(changed_around);
        prop_assert_eq!(changed_around.id(), first.id());
        // The key of another topic may be another one.
        if let Ok(other) =
            verified::<C>(Request { query, topic: Some(topic), ..request }, &credentials::<C>())
        {
            prop_assert_eq!(event(other).content(), first.content());
        }
        Ok(())
    });
}

#[allow(missing_docs, reason = "the name describes it: it is the name of a test")]
pub fn reading_never_panics<C: Contract>() {
    check(&(any_row::<C>(), any_body::<C>()), |(row, body)| {
        let reading = read::<C>(row.event, &body);
        prop_assert!(!reading.event_type.as_str().is_empty(), "{}", row.event);
        Ok(())
    });
    for body in
        [&b"["[..], &"[".repeat(10_000).into_bytes(), b"\xff\xfe", b"null", b"\"x\"", b"{\"id\":1,\"id\":2}"]
    {
        for row in rows::<C>() {
            read::<C>(row.event, body);
        }
    }
}

#[allow(missing_docs, reason = "the name describes it: it is the name of a test")]
pub fn every_row_has_a_unique_name<C: Contract>() {
    for row in rows::<C>() {
        for name in std::iter::once(&row.event).chain(row.aliases) {
            let named: Vec<_> =
                rows::<C>().iter().filter(|other| other.is_named(name)).map(|r| r.event).collect();
            assert_eq!(named, [row.event], "{name} names more than one row");
        }
    }
}

/// Checks that the topic of every row is found in a path to which the provider appended a part.
pub fn every_topic_is_found_in_a_longer_path<C: Contract>() {
    let topics = rows::<C>().iter().filter_map(|row| P::<C>::address(row).topic);
    // A row that is found by the shape of its body has no topic.
    let topics: Vec<String> = topics.filter(|topic| P::<C>::is_topic(topic)).collect();
    assert!(!topics.is_empty());
    for topic in topics {
        let name = P::<C>::NAME;
        for path in [
            format!("//{}/Shop//{topic}/api/v3/", name.to_uppercase()),
            format!("/x/{name}/shop/a/{topic}/b"),
        ] {
            let target = Target::find(&path, &[name]).unwrap_or_else(|| panic!("{path} has no target"));
            let found = target.topic(P::<C>::is_topic);
            assert_eq!((target.store.as_str(), found), ("shop", Some(topic.as_str())), "{path}");
        }
    }
}

#[allow(missing_docs, reason = "the name describes it: it is the name of a test")]
pub fn every_documented_row_has_a_payload_and_reads_it<C: Contract>() {
    for row in rows::<C>().iter().filter(|row| is_documented(row)) {
        let payloads: Vec<_> = C::PAYLOADS.iter().filter(|(event, _)| row.is_named(event)).collect();
        assert!(!payloads.is_empty(), "{} is documented and has no payload file", row.event);
        for (_, text) in payloads {
            let reading = read::<C>(row.event, text.as_bytes());
            assert_eq!(reading.kind(), row.kind, "{}", row.event);
            assert!(reading.entity.is_some() || row.entity.is_empty(), "{}: no entity in {text}", row.event);
            assert_eq!(reading.time.is_some(), row.time.is_some(), "{}: the time in {text}", row.event);
            let bare = Canonical::bare(row.kind, reading.entity.as_ref().map(|parts| parts.join(":")));
            assert_ne!(reading.data, bare, "{}: no field was read from {text}", row.event);
        }
    }
}

/// Returns the drift of an authentic delivery of this body.
fn drift<C: Contract>(row: &EventSpec, body: &[u8]) -> Option<Drift> {
    use inlet::provider::Provider as _;
    let request = sent::<C>(row, body, &raw_credentials::<C>()[0]);
    let delivery = verified::<C>(request, &credentials::<C>()).expect("an authentic delivery verifies");
    let reading = P::<C>::parse(&delivery);
    DriftDetector::new(P::<C>::SHAPES).drift_of(&delivery.into_event::<P<C>>(reading))
}

#[allow(missing_docs, reason = "the name describes it: it is the name of a test")]
pub fn payload_files_have_known_shapes_and_a_new_field_is_drift<C: Contract>() {
    for (event, text) in C::PAYLOADS {
        let row = inlet::provider::catalogue::find(rows::<C>(), event).expect("a payload of an event");
        let reported = drift::<C>(row, text.as_bytes());
        assert_eq!(reported, None, "{event} differs from its own payload");
        // An event without a documented field has no known shape, so no field is new.
        if !is_documented(row) {
            continue;
        }
        // A form, as some send it, has no JSON that could change.
        let Ok(Value::Object(mut payload)) = serde_json::from_str(text) else { continue };
        payload.insert("loyaltyTier".to_owned(), Value::from("gold"));
        let reported = drift::<C>(row, Value::Object(payload).to_string().as_bytes());
        let new = Difference::New("loyaltytier".to_owned(), "string");
        let reported = reported.unwrap_or_else(|| panic!("{event}: a new field is not reported"));
        let complete = row.documented == Documented::Full;
        let reported_fields = if complete { &reported.contradictions } else { &reported.undocumented };
        assert_eq!(reported_fields, &[new], "{event}: {reported:?}");
    }
}

#[allow(missing_docs, reason = "the name describes it: it is the name of a test")]
pub fn an_undocumented_value_is_drift<C: Contract>() {
    let json = |text: &str| serde_json::from_str::<Value>(text).ok();
    // A form has no path like JSON's.
    let is_json = |row: &&EventSpec| {
        C::PAYLOADS.iter().any(|(event, text)| row.is_named(event) && json(text).is_some())
    };
    let (mut asked, mut reported_fields) = (BTreeSet::new(), BTreeSet::new());
    for row in rows::<C>().iter().filter(is_json) {
        let is_listed = row.closed_values.iter().map(|(field, _)| (*field, true));
        for (field, is_listed) in is_listed.chain(row.open_values.iter().map(|(field, _)| (*field, false))) {
            // An event's own file may lack fields that others of its kind have; some events are distinguished by their
            // bodies.
            let is_like_it = |body: &Value| {
                let reading = read::<C>(row.event, body.to_string().as_bytes());
                reading.event_type.as_str() == row.event && reading.kind() == row.kind
            };
            let of_its_kind = |event: &str| {
                inlet::provider::catalogue::find(rows::<C>(), event)
                    .is_some_and(|other| other.kind == row.kind)
            };
            let files = C::PAYLOADS.iter().filter(|(event, _)| of_its_kind(event));
            asked.insert(field);
            for mut payload in files.filter_map(|(_, text)| json(text)).filter(is_like_it) {
                if !put(&mut payload, field, "teleported") {
                    continue;
                }
                let reported = drift::<C>(row, payload.to_string().as_bytes()).unwrap_or_default();
                let value = Difference::Value(field);
                let (there, elsewhere) = if is_listed {
                    (&reported.contradictions, &reported.undocumented)
                } else {
                    (&reported.undocumented, &reported.contradictions)
                };
                assert!(
                    there.contains(&value) && !elsewhere.contains(&value),
                    "{}, {field}: {reported:?}",
                    row.event
                );
                reported_fields.insert(field);
            }
        }
    }
    assert_eq!(reported_fields, asked, "a field that no payload file has is reported nowhere");
}

/// Writes a text to the outermost non-empty place with this path. Returns true if there is one.
fn put(value: &mut Value, path: &str, text: &str) -> bool {
    let found = path.split('.').try_fold(&mut *value, |value, name| value.get_mut(name));
    if let Some(place) = found.filter(|place| !place.is_null()) {
        *place = Value::from(text);
        return true;
    }
    value.as_object_mut().is_some_and(|object| object.values_mut().any(|inner| put(inner, path, text)))
}

/// Returns true if at least some of the event's fields are known, from a page or from a receiver.
fn is_documented(row: &EventSpec) -> bool {
    row.canonical.is_some() && row.documented != Documented::NameOnly
}

#[allow(missing_docs, reason = "the name describes it: it is the name of a test")]
pub fn an_undocumented_row_is_read_like_its_kind<C: Contract>() {
    for row in rows::<C>().iter().filter(|row| !is_documented(row) && row.canonical.is_some()) {
        let is_sibling = |event: &str| {
            rows::<C>()
                .iter()
                .any(|other| other.is_named(event) && other.kind == row.kind && is_documented(other))
        };
        for (event, text) in C::PAYLOADS.iter().filter(|(event, _)| is_sibling(event)) {
            let reading = read::<C>(row.event, text.as_bytes());
            let bare = Canonical::bare(row.kind, reading.entity.as_ref().map(|parts| parts.join(":")));
            assert_ne!(reading.data, bare, "{} reads nothing of {event}'s body", row.event);
        }
    }
}

#[allow(missing_docs, reason = "the name describes it: it is the name of a test")]
pub fn a_row_without_a_mapping_has_only_an_id<C: Contract>() {
    for row in rows::<C>().iter().filter(|row| row.canonical.is_none()) {
        assert!(!is_documented(row), "{}", row.event);
        let body = br#"{"id":"77","name":"x","total":"1.00","data":{"secret":1}}"#;
        let data = serde_json::to_value(read::<C>(row.event, body).data).expect("JSON");
        let fields: Vec<_> = data.as_object().expect("an object").keys().map(String::as_str).collect();
        assert!(fields.is_empty() || fields == ["id"], "{} invents {fields:?}", row.event);
    }
}

#[allow(missing_docs, reason = "the name describes it: it is the name of a test")]
pub fn the_debug_output_contains_no_value<C: Contract>() {
    let mut has_read = false;
    for (event, text) in C::PAYLOADS {
        let Ok(mut payload) = serde_json::from_str::<Value>(text) else { continue };
        mark(&mut payload);
        let data = read::<C>(event, payload.to_string().as_bytes()).data;
        let sent = serde_json::to_string(&data).expect("JSON");
        has_read |= sent.contains("canary");
        let shown = format!("{data:?}");
        assert!(!shown.contains("canary"), "{event}: {shown}");
    }
    assert!(has_read, "no field of a marked payload was read");
}

/// Puts a marked text in the place of every text.
fn mark(value: &mut Value) {
    match value {
        Value::String(text) => *text = "canary".to_owned(),
        Value::Array(values) => values.iter_mut().for_each(mark),
        Value::Object(fields) => fields.values_mut().for_each(mark),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[allow(missing_docs, reason = "the name describes it: it is the name of a test")]
pub fn every_refusal_is_json_with_its_status<C: Contract>() {
    use inlet::provider::Provider as _;
    for refusal in Refusal::ALL {
        let response = P::<C>::error_response(refusal);
        assert_eq!(response.status, refusal.status(), "{refusal:?}");
        assert!(response.body.is_object(), "{refusal:?}: {}", response.body);
    }
}

/// The skews of the clock of the second delivery's receiver, in milliseconds.
const SKEWS_MS: [i64; 5] = [0, 500, 59_000, -500, -59_000];

#[allow(missing_docs, reason = "the name describes it: it is the name of a test")]
pub fn a_returning_state_is_new_even_if_clocks_differ<C: Contract>() {
    for (event, text) in C::PAYLOADS {
        let is_windowed = |body: &[u8]| {
            let parsed = read::<C>(event, body);
            parsed.dedup == DedupRule::RetryWindow && parsed.entity.is_some()
        };
        let Ok(Value::Object(mut changed)) = serde_json::from_str(text) else { continue };
        changed.insert("changed".to_owned(), Value::from("since"));
        let (a, b) = (text.as_bytes().to_vec(), Value::Object(changed).to_string().into_bytes());
        if !is_windowed(&a) || !is_windowed(&b) {
            continue;
        }
        for skew_ms in SKEWS_MS {
            let history = stored::<C>(event, &[(&a, 0), (&b, 100 + skew_ms), (&a, 200)]);
            assert!(history == [a.as_slice(), &b, &a], "{event}, a clock that is off by {skew_ms} ms");
            let history = stored::<C>(event, &[(&a, skew_ms), (&b, 100), (&b, 200)]);
            assert!(
                history == [a.as_slice(), &b],
                "{event}, a duplicate, and a clock that is off by {skew_ms} ms"
            );
        }
        assert!(stored::<C>(event, &[(&a, 0), (&a, 100), (&a, 200)]) == [a], "{event}, duplicates");
    }
}

/// Delivers these bodies of an event, each this many milliseconds after now. Returns the bodies of the stored events in
/// the order of their arrivals.
fn stored<C: Contract>(event: &str, bodies: &[(&Vec<u8>, i64)]) -> Vec<Vec<u8>> {
    let spec = inlet::provider::catalogue::find(rows::<C>(), event).expect("a payload of an event");
    let credential = &raw_credentials::<C>()[0];
    let known = Arc::new(KnownStore {
        credentials: credentials::<C>(),
        settings: Default::default(),
        defaults: StoreDefaults::default(),
    });
    let receiver = Receiver {
        secrets: MemorySecrets::<P<C>> { name: store(), store: known, newer: None },
        journal: MemoryJournal::default(),
        queue: MemoryQueue::default(),
        quarantine: MemoryQuarantine::default(),
    };
    for (n, (body, after_ms)) in bodies.iter().enumerate() {
        let request = Unverified::new(sent::<C>(spec, body, credential));
        let received_at = ReceivedAt::from_millis(now().millis() + after_ms).expect("a time");
        let token = WriteToken(n.to_string());
        let (response, report) = ready(receiver.receive::<P<C>>(request, received_at, &token));
        assert!(matches!(report, Report::Accepted(_)), "{event}: {} {report:?}", response.status);
    }
    receiver.journal.history().into_iter().map(|(_, body)| body).collect()
}
