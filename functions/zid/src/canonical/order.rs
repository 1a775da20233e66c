//! Orders. Documented at docs.zid.sa/webhook-events-order down to the customer's mobile; the rest is Zid's order
//! sample (same values) and Zid's Python SDK. Every field may be missing, more so on marketplace, gift, guest and
//! digital orders.

use inlet::canonical::{Address, Canonical, Delivery, Discount, Line, Order, Party, Words};
use inlet::personal::Personal;
use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson as _;
use inlet::value::money::{Currency, Money};
use serde_json::Value;

use super::time_of;

inlet::payload! {
    /// An order.
    struct Sale {
        /// Zid's id.
        id: String = "id",
        /// Equal to the id in all samples; without it, the code that the customer sees.
        number: String = "invoice_number" | "code",
        /// The invoice's page.
        order_url: String = "order_url",
        /// The store.
        store_name: String = "store_name",
        /// `custom`, for one.
        shipping_method_code: String = "shipping_method_code",
        /// One of Zid's codes, of which the page spells several in two ways, or one of the merchant's.
        order_status: Coded = "order_status",
        /// Carries the statuses that a merchant defined.
        display_status: Coded = "display_status",
        /// Of the amounts in the order.
        currency_code: Currency = "currency_code",
        /// The rates; here for the code only.
        currency: Currencies = "currency",
        /// Masked on marketplace orders.
        customer: Buyer = "customer",
        /// Who receives.
        consignee: Buyer = "consignee",
        /// Fourteen decimals. The field beside it, `order_total_string`, is for people.
        order_total: Decimal = "order_total",
        /// Whether the payment's currency, which no field tells, is another.
        other_transaction_currency: bool = "has_different_transaction_currency",
        /// What was really charged, in the payment's currency.
        transaction_amount: Decimal = "transaction_amount",
        /// `DD-MM-YYYY | hh:mm` and an Arabic mark of the day's half, in the store's time.
        issue_date: String = "issue_date",
        /// `paid`, `pending`, `refunded`, `voided`, `unpaid`.
        payment_status: String = "payment_status",
        /// Where it was placed: the code, else its translation.
        source: String = "source_code" | "source",
        /// How it travels.
        shipping: Shipping = "shipping",
        /// How it is paid, and the sums.
        payment: Payment = "payment",
        /// What the customer wants to say.
        customer_note: Note = "customer_note",
        /// `[]` without one.
        coupon: Coupon = "coupon",
        /// What was sold.
        products: Vec<Item> = "products",
        /// Without a zone.
        created_at: String = "created_at",
        /// Without a zone.
        updated_at: String = "updated_at",
    }
    /// Something with a code and its translation, or with a name only.
    struct Coded {
        /// The code, else the text.
        word: String = "code" | "name",
    }
    /// The two currencies of an order.
    struct Currencies {
        /// The order's.
        order: OrderCurrency = "order_currency",
    }
    /// A currency.
    struct OrderCurrency {
        /// ISO 4217.
        code: Currency = "code",
    }
    /// Who buys or receives.
    struct Buyer {
        /// Documented as text, sent as a number.
        id: String = "id",
        /// Masked as `J*** D***` on marketplace orders.
        name: Personal = "name",
        /// May be masked or a placeholder that takes no mail.
        email: Personal = "email",
        /// Documented with a `+`, sent without.
        mobile: Personal = "mobile",
        /// Customers spell it so.
        phone: Personal = "telephone",
        /// `individual` or `business`.
        type_of_party: String = "type",
        /// The company.
        business_name: Personal = "business_name",
        /// A note; empty as a rule.
        note: Note = "note",
    }
    /// How it travels.
    struct Shipping {
        /// By whom.
        method: Method = "method",
        /// Where to.
        address: Place = "address",
    }
    /// By whom.
    struct Method {
        /// Translated.
        name: String = "name",
        /// The code.
        code: String = "code",
        /// A name; an object of which no fields are documented is left alone.
        courier: String = "courier",
        /// Where the shipment stands.
        order_shipping_status: String = "order_shipping_status",
        /// Where the carrier has it.
        tracking: Tracking = "tracking",
        /// The waybill's number at the carrier.
        waybill_tracking_id: String = "waybill_tracking_id",
    }
    /// Where the carrier has it.
    struct Tracking {
        /// The number.
        number: String = "number",
        /// The carrier's word.
        status: String = "status",
        /// The carrier's page.
        url: String = "url",
    }
    /// Where to.
    struct Place {
        /// All in one text.
        formatted_address: Personal = "formatted_address",
        /// The street.
        street: Personal = "street",
        /// The district.
        district: Personal = "district",
        /// `[]` when empty.
        meta: PlaceMeta = "meta",
        /// The city.
        city: Coded = "city",
        /// The country.
        country: Coded = "country",
    }
    /// What else is known of a place.
    struct PlaceMeta {
        /// The postal code.
        postcode: Personal = "postcode",
    }
    /// How it is paid, and the sums.
    struct Payment {
        /// By which means.
        method: Coded = "method",
        /// The sums, by code.
        invoice: Vec<Sum> = "invoice",
    }
    /// One sum.
    struct Sum {
        /// What it is the sum of.
        code: String = "code",
        /// Fourteen decimals.
        value: Decimal = "value",
    }
    /// A coupon.
    struct Coupon {
        /// What the customer typed.
        code: String = "code" | "name",
        /// Negative.
        discount: Decimal = "discount",
    }
    /// A product in an order.
    struct Item {
        /// Of the line.
        order_product_id: String = "order_product_id",
        /// Of the product.
        id: String = "id",
        /// Missing on digital products.
        sku: String = "sku",
        /// In one language or two.
        name: Words = "name",
        /// How many.
        quantity: Decimal = "quantity",
        /// Of one.
        price: Decimal = "price",
        /// In per cent.
        discount_percentage: Decimal = "discount_percentage",
        /// As text, beside prices as numbers.
        tax_amount: Decimal = "tax_amount",
        /// Of the line.
        total: Decimal = "total",
    }
}

