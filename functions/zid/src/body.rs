//! The entity in a body, with or without wrappers; and the kind of a body that names no event.

use inlet::canonical::Kind::{self, App, Cart, Category, Customer, Order, Product, Subscription};
use inlet::provider::catalogue::{Entity, EventSpec, entity_id, find, text_at};
use serde_json::Value;

use crate::EVENTS;

/// The wrappers that name the kind of object in them. The page on carts shows `abandoned_cart`; Zid's API shows
/// `order`, `orders`, `customer` and `categories`, which holds one category; receivers accept the others.
const NAMED_WRAPPERS: [(&str, Kind); 8] = [
    ("order", Order),
    ("orders", Order),
    ("abandoned_cart", Cart),
    ("cart", Cart),
    ("product", Product),
    ("customer", Customer),
    ("category", Category),
    ("categories", Category),
];

/// The wrappers whose names do not show the kind of their content. No object of Zid's has a field of these names.
const PLAIN_WRAPPERS: [&str; 2] = ["data", "payload"];

/// The wrappers that may be nested. Receivers have seen two.
const MAX_DEPTH: usize = 3;

/// Fields that together show the kind of an object; one group is enough. In the order in which they are tried: orders
/// have many fields of the others, and customers have few that others do not have.
const SIGNS: &[(Kind, &[&[&str]])] = &[
    (Order, &[&["order_status"], &["invoice_number"], &["order_total"]]),
    (Cart, &[&["phase", "cart_total"]]),
    (Product, &[&["sku", "html_url"], &["sku", "stocks"], &["sku", "structure"]]),
    (Category, &[&["flat_name"], &["sub_categories"]]),
    (Customer, &[&["order_counts"], &["pivotMobile"], &["email", "mobile"], &["email", "telephone"]]),
    (App, &[&["app_id"]]),
    (Subscription, &[&["app_id"]]),
];

/// The ids of any of Zid's objects.
const ANY_ID: Entity = &[&["id"], &["app_id", "store_id"]];

/// Returns the object that an event of this row is about:
///
/// 1. the outermost one with the signs of the row's kind;
/// 2. else the innermost one with an id, because an envelope's own id is not the entity's;
/// 3. else the body.
///
/// Only wrappers that can hold the row's kind are opened: an order has a field `customer`, a product a `category`.
pub(crate) fn entity<'b>(body: &'b Value, row: &EventSpec) -> &'b Value {
    let objects = unwrapped(body, row.kind);
    let has_signs =
        |object: &&&Value| SIGNS.iter().any(|(kind, signs)| *kind == row.kind && has(object, signs));
    let has_id = |object: &&&Value| entity_id(object, row.entity).is_some();
    objects.iter().find(has_signs).or_else(|| objects.iter().rfind(has_id)).copied().unwrap_or(body)
}

/// Returns the id in a body of an unknown event: the innermost one inside plain wrappers.
pub(crate) fn id(body: &Value) -> Option<Vec<String>> {
    unwrapped(body, Kind::Unknown).iter().rev().find_map(|object| entity_id(object, ANY_ID))
}

/// Returns the row, with an unknown verb, of the kind whose fields the body has.
pub(crate) fn spec_by_shape(body: &Value) -> Option<&'static EventSpec> {
    kind_of(body, MAX_DEPTH).and_then(|kind| find(EVENTS, shape_row(kind)))
}

/// Returns the name of the row for deliveries that are known by their shape alone.
fn shape_row(kind: Kind) -> &'static str {
    match kind {
        Cart => "abandoned_cart",
        other => other.as_str(),
    }
}

/// Returns the kind that an object's fields show, else the kind that a wrapper in it shows. An object with an id is not
/// such a wrapper: an order's `customer` is a part of the order.
fn kind_of(object: &Value, depth: usize) -> Option<Kind> {
    if let Some((kind, _)) = SIGNS.iter().find(|(_, signs)| has(object, signs)) {
        return Some(*kind);
    }
    let below = depth.checked_sub(1)?;
    let in_plain = || PLAIN_WRAPPERS.iter().find_map(|name| kind_of(inside(object, name)?, below));
    let in_named = || {
        NAMED_WRAPPERS.iter().find_map(|(name, kind)| {
            let inner = inside(object, name)?;
            Some(kind_of(inner, below).unwrap_or(*kind))
        })
    };
    let is_wrapper = text_at(object, "id").is_none();
    in_plain().or_else(|| is_wrapper.then(in_named).flatten())
}

/// Returns the body and the objects in it, from the outermost to the innermost, through wrappers that can hold an
/// object of this kind.
fn unwrapped(body: &Value, kind: Kind) -> Vec<&Value> {
    let of_kind = NAMED_WRAPPERS.iter().filter(|(_, held)| *held == kind).map(|(name, _)| *name);
    let wrappers: Vec<&str> = of_kind.chain(PLAIN_WRAPPERS).collect();
    let mut objects = vec![body];
    let mut innermost = body;
    for _ in 0..MAX_DEPTH {
        let Some(inner) = wrappers.iter().find_map(|name| inside(innermost, name)) else {
            break;
        };
        objects.push(inner);
        innermost = inner;
    }
    objects
}

/// Returns the object in a wrapper. A list of one object counts as the object.
fn inside<'b>(object: &'b Value, name: &str) -> Option<&'b Value> {
    let inner = object.get(name)?;
    let only = || match inner.as_array().map(Vec::as_slice) {
        Some([only]) => Some(only),
        _ => None,
    };
    Some(inner).filter(|inner| inner.is_object()).or_else(|| only().filter(|only| only.is_object()))
}

fn has(object: &Value, signs: &[&[&str]]) -> bool {
    signs.iter().any(|group| group.iter().all(|field| object.get(field).is_some()))
}
