//! The questions of the till: a customer's points, a sale that earns some, a coupon.

use inlet::canonical::{Canonical, Coupon, Loyalty};
use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson;
use serde_json::Value;

use super::people::Person;
use super::{at, money};

inlet::payload! {
    /// Who asks for points beside the person: /webhook/webhook/loyalty-point.
    struct Asker {
        /// The outlet's name.
        outlet: String = "Outlet",
    }
    /// A sale that earns points: /webhook/webhook/loyalty-point. What its `Customer` holds is not readable.
    struct Sale {
        /// The invoice's id.
        id: String = "ID",
        /// The outlet's name.
        outlet: String = "Outlet",
        /// The document's number.
        number: String = "Number",
        /// The day of the transaction, written as its midnight.
        date: String = "Date",
        /// Where the payment stands; the list is not documented.
        payment: String = "Payment",
        /// The sales channel. It replaces the older `SalesType`.
        tag: String = "Tag" | "SalesType",
        /// Seconds with a fraction, without a zone.
        created: String = "Created",
        /// Before discounts.
        gross: Decimal = "Gross",
        /// All discounts.
        discount_total: Decimal = "DiscountTotal",
        /// The amount of tax.
        tax: Decimal = "Tax",
    }
    /// A coupon of an external app: /webhook/webhook/loyalty-provider/validatecoupon.
    struct CouponQuestion {
        /// The coupon's code.
        code: String = "Code",
        /// The outlet's name.
        outlet: String = "Outlet",
        /// With `Email` and `Phone`.
        customer: Person = "Customer",
        /// The basket.
        cart: ShoppingCart = "ShoppingCart",
    }
    /// The basket. What its `Items` hold is not readable.
    struct ShoppingCart {
        /// What it is worth.
        amount: Decimal = "Amount",
    }
}

/// Fetch Loyalty Points. The customer is named by phone, e-mail and code beside the outlet.
pub(crate) fn points_question(payload: &Value) -> Option<Canonical> {
    let Asker { outlet } = Asker::from_json(payload)?;
    let customer = Person::from_json(payload).and_then(Person::party);
    Some(Loyalty { outlet, customer, ..Loyalty::default() }.into())
}

/// Loyalty Point On Order Complete.
pub(crate) fn points_sale(payload: &Value) -> Option<Canonical> {
    let body = Sale::from_json(payload)?;
    let loyalty = Loyalty {
        id: body.id,
        number: body.number,
        outlet: body.outlet,
        payment_status: body.payment,
        channel: body.tag,
        subtotal: money(body.gross),
        discount: money(body.discount_total),
        tax: money(body.tax),
        placed_at: at(body.date.as_deref()),
        created_at: at(body.created.as_deref()),
        ..Loyalty::default()
    };
    Some(loyalty.into())
}

/// Validate Coupon.
pub(crate) fn coupon_question(payload: &Value) -> Option<Canonical> {
    let body = CouponQuestion::from_json(payload)?;
    let coupon = Coupon {
        code: body.code,
        outlet: body.outlet,
        customer: body.customer.and_then(Person::party),
        cart_total: body.cart.and_then(|cart| money(cart.amount)),
        ..Coupon::default()
    };
    Some(coupon.into())
}
