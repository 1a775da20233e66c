//! One comparison of a proof with the expected one, for counting its instructions.
//!
//! `compare SCHEME SECRET BODY PROOF`. Ends with 0 where the proof holds and with 1 where it does not. The scheme is
//! `shared`, `sha1` or `sha256` (signatures in base64), or `careless`: a comparison that is not constant-time, which
//! shows that the count notices it.

use std::process::ExitCode;

use inlet::delivery::Delivery;
use inlet::proof::{
    Claim, Comparison, MacAlgorithm, Rejection, Signature, SignedContent, Verified, base64_signature, verify,
};
use inlet::provider::Provider;
use inlet::provider::parsed_event::{ParsedEvent, UnknownReason};
use inlet::provider::response::{Outcome, Response};
use inlet::provider::retry_policy::RetryPolicy;
use inlet::received_at::ReceivedAt;
use inlet::request::{Headers, Method, Request, Unverified};
use inlet::secret::Secret;
use inlet::store::StoreName;
use inlet::trust::Trust;

/// A provider whose proof is of the kind that its requests name.
struct Compared;

impl Provider for Compared {
    const NAME: &'static str = "compared";
    const RETRY_POLICY: RetryPolicy = RetryPolicy::not_documented("it is none");
    type Credential = Secret;
    type Settings = ();

    fn claim(request: &Unverified, secret: &Secret) -> Result<Claim, Rejection> {
        let offered = request.header("proof").ok_or(Rejection::Missing { expected: "proof" })?;
        let mac = |algorithm| Claim::Mac {
            algorithm,
            key: secret.clone(),
            contents: vec![SignedContent::Body],
            signatures: base64_signature(offered).map(Signature::Given).into_iter().collect(),
        };
        Ok(match request.topic() {
            Some("sha1") => mac(MacAlgorithm::HmacSha1),
            Some("sha256") => mac(MacAlgorithm::HmacSha256),
            _ => Claim::Shared {
                comparisons: vec![Comparison::new(offered, secret.clone())],
                trust: Trust::SharedSecret,
            },
        })
    }

    fn parse(_: &Verified<Delivery>) -> ParsedEvent {
        ParsedEvent::unknown("compared", UnknownReason::Event, None)
    }

    fn respond(_: &Outcome<'_>, (): &()) -> Response {
        Response::ok(serde_json::json!({}))
    }
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, scheme, secret, body, proof] = arguments.as_slice() else {
        return Err("compare shared|sha1|sha256|careless SECRET BODY PROOF".into());
    };
    let holds = if scheme == "careless" { secret == proof } else { is_proved(scheme, secret, body, proof)? };
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn is_proved(
    scheme: &str,
    secret: &str,
    body: &str,
    proof: &str,
) -> Result<bool, Box<dyn std::error::Error>> {
    let request = Request {
        method: Method::Post,
        store: StoreName::parse("demo")?,
        topic: Some(scheme.into()),
        query: String::new(),
        headers: Headers::from_iter([("proof", proof.to_owned())]),
        body: body.into(),
    };
    let verified = verify::<Compared>(Unverified::new(request), &[Secret::new(secret)?], ReceivedAt::EPOCH);
    Ok(verified.is_ok())
}
