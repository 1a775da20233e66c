//! ZORT's words to ours. Names are read in lower case, as ZORT mixes its casing. No currency is ever given.

use inlet::canonical::{Address, Canonical, Delivery, Discount, Line, Order, Party, Product, Stock, Words};
use inlet::personal::Personal;
use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson;
use inlet::value::money::Money;
use inlet::value::time::Time;
use jiff::tz::Offset;
use serde_json::Value;

inlet::payload! {
    /// A product, of which a deletion tells the id and the code: developers-v3.zortout.com/overview/webhook.
    pub(crate) struct ProductSent {
        /// A number.
        id: String = "id" | "productid",
        /// The code.
        sku: String = "sku",
        /// The name.
        name: Words = "name",
        /// Text that holds a decimal, as all numbers below.
        sell_price: Decimal = "sellprice",
        /// What it costs.
        purchase_price: Decimal = "purchaseprice",
        /// The unit's label.
        unit: String = "unittext",
        /// In a unit that is not documented.
        weight: Decimal = "weight",
        /// The barcode.
        barcode: String = "barcode",
        /// The category's name.
        category: String = "category",
    }

    /// A product's quantities, of one warehouse or of all (not documented):
    /// developers-v3.zortout.com/overview/webhook.
    pub(crate) struct StockSent {
        /// The product's id, a number.
        id: String = "id" | "productid",
        /// The product's code.
        sku: String = "sku",
        /// The product's name.
        name: Words = "name",
        /// On hand; text that holds a decimal.
        stock: Decimal = "stock",
        /// Available; likewise.
        available: Decimal = "availablestock",
    }

    /// A sales order. The id, the number, the date and the customer's id are documented for the webhook
    /// (developers-v3.zortout.com/overview/webhook); public receivers read what is marked "seen". All else is the
    /// REST order's (developers.zortout.com/api-reference/order) and **not confirmed for the webhook**.
    pub(crate) struct OrderSent {
        /// A number.
        id: String = "id" | "orderid",
        /// The document's number.
        number: String = "number",
        /// `/Date(<epoch ms>)/`.
        order_date: String = "orderdate",
        /// The same day as `yyyy-MM-dd`.
        order_day: String = "orderdatestring",
        /// A number.
        customer_id: String = "customerid",
        /// Seen.
        customer_name: Personal = "customername",
        /// Seen.
        customer_phone: Personal = "customerphone",
        /// Seen.
        customer_email: Personal = "customeremail",
        /// Seen; a word or a code.
        status: String = "status",
        /// Seen; a word or a code.
        payment_status: String = "paymentstatus",
        /// Seen; the total, text or number.
        amount: Decimal = "amount",
        /// Seen; what was paid, text or number.
        payment_amount: Decimal = "paymentamount",
        /// Not confirmed, like all below.
        reference: String = "reference",
        /// The code that the merchant gave.
        customer_code: String = "customercode",
        /// In one text.
        customer_address: Personal = "customeraddress",
        /// Where the sale came from.
        channel: String = "saleschannel",
        /// A note.
        description: String = "description",
        /// The page that shows the order.
        share_link: String = "sharelink",
        /// The tax.
        vat_amount: Decimal = "vatamount",
        /// The discount in money; `discount` may be a percentage.
        discount_amount: Decimal = "discountamount",
        /// What shipping costs.
        shipping_amount: Decimal = "shippingamount",
        /// Where the goods stand, at the marketplace that sold them.
        shipping_status: String = "marketplaceshippingstatus",
        /// The method.
        shipping_channel: String = "shippingchannel",
        /// The carrier's number.
        tracking_number: String = "trackingno",
        /// In one text.
        shipping_address: Personal = "shippingaddress",
        /// Street and number.
        shipping_street: Personal = "shippingstreetaddress",
        /// District.
        shipping_district: Personal = "shippingdistrict",
        /// Province.
        shipping_province: Personal = "shippingprovince",
        /// Postal code.
        shipping_postcode: Personal = "shippingpostcode",
        /// What was sold.
        lines: Vec<LineSent> = "list",
        /// When it was created.
        created: String = "createdatetime",
        /// The same, readable.
        created_text: String = "createdatetimestring",
        /// When it last changed.
        updated: String = "updatedatetime",
        /// The same, readable.
        updated_text: String = "updatedatetimestring",
    }

    /// A line of the REST order; not confirmed for the webhook.
    pub(crate) struct LineSent {
        /// The line's id.
        id: String = "id",
        /// The product's id.
        product_id: String = "productid",
        /// The product's code.
        sku: String = "sku",
        /// The product's name.
        name: Words = "name",
        /// The quantity; in the order itself the same word is the document's number.
        number: Decimal = "number",
        /// Of one.
        price: Decimal = "pricepernumber",
        /// Text: an amount or a percentage such as `10%`.
        discount: String = "discount",
        /// Of the line.
        total: Decimal = "totalprice",
    }
}

