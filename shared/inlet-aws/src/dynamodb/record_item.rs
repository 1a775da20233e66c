//! The attributes of an event's item: a record, less what the item's key and its time of arrival say, and less defaults.
//!
//! | attribute | if it is absent |
//! |---|---|
//! | `id` | the partition key, a slash, and the sort key without `event/` |
//! | `received` | `received_ms` as RFC 3339 |
//! | `inferred`, `moves_latest` | false |
//! | `origin` | `webhook` |
//! | `method` | `POST` |
//! | `query` | empty |
//! | `headers` | `content-type: application/json` alone |
//! | `content` | the event's id alone decides about duplicates |
//!
//! The first releases wrote all of them, and the hashes as text. Such items stay readable.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use inlet::event::EventId;
use inlet::received_at::ReceivedAt;
use inlet::value::json::JsonError;
use serde_json::{Map, Value, json};

use crate::dynamodb::attributes::{self, Item, bytes, number, number_value, text, text_value};
use crate::dynamodb::keys::{EVENT_PREFIX, event_key};
use crate::dynamodb::record::{Origin, Record, hex};

/// Stored data, as every name of an attribute here: the value must stay.
pub(crate) const SHA256: &str = "sha256";

const METHOD: &str = "POST";
const CONTENT_TYPE: (&str, &str) = ("content-type", "application/json");

/// Returns the item of a record: its key and its attributes.
pub(crate) fn to_item(record: &Record, id: &EventId) -> Item {
    let key = event_key(id);
    let mut item = Item::with_capacity(MOST_ATTRIBUTES);
    let mut set = |name: &str, value: AttributeValue| {
        item.insert(name.to_owned(), value);
    };
    set("pk", AttributeValue::S(key.pk));
    set("sk", AttributeValue::S(key.sk));
    set("type", text_value(&record.event_type));
    set("canonical_type", text_value(&record.canonical_type));
    set("received_ms", number_value(record.received_ms));
    set("trust", text_value(&record.trust));
    set("attempt", text_value(&record.attempt));
    set("size", AttributeValue::N(record.size.to_string()));
    set(SHA256, hash_value(&record.sha256));
    for (name, text) in [("time", &record.time), ("supersedes", &record.supersedes), ("topic", &record.topic)]
    {
        if let Some(text) = text {
            set(name, text_value(text));
        }
    }
    if let Some(window_ms) = record.window_ms {
        set("window_ms", number_value(window_ms));
    }
    for (name, is_set) in [("inferred", record.inferred), ("moves_latest", record.updates_latest)] {
        if is_set {
            set(name, AttributeValue::Bool(true));
        }
    }
    // Only these events are compared by their content.
    if record.window_ms.is_some() || record.updates_latest {
        set("content", text_value(&record.content));
    }
    if record.origin != Origin::Webhook {
        set("origin", text_value(record.origin.as_str()));
    }
    if record.method != METHOD {
        set("method", text_value(&record.method));
    }
    if !record.query.is_empty() {
        set("query", text_value(&record.query));
    }
    if !has_usual_headers(&record.headers) {
        let named = record.headers.iter().map(|(name, value)| (name.clone(), text_value(value)));
        set("headers", AttributeValue::M(named.collect::<HashMap<_, _>>()));
    }
    item
}

/// The number of attributes that an event's item has at most, with those of its place in the index and of its bytes.
const MOST_ATTRIBUTES: usize = 32;

fn has_usual_headers(headers: &BTreeMap<String, String>) -> bool {
    let (name, value) = CONTENT_TYPE;
    headers.len() == 1 && headers.get(name).is_some_and(|stored| stored == value)
}

