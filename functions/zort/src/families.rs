//! Triggers that no page names. ZORT names them as an action, an object and perhaps an aspect: `UPDATE` `ORDER`
//! `PAYMENT`. Its settings have URL fields for contacts and warehouses, whose triggers no page names.

use inlet::canonical::Kind::{
    self, Customer, Order, Outlet, Product, PurchaseOrder, ReturnOrder, ReturnPurchaseOrder, Stock, Transfer,
};
use inlet::provider::catalogue::{Entity, Mapping};
use inlet::provider::families::{Families, Family};

use crate::canonical::{
    contact, order, product, purchase_order, return_order, return_purchase_order, stock, transfer, warehouse,
};
use crate::events::{DOCUMENT, ORDER, PRODUCT};

/// A contact and a warehouse, which have a code.
const CODED: Entity = &[&["id"], &["code"]];

/// The objects, actions and aspects of ZORT's names. The URL fields of purchases and their returns lack `ORDER`.
pub(crate) const FAMILIES: Families = Families {
    families: &[
        family("BUNDLE", Product, PRODUCT, product),
        family("CONTACT", Customer, CODED, contact),
        family("ORDER", Order, ORDER, order),
        family("PRODUCT", Product, PRODUCT, product),
        family("PRODUCTQUANTITY", Stock, PRODUCT, stock),
        family("PRODUCTSTOCK", Stock, PRODUCT, stock),
        family("PURCHASE", PurchaseOrder, DOCUMENT, purchase_order),
        family("PURCHASEORDER", PurchaseOrder, DOCUMENT, purchase_order),
        family("RETURNORDER", ReturnOrder, DOCUMENT, return_order),
        family("RETURNPURCHASE", ReturnPurchaseOrder, DOCUMENT, return_purchase_order),
        family("RETURNPURCHASEORDER", ReturnPurchaseOrder, DOCUMENT, return_purchase_order),
        family("STOCK", Stock, PRODUCT, stock),
        family("TRANSFER", Transfer, DOCUMENT, transfer),
        family("WAREHOUSE", Outlet, CODED, warehouse),
    ],
    // An aspect counts more than the action: adding a payment changes the payments of an order.
    verbs: &[("PAYMENT", "payment_updated"), ("TRACKING", "tracking_updated"), ("STATUS", "status_changed")],
    leading: &["ADD", "CREATE", "UPDATE", "EDIT", "DELETE", "VOID", "CANCEL"],
};

const fn family(name: &'static str, kind: Kind, entity: Entity, mapping: Mapping) -> Family {
    Family { name, kind, entity, mapping: Some(mapping) }
}
