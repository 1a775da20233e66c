//! One comparison of a proof that is wrong in one place, for counting the instructions that it takes.
//!
//! `compare shared|sha1|sha256 PLACE`: the place is two digits, the byte that is wrong; `99` is no byte. Ends with 0
//! where the proof holds and with 1 where it does not.

use std::process::ExitCode;

use inlet::answer::{Answer, Outcome};
use inlet::delivery::Delivery;
use inlet::event::ReceivedAt;
use inlet::patience::AfterFailure;
use inlet::proof::{
    Claim, Comparison, MacAlgorithm, Message, Rejection, Tag, Trust, Verified, base64_tag, verify,
};
use inlet::provider::Provider;
use inlet::reading::{Reading, WhyUnknown};
use inlet::request::{Headers, Method, Request, Unverified};
use inlet::secret::Secret;
use inlet::sender::{hmac_sha1_hex, hmac_sha256_base64};
use inlet::store::StoreName;

const SECRET: &str = "a-secret-of-forty-characters-exactly-yes";
const BODY: &[u8] = b"{\"id\":1}";

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
    let [_, kind, place] = arguments.as_slice() else {
        return Err("compare shared|sha1|sha256 PLACE".into());
    };
    let request = Request {
        method: Method::Post,
        store: StoreName::parse("demo")?,
        topic: Some(kind.clone()),
        query: String::new(),
        headers: Headers::from_iter([("proof", proof(kind, place.parse()?))]),
        body: BODY.to_vec(),
    };
    let judged = verify::<Compared>(Unverified::new(request), &[Secret::new(SECRET)?], ReceivedAt::EPOCH);
    Ok(if judged.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The right proof, wrong at this byte.
fn proof(kind: &str, place: usize) -> String {
    use base64::Engine as _;
    let base64 = base64::engine::general_purpose::STANDARD;
    let mut bytes = match kind {
        "sha1" => bytes_of(&hmac_sha1_hex(SECRET, BODY)),
        "sha256" => base64_tag(&hmac_sha256_base64(SECRET, BODY)).unwrap_or_default(),
        _ => SECRET.into(),
    };
    if let Some(byte) = bytes.get_mut(place) {
        *byte ^= 1;
    }
    if kind == "shared" { String::from_utf8_lossy(&bytes).into_owned() } else { base64.encode(bytes) }
}

fn bytes_of(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
