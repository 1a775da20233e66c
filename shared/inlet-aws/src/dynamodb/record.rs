//! The record of an event: its fields in the table, and the form in which a fallback message contains it.

use std::collections::BTreeMap;
use std::io;

pub use inlet::event::Origin;
use inlet::event::{DedupScope, Event, EventId};
use inlet::receive::{MAX_BODY_LEN, WriteToken};
use inlet::value::json::JsonError;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

// Not by the crate's path: the fuzz targets include this file without the AWS SDK.
use super::gzip::{Effort, gunzip, gzip};

/// All fields of a stored event except body and message. The field names are stored data, in fallback messages and in
/// the table: a rename needs `#[serde(rename)]`. An event's item leaves out what its key and defaults say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The event's id.
    pub id: String,
    /// The provider's name of the event.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The message's type.
    pub canonical_type: String,
    /// True if kind and verb were inferred from the provider's naming, without documentation.
    pub inferred: bool,
    /// The time in the body, RFC 3339; absent if the body has none, or one without a time zone.
    pub time: Option<String>,
    /// The time of arrival: milliseconds since 1970 UTC.
    pub received_ms: i64,
    /// The time of arrival, RFC 3339.
    pub received: String,
    /// The origin: a webhook, a fallback message, the quarantine, or the provider's own API.
    pub origin: Origin,
    /// The trust in the delivery: what verified it.
    pub trust: String,
    /// The invocation that wrote it.
    pub attempt: String,
    /// The SHA-256 of store, event type, query and body, in hex. Empty if it was read from the item of an event whose id
    /// alone decides about duplicates: the id's digest is the beginning of it.
    pub content: String,
    /// The time within which an equal delivery is the same event, in milliseconds; absent if it always is.
    pub window_ms: Option<i64>,
    /// True if the event updates `latest`: it shows a new state of an entity that has events with a retry window.
    #[serde(rename = "moves_latest", default)]
    pub updates_latest: bool,
    /// The id under which the same delivery was stored first, before it got a later arrival.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<String>,
    /// The HTTP method.
    pub method: String,
    /// The last part of the path.
    pub topic: Option<String>,
    /// The query string, less the parameters that carry a credential.
    pub query: String,
    /// The headers that the provider's deliveries are stored with.
    pub headers: BTreeMap<String, String>,
    /// The body's length in bytes.
    pub size: usize,
    /// The body's SHA-256, in hex.
    pub sha256: String,
}

impl Record {
    /// The record of an event.
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
            supersedes: event.supersedes().map(EventId::to_string),
            method: delivery.method().as_str().to_owned(),
            topic: delivery.topic().map(str::to_owned),
            query: delivery.query().to_owned(),
            headers: delivery
                .headers()
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
            size: body.len(),
            sha256: sha256_hex(body),
        }
    }

    /// Returns the record and the body as one value: a line of JSON, then the body, compressed. A fallback message
    /// contains it.
    pub fn packed(&self, body: &[u8]) -> Vec<u8> {
        #[expect(clippy::expect_used, reason = "every field is text or a number")]
        let mut whole = serde_json::to_vec(self).expect("a record can be written as JSON");
        whole.push(b'\n');
        whole.extend_from_slice(body);
        gzip(&whole, Effort::Thorough)
    }

    /// Reads the record and the body from the result of [`Record::packed`].
    ///
    /// # Errors
    /// If the bytes have another form, or are longer than a body and a record can be.
    pub fn unpacked(packed: &[u8]) -> io::Result<(Self, Vec<u8>)> {
        let whole = gunzip(packed, MAX_WHOLE_LEN)?;
        let mut halves = whole.splitn(2, |&byte| byte == b'\n');
        let record = serde_json::from_slice(halves.next().unwrap_or_default());
        let record =
            record.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, JsonError::from(error)))?;
        Ok((record, halves.next().unwrap_or_default().to_vec()))
    }
}

/// Maximum size of a decompressed fallback message: the largest body, and a record before it. API Gateway accepts
/// 10,240 bytes of request line and headers, and JSON escapes make them at most six times as long. Without a limit, a
/// message that decompresses to a thousand times its size would fill a function's memory.
const MAX_WHOLE_LEN: usize = MAX_BODY_LEN + 256 * 1024;

/// Returns the SHA-256 of bytes, in hex.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Returns bytes as lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
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
            supersedes: None,
            method: "POST".into(),
            topic: None,
            query: "a=\n".into(),
            headers: BTreeMap::new(),
            size: 0,
            sha256: String::new(),
        }
    }

    #[test]
    fn the_names_of_a_records_fields_are_those_of_stored_data() {
        let record = Record { time: Some("t".into()), topic: Some("t".into()), ..record() };
        let json = serde_json::to_value(record).unwrap();
        let mut names: Vec<&String> = json.as_object().unwrap().keys().collect();
        names.sort();
        let stored = "attempt canonical_type content headers id inferred method moves_latest origin query received \
                      received_ms sha256 size time topic trust type window_ms";
        assert_eq!(names, stored.split_whitespace().collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn a_record_and_its_body_survive_packing(body: Vec<u8>, times in 0_usize..40) {
            let body = body.repeat(times);
            let packed = record().packed(&body);
            prop_assert_eq!(Record::unpacked(&packed).unwrap(), (record(), body));
        }
    }

    #[test]
    fn the_largest_body_unpacks_and_a_larger_one_is_an_error() {
        let packed = record().packed(&vec![b' '; MAX_BODY_LEN]);
        assert_eq!(Record::unpacked(&packed).unwrap().1.len(), MAX_BODY_LEN);
        let refused = Record::unpacked(&record().packed(&vec![b' '; MAX_WHOLE_LEN])).unwrap_err();
        assert_eq!(refused.to_string(), "it decompresses to more bytes than are allowed");
    }

    #[test]
    fn an_error_names_the_place_and_does_not_quote_the_record() {
        for (whole, why) in [
            (&b"\"Sara Ali\""[..], "JSON of another shape, line 1, column 10"),
            (b"Sara Ali\n{}", "no JSON, line 1, column 1"),
        ] {
            assert_eq!(Record::unpacked(&gzip(whole, Effort::Fast)).unwrap_err().to_string(), why);
        }
    }

    #[test]
    fn damaged_bytes_are_an_error() {
        let mut packed = record().packed(b"{}");
        packed[20] ^= 1;
        assert!(Record::unpacked(&packed).is_err(), "damaged bytes were read as a record");
    }
}
