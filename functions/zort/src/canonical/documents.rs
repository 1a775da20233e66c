//! The four documents with money: sales, purchases, and the returns of both.

use inlet::canonical::{
    Actor, Canonical, Charge, Delivery, Direction, Discount, Flags, Line, Location, Marketplace, Order,
    Party, Payment, PurchaseOrder, ReturnOrder, ReturnPurchaseOrder, State,
};
use inlet::value::decimal::Decimal;
use inlet::value::money::Money;
use inlet::value::time::Time;
use serde_json::Value;

use super::fields::Fields;
use super::parties::{delivery, party};
use super::parts::{charges, discounts, lines, payments};
use super::states::{
    Codes, ORDER_STATUSES, PAYMENT_STATUSES, WORDS_ONLY, document_state, payment_state, status_word,
};

/// The facts in which the kinds of document differ.
struct Form {
    /// The name of the field with the document's date.
    date: &'static str,
    /// The name of its readable twin.
    date_twin: &'static str,
    /// The codes of the status.
    codes: Codes,
    /// The direction of the payments, seen from the merchant.
    payments: Direction,
    /// The names of a line's VAT status, the one that applies first.
    vat_status: &'static [&'static str],
}

/// A document's fields that all four kinds have.
struct Document {
    id: Option<String>,
    number: Option<String>,
    reference: Option<String>,
    status: Option<String>,
    state: Option<State>,
    voided: Option<bool>,
    payment_status: Option<String>,
    payment_state: Option<State>,
    payment_method: Option<String>,
    party: Option<Party>,
    location: Option<Location>,
    url: Option<String>,
    creator: Option<Actor>,
    tags: Option<Vec<String>>,
    subtotal: Option<Money>,
    discount: Option<Money>,
    discounts: Option<Vec<Discount>>,
    net: Option<Money>,
    tax: Option<Money>,
    tax_rate: Option<Decimal>,
    tax_type: Option<String>,
    shipping_fee: Option<Money>,
    shipping_tax: Option<Money>,
    total: Option<Money>,
    /// The money that moved so far; absent if none did.
    moved: Option<Money>,
    charges: Option<Vec<Charge>>,
    note: Option<String>,
    lines: Option<Vec<Line>>,
    payments: Option<Vec<Payment>>,
    delivery: Option<Delivery>,
    placed_at: Option<Time>,
    created_at: Option<Time>,
    updated_at: Option<Time>,
}

impl Document {
    fn read(fields: &Fields<'_>, form: &Form) -> Self {
        let status = fields.read("status").map(|status| status_word(form.codes, status));
        let state = status.as_deref().and_then(document_state);
        let payment_status = fields.read("paymentstatus").map(|status| status_word(PAYMENT_STATUSES, status));
        let payment_state = payment_status.as_deref().and_then(payment_state);
        let payments = payments(fields, form.payments, payment_state);
        // If there are several payments, `paymentmethod` has the method of the last one.
        let last_method = || payments.as_ref()?.last()?.method.clone();
        let discounts = discounts(fields);
        let typed_discount = || discounts.as_ref()?.first()?.amount.clone();
        Self {
            id: fields.read("id").or_else(|| fields.read("orderid")),
            number: fields.read("number"),
            reference: fields.read("reference"),
            voided: status.is_some().then_some(state == Some(State::Cancelled)),
            status,
            state,
            payment_method: fields.read("paymentmethod").or_else(last_method),
            payment_status,
            payment_state,
            party: party(fields),
            location: location(fields),
            url: fields.read("sharelink"),
            creator: creator(fields),
            tags: fields.texts("tag"),
            subtotal: fields.money("totalproductamount"),
            discount: fields.money("discountamount").or_else(typed_discount),
            discounts,
            net: fields.money("amount_pretax"),
            tax: fields.money("vatamount"),
            tax_rate: fields.read("vatpercent"),
            // The code 1 is "no VAT". No page explains 2 and 3, so the field for included tax stays absent.
            tax_type: fields.read("vattype"),
            shipping_fee: fields.money("shippingamount"),
            shipping_tax: fields.money("shippingvat").or_else(|| fields.money("shippingamount_vat")),
            total: fields.money("amount"),
            moved: fields.money("paymentamount").filter(|money| !is_zero(&money.amount)),
            charges: charges(fields),
            note: fields.read("description"),
            lines: lines(fields, form.vat_status),
            payments,
            delivery: delivery(fields),
            placed_at: fields.time(form.date, form.date_twin),
            created_at: fields.time("createdatetime", "createdatetimestring"),
            updated_at: fields.time("updatedatetime", "updatedatetimestring"),
        }
    }
}

/// Builds a canonical document from the shared fields and its own.
macro_rules! canonical_document {
    ($kind:ident, $document:ident, { $($field:ident: $value:expr),* $(,)? }) => {
        $kind {
            $($field: $value,)*
            id: $document.id,
            number: $document.number,
            reference: $document.reference,
            status: $document.status,
            state: $document.state,
            voided: $document.voided,
            payment_status: $document.payment_status,
            payment_state: $document.payment_state,
            payment_method: $document.payment_method,
            location: $document.location,
            url: $document.url,
            creator: $document.creator,
            tags: $document.tags,
            subtotal: $document.subtotal,
            discount: $document.discount,
            discounts: $document.discounts,
            net: $document.net,
            tax: $document.tax,
            tax_rate: $document.tax_rate,
            tax_type: $document.tax_type,
            shipping_fee: $document.shipping_fee,
            shipping_tax: $document.shipping_tax,
            total: $document.total,
            charges: $document.charges,
            note: $document.note,
            lines: $document.lines,
            payments: $document.payments,
            delivery: $document.delivery,
            placed_at: $document.placed_at,
            created_at: $document.created_at,
            updated_at: $document.updated_at,
            ..$kind::default()
        }
        .into()
    };
}

