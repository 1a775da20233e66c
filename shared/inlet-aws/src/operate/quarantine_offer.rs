//! The proof that a quarantined request offered, masked: the names and lengths of its headers and query parameters. A
//! value may be a store's real secret, so no value leaves this module.

use inlet::fault::Fault;
use inlet::request::{Fields, Plus};
use inlet::store::StoreName;

use crate::dynamodb::attributes;
use crate::dynamodb::dynamo::Key;
use crate::dynamodb::quarantine::{Note, partition};
use crate::dynamodb::table::Table;
use crate::operate::quarantine_list::{QuarantinedDelivery, read};

/// A quarantined request with what it offered as proof, masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantinedOffer {
    /// The request.
    pub delivery: QuarantinedDelivery,
    /// Its headers, in the order of arrival.
    pub headers: Vec<MaskedValue>,
    /// The parameters of its query, in the order of arrival.
    pub parameters: Vec<MaskedValue>,
}

/// A name, and the length of its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskedValue {
    /// The name, as it was sent.
    pub name: String,
    /// Number of characters of the value.
    pub characters: usize,
}

/// Returns a quarantined request of a store by its key; `None` if there is none, for example because it has expired.
///
/// # Errors
/// If the table cannot be read, or the item is damaged.
pub async fn quarantined_offer(
    table: &Table,
    (provider, store): (&str, &StoreName),
    key: &str,
) -> Result<Option<QuarantinedOffer>, Fault> {
    let Some(item) = table.dynamo.get(Key::new(partition(provider, store), key)).await? else {
        return Ok(None);
    };
    let Some(delivery) = read(&item) else { return Ok(None) };
    let note: Note = attributes::read(&item)
        .map_err(|error| Fault::damaged("the quarantined request is damaged", error))?;
    let masked =
        |name: &str, value: &str| MaskedValue { name: name.to_owned(), characters: value.chars().count() };
    let headers = note.headers.iter().map(|(name, value)| masked(name, value)).collect();
    let parameters = Fields::parse(note.query.as_bytes(), Plus::Literal);
    let parameters = parameters
        .iter()
        .map(|(name, value)| masked(&String::from_utf8_lossy(name), &String::from_utf8_lossy(value)))
        .collect();
    Ok(Some(QuarantinedOffer { delivery, headers, parameters }))
}
