//! The entity out of a body: bare or inside a wrapper. And what a body looks like that names no event.

use inlet::canonical::Kind::{self, App, Cart, Category, Customer, Order, Product, Subscription};
use inlet::provider::catalogue::{Entity, EventSpec, entity_id, find, text_at};
use serde_json::Value;

use crate::EVENTS;

/// What an entity may be wrapped in. The page on carts shows `abandoned_cart`; the others are tolerance.
const WRAPPERS: [&str; 7] = ["order", "abandoned_cart", "product", "customer", "category", "data", "cart"];

/// Names of fields that together show what an object is; one such group is enough. From the first kind to the
/// last: orders hold much of what shows the others, and customers little that others do not have.
const SIGNS: &[(Kind, &[&[&str]])] = &[
    (Order, &[&["order_status"], &["invoice_number"], &["order_total"]]),
    (Cart, &[&["phase", "cart_total"]]),
    (Product, &[&["sku", "html_url"], &["sku", "stocks"], &["sku", "structure"]]),
    (Category, &[&["flat_name"], &["sub_categories"]]),
    (Customer, &[&["order_counts"], &["pivotMobile"], &["email", "mobile"], &["email", "telephone"]]),
    (App, &[&["app_id"]]),
    (Subscription, &[&["app_id"]]),
];

/// The ids of anything that Zid sends.
const ANY_ID: Entity = &[&["id"], &["app_id", "store_id"]];

/// The object that an event of this row is about: the outermost one with the signs of its kind, else the
/// outermost one with an id, else the body. An order holds a `customer`, so no wrapper is taken off unseen.
pub(crate) fn entity<'b>(body: &'b Value, row: &EventSpec) -> &'b Value {
    let shows = |object: &&Value| SIGNS.iter().any(|(kind, signs)| *kind == row.kind && has(object, signs));
    let named = |object: &&Value| entity_id(object, row.entity).is_some();
    objects(body).find(shows).or_else(|| objects(body).find(named)).unwrap_or(body)
}

/// The outermost id.
pub(crate) fn id(body: &Value) -> Option<Vec<String>> {
    objects(body).find_map(|object| entity_id(object, ANY_ID))
}

/// The row, with an unknown verb, of what the body looks like; nothing when it looks like nothing known.
pub(crate) fn resembled(body: &Value) -> Option<&'static EventSpec> {
    let shown = |object| SIGNS.iter().find(|(_, signs)| has(object, signs)).map(|(kind, _)| kind.as_str());
    // What has an id of its own is no wrapper: what it holds is its parts.
    let is_wrapper = text_at(body, "id").is_none();
    let inside = |(name, object)| find(EVENTS, shown(object).unwrap_or(name));
    match shown(body) {
        Some(kind) => find(EVENTS, kind),
        None => wrapped(body).filter(|_| is_wrapper).find_map(inside),
    }
}

/// The body, then what is wrapped in it.
fn objects(body: &Value) -> impl Iterator<Item = &Value> {
    std::iter::once(body).chain(wrapped(body).map(|(_, object)| object))
}

fn wrapped(body: &Value) -> impl Iterator<Item = (&'static str, &Value)> {
    let inner =
        |name: &'static str| body.get(name).filter(|inner| inner.is_object()).map(|inner| (name, inner));
    WRAPPERS.into_iter().filter_map(inner)
}

fn has(object: &Value, signs: &[&[&str]]) -> bool {
    signs.iter().any(|group| group.iter().all(|field| object.get(field).is_some()))
}
