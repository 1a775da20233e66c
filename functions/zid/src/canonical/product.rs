//! Products. The webhook's page could not be read; the fields are those of the REST product in Zid's Python SDK,
//! which the webhook is expected to send.

use inlet::canonical::{Canonical, Product, Words};
use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson as _;
use inlet::value::money::{Currency, Money};
use serde_json::Value;

use super::time_of;

inlet::payload! {
    /// A product.
    struct Item {
        /// Zid's id.
        id: String = "id",
        /// The code.
        sku: String = "sku",
        /// The barcode.
        barcode: String = "barcode",
        /// The product that this is a variant of.
        parent_id: String = "parent_id",
        /// In one language or two.
        name: Words = "name",
        /// HTML at times.
        description: Words = "description" | "short_description",
        /// What it sells for.
        price: Decimal = "price",
        /// What it sells for now.
        sale_price: Decimal = "sale_price",
        /// What it costs the merchant.
        cost: Decimal = "cost",
        /// ISO 4217.
        currency: Currency = "currency",
        /// Null when there is no limit.
        quantity: Decimal = "quantity",
        /// Whether there is no limit.
        is_infinite: bool = "is_infinite",
        /// Whether customers see it.
        is_published: bool = "is_published",
        /// Whether tax is added.
        is_taxable: bool = "is_taxable",
        /// With its unit.
        weight: Weight = "weight",
        /// Of several, the first is told.
        categories: Vec<Shelf> = "categories",
        /// Words to find it by.
        keywords: Vec<String> = "keywords",
        /// The page that shows it; Arabic, not percent-encoded.
        html_url: String = "html_url",
        /// Of several, the first is told.
        images: Vec<Image> = "images",
        /// With `Z`.
        created_at: String = "created_at",
        /// With `Z`.
        updated_at: String = "updated_at",
    }
    /// What it weighs.
    struct Weight {
        /// How many.
        value: Decimal = "value",
        /// Of what.
        unit: String = "unit",
    }
    /// A category that it stands in.
    struct Shelf {
        /// In one language or two.
        name: Words = "name",
    }
    /// A picture.
    struct Image {
        /// By size.
        image: Sizes = "image",
    }
    /// The addresses of a picture.
    struct Sizes {
        /// The largest there is.
        url: String = "full_size" | "large" | "medium" | "small" | "thumbnail",
    }
}

/// A product as a product.
pub(crate) fn product(payload: &Value) -> Option<Canonical> {
    let item = Item::from_json(payload)?;
    let money = |amount| Money::of(amount, item.currency.as_ref());
    let weight = item.weight.unwrap_or_default();
    let product = Product {
        id: item.id,
        sku: item.sku,
        barcode: item.barcode,
        name: item.name,
        parent: item.parent_id,
        description: item.description,
        category: first(item.categories).and_then(|shelf| shelf.name).and_then(in_one_language),
        price: money(item.price),
        sale_price: money(item.sale_price),
        cost: money(item.cost),
        weight: weight.value,
        weight_unit: weight.unit,
        quantity: item.quantity,
        unlimited: item.is_infinite,
        published: item.is_published,
        taxable: item.is_taxable,
        tags: item.keywords,
        url: item.html_url,
        image_url: first(item.images).and_then(|image| image.image?.url),
        created_at: time_of(item.created_at.as_deref()),
        updated_at: time_of(item.updated_at.as_deref()),
        ..Product::default()
    };
    Some(product.into())
}

fn first<T>(list: Option<Vec<T>>) -> Option<T> {
    list?.into_iter().next()
}

/// A category has one name beside a product: the English one, as in Zid's API by default, else the one there is.
fn in_one_language(words: Words) -> Option<String> {
    match words {
        Words::Plain(text) => Some(text),
        Words::ByLanguage(mut texts) => texts.remove("en").or_else(|| texts.into_values().next()),
    }
}
