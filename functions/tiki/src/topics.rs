//! The three topics: each has a URL, a key and a shape of its own. Nothing else tells them apart.

use inlet::provider::catalogue::{Entity, entity_id, text_at};
use inlet::secret::Secret;
use serde_json::Value;

use crate::Credential;

/// A topic.
pub(crate) struct Topic {
    /// The last part of its URL.
    name: &'static str,
    /// The key that signs it.
    key: fn(&Credential) -> Option<&Secret>,
    /// Fields that only its bodies have, in any of these ways. Inferred from the documented fields.
    shape: Entity,
    /// The field that tells its events apart, where it has more than one.
    told_by: Option<&'static str>,
}

static TOPICS: [Topic; 3] = [
    Topic { name: "order", key: |store| store.order.as_ref(), shape: &[&["main_state"]], told_by: None },
    Topic {
        name: "stock",
        key: |store| store.stock.as_ref(),
        shape: &[&["qty_salable"], &["sku", "warehouse"]],
        told_by: None,
    },
    Topic {
        name: "aftersale",
        key: |store| store.aftersale.as_ref(),
        shape: &[&["type", "status"]],
        told_by: Some("type"),
    },
];

impl Topic {
    /// The name of the event that a body of this topic tells: `order`, or `aftersale.cr`.
    pub(crate) fn event(&self, payload: &Value) -> String {
        let told = self.told_by.and_then(|field| text_at(payload, field));
        let word = told.as_deref().map(str::trim).filter(|word| !word.is_empty());
        word.map_or_else(|| self.name.to_owned(), |word| format!("{}.{word}", self.name))
    }
}

/// The keys that may have signed a delivery to this URL: the topic's own, or any where the URL names no topic.
pub(crate) fn keys<'c>(topic: Option<&str>, store: &'c Credential) -> impl Iterator<Item = &'c Secret> {
    let named = named(topic);
    let may_sign = move |topic: &&Topic| named.is_none_or(|named| named.name == topic.name);
    TOPICS.iter().filter(may_sign).filter_map(|topic| (topic.key)(store))
}

/// The topic that the URL names, else the one that the body shows.
pub(crate) fn of(topic: Option<&str>, payload: &Value) -> Option<&'static Topic> {
    named(topic).or_else(|| TOPICS.iter().find(|topic| entity_id(payload, topic.shape).is_some()))
}

fn named(topic: Option<&str>) -> Option<&'static Topic> {
    TOPICS.iter().find(|known| topic.is_some_and(|topic| known.name.eq_ignore_ascii_case(topic.trim())))
}
