//! The catalogue: one row per trigger.

use inlet::canonical::Kind::{
    Order, Product, PurchaseOrder, ReturnOrder, ReturnPurchaseOrder, Stock, Transfer,
};
use inlet::provider::catalogue::Documented::{Full, NameOnly, Partial};
use inlet::provider::catalogue::{Entity, EventSpec, Values};

use crate::canonical::{
    order, product, purchase_order, return_order, return_purchase_order, stock, transfer,
};

/// Products; some receivers expect `productid` for `id`.
pub(crate) const PRODUCT: Entity = &[&["id"], &["productid"], &["sku"]];

/// Orders; some receivers expect `orderid` for `id`. A number may repeat, so it counts only without an id.
pub(crate) const ORDER: Entity = &[&["id"], &["orderid"], &["number"]];

/// The other documents.
pub(crate) const DOCUMENT: Entity = &[&["id"], &["number"]];

/// Triggers whose kind is unknown.
pub(crate) const ANY: Entity = &[&["id"], &["orderid"], &["productid"], &["number"], &["sku"]];

/// The statuses of an order that turn a change into a cancellation, as word and as code.
const VOIDED: &[(&str, &str)] = &[("Voided", "cancelled"), ("2", "cancelled")];

/// The status of another document that does the same. ZORT documents no codes for them.
const VOIDED_WORD: &[(&str, &str)] = &[("Voided", "cancelled")];

/// An order's statuses as words and as codes (developers.zortout.com/api-reference/order), and the two words of
/// REST responses for the payment codes 3 and 4.
const STATUSES: Values = &[
    (
        "status",
        &[
            "0",
            "Pending",
            "1",
            "Success",
            "2",
            "Voided",
            "3",
            "Waiting",
            "4",
            "Returned",
            "5",
            "Packed",
            "6",
            "Shipping",
            "7",
            "Failed Shipment",
        ],
    ),
    (
        "paymentstatus",
        &[
            "0",
            "Pending",
            "1",
            "Paid",
            "2",
            "Voided",
            "3",
            "Partial",
            "Partial Payment",
            "4",
            "Overpaid",
            "Excess Payment",
        ],
    ),
];

/// The sentence about when a trigger is sent, with the condition that applies to all of them.
macro_rules! sent_when {
    ($occasion:literal) => {
        concat!(
            $occasion,
            " Not sent for a change that was made through ZORT's API with the webhook's own API key."
        )
    };
}

