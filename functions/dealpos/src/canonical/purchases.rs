//! Purchase orders, which DealPOS also calls supplier bills.

use inlet::canonical::{Canonical, PurchaseOrder};
use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson;
use serde_json::Value;

use super::goods::{GoodsLine, lines};
use super::people::Person;
use super::{at, money};

inlet::payload! {
    /// A purchase order: /webhook/webhook/bill and /bill/purchaseorderrestored.md. What `Payments` holds is not
    /// readable.
    struct Bill {
        /// A GUID.
        id: String = "ID",
        /// The outlet's name.
        outlet: String = "Outlet",
        /// The document's number.
        number: String = "Number",
        /// The document's day, written as its midnight.
        date: String = "Date",
        /// Empty where there is none.
        due_date: String = "DueDate",
        /// Who sells.
        supplier: Person = "Supplier",
        /// When it was entered.
        created: String = "Created",
        /// Before discounts.
        gross: Decimal = "Gross",
        /// All discounts.
        discount_total: Decimal = "DiscountTotal",
        /// An amount on the page of the restored one; "amount or percentage" on that of the created one.
        tax: Decimal = "Tax",
        /// After tax.
        purchase_and_tax: Decimal = "PurchaseNTax",
        /// The list is not documented.
        delivery: String = "Delivery",
        /// The goods.
        variants: Vec<GoodsLine> = "Variants",
    }
}

/// Purchase Order Created, whose tax may be an amount or a percentage: it is left out.
pub(crate) fn created(payload: &Value) -> Option<Canonical> {
    let body = Bill::from_json(payload)?;
    Some(purchase_order(Bill { tax: None, ..body }).into())
}

/// Purchase Order Restored, whose tax is an amount.
pub(crate) fn restored(payload: &Value) -> Option<Canonical> {
    Bill::from_json(payload).map(|body| purchase_order(body).into())
}

fn purchase_order(body: Bill) -> PurchaseOrder {
    PurchaseOrder {
        id: body.id,
        number: body.number,
        delivery_status: body.delivery,
        outlet: body.outlet,
        supplier: body.supplier.and_then(Person::party),
        subtotal: money(body.gross),
        discount: money(body.discount_total),
        tax: money(body.tax),
        total: money(body.purchase_and_tax),
        lines: lines(body.variants),
        placed_at: at(body.date.as_deref()),
        due_at: at(body.due_date.as_deref()),
        created_at: at(body.created.as_deref()),
        ..PurchaseOrder::default()
    }
}
