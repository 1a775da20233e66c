//! What is kept of an event, in the table and in a message that stands in for it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Read};

use flate2::read::GzDecoder;
use flate2::{Compress, Compression, FlushCompress, Status};
pub use inlet::event::Origin;
use inlet::event::{DedupScope, Event};
use inlet::receive::{MAX_BODY_LEN, WriteToken};
use inlet::value::json::JsonError;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// All that is kept of an event but its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The event's id.
    pub id: String,
    /// The provider's name of the event.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The message's type.
    pub canonical_type: String,
    /// Whether that follows only from how the provider names its other events.
    pub inferred: bool,
    /// When the provider says that it happened, RFC 3339; absent where it says none or no zone.
    pub time: Option<String>,
    /// When the receiver had it: milliseconds since 1970 UTC.
    pub received_ms: i64,
    /// When the receiver had it, RFC 3339.
    pub received: String,
    /// Where it came from.
    pub origin: Origin,
    /// What the proof was worth.
    pub trust: String,
    /// The invocation that wrote it.
    pub attempt: String,
    /// The digest of store, event type, query and body.
    pub content: String,
    /// How long an equal delivery is the same event, in milliseconds; absent for good.
    pub window_ms: Option<i64>,
    /// Whether it says that its entity has changed, for events of the entity that are the same within a window only.
    #[serde(default)]
    pub updates_latest: bool,
    /// The HTTP method.
    pub method: String,
    /// The last part of the path.
    pub topic: Option<String>,
    /// The query string, less the parameters that carry a credential.
    pub query: String,
    /// The headers that are kept.
    pub headers: BTreeMap<String, String>,
    /// The body's length in bytes.
    pub size: usize,
    /// The body's SHA-256, in hex.
    pub sha256: String,
}

impl Record {
    /// What is kept of an event.
    pub fn of(event: &Event, attempt: &WriteToken, origin: Origin) -> Self {
        let (delivery, reading) = (event.delivery(), event.parsed());
        let body = delivery.body();
        let instant = reading.time.as_ref().and_then(|time| time.as_instant());
        Self {
            id: event.id().to_string(),
            event_type: reading.event_type.to_string(),
            canonical_type: event.canonical_type(),
            inferred: reading.inferred,
            time: instant.map(|instant| instant.as_str().to_owned()),
            received_ms: event.received_at().millis(),
            received: event.received_at().to_string(),
            origin,
            trust: delivery.trust().as_str().to_owned(),
            attempt: attempt.0.clone(),
            content: event.content().to_hex(),
            window_ms: match event.dedup_scope() {
                DedupScope::Forever => None,
                DedupScope::Within(window) => Some(i64::try_from(window.as_millis()).unwrap_or(i64::MAX)),
            },
            updates_latest: event.updates_latest(),
            method: delivery.method().as_str().to_owned(),
            topic: delivery.topic().map(str::to_owned),
            query: delivery.query().to_owned(),
            headers: delivery
                .headers()
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
            size: body.len(),
            sha256: hex(&Sha256::digest(body)),
        }
    }

    /// The record and the body in one: a line of JSON, the body, compressed. What a fallback message carries.
    pub fn packed(&self, body: &[u8]) -> Vec<u8> {
        #[expect(clippy::expect_used, reason = "every field is text or a number")]
        let mut whole = serde_json::to_vec(self).expect("a record can be written as JSON");
        whole.push(b'\n');
        whole.extend_from_slice(body);
        gzip(&whole)
    }

    /// The record and the body out of what [`Record::packed`] made.
    ///
    /// # Errors
    /// When it is not that, or unpacks to more than a body and a record can be.
    pub fn unpacked(packed: &[u8]) -> io::Result<(Self, Vec<u8>)> {
        let whole = gunzip(packed, MAX_WHOLE_LEN)?;
        let mut halves = whole.splitn(2, |&byte| byte == b'\n');
        let record = serde_json::from_slice(halves.next().unwrap_or_default());
        let record =
            record.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, JsonError::from(error)))?;
        Ok((record, halves.next().unwrap_or_default().to_vec()))
    }
}

/// How bytes are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As they are.
    DedupScope,
    /// RFC 1952, which every language's standard library reads.
    Gzip,
}

impl Encoding {
    /// The word in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DedupScope => "identity",
            Self::Gzip => "gzip",
        }
    }

    /// Compresses where that is smaller.
    pub fn smaller(bytes: &[u8]) -> (Self, Vec<u8>) {
        let packed = gzip(bytes);
        if packed.len() < bytes.len() { (Self::Gzip, packed) } else { (Self::DedupScope, bytes.to_vec()) }
    }

    /// The bytes as they were.
    ///
    /// # Errors
    /// When they are damaged, or the word is none of ours.
    pub fn undone(word: &str, bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        match word {
            "identity" => Ok(bytes),
            // Only receivers and processor write the table, and a message of theirs has no bound of its own.
            "gzip" => gunzip(&bytes, usize::MAX),
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, "an encoding that nobody wrote")),
        }
    }
}

/// From how many bytes on compressing has to be quick. With less it takes no time worth saving; 6 MB that do not
/// compress would keep a processor busy for half a second instead of an eighth, and a small function for many.
const LARGE: usize = 256 * 1024;

/// How far back compressing looks, as a power of two: the most that gzip has.
const WINDOW_BITS: u8 = 15;

