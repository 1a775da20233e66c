//! Abandoned carts. Documented at docs.zid.sa/webhook-events-abandoned-cart down to `cart_total`; the rest is the cart
//! in Zid's Python SDK. Its `store_id` is a UUID and not the number that orders have.

use inlet::canonical::{Canonical, Cart, Line, Party, Words};
use inlet::personal::Personal;
use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson as _;
use inlet::value::money::{Currency, Money};
use serde_json::Value;

use super::order::{Input, custom_fields};
use super::value::{Picture, Text, filled, images, text};
use super::{City, address, time_of};

inlet::payload! {
    /// An abandoned cart.
    struct Basket {
        /// A UUID.
        id: Text = "id",
        /// Opens the checkout again.
        url: Text = "url",
        /// The step of the checkout. `payment_method` is spelt with a hyphen too.
        phase: Text = "phase",
        /// Set when the cart became an order.
        order_id: Text = "order_id",
        /// A text in the documentation, a number in the SDK.
        customer_id: Text = "customer_id",
        /// Null, at times.
        customer_name: Personal = "customer_name",
        /// Null, at times.
        customer_email: Personal = "customer_email",
        /// Null, at times.
        customer_mobile: Personal = "customer_mobile",
        /// The same in an object, as one receiver accepts it.
        customer: Buyer = "customer",
        /// The customer's city.
        city: City = "city",
        /// A text in the documentation, a number in the SDK.
        reminders_count: Decimal = "reminders_count",
        /// A text in the documentation, a number in the SDK.
        cart_total: Decimal = "cart_total",
        /// Only in the SDK.
        currency_code: Currency = "currency_code",
        /// The channel that the customer came from.
        source: Text = "source",
        /// The number of products.
        products_count: Decimal = "products_count",
        /// The products.
        products: Vec<Item> = "products",
        /// UTC, without a zone.
        created_at: Text = "created_at",
        /// UTC, without a zone.
        updated_at: Text = "updated_at",
    }
    /// The customer.
    struct Buyer {
        /// Zid's id.
        id: Text = "id",
        /// The full name.
        name: Personal = "name",
        /// The e-mail address.
        email: Personal = "email",
        /// Digits with the country's code.
        mobile: Personal = "mobile" | "telephone" | "phone",
    }
    /// A product in a cart.
    struct Item {
        /// The line's own id.
        id: Text = "id",
        /// The product.
        product_id: Text = "product_id",
        /// Its page.
        product_url: Text = "product_url",
        /// The code.
        sku: Text = "sku",
        /// In one language or in two.
        name: Words = "name",
        /// The quantity.
        quantity: Decimal = "quantity",
        /// The price of one.
        price: Decimal = "price",
        /// The addition of options and custom fields to the price of one.
        additions_price: Decimal = "additions_price",
        /// The total of the line.
        total: Decimal = "total",
        /// The customer's input. The name is in the singular here.
        custom_field: Vec<Input> = "custom_field" | "custom_fields",
        /// The pictures.
        images: Vec<Picture> = "images",
    }
}

/// Maps an abandoned cart.
pub(crate) fn cart(payload: &Value) -> Option<Canonical> {
    let basket = Basket::from_json(payload)?;
    let currency = basket.currency_code.as_ref();
    let buyer = basket.customer.unwrap_or_default();
    let customer = Party {
        id: text(basket.customer_id.or(buyer.id)),
        name: basket.customer_name.or(buyer.name),
        email: basket.customer_email.or(buyer.email),
        mobile: basket.customer_mobile.or(buyer.mobile),
        address: basket.city.and_then(address),
        ..Party::default()
    };
    let cart = Cart {
        id: text(basket.id),
        phase: text(basket.phase),
        order_id: text(basket.order_id),
        channel: text(basket.source),
        customer: customer.known(),
        lines: basket.products.map(|items| items.into_iter().map(|item| line(item, currency)).collect()),
        products_count: basket.products_count,
        total: Money::of(basket.cart_total, currency),
        reminders: basket.reminders_count,
        url: text(basket.url),
        created_at: time_of(basket.created_at.as_ref()),
        updated_at: time_of(basket.updated_at.as_ref()),
    };
    Some(cart.into())
}

fn line(item: Item, currency: Option<&Currency>) -> Line {
    let money = |amount| Money::of(amount, currency);
    Line {
        id: text(item.id),
        product_id: text(item.product_id),
        sku: text(item.sku),
        name: item.name,
        quantity: item.quantity,
        unit_price: money(item.price),
        additions: money(item.additions_price),
        total: money(item.total),
        custom_fields: item.custom_field.and_then(|inputs| custom_fields(inputs, currency)),
        url: text(item.product_url),
        images: images(item.images).and_then(filled),
        ..Line::default()
    }
}
