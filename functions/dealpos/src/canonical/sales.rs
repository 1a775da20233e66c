//! Invoices and sales orders.

use inlet::canonical::{
    Canonical, Delivery, Direction, Discount, Order, Payment, Points, Purpose, Shipment, State, Unit,
};
use inlet::personal::Personal;
use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson;
use serde_json::Value;

use super::goods::Logistic;
use super::lines::{LineBody, lines};
use super::people::{Named, Person};
use super::{actor, discounts, is_tax_included, money, parse_time, states, unit};

inlet::payload! {
    /// An invoice: /webhook/webhook/invoice, /sales-order and /loyalty-point. The items of its lists are the REST
    /// pages' and a public receiver's.
    struct Invoice {
        /// A GUID; missing in one example of the sales orders' page.
        id: String = "ID",
        /// The outlet's name.
        outlet: String = "Outlet",
        /// The document's number, unique in an outlet.
        number: String = "Number",
        /// The day of the transaction, written as its midnight.
        date: String = "Date",
        /// The year one if there is none; the second name is from REST lists.
        due_date: String = "DueDate" | "Due",
        /// The sales channel. It replaces the older names behind it.
        tag: String = "Tag" | "SalesType" | "SalesOrderType",
        /// The customer; may be `{}`, or a name alone.
        customer: Named = "Customer",
        /// The customer's id, as well as a name.
        customer_id: String = "CustomerID",
        /// The salesperson.
        salesperson: Personal = "SalesPerson" | "SalesName",
        /// The user who entered it.
        creator_id: String = "CreatorID",
        /// The user's name; not on the invoice's page.
        creator: Personal = "Creator",
        /// The till; REST only.
        register: String = "Register",
        /// Seconds with a fraction, without a zone.
        created: String = "Created",
        /// A percentage.
        discount1: Decimal = "Discount1",
        /// A percentage that applies after the first.
        discount2: Decimal = "Discount2",
        /// The document's discount in money.
        discount_amount: Decimal = "DiscountAmount",
        /// Before discounts.
        gross: Decimal = "Gross",
        /// All discounts in money.
        discount_total: Decimal = "DiscountTotal",
        /// After discounts and before tax.
        sales: Decimal = "Sales",
        /// The tax in money.
        tax: Decimal = "Tax",
        /// A percentage.
        tax_rate: Decimal = "TaxRate",
        /// The name of the tax.
        tax_name: String = "TaxType",
        /// `Add` or `Include`.
        tax_calculation: String = "TaxCalculation",
        /// Such as a card fee.
        surcharge: Decimal = "Surcharge",
        /// The amount to pay; REST lists call it `Amount`.
        total: Decimal = "SalesNTax" | "Amount",
        /// A code, a number, or an object.
        coupon: Coupon = "Coupon",
        /// A note on the coupon.
        coupon_note: String = "CouponNote",
        /// A note; REST requests of sales orders have the second name.
        note: String = "Note" | "OrderNote",
        /// Points that were spent.
        points_used: Decimal = "PointUsed",
        /// Points that were earned.
        points_earned: Decimal = "PointsEarned",
        /// `Sent`, `Unsent`, `Partial`, `Returned`, `Waiting`, `AwaitingCollection`; newer and older names behind it.
        delivery: String = "Delivery" | "Fulfillment" | "CustomerDelivery",
        /// The outlet that ships; REST only.
        fulfillment_outlet: String = "FulfillmentOutlet",
        /// The carrier's service; REST only.
        service: String = "LogisticServiceCode",
        /// `Paid`, `Partial` or `Unpaid`; on the loyalty page and in REST lists.
        payment: String = "Payment",
        /// `Active` or `Cancelled`; REST only.
        status: String = "Status",
        /// `Yes` or `No`.
        void: bool = "Void",
        /// The caller's number; the second name is the older one.
        reference: String = "ReferenceNumber" | "PurchaseOrderNumber",
        /// The lines.
        variants: Vec<LineBody> = "Variants",
        /// The shipments. Their fields are presumably those of an outbound logistic.
        shipments: Vec<Logistic> = "OutboundLogistics",
        /// The payments; a REST request spells the list in the singular.
        payments: Vec<PaymentBody> = "Payments" | "Payment",
        /// The parcel's recipient. The fields are not documented: they are read like a person's.
        recipient: Person = "OrderFulfillmentRecipient",
    }
    /// A payment in an invoice or a bill.
    pub(super) struct PaymentBody {
        /// No page shows one.
        id: String = "ID",
        /// The amount.
        amount: Decimal = "Amount",
        /// The method's name.
        method: String = "Method",
        /// An approval or voucher code.
        code: String = "Code" | "PaymentCode",
        /// A note.
        note: String = "Note" | "PaymentNote",
        /// A day; in bills.
        date: String = "Date",
    }
    /// A coupon as an object. The names are presumed: no page shows its fields.
    struct CouponBody {
        /// The id.
        id: String = "ID",
        /// The code.
        code: String = "Code",
        /// The name.
        name: String = "Name",
        /// `Percentage` or `Amount`.
        of_type: String = "Type",
        /// The size.
        amount: Decimal = "Amount",
    }
}

