//! The catalogue: one row a trigger.

use inlet::canonical::Kind::{
    Order, Product, PurchaseOrder, ReturnOrder, ReturnPurchaseOrder, Stock, Transfer,
};
use inlet::provider::catalogue::Documented::{Full, Partial};
use inlet::provider::catalogue::{Entity, EventSpec, Values};

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
pub static EVENTS: &[EventSpec] = &[
    EventSpec::new("ADDPRODUCT", Product, "created").entity(PRODUCT).payload(Full, product),
    EventSpec::new("UPDATEPRODUCT", Product, "updated").entity(PRODUCT).payload(Full, product),
    // The pages' name, and the one that a public receiver matches; which is on the wire is not documented.
    EventSpec::new("UPDATEPRODUCTQUANTITY", Stock, "changed")
        .aliases(&["UPDATEQUANTITY"])
        .entity(PRODUCT)
        .payload(Full, stock),
    EventSpec::new("DELETEPRODUCT", Product, "deleted").entity(PRODUCT).payload(Full, product),
    EventSpec::new("ADDORDER", Order, "created")
        .entity(ORDER)
        .closed_values(STATUSES)
        .payload(Partial, order),
    // Also sent when the status changes; a void arrives this way.
    EventSpec::new("UPDATEORDER", Order, "")
        .verb_from("status", VOIDED, "updated")
        .entity(ORDER)
        .closed_values(STATUSES)
        .payload(Partial, order),
    EventSpec::new("UPDATEORDERPAYMENT", Order, "payment_updated").entity(ORDER),
    EventSpec::new("UPDATEORDERTRACKING", Order, "tracking_updated").entity(ORDER),
    EventSpec::new("DELETEORDER", Order, "deleted")
        .entity(ORDER)
        .closed_values(STATUSES)
        .payload(Partial, order),
    EventSpec::new("ADDPURCHASEORDER", PurchaseOrder, "created").entity(DOCUMENT),
    EventSpec::new("UPDATEPURCHASEORDER", PurchaseOrder, "updated").entity(DOCUMENT),
    EventSpec::new("UPDATEPURCHASEORDERPAYMENT", PurchaseOrder, "payment_updated").entity(DOCUMENT),
    EventSpec::new("DELETEPURCHASEORDER", PurchaseOrder, "deleted").entity(DOCUMENT),
    EventSpec::new("ADDRETURNORDER", ReturnOrder, "created").entity(DOCUMENT),
    EventSpec::new("UPDATERETURNORDER", ReturnOrder, "updated").entity(DOCUMENT),
    EventSpec::new("UPDATERETURNORDERPAYMENT", ReturnOrder, "payment_updated").entity(DOCUMENT),
    EventSpec::new("DELETERETURNORDER", ReturnOrder, "deleted").entity(DOCUMENT),
    EventSpec::new("ADDRETURNPURCHASEORDER", ReturnPurchaseOrder, "created").entity(DOCUMENT),
    EventSpec::new("UPDATERETURNPURCHASEORDER", ReturnPurchaseOrder, "updated").entity(DOCUMENT),
    EventSpec::new("UPDATERETURNPURCHASEORDERPAYMENT", ReturnPurchaseOrder, "payment_updated")
        .entity(DOCUMENT),
    EventSpec::new("DELETERETURNPURCHASEORDER", ReturnPurchaseOrder, "deleted").entity(DOCUMENT),
    EventSpec::new("ADDTRANSFER", Transfer, "created").entity(DOCUMENT),
    // The readable list of triggers ends above; the setting `updatetransferurl` is known.
    EventSpec::new("UPDATETRANSFER", Transfer, "updated").entity(DOCUMENT).inferred(),
];
