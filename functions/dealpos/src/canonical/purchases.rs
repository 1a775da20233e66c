//! Purchase orders, which DealPOS also calls supplier bills.

use inlet::canonical::{Canonical, Direction, PurchaseOrder, State};
use inlet::personal::Personal;
use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson;
use serde_json::Value;

use super::lines::{LineBody, lines};
use super::people::Person;
use super::sales::{PaymentBody, payments};
use super::{actor, discounts, is_tax_included, money, parse_time, states};

inlet::payload! {
    /// A purchase order: /webhook/webhook/bill and /bill/purchaseorderrestored.md.
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
        /// The merchant's tag.
        tag: String = "Tag",
        /// The supplier.
        supplier: Person = "Supplier",
        /// The user who entered it.
        creator_id: String = "CreatorID",
        /// The user's name; not on the page.
        creator: Personal = "Creator",
        /// When it was entered.
        created: String = "Created",
        /// A percentage.
        discount1: Decimal = "Discount1",
        /// The document's discount in money.
        discount_amount: Decimal = "DiscountAmount",
        /// Before discounts.
        gross: Decimal = "Gross",
        /// All discounts in money.
        discount_total: Decimal = "DiscountTotal",
        /// After discounts and before tax.
        purchase: Decimal = "Purchase",
        /// An amount on the page about restored orders; "amount or percentage" on the page about created orders.
        tax: Decimal = "Tax",
        /// A percentage; not on the page.
        tax_rate: Decimal = "TaxRate",
        /// The name of the tax.
        tax_name: String = "TaxType",
        /// `Add` or `Include`.
        tax_calculation: String = "TaxCalculation",
        /// After tax.
        purchase_and_tax: Decimal = "PurchaseNTax",
        /// The list is not documented.
        delivery: String = "Delivery",
        /// `Paid`, `Partial` or `Unpaid`, as on invoices.
        payment: String = "Payment",
        /// `Yes` or `No`.
        void: bool = "Void",
        /// The caller's number.
        reference: String = "ReferenceNumber" | "PurchaseOrderNumber",
        /// A note.
        note: String = "Note",
        /// The goods.
        variants: Vec<LineBody> = "Variants",
        /// The payments to the supplier.
        payments: Vec<PaymentBody> = "Payments",
    }
}

/// Maps Purchase Order Created, and the events whose body no page shows. `Tax` may be an amount or a percentage there,
/// so it is left out.
pub(crate) fn created(payload: &Value) -> Option<Canonical> {
    let body = Bill::from_json(payload)?;
    Some(purchase_order(Bill { tax: None, ..body }).into())
}

/// Maps Purchase Order Restored, whose tax is an amount.
pub(crate) fn restored(payload: &Value) -> Option<Canonical> {
    Bill::from_json(payload).map(|body| purchase_order(body).into())
}

fn purchase_order(body: Bill) -> PurchaseOrder {
    let delivery_state = states::delivery(body.delivery.as_deref());
    PurchaseOrder {
        id: body.id,
        number: body.number,
        reference: body.reference,
        state: if body.void == Some(true) { Some(State::Cancelled) } else { delivery_state },
        payment_state: states::payment(body.payment.as_deref()),
        payment_status: body.payment,
        delivery_state,
        delivery_status: body.delivery,
        voided: body.void,
        channel: body.tag,
        outlet: body.outlet,
        supplier: body.supplier.and_then(Person::party),
        creator: actor(body.creator_id, body.creator),
        subtotal: money(body.gross),
        discount: money(body.discount_total),
        discounts: discounts([body.discount1, None], body.discount_amount),
        net: money(body.purchase),
        tax: money(body.tax),
        tax_rate: body.tax_rate,
        tax_name: body.tax_name,
        tax_included: is_tax_included(body.tax_calculation.as_deref()),
        total: money(body.purchase_and_tax),
        note: body.note,
        lines: lines(body.variants),
        payments: payments(body.payments, Direction::Out),
        placed_at: parse_time(body.date.as_deref()),
        due_at: parse_time(body.due_date.as_deref()),
        created_at: parse_time(body.created.as_deref()),
        ..PurchaseOrder::default()
    }
}
