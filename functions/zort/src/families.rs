//! Triggers that no page names, inferred from the way in which ZORT names its others: an action, an object, and
//! perhaps an aspect, as in `UPDATE` `ORDER` `PAYMENT`. ZORT's settings have URL fields for contacts and warehouses,
//! whose triggers no page names.

use inlet::canonical::Kind::{
    self, Customer, Order, Outlet, Product, PurchaseOrder, ReturnOrder, ReturnPurchaseOrder, Stock, Transfer,
};
use inlet::provider::catalogue::{Documented, Entity, EventSpec, Mapping};

use crate::canonical::{
    contact, order, product, purchase_order, return_order, return_purchase_order, stock, transfer, warehouse,
};
use crate::events::{DOCUMENT, ORDER, PRODUCT};

/// An object of ZORT's names.
struct Family {
    /// The word in a trigger's name.
    word: &'static str,
    kind: Kind,
    entity: Entity,
    mapping: Mapping,
}

impl Family {
    const fn new(word: &'static str, kind: Kind, entity: Entity, mapping: Mapping) -> Self {
        Self { word, kind, entity, mapping }
    }
}

/// A contact and a warehouse, which have a code.
const CODED: Entity = &[&["id"], &["code"]];

/// Every object. The URL fields of purchases and their returns lack `ORDER`.
static FAMILIES: &[Family] = &[
    Family::new("BUNDLE", Product, PRODUCT, product),
    Family::new("CONTACT", Customer, CODED, contact),
    Family::new("ORDER", Order, ORDER, order),
    Family::new("PRODUCT", Product, PRODUCT, product),
    Family::new("PRODUCTQUANTITY", Stock, PRODUCT, stock),
    Family::new("PRODUCTSTOCK", Stock, PRODUCT, stock),
    Family::new("STOCK", Stock, PRODUCT, stock),
    Family::new("PURCHASE", PurchaseOrder, DOCUMENT, purchase_order),
    Family::new("PURCHASEORDER", PurchaseOrder, DOCUMENT, purchase_order),
    Family::new("RETURNORDER", ReturnOrder, DOCUMENT, return_order),
    Family::new("RETURNPURCHASE", ReturnPurchaseOrder, DOCUMENT, return_purchase_order),
    Family::new("RETURNPURCHASEORDER", ReturnPurchaseOrder, DOCUMENT, return_purchase_order),
    Family::new("TRANSFER", Transfer, DOCUMENT, transfer),
    Family::new("WAREHOUSE", Outlet, CODED, warehouse),
];

/// The words in front of the object, each with its verb.
static ACTIONS: &[(&str, &str)] = &[
    ("ADD", "created"),
    ("CREATE", "created"),
    ("UPDATE", "updated"),
    ("EDIT", "updated"),
    ("DELETE", "deleted"),
    ("VOID", "cancelled"),
    ("CANCEL", "cancelled"),
];

/// The words behind the object, each with its verb. An aspect counts more than the action: adding a payment is a
/// change of the order's payments.
static ASPECTS: &[(&str, &str)] = &[
    ("PAYMENT", "payment_updated"),
    ("TRACKING", "tracking_updated"),
    ("STATUS", "status_changed"),
    ("CREATED", "created"),
    ("UPDATED", "updated"),
    ("DELETED", "deleted"),
    ("VOIDED", "cancelled"),
    ("CANCELED", "cancelled"),
    ("CANCELLED", "cancelled"),
];

/// The verb of a name with an aspect that is not known.
const OTHER: &str = "received";

/// Returns the row that a trigger of this name would have; nothing where its words are not ZORT's. Case and
/// separators are ignored.
pub(crate) fn infer(name: &str) -> Option<EventSpec> {
    let name: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    let action = ACTIONS.iter().find_map(|(word, verb)| Some((*verb, name.strip_prefix(word)?)));
    let (verb, object) = action.map_or((None, name.as_str()), |(verb, object)| (Some(verb), object));
    let fitting = FAMILIES.iter().filter(|family| object.starts_with(family.word));
    let family = fitting.max_by_key(|family| family.word.len())?;
    let aspect = object.strip_prefix(family.word)?;
    let known_aspect = ASPECTS.iter().find(|(word, _)| *word == aspect).map(|(_, verb)| *verb);
    let verb = match (known_aspect, verb) {
        _ if family.kind == Stock => "changed",
        (Some(verb), _) => verb,
        (None, Some(verb)) if aspect.is_empty() => verb,
        (None, Some(_)) => OTHER,
        // One word alone may be anything: `ORDERING` is no order.
        (None, None) => return None,
    };
    let spec = EventSpec::new(family.word, family.kind, verb).entity(family.entity);
    Some(spec.payload(Documented::NameOnly, family.mapping).inferred())
}
