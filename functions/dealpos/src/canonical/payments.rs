//! Payments of invoices and bills, and write-offs, which move no money.

use inlet::canonical::{Canonical, Direction, Payment, Purpose};
use inlet::personal::Personal;
use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson;
use serde_json::Value;

use super::people::Named;
use super::{actor, money, parse_time};

inlet::payload! {
    /// A payment or a write-off: /webhook/webhook/invoice-payment and /bill-payment. The fields behind `TagID` are
    /// the REST page's of write-offs.
    struct Body {
        /// The payment's id.
        id: String = "ID",
        /// The invoice that is paid.
        invoice_id: String = "InvoiceID",
        /// The bill that is paid.
        bill_id: String = "BillID",
        /// The outlet's name.
        outlet: String = "Outlet",
        /// The number of the invoice or bill.
        number: String = "Number",
        /// The amount.
        amount: Decimal = "Amount",
        /// Such as Cash.
        method: String = "Method",
        /// A day; on bill payments a day's midnight.
        date: String = "Date" | "date",
        /// A day; on bill payments a time with seven digits of fraction.
        created: String = "Created",
        /// The user's name.
        creator: Personal = "Creator" | "CreatedBy",
        /// The user's id.
        creator_id: String = "CreatorID",
        /// The tag of a write-off.
        tag_id: String = "TagID",
        /// An approval or voucher code.
        code: String = "Code" | "PaymentCode",
        /// A note.
        note: String = "Note" | "PaymentNote",
        /// The reason of a write-off.
        reason: String = "Reason",
        /// The customer.
        customer: Named = "Customer",
    }
}

/// Maps Payment Created, Updated and Deleted: the merchant receives.
pub(crate) fn received(payload: &Value) -> Option<Canonical> {
    let payment = payment(payload)?;
    Some(Payment { direction: Some(Direction::In), purpose: Some(Purpose::Payment), ..payment }.into())
}

/// Maps Supplier Bill Payment Created and Deleted: the merchant pays.
pub(crate) fn paid(payload: &Value) -> Option<Canonical> {
    let payment = payment(payload)?;
    Some(Payment { direction: Some(Direction::Out), purpose: Some(Purpose::Payment), ..payment }.into())
}

/// Maps the write-off events: no money moved.
pub(crate) fn written_off(payload: &Value) -> Option<Canonical> {
    let payment = payment(payload)?;
    let processed_at = payment.paid_at;
    Some(Payment { purpose: Some(Purpose::WriteOff), paid_at: None, processed_at, ..payment }.into())
}

fn payment(payload: &Value) -> Option<Payment> {
    let body = Body::from_json(payload)?;
    Some(Payment {
        id: body.id,
        order_id: body.invoice_id.or_else(|| body.bill_id.clone()),
        purchase_order_id: body.bill_id,
        number: body.number,
        reference: body.code,
        amount: money(body.amount),
        method: body.method,
        outlet: body.outlet,
        customer: body.customer.and_then(|customer| customer.party(None)),
        creator: actor(body.creator_id, body.creator),
        note: body.note,
        reason: body.reason,
        reason_id: body.tag_id,
        paid_at: parse_time(body.date.as_deref()),
        created_at: parse_time(body.created.as_deref()),
        ..Payment::default()
    })
}
