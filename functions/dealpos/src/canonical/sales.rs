//! Invoices and sales orders, what is paid on them and on bills, and the shift that takes it.

use inlet::canonical::{Canonical, Discount, Order, Payment, Shift};
use inlet::personal::Personal;
use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson;
use serde_json::Value;

use super::people::Person;
use super::{at, money};

inlet::payload! {
    /// An invoice: /webhook/webhook/invoice and /sales-order. What `Variants`, `OutboundLogistics`, `Payments` and
    /// `OrderFulfillmentRecipient` hold is not readable.
    struct Invoice {
        /// A GUID; missing in one example of the sales orders' page.
        id: String = "ID",
        /// The outlet's name.
        outlet: String = "Outlet",
        /// The document's number.
        number: String = "Number",
        /// The day of the transaction, written as its midnight.
        date: String = "Date",
        /// The year one where there is none.
        due_date: String = "DueDate",
        /// The sales channel. It replaces the older `SalesType`.
        tag: String = "Tag" | "SalesType",
        /// Who buys; may be `{}`.
        customer: Person = "Customer",
        /// Seconds with a fraction, without a zone.
        created: String = "Created",
        /// Before discounts.
        gross: Decimal = "Gross",
        /// All discounts.
        discount_total: Decimal = "DiscountTotal",
        /// The amount of tax.
        tax: Decimal = "Tax",
        /// Such as a card's fee.
        surcharge: Decimal = "Surcharge",
        /// After tax. (What is between, `Sales`, is after discounts and before tax.)
        sales_and_tax: Decimal = "SalesNTax",
        /// The coupon's code.
        coupon: String = "Coupon",
        /// A note.
        note: String = "Note",
        /// `Sent`, `Unsent`, and more that is not documented.
        delivery: String = "Delivery",
        /// `Yes` or `No`.
        void: bool = "Void",
        /// The merchant's reference.
        reference: String = "ReferenceNumber",
    }
    /// Money for an invoice or for a bill: /webhook/webhook/invoice-payment and /bill-payment.
    struct PaymentBody {
        /// The payment's id.
        id: String = "ID",
        /// What is paid.
        paid_id: String = "InvoiceID" | "BillID",
        /// The outlet's name.
        outlet: String = "Outlet",
        /// The transaction's number.
        number: String = "Number",
        /// How much.
        amount: Decimal = "Amount",
        /// Such as Cash.
        method: String = "Method",
        /// A day; on bill payments a day's midnight.
        date: String = "Date",
        /// A day; on bill payments a time with seven digits of fraction.
        created: String = "Created",
    }
    /// A cashier's shift: /webhook/webhook/shift. Its `Session`, on newer pages, says the same in other words.
    struct ShiftBody {
        /// A GUID.
        id: String = "ID",
        /// The outlet's name.
        outlet: String = "Outlet",
        /// The till's name.
        register: String = "Register",
        /// The cashier's name.
        cashier: Personal = "Cashier",
        /// The document's number; may begin with `/`.
        number: String = "Number",
        /// Without a zone.
        open: String = "Open",
        /// With an offset.
        close: String = "Close",
        /// With tax or without: the pages disagree.
        sales: Decimal = "SalesNTax",
        /// How many invoices.
        invoices: Decimal = "TotalInvoice",
        /// How many visitors.
        visitors: Decimal = "Visitor",
    }
}

/// Invoice Created, Sales Order Created and Updated.
pub(crate) fn invoice(payload: &Value) -> Option<Canonical> {
    let body = Invoice::from_json(payload)?;
    let order = Order {
        id: body.id,
        number: body.number,
        reference: body.reference,
        delivery_status: body.delivery,
        voided: body.void,
        channel: body.tag,
        outlet: body.outlet,
        customer: body.customer.and_then(Person::party),
        subtotal: money(body.gross),
        discount: money(body.discount_total),
        tax: money(body.tax),
        surcharge: money(body.surcharge),
        total: money(body.sales_and_tax),
        coupon: Discount { code: body.coupon, ..Discount::default() }.known(),
        note: body.note,
        placed_at: at(body.date.as_deref()),
        due_at: at(body.due_date.as_deref()),
        created_at: at(body.created.as_deref()),
        ..Order::default()
    };
    Some(order.into())
}

/// Payment Created, Deleted, Updated and Write Off, Supplier Bill Payment Created and Deleted.
pub(crate) fn payment(payload: &Value) -> Option<Canonical> {
    let body = PaymentBody::from_json(payload)?;
    let payment = Payment {
        id: body.id,
        order_id: body.paid_id,
        number: body.number,
        amount: money(body.amount),
        method: body.method,
        outlet: body.outlet,
        paid_at: at(body.date.as_deref()),
        created_at: at(body.created.as_deref()),
        ..Payment::default()
    };
    Some(payment.into())
}

/// Close Shift.
pub(crate) fn shift(payload: &Value) -> Option<Canonical> {
    let body = ShiftBody::from_json(payload)?;
    let shift = Shift {
        id: body.id,
        number: body.number,
        outlet: body.outlet,
        register: body.register,
        cashier: body.cashier,
        sales: money(body.sales),
        invoices: body.invoices,
        visitors: body.visitors,
        opened_at: at(body.open.as_deref()),
        closed_at: at(body.close.as_deref()),
        ..Shift::default()
    };
    Some(shift.into())
}
