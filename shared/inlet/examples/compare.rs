//! One comparison of a proof with what it should be, for counting the instructions that it takes.
//!
//! `compare SCHEME SECRET BODY PROOF`. Ends with 0 where the proof holds and with 1 where it does not. The scheme is
//! `shared`, `sha1` or `sha256` (signatures in base64), or `careless`: a comparison as nobody should write it, by which
//! one sees that counting notices.

use std::process::ExitCode;

use inlet::delivery::Delivery;
use inlet::event::ReceivedAt;
use inlet::proof::{
    Claim, Comparison, MacAlgorithm, Message, Rejection, Tag, Trust, Verified, base64_tag, verify,
};
use inlet::provider::Provider;
use inlet::provider::parsed_event::{Reading, WhyUnknown};
use inlet::provider::response::{Answer, Outcome};
use inlet::provider::retry_policy::AfterFailure;
use inlet::request::{Headers, Method, Request, Unverified};
use inlet::secret::Secret;
use inlet::store::StoreName;

/// A provider whose proof is of the kind that its requests name.
struct Compared;

impl Provider for Compared {
    const NAME: &'static str = "compared";
    const AFTER_FAILURE: AfterFailure = AfterFailure::not_documented("it is none");
    type Credential = Secret;
    type Settings = ();

    fn claim(request: &Unverified, secret: &Secret) -> Result<Claim, Rejection> {
        let offered = request.header("proof").ok_or(Rejection::Missing { expected: "proof" })?;
        let mac = |algorithm| Claim::Mac {
            algorithm,
            key: secret.clone(),
            messages: vec![Message::Body],
            tags: base64_tag(offered).map(Tag::Given).into_iter().collect(),
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

    fn read(_: &Verified<Delivery>) -> Reading {
        Reading::unknown("compared", WhyUnknown::Event, None)
    }

    fn answer(_: &Outcome<'_>, (): &()) -> Answer {
        Answer::ok(serde_json::json!({}))
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
    let judged = verify::<Compared>(Unverified::new(request), &[Secret::new(secret)?], ReceivedAt::EPOCH);
    Ok(judged.is_ok())
}
