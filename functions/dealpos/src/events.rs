//! The catalogue: one row an event, in the order of DealPOS's groups.
//!
//! No page shows an event's name on the wire. The ids are those of the pages' titles and addresses, and the user
//! puts them at the end of the URL that is registered for the event.

use inlet::canonical::Kind::{
    self, Adjustment, Coupon, Customer, Loyalty, Order, Payment, Product, PurchaseOrder, Shift, Shipment,
    Supplier, Transfer,
};
use inlet::provider::catalogue::Documented::{Full, NameOnly, Partial};
use inlet::provider::catalogue::{Entity, EventSpec, Values};

use crate::canonical::{goods, payments, people, products, purchases, sales, till};

/// Documents have an id; where a page leaves it out, an outlet's number.
const DOCUMENT: Entity = &[&["ID"], &["Outlet", "Number"], &["Number"]];

/// Things and people have an id or, as customers and suppliers always, the merchant's code.
const CODED: Entity = &[&["ID"], &["Code"]];

/// Questions have a code at the most. Phone and e-mail would name a person in every key.
const CODE: Entity = &[&["Code"]];

/// Where no page shows the body: all of these.
pub(crate) const ANY: Entity = &[&["ID"], &["Outlet", "Number"], &["Number"], &["Code"]];

/// The points of a customer: the till waits for the answer.
pub(crate) const FETCH_LOYALTY_POINTS: &str = "fetchLoyaltyPoints";

/// A coupon of somebody else's: the till waits for the answer.
pub(crate) const VALIDATE_COUPON: &str = "validateCoupon";

/// Whether a sale is void, and how its tax is calculated.
const SALE: Values = &[("Void", &["Yes", "No"]), TAX];

/// How tax is calculated: added to the prices, or included in them.
const TAX: (&str, &[&str]) = ("TaxCalculation", &["Add", "Include"]);

/// How far a sale was delivered: the page breaks its list off.
const DELIVERY: Values = &[("Delivery", &["Sent", "Unsent"])];

/// Every event that a page names.
pub static EVENTS: &[EventSpec] = &[
    row("productCreated", Product, "created", CODED).payload(Partial, products::product),
    row("productUpdated", Product, "updated", CODED).payload(Partial, products::product),
    row("productDeleted", Product, "deleted", ANY).payload(NameOnly, products::product),
    row("productVariantCreated", Product, "created", ANY).payload(NameOnly, products::variant),
    row("productVariantUpdated", Product, "updated", CODED).payload(Full, products::variant),
    // `Created` is set once and by this event.
    row("invoiceCreated", Order, "created", DOCUMENT)
        .timestamp("Created")
        .closed_values(SALE)
        .open_values(DELIVERY)
        .payload(Partial, sales::invoice),
    row("invoiceDeleted", Order, "deleted", ANY).payload(NameOnly, sales::invoice),
    row("invoiceErased", Order, "erased", ANY).payload(NameOnly, sales::invoice),
    row("customerCreated", Customer, "created", CODED).payload(Full, people::customer),
    // Its page is cut behind the names; that it has the code is presumed.
    row("customerDeleted", Customer, "deleted", CODED).payload(Partial, people::customer),
    row("supplierCreated", Supplier, "created", CODED).payload(Full, people::supplier),
    row("supplierDeleted", Supplier, "deleted", CODED).payload(Full, people::supplier),
    row("purchaseOrderCreated", PurchaseOrder, "created", DOCUMENT).payload(Partial, purchases::created),
    row("purchaseOrderRestored", PurchaseOrder, "restored", DOCUMENT)
        .closed_values(&[TAX])
        .payload(Partial, purchases::restored),
    // Its title says created; it comes when the order is completed.
    row("transferOrderCreated", Transfer, "completed", DOCUMENT).payload(Full, goods::transfer),
    row("transferOrderDeleted", Transfer, "deleted", ANY).payload(NameOnly, goods::transfer),
    row("outboundLogisticComplete", Shipment, "completed", DOCUMENT).payload(Partial, goods::outbound),
    row("inboundLogisticComplete", Shipment, "completed", DOCUMENT).payload(Partial, goods::inbound),
    row("adjustmentCreated", Adjustment, "created", DOCUMENT).payload(Partial, goods::adjustment),
    row("paymentCreated", Payment, "created", DOCUMENT).payload(Full, payments::received),
    row("paymentDeleted", Payment, "deleted", DOCUMENT).payload(Full, payments::received),
    row("paymentUpdated", Payment, "updated", DOCUMENT).payload(Full, payments::received),
    row("paymentWriteoff", Payment, "written_off", DOCUMENT).payload(Full, payments::written_off),
    row("supplierBillPaymentCreated", Payment, "created", DOCUMENT).payload(Full, payments::paid),
    row("supplierBillPaymentDeleted", Payment, "deleted", DOCUMENT).payload(Partial, payments::paid),
    // The oldest page calls it Cashier Shift Closed.
    row("closeShift", Shift, "closed", DOCUMENT)
        .aliases(&["cashierShiftClosed"])
        .timestamp("Close")
        .payload(Full, till::shift),
    row(FETCH_LOYALTY_POINTS, Loyalty, "requested", CODE).payload(Full, till::points_question),
    row("loyaltyPointOnOrderComplete", Loyalty, "order_completed", DOCUMENT)
        .payload(Partial, till::points_sale),
    // Its title says created; it comes when the order is converted to an invoice.
    row("salesOrderCreated", Order, "converted", DOCUMENT)
        .closed_values(SALE)
        .open_values(DELIVERY)
        .payload(Partial, sales::invoice),
    row("salesOrderUpdated", Order, "updated", DOCUMENT)
        .closed_values(SALE)
        .open_values(DELIVERY)
        .payload(Partial, sales::invoice),
    row(VALIDATE_COUPON, Coupon, "validation_requested", CODE).payload(Partial, till::coupon_question),
];

const fn row(event: &'static str, kind: Kind, verb: &'static str, entity: Entity) -> EventSpec {
    EventSpec::new(event, kind, verb).entity(entity)
}
