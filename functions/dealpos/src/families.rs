//! Events that no page names: the stored groups Outlet, Invoice Write Off and Supplier Bill Write Off could not be
//! read, and others are cut. A name of a known family tells the kind, its end tells what happened.

use inlet::canonical::Kind::{
    self, Adjustment, Coupon, Customer, Loyalty, Order, Outlet, Payment, Product, PurchaseOrder, Shift,
    Shipment, Supplier, Transfer,
};
use inlet::provider::catalogue::EventSpec;

use crate::events::ANY;

/// How the names of a kind begin: the ids and the groups of the pages. The longest that fits counts.
static FAMILIES: &[(&str, Kind)] = &[
    ("adjustment", Adjustment),
    ("bill", PurchaseOrder),
    ("billPayment", Payment),
    ("coupon", Coupon),
    ("customer", Customer),
    ("inboundLogistic", Shipment),
    ("invoice", Order),
    ("invoicePayment", Payment),
    ("invoiceWriteOff", Payment),
    ("loyalty", Loyalty),
    ("outboundLogistic", Shipment),
    ("outlet", Outlet),
    ("payment", Payment),
    ("product", Product),
    ("productVariant", Product),
    ("purchaseOrder", PurchaseOrder),
    ("salesOrder", Order),
    ("shift", Shift),
    ("supplier", Supplier),
    ("supplierBill", PurchaseOrder),
    ("supplierBillPayment", Payment),
    ("supplierBillWriteOff", Payment),
    ("transferOrder", Transfer),
];

/// How names end, and what happened then.
static ENDINGS: &[(&str, &str)] = &[
    ("Created", "created"),
    ("Updated", "updated"),
    ("Deleted", "deleted"),
    ("Restored", "restored"),
    ("Erased", "erased"),
    ("Complete", "completed"),
    ("Completed", "completed"),
    ("WriteOff", "written_off"),
    ("WrittenOff", "written_off"),
    ("Close", "closed"),
    ("Closed", "closed"),
    ("Opened", "opened"),
];

/// What happened when the name's end tells nothing.
const UNTOLD: &str = "received";

/// The row that a name would have; nothing when it begins like none that is known. Case is ignored.
pub(crate) fn inferred(topic: &str) -> Option<EventSpec> {
    let fitting = FAMILIES.iter().filter(|(name, _)| begins(topic, name));
    let (family, kind) = fitting.max_by_key(|(name, _)| name.len())?;
    let ending = ENDINGS.iter().find(|(end, _)| ends(topic, end));
    let verb = ending.map_or(UNTOLD, |(_, verb)| verb);
    Some(EventSpec::new(family, *kind, verb).entity(ANY).inferred())
}

fn begins(topic: &str, name: &str) -> bool {
    topic.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name))
}

fn ends(topic: &str, end: &str) -> bool {
    let at = topic.len().checked_sub(end.len());
    at.and_then(|at| topic.get(at..)).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}
