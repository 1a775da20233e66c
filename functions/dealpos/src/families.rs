//! Events that no page names: the pages of the groups Outlet, Invoice Write Off and Supplier Bill Write Off could not
//! be read, and others are cut. The beginning of a name gives the kind, its end gives the verb, and the body is read
//! as that of the kind's readable events.

use inlet::canonical::Kind::{
    self, Adjustment, Coupon, Customer, Loyalty, Order, Outlet, Payment, Product, PurchaseOrder, Shift,
    Shipment, Supplier, Transfer,
};
use inlet::provider::catalogue::{Documented, EventSpec, Mapping};

use crate::canonical::{goods, payments, people, products, purchases, sales, till};
use crate::events::ANY;

/// How the names of a kind begin: the ids and the groups of the pages. The longest that fits counts.
static FAMILIES: &[(&str, Kind, Mapping)] = &[
    ("adjustment", Adjustment, goods::adjustment),
    ("bill", PurchaseOrder, purchases::created),
    ("billPayment", Payment, payments::paid),
    ("coupon", Coupon, till::coupon_question),
    ("customer", Customer, people::customer),
    ("inboundLogistic", Shipment, goods::inbound),
    ("invoice", Order, sales::invoice),
    ("invoicePayment", Payment, payments::received),
    ("invoiceWriteOff", Payment, payments::written_off),
    ("loyalty", Loyalty, till::points_sale),
    ("outboundLogistic", Shipment, goods::outbound),
    ("outlet", Outlet, people::outlet),
    ("payment", Payment, payments::received),
    ("product", Product, products::product),
    ("productVariant", Product, products::variant),
    ("purchaseOrder", PurchaseOrder, purchases::created),
    ("salesOrder", Order, sales::invoice),
    ("shift", Shift, till::shift),
    ("supplier", Supplier, people::supplier),
    ("supplierBill", PurchaseOrder, purchases::created),
    ("supplierBillPayment", Payment, payments::paid),
    ("supplierBillWriteOff", Payment, payments::written_off),
    ("transferOrder", Transfer, goods::transfer),
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
    let fitting = FAMILIES.iter().filter(|(name, ..)| begins(topic, name));
    let (family, kind, mapping) = fitting.max_by_key(|(name, ..)| name.len())?;
    let ending = ENDINGS.iter().find(|(end, _)| ends(topic, end));
    let verb = ending.map_or(UNTOLD, |(_, verb)| verb);
    Some(EventSpec::new(family, *kind, verb).entity(ANY).payload(Documented::NameOnly, *mapping).inferred())
}

fn begins(topic: &str, name: &str) -> bool {
    topic.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name))
}

fn ends(topic: &str, end: &str) -> bool {
    let at = topic.len().checked_sub(end.len());
    at.and_then(|at| topic.get(at..)).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}
