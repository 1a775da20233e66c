//! Properties that hold for any input. A target passes the bytes; a panic is a finding.

// Included as files: their crate brings the AWS SDK, which is not under test and takes minutes
// to build with instruments.
#[allow(dead_code, unreachable_pub)]
#[path = "../../shared/inlet-aws/src/lambda/gateway/mod.rs"]
mod gateway;
#[allow(dead_code, unreachable_pub)]
#[path = "../../shared/inlet-aws/src/dynamodb/gzip.rs"]
mod gzip;
#[allow(dead_code, unreachable_pub)]
#[path = "../../shared/inlet-aws/src/dynamodb/record.rs"]
mod record;

mod request;

use std::sync::LazyLock;

use inlet::event::EventId;
use inlet::message::{CloudEvent, Message};
use inlet::proof::verify as proved;
use inlet::received_at::ReceivedAt;
use inlet::request::{Headers, Method, Request, Unverified};
use inlet::tools::registration::Registering;
use inlet::tools::sender::Sender;
use inlet::trust::Trust;
use inlet_providers::{ToolsVisitor, for_each_with_tools};
use serde_json::Value;

use crate::record::Record;

/// The environment variable with the one provider that [`read`] and [`verify`] check. Without it they check all.
const PROVIDER: &str = "INLET_FUZZ_PROVIDER";

/// Checks that any request with a valid proof becomes an event that can be stored, sent and found again.
pub fn read(input: &[u8]) {
    struct Read<'i>(&'i [u8]);

    impl ToolsVisitor for Read<'_> {
        fn visit<P: Registering>(&mut self) {
            if is_selected(P::NAME) {
                read_as::<P>(self.0);
            }
        }
    }

    for_each_with_tools(&mut Read(input));
}

/// Checks that no request verifies without the secret, and that a signature covers every byte.
pub fn verify(input: &[u8]) {
    struct Verify<'i>(&'i [u8]);

    impl ToolsVisitor for Verify<'_> {
        fn visit<P: Registering>(&mut self) {
            if is_selected(P::NAME) {
                verify_as::<P>(self.0);
            }
        }
    }

    for_each_with_tools(&mut Verify(input));
}

fn is_selected(provider: &str) -> bool {
    static SELECTED: LazyLock<Option<String>> = LazyLock::new(|| std::env::var(PROVIDER).ok());
    SELECTED.as_ref().is_none_or(|selected| selected == provider)
}

fn read_as<S: Sender>(input: &[u8]) {
    let credential = S::PROFILE.demo_credential();
    let mut request = request::parse(input);
    if request.method == Method::Get && request.body.is_empty() {
        // A sender that signs fields moves them from the body into the query.
        request.body = std::mem::take(&mut request.query).into_bytes();
    }
    // The original proof belongs to the original body.
    let media_type = request.headers.value("content-type").map(|value| ("content-type", value.to_owned()));
    request.headers = Headers::from_iter(media_type);
    S::sign(&mut request, &credential);
    let body = request.body.clone();
    // A query that carries a proof of its own may contradict the new one.
    let Ok(delivery) = verify_with::<S>(request, &credential) else { return };
    assert_eq!(delivery.body(), body, "the body is not the sent one");

    let (reading, again) = (S::parse(&delivery), S::parse(&delivery));
    assert_eq!(reading.data, again.data, "the same delivery reads differently");
    let event = delivery.into_event::<S>(reading);
    assert_eq!(EventId::parse(event.id().as_str()).as_ref(), Ok(event.id()), "an id that does not parse");
    let message = CloudEvent::of(&event).to_json();
    let message = Message::parse(message).expect("a message that the processor accepts");
    assert_eq!(message.id(), event.id(), "the message is another event's");
}