/// A coupon as its code, or as an object.
#[derive(Clone, PartialEq)]
struct Coupon(Discount);

impl FromJson for Coupon {
    fn from_json(value: &Value) -> Option<Self> {
        let body = match CouponBody::from_json(value) {
            Some(body) => body,
            None => CouponBody { code: Some(String::from_json(value)?), ..CouponBody::default() },
        };
        let size = match body.of_type.as_deref().map(unit) {
            Some(Some(Unit::Percent)) => Discount::percent(body.amount, None),
            _ => Discount::amount(money(body.amount)),
        };
        let coupon = Discount { id: body.id, code: body.code, name: body.name, ..size.unwrap_or_default() };
        coupon.known().map(Self)
    }
}

/// Maps the invoice events, Sales Order Created and Updated.
pub(crate) fn invoice(payload: &Value) -> Option<Canonical> {
    order(payload).map(Canonical::from)
}

/// Reads an invoice.
pub(super) fn order(payload: &Value) -> Option<Order> {
    let body = Invoice::from_json(payload)?;
    let payment_state = states::payment(body.payment.as_deref());
    let total = money(body.total);
    let coupon = Discount { note: body.coupon_note, ..body.coupon.map(|Coupon(of)| of).unwrap_or_default() };
    let delivery = Delivery {
        service: body.service,
        recipient: body.recipient.and_then(Person::party),
        ..Delivery::default()
    };
    let points = Points { used: body.points_used, earned: body.points_earned, balance: None };
    Some(Order {
        id: body.id,
        number: body.number,
        reference: body.reference,
        state: states::sale(body.void, body.status.as_deref(), body.delivery.as_deref()),
        status: body.status,
        paid: total.clone().filter(|_| payment_state == Some(State::Paid)),
        payment_state,
        payment_status: body.payment,
        delivery_state: states::delivery(body.delivery.as_deref()),
        delivery_status: body.delivery,
        voided: body.void,
        channel: body.tag,
        outlet: body.outlet,
        fulfillment_outlet: body.fulfillment_outlet,
        register: body.register,
        customer: match body.customer {
            Some(customer) => customer.party(body.customer_id),
            None => Person { id: body.customer_id, ..Person::default() }.party(),
        },
        salesperson: body.salesperson,
        creator: actor(body.creator_id, body.creator),
        subtotal: money(body.gross),
        discount: money(body.discount_total),
        discounts: discounts([body.discount1, body.discount2], body.discount_amount),
        net: money(body.sales),
        tax: money(body.tax),
        tax_rate: body.tax_rate,
        tax_name: body.tax_name,
        tax_included: is_tax_included(body.tax_calculation.as_deref()),
        surcharge: money(body.surcharge),
        total,
        coupon: coupon.known(),
        points: points.known(),
        note: body.note,
        lines: lines(body.variants),
        payments: payments(body.payments, Direction::In),
        delivery: delivery.known(),
        shipments: shipments(body.shipments),
        placed_at: parse_time(body.date.as_deref()),
        due_at: parse_time(body.due_date.as_deref()),
        created_at: parse_time(body.created.as_deref()),
        ..Order::default()
    })
}

fn shipments(sent: Option<Vec<Logistic>>) -> Option<Vec<Shipment>> {
    let shipments: Vec<_> = sent?.into_iter().map(Logistic::outbound).collect();
    (!shipments.is_empty()).then_some(shipments)
}

/// Returns the payments of a document.
pub(super) fn payments(sent: Option<Vec<PaymentBody>>, direction: Direction) -> Option<Vec<Payment>> {
    let payment = |body: PaymentBody| Payment {
        id: body.id,
        reference: body.code,
        direction: Some(direction),
        purpose: Some(Purpose::Payment),
        amount: money(body.amount),
        method: body.method,
        note: body.note,
        paid_at: parse_time(body.date.as_deref()),
        ..Payment::default()
    };
    let payments: Vec<Payment> = sent?.into_iter().map(payment).collect();
    (!payments.is_empty()).then_some(payments)
}
