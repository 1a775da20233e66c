//! Events that no page names: the pages of the groups Outlet, Invoice Write Off and Supplier Bill Write Off could not
//! be read, and others are cut. The beginning of a name gives the kind, its end gives the verb, and the body is read
//! as that of the kind's readable events.

use inlet::canonical::Kind::{
    self, Adjustment, Coupon, Customer, Loyalty, Order, Outlet, Payment, Product, PurchaseOrder, Shift,
    Shipment, Supplier, Transfer,
};
use inlet::provider::catalogue::Mapping;
use inlet::provider::families::{Families, Family};

use crate::canonical::{goods, payments, people, products, purchases, sales, till};
use crate::events::ANY;

/// The beginnings of names: the ids and the groups of the pages.
pub(crate) const FAMILIES: Families = Families {
    families: &[
        family("adjustment", Adjustment, goods::adjustment),
        family("bill", PurchaseOrder, purchases::created),
        family("billPayment", Payment, payments::paid),
        family("coupon", Coupon, till::coupon_question),
        family("customer", Customer, people::customer),
        family("inboundLogistic", Shipment, goods::inbound),
        family("invoice", Order, sales::invoice),
        family("invoicePayment", Payment, payments::received),
        family("invoiceWriteOff", Payment, payments::written_off),
        family("loyalty", Loyalty, till::points_sale),
        family("outboundLogistic", Shipment, goods::outbound),
        family("outlet", Outlet, people::outlet),
        family("payment", Payment, payments::received),
        family("product", Product, products::product),
        family("productVariant", Product, products::variant),
        family("purchaseOrder", PurchaseOrder, purchases::created),
        family("salesOrder", Order, sales::invoice),
        family("shift", Shift, till::shift),
        family("supplier", Supplier, people::supplier),
        family("supplierBill", PurchaseOrder, purchases::created),
        family("supplierBillPayment", Payment, payments::paid),
        family("supplierBillWriteOff", Payment, payments::written_off),
        family("transferOrder", Transfer, goods::transfer),
    ],
    verbs: &[("WriteOff", "written_off"), ("WrittenOff", "written_off")],
    leading: &["open", "close"],
};

const fn family(name: &'static str, kind: Kind, mapping: Mapping) -> Family {
    Family { name, kind, entity: ANY, mapping: Some(mapping) }
}
