//! The catalogue: one row a trigger.

use inlet::canonical::Kind::{
    Order, Product, PurchaseOrder, ReturnOrder, ReturnPurchaseOrder, Stock, Transfer,
};
use inlet::provider::catalogue::Documented::{Full, Partial};
use inlet::provider::catalogue::{Entity, Row, Values};

use crate::canonical::{order, product, stock};

/// Products; some receivers expect `productid` for `id`.
const PRODUCT: Entity = &[&["id"], &["productid"], &["sku"]];

/// Orders; some receivers expect `orderid` for `id`.
const ORDER: Entity = &[&["id"], &["orderid"], &["number"]];

/// Documents whose payload is not documented: what every documented one has.
const DOCUMENT: Entity = &[&["id"], &["number"]];

/// What nobody names.
pub(crate) const ANY: Entity = &[&["id"], &["orderid"], &["productid"], &["number"], &["sku"]];

/// A status that makes a change a void, as word or as code.
const VOIDED: &[(&str, &str)] = &[("Voided", "voided"), ("2", "voided")];

/// An order's states as words and as codes: developers.zortout.com/api-reference/order. Either comes.
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
    ("paymentstatus", &["0", "Pending", "1", "Paid", "2", "Voided", "3", "Partial", "4", "Overpaid"]),
];

/// Every trigger. None of the readable bodies carries a time that its event moves, so equal bodies are one event
/// within the retry window only.
pub static EVENTS: &[Row] = &[
    Row::new("ADDPRODUCT", Product, "created").entity(PRODUCT).payload(Full, product),
    Row::new("UPDATEPRODUCT", Product, "updated").entity(PRODUCT).payload(Full, product),
    // The pages' name, and the one that a public receiver matches; which is on the wire is not documented.
    Row::new("UPDATEPRODUCTQUANTITY", Stock, "changed")
        .also(&["UPDATEQUANTITY"])
        .entity(PRODUCT)
        .payload(Full, stock),
    Row::new("DELETEPRODUCT", Product, "deleted").entity(PRODUCT).payload(Full, product),
    Row::new("ADDORDER", Order, "created").entity(ORDER).listed(STATUSES).payload(Partial, order),
    // Also sent when the status changes; a void arrives this way.
    Row::new("UPDATEORDER", Order, "")
        .told_by("status", VOIDED, "updated")
        .entity(ORDER)
        .listed(STATUSES)
        .payload(Partial, order),
    Row::new("UPDATEORDERPAYMENT", Order, "payment_updated").entity(ORDER),
    Row::new("UPDATEORDERTRACKING", Order, "tracking_updated").entity(ORDER),
    Row::new("DELETEORDER", Order, "deleted").entity(ORDER).listed(STATUSES).payload(Partial, order),
    Row::new("ADDPURCHASEORDER", PurchaseOrder, "created").entity(DOCUMENT),
    Row::new("UPDATEPURCHASEORDER", PurchaseOrder, "updated").entity(DOCUMENT),
    Row::new("UPDATEPURCHASEORDERPAYMENT", PurchaseOrder, "payment_updated").entity(DOCUMENT),
    Row::new("DELETEPURCHASEORDER", PurchaseOrder, "deleted").entity(DOCUMENT),
    Row::new("ADDRETURNORDER", ReturnOrder, "created").entity(DOCUMENT),
    Row::new("UPDATERETURNORDER", ReturnOrder, "updated").entity(DOCUMENT),
    Row::new("UPDATERETURNORDERPAYMENT", ReturnOrder, "payment_updated").entity(DOCUMENT),
    Row::new("DELETERETURNORDER", ReturnOrder, "deleted").entity(DOCUMENT),
    Row::new("ADDRETURNPURCHASEORDER", ReturnPurchaseOrder, "created").entity(DOCUMENT),
    Row::new("UPDATERETURNPURCHASEORDER", ReturnPurchaseOrder, "updated").entity(DOCUMENT),
    Row::new("UPDATERETURNPURCHASEORDERPAYMENT", ReturnPurchaseOrder, "payment_updated").entity(DOCUMENT),
    Row::new("DELETERETURNPURCHASEORDER", ReturnPurchaseOrder, "deleted").entity(DOCUMENT),
    Row::new("ADDTRANSFER", Transfer, "created").entity(DOCUMENT),
    // The readable list of triggers ends above; the setting `updatetransferurl` is known.
    Row::new("UPDATETRANSFER", Transfer, "updated").entity(DOCUMENT).inferred(),
];
