//! The catalogue: one row per event, in the order of DealPOS's groups.
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

/// Questions have at most a code. With phone or e-mail, every key would contain personal data.
const CODE: Entity = &[&["Code"]];

/// Where no page shows the body: all of these.
pub(crate) const ANY: Entity = &[&["ID"], &["Outlet", "Number"], &["Number"], &["Code"]];

/// The points of a customer: the till waits for the response.
pub(crate) const FETCH_LOYALTY_POINTS: &str = "fetchLoyaltyPoints";

/// A coupon of another issuer: the till waits for the response.
pub(crate) const VALIDATE_COUPON: &str = "validateCoupon";

/// The state of a sale (void or not), and the calculation of its tax.
const SALE: Values = &[("Void", &["Yes", "No"]), TAX];

/// The calculation of tax: added to the prices, or included in them.
const TAX: (&str, &[&str]) = ("TaxCalculation", &["Add", "Include"]);

/// The delivery state of a sale: the page's list is cut.
const DELIVERY: Values = &[("Delivery", &["Sent", "Unsent"])];

/// Every event that a page names.
pub static EVENTS: &[EventSpec] = &[
    row("productCreated", Product, "created", CODED)
        .sent_when("A product was created.")
        .payload(Partial, products::product),
    row("productUpdated", Product, "updated", CODED)
        .sent_when("A product was changed.")
        .payload(Partial, products::product),
    row("productDeleted", Product, "deleted", ANY)
        .sent_when("A product was deleted.")
        .payload(NameOnly, products::product),
    row("productVariantCreated", Product, "created", ANY)
        .sent_when("A variant of a product was created.")
        .payload(NameOnly, products::variant),
    row("productVariantUpdated", Product, "updated", CODED)
        .sent_when("A variant of a product was changed.")
        .payload(Full, products::variant),
    // `Created` is set once and by this event.
    row("invoiceCreated", Order, "created", DOCUMENT)
        .sent_when("An invoice was created.")
        .timestamp("Created")
        .closed_values(SALE)
        .open_values(DELIVERY)
        .payload(Partial, sales::invoice),
    row("invoiceDeleted", Order, "deleted", ANY)
        .sent_when("An invoice was deleted.")
        .payload(NameOnly, sales::invoice),
    row("invoiceErased", Order, "erased", ANY)
        .sent_when("An invoice was deleted for ever.")
        .payload(NameOnly, sales::invoice),
    row("customerCreated", Customer, "created", CODED)
        .sent_when("A customer was created in the menu Sell or in the menu Contacts.")
        .payload(Full, people::customer),
    // Its page is cut behind the names; the code is presumed.
    row("customerDeleted", Customer, "deleted", CODED)
        .sent_when("A customer was deleted in the menu Contacts.")
        .payload(Partial, people::customer),
    row("supplierCreated", Supplier, "created", CODED)
        .sent_when("A supplier was created.")
        .payload(Full, people::supplier),
    row("supplierDeleted", Supplier, "deleted", CODED)
        .sent_when("A supplier was deleted.")
        .payload(Full, people::supplier),
    row("purchaseOrderCreated", PurchaseOrder, "created", DOCUMENT)
        .sent_when("A purchase order was completed in the menu Buy.")
        .payload(Partial, purchases::created),
    row("purchaseOrderRestored", PurchaseOrder, "restored", DOCUMENT)
        .sent_when("A deleted purchase order was restored.")
        .closed_values(&[TAX])
        .payload(Partial, purchases::restored),
    // The title is "created"; DealPOS sends it when the order is completed.
    row("transferOrderCreated", Transfer, "completed", DOCUMENT)
        .sent_when("A transfer order was completed. (The title says created.)")
        .payload(Full, goods::transfer),
    row("transferOrderDeleted", Transfer, "deleted", ANY)
        .sent_when("A transfer order was deleted, by its name: the page could not be read.")
        .payload(NameOnly, goods::transfer),
    row("outboundLogisticComplete", Shipment, "completed", DOCUMENT)
        .sent_when("Goods were sent to a customer: Send Outbound Logistic was completed.")
        .payload(Partial, goods::outbound),
    row("inboundLogisticComplete", Shipment, "completed", DOCUMENT)
        .sent_when("Goods of a supplier were received: Receive Inbound Logistic was completed.")
        .payload(Partial, goods::inbound),
    row("adjustmentCreated", Adjustment, "created", DOCUMENT)
        .sent_when("A correction of the stock was created.")
        .payload(Partial, goods::adjustment),
    row("paymentCreated", Payment, "created", DOCUMENT)
        .sent_when("A payment of an invoice was entered.")
        .payload(Full, payments::received),
    row("paymentDeleted", Payment, "deleted", DOCUMENT)
        .sent_when("A payment of an invoice was deleted.")
        .payload(Full, payments::received),
    row("paymentUpdated", Payment, "updated", DOCUMENT)
        .sent_when("A payment of an invoice was changed.")
        .payload(Full, payments::received),
    row("paymentWriteoff", Payment, "written_off", DOCUMENT)
        .sent_when("A customer's debt was written off: no money moved.")
        .payload(Full, payments::written_off),
    row("supplierBillPaymentCreated", Payment, "created", DOCUMENT)
        .sent_when("A payment to a supplier was completed.")
        .payload(Full, payments::paid),
    row("supplierBillPaymentDeleted", Payment, "deleted", DOCUMENT)
        .sent_when("A payment to a supplier was deleted.")
        .payload(Partial, payments::paid),
    // The oldest page calls it Cashier Shift Closed.
    row("closeShift", Shift, "closed", DOCUMENT)
        .sent_when("A cashier closed the shift.")
        .aliases(&["cashierShiftClosed"])
        .timestamp("Close")
        .payload(Full, till::shift),
    row(FETCH_LOYALTY_POINTS, Loyalty, "requested", CODE)
        .sent_when("The till shows a customer's points. It waits for the response.")
        .payload(Full, till::points_question),
    row("loyaltyPointOnOrderComplete", Loyalty, "order_completed", DOCUMENT)
        .sent_when("A sale was completed that may earn points. The till waits for the response.")
        .payload(Partial, till::points_sale),
    // The title is "created"; DealPOS sends it when the order is converted to an invoice.
    row("salesOrderCreated", Order, "converted", DOCUMENT)
        .sent_when("A sales order was converted to an invoice. (The title says created.)")
        .closed_values(SALE)
        .open_values(DELIVERY)
        .payload(Partial, sales::invoice),
    row("salesOrderUpdated", Order, "updated", DOCUMENT)
        .sent_when("A sales order was changed.")
        .closed_values(SALE)
        .open_values(DELIVERY)
        .payload(Partial, sales::invoice),
    row(VALIDATE_COUPON, Coupon, "validation_requested", CODE)
        .sent_when("A cashier entered a coupon of an external app. The till waits for the response.")
        .payload(Partial, till::coupon_question),
];

const fn row(event: &'static str, kind: Kind, verb: &'static str, entity: Entity) -> EventSpec {
    EventSpec::new(event, kind, verb).entity(entity)
}
