//! Abandoned carts. Documented at docs.zid.sa/webhook-events-abandoned-cart down to `cart_total`; the rest is the
//! cart in Zid's Python SDK. Its `store_id` is a UUID, not the number that orders carry.

use inlet::canonical::{Canonical, Cart, Line, Party, Words};
use inlet::personal::Personal;
use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson as _;
use inlet::value::money::{Currency, Money};
use serde_json::Value;

use super::{City, address, time_of};

inlet::payload! {
    /// An abandoned cart.
    struct Basket {
        /// Zid's id.
        id: String = "id",
        /// Opens the checkout again.
        url: String = "url",
        /// How far the customer came. `payment_method` is spelt with a hyphen too.
        phase: String = "phase",
        /// Set once completed.
        order_id: String = "order_id",
        /// Documented as text, a number in the SDK.
        customer_id: String = "customer_id",
        /// Null at times.
        customer_name: Personal = "customer_name",
        /// Null at times.
        customer_email: Personal = "customer_email",
        /// Null at times.
        customer_mobile: Personal = "customer_mobile",
        /// Where the customer lives.
        city: City = "city",
        /// Documented as text, a number in the SDK.
        reminders_count: Decimal = "reminders_count",
        /// Documented as text, a number in the SDK.
        cart_total: Decimal = "cart_total",
        /// Only the SDK has it.
        currency_code: Currency = "currency_code",
        /// What lies in it.
        products: Vec<Item> = "products",
        /// Without a zone.
        created_at: String = "created_at",
        /// Without a zone.
        updated_at: String = "updated_at",
    }
    /// A product in a cart.
    struct Item {
        /// Of the line.
        id: String = "id",
        /// Of the product.
        product_id: String = "product_id",
        /// The code.
        sku: String = "sku",
        /// In one language or two.
        name: Words = "name",
        /// How many.
        quantity: Decimal = "quantity",
        /// Of one.
        price: Decimal = "price",
        /// Of the line.
        total: Decimal = "total",
    }
}

/// An abandoned cart as a cart.
pub(crate) fn cart(payload: &Value) -> Option<Canonical> {
    let basket = Basket::from_json(payload)?;
    let currency = basket.currency_code.as_ref();
    let customer = Party {
        id: basket.customer_id,
        name: basket.customer_name,
        email: basket.customer_email,
        mobile: basket.customer_mobile,
        address: address(basket.city),
        ..Party::default()
    };
    let cart = Cart {
        id: basket.id,
        phase: basket.phase,
        order_id: basket.order_id,
        customer: customer.known(),
        lines: basket.products.map(|items| items.into_iter().map(|item| line(item, currency)).collect()),
        total: Money::of(basket.cart_total, currency),
        reminders: basket.reminders_count,
        url: basket.url,
        created_at: time_of(basket.created_at.as_deref()),
        updated_at: time_of(basket.updated_at.as_deref()),
        ..Cart::default()
    };
    Some(cart.into())
}

fn line(item: Item, currency: Option<&Currency>) -> Line {
    let Item { id, product_id, sku, name, quantity, price, total } = item;
    let (unit_price, total) = (Money::of(price, currency), Money::of(total, currency));
    Line { id, product_id, sku, name, quantity, unit_price, total, ..Line::default() }
}
