//! The till: a cashier's shift, and the till's questions for a customer's points and for a coupon.

use inlet::canonical::{Canonical, Coupon, Loyalty, Receivables, Shift};
use inlet::personal::Personal;
use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson;
use serde_json::Value;

use super::lines::{LineBody, lines};
use super::people::Person;
use super::{actor, money, parse_time, sales};

inlet::payload! {
    /// A cashier's shift: /webhook/webhook/shift.
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
        /// The number of invoices.
        invoices: Decimal = "TotalInvoice",
        /// The number of visitors.
        visitors: Decimal = "Visitor" | "Visitors",
        /// Cash at the beginning; REST only.
        opening_amount: Decimal = "OpAmount",
        /// The same in other words, and more; on newer pages.
        session: Session = "Session",
    }
    /// The session of a shift.
    struct Session {
        /// The shift's id again.
        id: String = "ID",
        /// The till's id.
        register_id: String = "RegisterID",
        /// The till's name again.
        register: String = "RegisterName",
        /// The cashier's id.
        user_id: String = "UserID",
        /// The cashier's name again.
        user_name: Personal = "UserName",
        /// The beginning again.
        start: String = "Start",
        /// The end again.
        end: String = "End",
        /// A note.
        note: String = "Note",
        /// The number again.
        number: String = "Number",
        /// A number whose meaning no page explains.
        last_number: String = "LastNumber",
        /// The kind of shift.
        type_of_shift: String = "TypeLabel",
        /// Before tax.
        sales: Decimal = "Sales",
        /// The tax.
        tax: Decimal = "Tax",
        /// The base of the tax.
        taxable: Decimal = "Taxable",
        /// The part without tax.
        tax_exempt: Decimal = "TaxExempt",
        /// The number of invoices again.
        invoices: Decimal = "Invoice_Count",
        /// With surcharges.
        sales_and_surcharge: Decimal = "SalesNSurcharge",
        /// Surcharges.
        surcharge: Decimal = "Surcharge",
        /// The number of visitors again.
        visitors: Decimal = "Visitors",
        /// Receivables in money; the meaning is inferred from the name.
        receivables: Decimal = "ARAmount",
        /// Their number.
        receivables_count: Decimal = "ARTransaction",
        /// The user who entered it.
        creator_id: String = "CreatorID",
        /// The user's name.
        creator: Personal = "CreatorName",
        /// When it was entered.
        created: String = "Created",
    }
    /// The outlet that asks for points, in addition to the person: /webhook/webhook/loyalty-point.
    struct PointsQuestion {
        /// The outlet's name.
        outlet: String = "Outlet",
    }
    /// A coupon of an external app: /webhook/webhook/loyalty-provider/validatecoupon.
    struct CouponQuestion {
        /// The coupon's id; not on the page.
        id: String = "ID",
        /// The coupon's code.
        code: String = "Code",
        /// The outlet's name.
        outlet: String = "Outlet",
        /// With `Email` and `Phone`.
        customer: Person = "Customer",
        /// The cart.
        cart: ShoppingCart = "ShoppingCart",
    }
    /// The cart. No page shows the content of its `Items`: they are read as lines.
    struct ShoppingCart {
        /// The total.
        amount: Decimal = "Amount",
        /// The products.
        items: Vec<LineBody> = "Items",
    }
}

/// Maps Close Shift. If the session has the same field as the shift, the shift's value counts.
pub(crate) fn shift(payload: &Value) -> Option<Canonical> {
    let body = ShiftBody::from_json(payload)?;
    let session = body.session.unwrap_or_default();
    let receivables = Receivables { amount: money(session.receivables), count: session.receivables_count };
    let shift = Shift {
        id: body.id.or(session.id),
        number: body.number.or(session.number),
        type_of_shift: session.type_of_shift,
        outlet: body.outlet,
        register: body.register.or(session.register),
        register_id: session.register_id,
        cashier: body.cashier.or(session.user_name),
        cashier_id: session.user_id,
        creator: actor(session.creator_id, session.creator),
        sales: money(body.sales),
        net: money(session.sales),
        tax: money(session.tax),
        taxable: money(session.taxable),
        tax_exempt: money(session.tax_exempt),
        surcharge: money(session.surcharge),
        sales_with_surcharge: money(session.sales_and_surcharge),
        receivables: receivables.known(),
        opening_amount: money(body.opening_amount),
        invoices: body.invoices.or(session.invoices),
        visitors: body.visitors.or(session.visitors),
        last_number: session.last_number,
        note: session.note,
        opened_at: parse_time(body.open.as_deref()).or_else(|| parse_time(session.start.as_deref())),
        closed_at: parse_time(body.close.as_deref()).or_else(|| parse_time(session.end.as_deref())),
        created_at: parse_time(session.created.as_deref()),
    };
    Some(shift.into())
}

/// Maps Fetch Loyalty Points. Phone, e-mail and code, with the outlet, identify the customer.
pub(crate) fn points_question(payload: &Value) -> Option<Canonical> {
    let PointsQuestion { outlet } = PointsQuestion::from_json(payload)?;
    let customer = Person::from_json(payload).and_then(Person::party);
    Some(Loyalty { outlet, customer, ..Loyalty::default() }.into())
}

/// Maps Loyalty Point On Order Complete: an invoice.
pub(crate) fn points_sale(payload: &Value) -> Option<Canonical> {
    let sale = sales::order(payload)?;
    let loyalty = Loyalty {
        id: sale.id,
        number: sale.number,
        outlet: sale.outlet,
        customer: sale.customer,
        payment_status: sale.payment_status,
        payment_state: sale.payment_state,
        delivery_status: sale.delivery_status,
        delivery_state: sale.delivery_state,
        voided: sale.voided,
        channel: sale.channel,
        salesperson: sale.salesperson,
        creator: sale.creator,
        subtotal: sale.subtotal,
        discount: sale.discount,
        discounts: sale.discounts,
        net: sale.net,
        tax: sale.tax,
        tax_rate: sale.tax_rate,
        tax_name: sale.tax_name,
        tax_included: sale.tax_included,
        surcharge: sale.surcharge,
        total: sale.total,
        paid: sale.paid,
        coupon: sale.coupon,
        points: sale.points,
        reference: sale.reference,
        note: sale.note,
        lines: sale.lines,
        payments: sale.payments,
        shipments: sale.shipments,
        delivery: sale.delivery,
        placed_at: sale.placed_at,
        due_at: sale.due_at,
        created_at: sale.created_at,
        ..Loyalty::default()
    };
    Some(loyalty.into())
}

/// Maps Validate Coupon.
pub(crate) fn coupon_question(payload: &Value) -> Option<Canonical> {
    let body = CouponQuestion::from_json(payload)?;
    let cart = body.cart.unwrap_or_default();
    let coupon = Coupon {
        id: body.id,
        code: body.code,
        outlet: body.outlet,
        customer: body.customer.and_then(Person::party),
        cart_total: money(cart.amount),
        lines: lines(cart.items),
        ..Coupon::default()
    };
    Some(coupon.into())
}