/// A product.
pub(crate) fn product(payload: &Value) -> Option<Canonical> {
    let sent = ProductSent::from_json(payload)?;
    let product = Product {
        id: sent.id,
        sku: sent.sku,
        barcode: sent.barcode,
        name: sent.name,
        category: sent.category,
        price: money(sent.sell_price),
        cost: money(sent.purchase_price),
        unit: sent.unit,
        weight: sent.weight,
        ..Product::default()
    };
    Some(product.into())
}

/// A product's quantities.
pub(crate) fn stock(payload: &Value) -> Option<Canonical> {
    let StockSent { id, sku, name, stock, available } = StockSent::from_json(payload)?;
    Some(Stock { id, sku, name, on_hand: stock, available, ..Stock::default() }.into())
}

/// A sales order.
pub(crate) fn order(payload: &Value) -> Option<Canonical> {
    let sent = OrderSent::from_json(payload)?;
    let (customer, delivery) = (customer(&sent), delivery(&sent));
    let status = sent.status.map(|status| word(ORDER_STATUSES, status));
    let order = Order {
        id: sent.id,
        number: sent.number,
        reference: sent.reference,
        voided: status.as_deref().map(|status| status.trim().eq_ignore_ascii_case("Voided")),
        status,
        payment_status: sent.payment_status.map(|status| word(PAYMENT_STATUSES, status)),
        delivery_status: sent.shipping_status,
        channel: sent.channel,
        url: sent.share_link,
        customer,
        discount: money(sent.discount_amount),
        tax: money(sent.vat_amount),
        shipping_fee: money(sent.shipping_amount),
        total: money(sent.amount),
        paid: money(sent.payment_amount),
        note: sent.description,
        lines: sent.lines.map(|lines| lines.into_iter().map(line).collect()),
        delivery,
        placed_at: either(sent.order_date, sent.order_day),
        created_at: either(sent.created, sent.created_text),
        updated_at: either(sent.updated, sent.updated_text),
        ..Order::default()
    };
    Some(order.into())
}

fn customer(sent: &OrderSent) -> Option<Party> {
    let address = Address { text: sent.customer_address.clone(), ..Address::default() };
    let customer = Party {
        id: sent.customer_id.clone(),
        code: sent.customer_code.clone(),
        name: sent.customer_name.clone(),
        email: sent.customer_email.clone(),
        phone: sent.customer_phone.clone(),
        address: address.known(),
        ..Party::default()
    };
    customer.known()
}

fn delivery(sent: &OrderSent) -> Option<Delivery> {
    let address = Address {
        text: sent.shipping_address.clone(),
        line1: sent.shipping_street.clone(),
        district: sent.shipping_district.clone(),
        state: sent.shipping_province.clone(),
        postal_code: sent.shipping_postcode.clone(),
        ..Address::default()
    };
    let delivery = Delivery {
        method: sent.shipping_channel.clone(),
        tracking_number: sent.tracking_number.clone(),
        address: address.known(),
        ..Delivery::default()
    };
    delivery.known()
}

fn line(sent: LineSent) -> Line {
    Line {
        id: sent.id,
        product_id: sent.product_id,
        sku: sent.sku,
        name: sent.name,
        quantity: sent.number,
        unit_price: money(sent.price),
        discount: sent.discount.and_then(|text| Discount::parse(&text, None, None)),
        total: money(sent.total),
        ..Line::default()
    }
}

fn money(amount: Option<Decimal>) -> Option<Money> {
    Money::of(amount, None)
}

/// Codes of a status, and the words that stand for them.
type Codes = &'static [(&'static str, &'static str)];

/// The order's: developers.zortout.com/api-reference/order.
const ORDER_STATUSES: Codes = &[
    ("0", "Pending"),
    ("1", "Success"),
    ("2", "Voided"),
    ("3", "Waiting"),
    ("4", "Returned"),
    ("5", "Packed"),
    ("6", "Shipping"),
    ("7", "Failed Shipment"),
];

/// The payment's, from the same page.
const PAYMENT_STATUSES: Codes =
    &[("0", "Pending"), ("1", "Paid"), ("2", "Voided"), ("3", "Partial"), ("4", "Overpaid")];

/// The code's word; everything else as sent.
fn word(codes: Codes, status: String) -> String {
    let known = codes.iter().find(|(code, _)| *code == status.trim());
    known.map_or(status, |(_, word)| (*word).to_owned())
}

/// The epoch of a documented date is midnight here: 1644944400000 beside `2022-02-16`.
const BANGKOK: Offset = jiff::tz::offset(7);

/// `/Date(<epoch ms>)/` as an instant on its Bangkok day, an ISO date-time with a zone as the instant it tells,
/// anything else as text without a zone.
pub(crate) fn time(text: &str) -> Option<Time> {
    epoch(text)
        .and_then(|millis| Time::from_millis(millis, BANGKOK))
        .or_else(|| Time::parse_rfc3339(text))
        .or_else(|| Time::local(text))
}

fn epoch(text: &str) -> Option<i64> {
    text.trim().strip_prefix("/Date(")?.strip_suffix(")/")?.parse().ok()
}

/// The time, else its readable twin.
fn either(date: Option<String>, twin: Option<String>) -> Option<Time> {
    [date, twin].into_iter().flatten().find_map(|text| time(&text))
}