/// Every trigger. No readable body has a time that its event moves, so equal bodies are one event only within the retry
/// window. The rows without a readable page have the mapping of their kind too: REST's names are ZORT's only
/// vocabulary, and a field that the body lacks stays absent.
pub static EVENTS: &[EventSpec] = &[
    EventSpec::new("ADDPRODUCT", Product, "created")
        .sent_when(sent_when!("A product is created."))
        .entity(PRODUCT)
        .payload(Full, product),
    EventSpec::new("UPDATEPRODUCT", Product, "updated")
        .sent_when(sent_when!("A product is modified."))
        .entity(PRODUCT)
        .payload(Full, product),
    // The pages' name, and the name that a public receiver expects. No page documents which of them ZORT sends.
    EventSpec::new("UPDATEPRODUCTQUANTITY", Stock, "changed")
        .sent_when(sent_when!("The quantity of a product changes."))
        .aliases(&["UPDATEQUANTITY"])
        .entity(PRODUCT)
        .payload(Full, stock),
    EventSpec::new("DELETEPRODUCT", Product, "deleted")
        .sent_when(sent_when!("A product is deleted."))
        .entity(PRODUCT)
        .payload(Full, product),
    EventSpec::new("ADDORDER", Order, "created")
        .sent_when(sent_when!("An order is created."))
        .entity(ORDER)
        .closed_values(STATUSES)
        .payload(Partial, order),
    EventSpec::new("UPDATEORDER", Order, "")
        .sent_when(sent_when!(
            "An order is modified, or its status changes. A voided order is sent this way."
        ))
        .verb_from("status", VOIDED, "updated")
        .entity(ORDER)
        .closed_values(STATUSES)
        .payload(Partial, order),
    EventSpec::new("UPDATEORDERPAYMENT", Order, "payment_updated")
        .sent_when(sent_when!("The payments of an order change."))
        .entity(ORDER)
        .payload(NameOnly, order),
    EventSpec::new("UPDATEORDERTRACKING", Order, "tracking_updated")
        .sent_when(sent_when!("The tracking number of an order changes."))
        .entity(ORDER)
        .payload(NameOnly, order),
    EventSpec::new("DELETEORDER", Order, "deleted")
        .sent_when(sent_when!("An order is deleted."))
        .entity(ORDER)
        .closed_values(STATUSES)
        .payload(Partial, order),
    EventSpec::new("ADDPURCHASEORDER", PurchaseOrder, "created")
        .sent_when(sent_when!("A purchase order is created."))
        .entity(DOCUMENT)
        .payload(NameOnly, purchase_order),
    EventSpec::new("UPDATEPURCHASEORDER", PurchaseOrder, "")
        .sent_when(sent_when!("A purchase order is modified, or its status changes."))
        .verb_from("status", VOIDED_WORD, "updated")
        .entity(DOCUMENT)
        .payload(NameOnly, purchase_order),
    EventSpec::new("UPDATEPURCHASEORDERPAYMENT", PurchaseOrder, "payment_updated")
        .sent_when(sent_when!("The payments of a purchase order change."))
        .entity(DOCUMENT)
        .payload(NameOnly, purchase_order),
    EventSpec::new("DELETEPURCHASEORDER", PurchaseOrder, "deleted")
        .sent_when(sent_when!("A purchase order is deleted."))
        .entity(DOCUMENT)
        .payload(NameOnly, purchase_order),
    EventSpec::new("ADDRETURNORDER", ReturnOrder, "created")
        .sent_when(sent_when!("A return order is created: goods come back from a customer."))
        .entity(DOCUMENT)
        .payload(NameOnly, return_order),
    EventSpec::new("UPDATERETURNORDER", ReturnOrder, "")
        .sent_when(sent_when!("A return order is modified, or its status changes."))
        .verb_from("status", VOIDED_WORD, "updated")
        .entity(DOCUMENT)
        .payload(NameOnly, return_order),
    EventSpec::new("UPDATERETURNORDERPAYMENT", ReturnOrder, "payment_updated")
        .sent_when(sent_when!("The payments of a return order change."))
        .entity(DOCUMENT)
        .payload(NameOnly, return_order),
    EventSpec::new("DELETERETURNORDER", ReturnOrder, "deleted")
        .sent_when(sent_when!("A return order is deleted."))
        .entity(DOCUMENT)
        .payload(NameOnly, return_order),
    EventSpec::new("ADDRETURNPURCHASEORDER", ReturnPurchaseOrder, "created")
        .sent_when(sent_when!("A return purchase order is created: goods go back to a supplier."))
        .entity(DOCUMENT)
        .payload(NameOnly, return_purchase_order),
    EventSpec::new("UPDATERETURNPURCHASEORDER", ReturnPurchaseOrder, "")
        .sent_when(sent_when!("A return purchase order is modified, or its status changes."))
        .verb_from("status", VOIDED_WORD, "updated")
        .entity(DOCUMENT)
        .payload(NameOnly, return_purchase_order),
    EventSpec::new("UPDATERETURNPURCHASEORDERPAYMENT", ReturnPurchaseOrder, "payment_updated")
        .sent_when(sent_when!("The payments of a return purchase order change."))
        .entity(DOCUMENT)
        .payload(NameOnly, return_purchase_order),
    EventSpec::new("DELETERETURNPURCHASEORDER", ReturnPurchaseOrder, "deleted")
        .sent_when(sent_when!("A return purchase order is deleted."))
        .entity(DOCUMENT)
        .payload(NameOnly, return_purchase_order),
    EventSpec::new("ADDTRANSFER", Transfer, "created")
        .sent_when(sent_when!("A transfer between warehouses is created."))
        .entity(DOCUMENT)
        .payload(NameOnly, transfer),
    EventSpec::new("UPDATETRANSFER", Transfer, "")
        .sent_when(sent_when!("A transfer between warehouses changes."))
        .verb_from("status", VOIDED_WORD, "updated")
        .entity(DOCUMENT)
        .payload(NameOnly, transfer),
];