const SALE: Form = Form {
    date: "orderdate",
    date_twin: "orderdatestring",
    codes: ORDER_STATUSES,
    payments: Direction::In,
    vat_status: &["sell_vat_status", "vat_status"],
};

const PURCHASE: Form = Form {
    date: "purchaseorderdate",
    date_twin: "purchaseorderdatestring",
    codes: WORDS_ONLY,
    payments: Direction::Out,
    vat_status: &["purchase_vat_status", "vat_status"],
};

/// The payments of a return go back to the customer.
const RETURN: Form = Form {
    date: "returnorderdate",
    date_twin: "returnorderdatestring",
    codes: WORDS_ONLY,
    payments: Direction::Out,
    vat_status: &["vat_status", "sell_vat_status"],
};

/// The payments of a return to a supplier come from the supplier.
const RETURN_PURCHASE: Form = Form {
    date: "returnpurchaseorderdate",
    date_twin: "returnpurchaseorderdatestring",
    codes: WORDS_ONLY,
    payments: Direction::In,
    vat_status: &["vat_status", "purchase_vat_status"],
};

/// Reads a sales order.
pub(crate) fn order(payload: &Value) -> Option<Canonical> {
    let fields = Fields::of(payload)?;
    let document = Document::read(&fields, &SALE);
    let unique_number: Option<String> = fields.read("uniquenumber");
    // A voided payment keeps its date, but no money moved at that time.
    let is_paid = document.payment_state != Some(State::Cancelled);
    let paid_at = if is_paid { fields.time("paymentdate", "paymentdatestring") } else { None };
    let document = Document { reference: document.reference.or_else(|| unique_number.clone()), ..document };
    Some(canonical_document!(Order, document, {
        unique_number: unique_number,
        type_of_order: fields.read("ordertype"),
        channel: fields.read("saleschannel"),
        marketplace: marketplace(&fields),
        customer: document.party,
        flags: flags(&fields),
        paid: document.moved,
        paid_at: paid_at,
        due_at: fields.time("expiredate", "expiredatestring"),
        completed_at: fields.time("successdate", "successdatestring"),
    }))
}

/// Reads a purchase order. ZORT's word for the supplier is customer, too.
pub(crate) fn purchase_order(payload: &Value) -> Option<Canonical> {
    let fields = Fields::of(payload)?;
    let document = Document::read(&fields, &PURCHASE);
    Some(canonical_document!(PurchaseOrder, document, {
        // The status of a purchase is the state of its goods: `Partial Transfer` is one.
        delivery_status: document.status.clone(),
        delivery_state: document.state,
        supplier: document.party,
        paid: document.moved,
    }))
}

/// Reads a return order: goods that come back from a customer.
pub(crate) fn return_order(payload: &Value) -> Option<Canonical> {
    let fields = Fields::of(payload)?;
    let document = Document::read(&fields, &RETURN);
    Some(canonical_document!(ReturnOrder, document, {
        order_id: fields.read("referenceid"),
        order_number: fields.read("referencenumber").or_else(|| fields.read("reference")),
        channel: fields.read("saleschannel"),
        marketplace: marketplace(&fields),
        customer: document.party,
        refunded: document.moved,
    }))
}

/// Reads a return purchase order: goods that go back to a supplier.
pub(crate) fn return_purchase_order(payload: &Value) -> Option<Canonical> {
    let fields = Fields::of(payload)?;
    let document = Document::read(&fields, &RETURN_PURCHASE);
    Some(canonical_document!(ReturnPurchaseOrder, document, {
        purchase_order_id: fields.read("referenceid"),
        purchase_order_number: fields.read("referencenumber"),
        supplier: document.party,
        refunded: document.moved,
    }))
}

/// Returns the warehouse that the goods leave from or arrive at.
fn location(fields: &Fields<'_>) -> Option<Location> {
    let (code, name) = (fields.read("warehousecode"), fields.read("warehousename"));
    Location { code, name, ..Location::default() }.known()
}

/// Returns the ZORT user who created the document.
fn creator(fields: &Fields<'_>) -> Option<Actor> {
    let name = fields.read("createusername").or_else(|| fields.read("createdby"));
    Actor { id: fields.read("createuserid"), name }.known()
}

fn marketplace(fields: &Fields<'_>) -> Option<Marketplace> {
    let marketplace = Marketplace {
        name: fields.read("marketplacename"),
        platform: fields.read("integrationname"),
        shop: fields.read("integrationshop"),
        status: fields.read("marketplaceshippingstatus"),
        payment_status: fields.read("marketplacepayment"),
        ..Marketplace::default()
    };
    marketplace.known()
}

fn flags(fields: &Fields<'_>) -> Option<Flags> {
    let (cash_on_delivery, deposit) = (fields.read("iscod"), fields.read("isdeposit"));
    Flags { cash_on_delivery, deposit, ..Flags::default() }.known()
}

fn is_zero(amount: &Decimal) -> bool {
    !amount.as_str().bytes().any(|byte| matches!(byte, b'1'..=b'9'))
}
