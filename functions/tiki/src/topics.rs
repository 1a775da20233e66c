//! The topics: only the URL and the body's shape distinguish them. Three have a URL and a key of their
//! own; no page shows a URL or a key for the last mile's topics.

use inlet::provider::catalogue::{Entity, entity_id, text_at};
use inlet::secret::Secret;
use serde_json::Value;

use crate::Credential;

/// A topic.
pub(crate) struct Topic {
    /// The last part of its URL, and the name of its event or events.
    name: &'static str,
    /// The key that signs it; `None` if none is documented.
    key: Option<fn(&Credential) -> Option<&Secret>>,
    /// Fields that only its bodies have, in any of these ways. Inferred from the documented fields.
    shape: Entity,
    /// The field that distinguishes its events, if it has more than one.
    kind_field: Option<&'static str>,
}

static TOPICS: [Topic; 5] = [
    Topic {
        name: "order",
        key: Some(|store| store.order.as_ref()),
        shape: &[&["main_state"]],
        kind_field: None,
    },
    Topic {
        name: "stock",
        key: Some(|store| store.stock.as_ref()),
        shape: &[&["qty_salable"], &["sku", "warehouse"]],
        kind_field: None,
    },
    Topic {
        name: "aftersale",
        key: Some(|store| store.aftersale.as_ref()),
        shape: &[&["type", "status"]],
        kind_field: Some("type"),
    },
    Topic { name: "lastmile.shipment", key: None, shape: &[&["tracking_id", "status"]], kind_field: None },
    Topic { name: "lastmile.fee", key: None, shape: &[&["fee_key"]], kind_field: None },
];

impl Topic {
    /// Returns true if a key of one of these topics proves a body of this topic. No page names a key for the last-mile
    /// topics, so every key proves them.
    pub(crate) fn is_proved_by(&self, scopes: &[&str]) -> bool {
        self.key.is_none() || scopes.contains(&self.name)
    }

    /// Returns the name of the event that a body of this topic shows: `order`, or `aftersale.cr`.
    pub(crate) fn event(&self, payload: &Value) -> String {
        let kind = self.kind_field.and_then(|field| text_at(payload, field));
        let word = kind.as_deref().map(str::trim).filter(|word| !word.is_empty());
        word.map_or_else(|| self.name.to_owned(), |word| format!("{}.{word}", self.name))
    }
}

/// Returns the keys that may have signed a delivery to this URL, each with its topic: the topic's own key, or any where
/// the URL names no topic.
pub(crate) fn keys<'c>(
    topic: Option<&str>,
    store: &'c Credential,
) -> impl Iterator<Item = (&'static str, &'c Secret)> {
    let named = named(topic);
    let may_sign = move |topic: &&Topic| named.is_none_or(|named| named.name == topic.name);
    TOPICS.iter().filter(may_sign).filter_map(|topic| Some((topic.name, topic.key?(store)?)))
}

/// Returns the topic of a delivery: the URL's, if the body has its shape or the shape of no topic; else the topic whose
/// shape the body has.
///
/// A body that comes to another topic's URL is found by its shape too. Its topic's key must prove it:
/// [`Topic::is_proved_by`].
pub(crate) fn find_topic(topic: Option<&str>, payload: &Value) -> Option<&'static Topic> {
    let has_shape = |topic: &&Topic| entity_id(payload, topic.shape).is_some();
    let named = named(topic);
    named.filter(|topic| has_shape(topic)).or_else(|| TOPICS.iter().find(has_shape)).or(named)
}

/// Returns the topic that the URL names, if it is one with a URL of its own.
pub(crate) fn named(topic: Option<&str>) -> Option<&'static Topic> {
    let is_named = |known: &&Topic| topic.is_some_and(|topic| known.name.eq_ignore_ascii_case(topic.trim()));
    TOPICS.iter().filter(|topic| topic.key.is_some()).find(is_named)
}