/// Reads the record of an event's item.
///
/// # Errors
/// If the attributes are not those of a record. The error contains no values.
pub(crate) fn from_item(item: &Item) -> Result<Record, JsonError> {
    let mut fields = match attributes::to_json(item) {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    let (content_type, value) = CONTENT_TYPE;
    let defaults = [
        ("id", id_text(item).map(Value::String)),
        ("received", received(item).map(Value::String)),
        ("inferred", Some(json!(false))),
        ("origin", Some(json!(Origin::Webhook.as_str()))),
        ("method", Some(json!(METHOD))),
        ("query", Some(json!(""))),
        ("headers", Some(json!({ content_type: value }))),
        ("content", Some(json!(""))),
        (SHA256, hash(item, SHA256).map(Value::String)),
    ];
    for (name, value) in defaults {
        if let (false, Some(value)) = (fields.contains_key(name), value) {
            fields.insert(name.to_owned(), value);
        }
    }
    serde_json::from_value(Value::Object(fields)).map_err(JsonError::from)
}

/// Returns the time of arrival of an event's item, RFC 3339; `None` if it has none.
pub(crate) fn received(item: &Item) -> Option<String> {
    let written = text(item, "received").map(str::to_owned);
    written.or_else(|| Some(ReceivedAt::from_millis(number(item, "received_ms")?)?.to_string()))
}

/// Returns the origin of an event's item, as the table contains it.
pub(crate) fn origin(item: &Item) -> &str {
    text(item, "origin").unwrap_or_else(|| Origin::Webhook.as_str())
}

fn id_text(item: &Item) -> Option<String> {
    Some(format!("{}/{}", text(item, "pk")?, text(item, "sk")?.strip_prefix(EVENT_PREFIX)?))
}

/// Returns the attribute of a hash in hex: its bytes, which take half of the room. Anything else stays text.
pub(crate) fn hash_value(digits: &str) -> AttributeValue {
    let byte = |at: usize| u8::from_str_radix(digits.get(at..at.saturating_add(2))?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
    match bytes {
        Some(bytes) if hex(&bytes) == digits => AttributeValue::B(Blob::new(bytes)),
        _ => text_value(digits),
    }
}

/// Returns a hash in hex, stored as bytes or as text.
pub(crate) fn hash(item: &Item, name: &str) -> Option<String> {
    text(item, name).map(str::to_owned).or_else(|| bytes(item, name).map(hex))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "zid/riyadh/order/8/0123456789abcdef";

    fn record() -> Record {
        let received_at = ReceivedAt::from_millis(1_749_715_272_345).unwrap();
        Record {
            id: ID.into(),
            event_type: "order.create".into(),
            canonical_type: "commerce.order.created".into(),
            inferred: false,
            time: None,
            received_ms: received_at.millis(),
            received: received_at.to_string(),
            origin: Origin::Webhook,
            trust: "signed".into(),
            attempt: "a".into(),
            content: String::new(),
            window_ms: None,
            updates_latest: false,
            supersedes: None,
            method: "POST".into(),
            topic: None,
            query: String::new(),
            headers: BTreeMap::from([("content-type".into(), "application/json".into())]),
            size: 2,
            sha256: "00ff".repeat(16),
        }
    }

    fn item(record: &Record) -> Item {
        to_item(record, &EventId::parse(ID).unwrap())
    }

    fn names(item: &Item) -> Vec<&str> {
        let mut names: Vec<&str> = item.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn an_ordinary_event_has_no_default_and_no_copy_of_its_key() {
        let usual = item(&record());
        let expected = "attempt canonical_type pk received_ms sha256 size sk trust type";
        assert_eq!(names(&usual), expected.split(' ').collect::<Vec<_>>());
        assert_eq!(from_item(&usual).unwrap(), record());
        assert_eq!(bytes(&usual, SHA256).map(<[u8]>::len), Some(32), "a hash is stored as bytes");
    }

    #[test]
    fn an_item_with_every_attribute_as_text_reads_the_same() {
        let expected = Record { content: "c".into(), ..record() };
        let mut old = attributes::to_item(&expected);
        old.extend(event_key(&EventId::parse(ID).unwrap()).into_item());
        for name in ["id", "received", "inferred", "origin", "method", "query", "headers", "content"] {
            assert!(old.contains_key(name), "the old layout has {name}");
        }
        assert_eq!(from_item(&old).unwrap(), expected);
    }

    #[test]
    fn an_event_without_headers_is_not_one_with_the_usual_headers() {
        let bare = Record { headers: BTreeMap::new(), ..record() };
        assert_eq!(from_item(&item(&bare)).unwrap(), bare);
    }

    #[test]
    fn a_record_without_its_arrival_is_an_error() {
        let mut item = item(&record());
        item.remove("received_ms");
        assert_eq!(from_item(&item).unwrap_err().to_string(), "JSON of another shape");
        assert_eq!(received(&item), None);
    }

    prop_compose! {
        fn any_record()(
            texts in prop::array::uniform4(".{0,12}"), options in prop::array::uniform3(prop::option::of(".{0,12}")),
            flags: (bool, bool), window_ms in prop::option::of(0_i64..1_000_000), size: u32,
            headers in prop::collection::btree_map("[a-z-]{1,12}", ".{0,12}", 0..4),
            origin in prop::sample::select(vec![
                Origin::Webhook, Origin::Fallback, Origin::Quarantine, Origin::Reconciled,
            ]),
            sha256 in prop_oneof!["[0-9a-f]{64}", ".{0,12}"],
        ) -> Record {
            let [attempt, method, query, content] = texts;
            let [time, topic, supersedes] = options;
            let (inferred, updates_latest) = flags;
            let is_compared = window_ms.is_some() || updates_latest;
            Record {
                attempt, method, query, time, topic, supersedes, inferred, updates_latest, window_ms, headers, origin,
                content: if is_compared { content } else { String::new() },
                size: usize::try_from(size).unwrap(),
                sha256,
                ..record()
            }
        }
    }

    proptest! {
        #[test]
        fn a_record_survives_its_item(record in any_record()) {
            prop_assert_eq!(from_item(&item(&record)).unwrap(), record);
        }
    }
}