fn verify_as<S: Sender>(input: &[u8]) {
    let request = request::parse(input);
    let other_credential = with_other_secrets(S::PROFILE.demo_credential());
    assert!(verify_with::<S>(request.clone(), &other_credential).is_err(), "another secret verified");

    let Ok(delivery) = verify_with::<S>(request.clone(), &S::PROFILE.demo_credential()) else { return };
    let bare = Request { headers: Headers::default(), query: String::new(), ..request.clone() };
    let signs_in_the_body = delivery.form().is_some();
    assert!(
        signs_in_the_body || verify_with::<S>(bare, &S::PROFILE.demo_credential()).is_err(),
        "a request without a proof verified"
    );
    if delivery.trust() == Trust::Signed && !request.body.is_empty() && !signs_in_the_body {
        let mut changed = request;
        changed.body[0] ^= 1;
        // A signature of the query does not cover a body; the redirect has none.
        let is_covered = changed.method != Method::Get;
        assert!(
            !is_covered || verify_with::<S>(changed, &S::PROFILE.demo_credential()).is_err(),
            "a changed body verified"
        );
    }
}

/// Checks that any gateway event becomes a request or is refused with a reason, and that both ways to read it agree.
pub fn gateway_event(input: &[u8]) {
    let Ok(event) = serde_json::from_slice::<gateway::Event>(input) else { return };
    let plain_headers = serde_json::from_slice::<Value>(input)
        .is_ok_and(|event| event["headers"].as_object().is_none_or(|all| all.values().all(Value::is_string)));
    let raw = serde_json::from_slice(input).expect("it was read above");
    let (typed, tolerant) = gateway::read_both_ways(raw);
    // The types read a list of bytes as a header too, which API Gateway never sends.
    assert!(typed.is_none_or(|typed| typed == tolerant || !plain_headers), "the two readings differ");
    let alone = tolerant.into_request("zid", |_| false);
    match event.into_request("zid", |_| false) {
        Ok(request) => drop(Unverified::new(request)),
        Err(why) => {
            assert!(alone.is_err(), "an event that the tolerant reading keeps was lost");
            assert!(!why.to_string().is_empty(), "a refusal without a reason");
        }
    }
}

/// Checks that any accepted id parses back to itself and splits into partition and digest.
pub fn event_id(input: &str) {
    let Ok(id) = EventId::parse(input) else { return };
    assert_eq!(id.as_str(), input);
    assert_eq!(format!("{}/{}", id.entity_path(), id.digest()), input);
    assert_eq!(id.entity_path().split('/').count(), 4, "{input}");
}

/// Checks that any queue text is a message or is refused, and that the error quotes none of it.
pub fn message(input: &str) {
    match Message::parse(input.to_owned()) {
        Ok(message) => drop(
            Message::parse(message.without_data().json().to_owned()).expect("a message without its data"),
        ),
        Err(why) => assert!(!why.to_string().is_empty(), "a refusal without a reason"),
    }
}

/// Checks that any fallback attribute is a whole event that can be packed again, or is refused: plain, and packed.
pub fn whole_event(input: &[u8]) {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, input).expect("a vector takes every byte");
    for bytes in [input, &packed.finish().expect("a vector takes every byte")] {
        let Ok((record, body)) = Record::unpacked(bytes) else { continue };
        let again = Record::unpacked(&record.packed(&body)).expect("a packed record");
        assert_eq!(again, (record, body), "a whole event changes when it is packed");
    }
}

fn verify_with<S: Sender>(
    request: Request,
    credential: &Value,
) -> Result<inlet::proof::Verified<inlet::delivery::Delivery>, Box<inlet::proof::VerificationFailed>> {
    let credential = serde_json::from_value(credential.clone()).unwrap_or_else(|e| panic!("credential: {e}"));
    let received_at = ReceivedAt::from_millis(1_749_715_272_345).expect("a time");
    proved::<S>(Unverified::new(request), &[credential], received_at)
}

/// Returns the credential with other secrets.
fn with_other_secrets(credential: Value) -> Value {
    let Value::Object(fields) = credential else { panic!("a credential is an object") };
    let other = |secret: Value| secret.as_str().unwrap_or_default().chars().rev().collect::<String>();
    Value::Object(fields.into_iter().map(|(name, secret)| (name, other(secret).into())).collect())
}