/// Text of a customer that may be empty, which says nothing.
#[derive(Clone, Debug, PartialEq)]
struct Note(String);

impl inlet::value::json::FromJson for Note {
    fn from_json(value: &Value) -> Option<Self> {
        value.as_str().filter(|text| !text.trim().is_empty()).map(|text| Self(text.to_owned()))
    }
}

/// An order as an order.
pub(crate) fn order(payload: &Value) -> Option<Canonical> {
    let sale = Sale::from_json(payload)?;
    let currency = sale.currency_code.or_else(|| sale.currency?.order?.code);
    let money = |amount| Money::of(amount, currency.as_ref());
    let payment = sale.payment.unwrap_or_default();
    let sums = payment.invoice.unwrap_or_default();
    let sum_of = |code: &str| money(sums.iter().find(|sum| sum.code.as_deref() == Some(code))?.value.clone());
    let lines = |items: Vec<Item>| items.into_iter().map(|item| line(item, currency.as_ref())).collect();
    let charged_in = currency.as_ref().filter(|_| sale.other_transaction_currency == Some(false));
    let shipping = sale.shipping.unwrap_or_default();
    let method = shipping.method.unwrap_or_default();
    let coupon = sale.coupon.unwrap_or_default();
    let buyer = sale.customer.unwrap_or_default();
    let order = Order {
        id: sale.id,
        number: sale.number,
        status: sale.order_status.and_then(|status| status.word),
        substatus: sale.display_status.and_then(|status| status.word),
        payment_status: sale.payment_status,
        payment_method: payment.method.and_then(|method| method.word),
        delivery_status: method.order_shipping_status.clone(),
        channel: sale.source,
        outlet: sale.store_name,
        url: sale.order_url,
        subtotal: sum_of("sub_totals_before_vat"),
        discount: money(coupon.discount.as_ref().and_then(taken_off)),
        tax: sum_of("vat"),
        shipping_fee: sum_of("shipping"),
        total: money(sale.order_total),
        paid: Money::of(sale.transaction_amount, charged_in),
        coupon: Discount { code: coupon.code, ..Discount::default() }.known(),
        note: sale.customer_note.or_else(|| buyer.note.clone()).map(|note| note.0),
        customer: party(buyer),
        lines: sale.products.map(lines),
        delivery: delivery(method, sale.shipping_method_code, shipping.address, sale.consignee),
        placed_at: time_of(sale.issue_date.as_deref()),
        created_at: time_of(sale.created_at.as_deref()),
        updated_at: time_of(sale.updated_at.as_deref()),
        ..Order::default()
    };
    Some(order.into())
}

/// Zid writes what a coupon takes off with a minus.
fn taken_off(discount: &Decimal) -> Option<Decimal> {
    Decimal::parse(discount.as_str().trim_start_matches('-'))
}

fn party(buyer: Buyer) -> Option<Party> {
    let Buyer { id, name, email, mobile, phone, type_of_party, business_name, note: _ } = buyer;
    Party { id, name, email, mobile, phone, type_of_party, business_name, ..Party::default() }.known()
}

fn line(item: Item, currency: Option<&Currency>) -> Line {
    let money = |amount| Money::of(amount, currency);
    Line {
        id: item.order_product_id,
        product_id: item.id,
        sku: item.sku,
        name: item.name,
        quantity: item.quantity,
        unit_price: money(item.price),
        discount: Discount::percent(item.discount_percentage, None),
        tax: money(item.tax_amount),
        total: money(item.total),
        ..Line::default()
    }
}

fn delivery(
    method: Method,
    method_code: Option<String>,
    place: Option<Place>,
    consignee: Option<Buyer>,
) -> Option<Delivery> {
    let tracking = method.tracking.unwrap_or_default();
    let delivery = Delivery {
        method: method.name,
        method_code: method.code.or(method_code),
        carrier: method.courier,
        status: tracking.status,
        tracking_number: tracking.number.or(method.waybill_tracking_id),
        tracking_url: tracking.url,
        recipient: consignee.and_then(party),
        address: place.and_then(address),
        ..Delivery::default()
    };
    delivery.known()
}

fn address(place: Place) -> Option<Address> {
    let address = Address {
        text: place.formatted_address,
        line1: place.street,
        district: place.district,
        city: place.city.and_then(|city| city.word).map(Personal::new),
        postal_code: place.meta.and_then(|meta| meta.postcode),
        country: place.country.and_then(|country| country.word),
        ..Address::default()
    };
    address.known()
}