thread_local! {
    /// Kept, as its tables are a third of a megabyte: to make them takes longer than to compress a usual body.
    static COMPRESSOR: RefCell<Compress> = RefCell::new(Compress::new_gzip(Compression::default(), WINDOW_BITS));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    if bytes.len() < LARGE {
        COMPRESSOR.with_borrow_mut(|compressor| {
            compressor.reset();
            compressed(bytes, compressor)
        })
    } else {
        compressed(bytes, &mut Compress::new_gzip(Compression::fast(), WINDOW_BITS))
    }
}

/// All of `bytes`, by a compressor that has not compressed anything yet.
fn compressed(bytes: &[u8], compressor: &mut Compress) -> Vec<u8> {
    let mut packed = Vec::with_capacity(bytes.len().div_ceil(2));
    let mut rest = bytes;
    loop {
        packed.reserve(MORE);
        let before = compressor.total_in();
        #[expect(clippy::expect_used, reason = "a compressor takes every byte")]
        let status =
            compressor.compress_vec(rest, &mut packed, FlushCompress::Finish).expect("it takes every byte");
        let taken = usize::try_from(compressor.total_in().saturating_sub(before)).unwrap_or(usize::MAX);
        rest = rest.get(taken..).unwrap_or_default();
        if status == Status::StreamEnd {
            return packed;
        }
    }
}

/// By how much the room for what is compressed grows, in bytes.
const MORE: usize = 4 * 1024;

/// The most that a fallback message unpacks to, in bytes: the largest body, and a record before it. API Gateway lets
/// 10,240 bytes of request line and headers through, and JSON makes at the most six times that of them. A message of
/// a queue that unpacks to a thousand times its size would fill a function's memory.
const MAX_WHOLE_LEN: usize = MAX_BODY_LEN + 256 * 1024;

fn gunzip(bytes: &[u8], at_most: usize) -> io::Result<Vec<u8>> {
    let mut whole = Vec::new();
    let one_more = u64::try_from(at_most).unwrap_or(u64::MAX).saturating_add(1);
    GzDecoder::new(bytes).take(one_more).read_to_end(&mut whole)?;
    if whole.len() > at_most {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it unpacks to more than anybody packed"));
    }
    Ok(whole)
}

/// Lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record() -> Record {
        Record {
            id: "zid/a/order/1/0000000000000000".into(),
            event_type: "order.create".into(),
            canonical_type: "commerce.order.created".into(),
            inferred: false,
            time: None,
            received_ms: 7,
            received: "1970-01-01T00:00:00.007Z".into(),
            origin: Origin::Webhook,
            trust: "signed".into(),
            attempt: "a".into(),
            content: "c".into(),
            window_ms: Some(60_000),
            updates_latest: true,
            method: "POST".into(),
            topic: None,
            query: "a=\n".into(),
            headers: BTreeMap::new(),
            size: 0,
            sha256: String::new(),
        }
    }

    proptest! {
        #[test]
        fn a_body_comes_out_as_it_went_in(body: Vec<u8>, times in 0_usize..40) {
            let body = body.repeat(times);
            let (encoding, stored) = Encoding::smaller(&body);
            prop_assert!(stored.len() <= body.len());
            prop_assert_eq!(&Encoding::undone(encoding.as_str(), stored).unwrap(), &body);
            let packed = record().packed(&body);
            prop_assert_eq!(Record::unpacked(&packed).unwrap(), (record(), body));
        }
    }

    #[test]
    fn a_large_body_comes_out_whole_and_leaves_nothing_to_the_next() {
        // Digits of no pattern hardly compress: the room for them has to grow several times.
        let noise =
            |len: u32| (0..len).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect::<Vec<u8>>();
        for len in [0, 1, 200_000, 262_143, 262_144, 900_000, 1, 0] {
            let body = noise(len);
            let packed = gzip(&body);
            assert_eq!(packed[..2], [0x1f, 0x8b], "{len} bytes: every language reads gzip");
            assert_eq!(gunzip(&packed, len as usize).unwrap(), body, "{len} bytes");
        }
    }

    #[test]
    fn the_largest_body_comes_out_and_more_than_anybody_packed_is_an_error() {
        let packed = record().packed(&vec![b' '; MAX_BODY_LEN]);
        assert_eq!(Record::unpacked(&packed).unwrap().1.len(), MAX_BODY_LEN);
        let refused = Record::unpacked(&record().packed(&vec![b' '; MAX_WHOLE_LEN])).unwrap_err();
        assert_eq!(refused.to_string(), "it unpacks to more than anybody packed");
    }

    #[test]
    fn what_is_no_record_is_told_by_its_place_and_not_quoted() {
        for (whole, why) in [
            (&b"\"Sara Ali\""[..], "JSON of another shape, line 1, column 10"),
            (b"Sara Ali\n{}", "no JSON, line 1, column 1"),
        ] {
            assert_eq!(Record::unpacked(&gzip(whole)).unwrap_err().to_string(), why);
        }
    }

    #[test]
    fn damage_is_an_error_and_not_another_body() {
        let mut packed = record().packed(b"{}");
        packed[20] ^= 1;
        assert!(Record::unpacked(&packed).is_err(), "damaged bytes were taken for a record");
        assert_eq!(Encoding::undone("zip", vec![]).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
