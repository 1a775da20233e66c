//! Products. The webhook's page could not be read; the fields are those of the REST product in Zid's Python SDK,
//! which the webhook is expected to send. A deleted product is read in the same way: its page could not be read
//! either, and receivers read the same fields of it.

use inlet::canonical::{
    Address, Canonical, CategoryReference, Location, Product, ProductOption, SelectedOption, StockLevel,
    Words,
};
use inlet::personal::Personal;
use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson as _;
use inlet::value::money::{Currency, Money};
use serde_json::Value;

use super::time_of;
use super::value::{Picture, Text, Weight, images, text};

inlet::payload! {
    /// A product or a variant.
    struct Item {
        /// A UUID.
        id: Text = "id",
        /// The code.
        sku: Text = "sku",
        /// The barcode; `""` if there is none.
        barcode: Text = "barcode",
        /// The product that this is a variant of.
        parent_id: Text = "parent_id",
        /// `standalone`, `parent` or `child`.
        structure: Text = "structure",
        /// `voucher`, for example.
        product_class: Text = "product_class",
        /// In one language or in two.
        name: Words = "name",
        /// HTML, at times.
        description: Words = "description",
        /// In one language or in two.
        short_description: Words = "short_description",
        /// The price of one.
        price: Decimal = "price",
        /// Null without a sale.
        sale_price: Decimal = "sale_price",
        /// The cost of one for the merchant.
        cost: Decimal = "cost",
        /// ISO 4217.
        currency: Currency = "currency",
        /// Null if it is unlimited.
        quantity: Decimal = "quantity",
        /// True if the quantity is unlimited.
        is_infinite: bool = "is_infinite",
        /// The stock by location. Empty on a parent, whose variants have it.
        stocks: Vec<Stock> = "stocks",
        /// The variants, on a parent.
        variants: Vec<Item> = "variants",
        /// On a variant, the values that make it.
        attributes: Vec<Attribute> = "attributes",
        /// On a parent, the options that its variants differ in.
        options: Vec<Axis> = "options",
        /// All categories.
        categories: Vec<CategoryBody> = "categories",
        /// All pictures.
        images: Vec<Picture> = "images",
        /// True if customers see it, unless it is a draft.
        is_published: bool = "is_published",
        /// True while it is a draft.
        is_draft: bool = "is_draft",
        /// True if tax applies.
        is_taxable: bool = "is_taxable",
        /// False for digital goods.
        requires_shipping: bool = "requires_shipping",
        /// With its unit.
        weight: Weight = "weight",
        /// Search keywords.
        keywords: Vec<String> = "keywords",
        /// Its page. Arabic, not percent-encoded.
        html_url: Text = "html_url",
        /// With `Z`.
        created_at: Text = "created_at",
        /// With `Z`.
        updated_at: Text = "updated_at",
    }
    /// The stock in one location.
    struct Stock {
        /// Zid's id of the record.
        id: Text = "id",
        /// The location.
        location: Place = "location",
        /// Null if it is unlimited.
        available_quantity: Decimal = "available_quantity",
        /// True if the quantity is unlimited.
        is_infinite: bool = "is_infinite",
    }
    /// A location.
    struct Place {
        /// Zid's id.
        id: Text = "id",
        /// In one language or in two.
        name: Words = "name",
        /// Seen: `PHYSICAL`.
        type_of_location: Text = "type",
        /// The address in one text.
        full_address: Personal = "full_address",
    }
    /// A value that makes a variant.
    struct Attribute {
        /// The name of the option.
        name: Words = "name" | "slug",
        /// In one language or in two.
        value: Words = "value",
    }
    /// An option that variants differ in.
    struct Axis {
        /// Zid's id.
        id: Text = "id",
        /// The name.
        name: Words = "name" | "slug",
        /// The values to choose from.
        choices: Vec<Words> = "choices",
    }
    /// A category.
    struct CategoryBody {
        /// A number in a text, unlike the id in the category's own events.
        id: Text = "id",
        /// In one language or in two.
        name: Words = "name",
    }
}

/// Maps a product.
pub(crate) fn product(payload: &Value) -> Option<Canonical> {
    Item::from_json(payload).map(|item| mapped(item).into())
}

fn mapped(item: Item) -> Product {
    let money = |amount| Money::of(amount, item.currency.as_ref());
    let weight = item.weight.unwrap_or_default();
    let categories: Option<Vec<CategoryReference>> =
        item.categories.map(|shelves| shelves.into_iter().filter_map(category).collect());
    let first = categories.as_ref().and_then(|categories| categories.first().cloned()).unwrap_or_default();
    let images = images(item.images);
    let image_url = images.as_ref().and_then(|images| images.first()?.url.clone());
    Product {
        id: text(item.id),
        sku: text(item.sku),
        barcode: text(item.barcode),
        parent: text(item.parent_id),
        structure: text(item.structure),
        type_of_product: text(item.product_class),
        name: item.name,
        description: item.description,
        short_description: item.short_description,
        category: first.name.and_then(Words::into_one),
        category_id: first.id,
        categories,
        price: money(item.price),
        sale_price: money(item.sale_price),
        cost: money(item.cost),
        quantity: item.quantity,
        unlimited: item.is_infinite,
        stocks: item.stocks.map(|stocks| stocks.into_iter().filter_map(stock).collect()),
        variants: item.variants.map(|variants| variants.into_iter().map(mapped).collect()),
        selected_options: item
            .attributes
            .map(|attributes| attributes.into_iter().filter_map(choice).collect()),
        options: item.options.map(|axes| axes.into_iter().filter_map(option).collect()),
        published: item.is_published,
        draft: item.is_draft,
        taxable: item.is_taxable,
        needs_shipping: item.requires_shipping,
        weight: weight.value,
        weight_unit: weight.unit,
        tags: item.keywords,
        url: text(item.html_url),
        image_url,
        images,
        created_at: time_of(item.created_at.as_ref()),
        updated_at: time_of(item.updated_at.as_ref()),
        ..Product::default()
    }
}

fn stock(stock: Stock) -> Option<StockLevel> {
    let place = stock.location.unwrap_or_default();
    let address = Address { text: place.full_address, ..Address::default() };
    let location = Location {
        id: text(place.id),
        name: place.name,
        type_of_location: text(place.type_of_location),
        address: address.known(),
        ..Location::default()
    };
    let level = StockLevel {
        id: text(stock.id),
        location: location.known(),
        available: stock.available_quantity,
        unlimited: stock.is_infinite,
        ..StockLevel::default()
    };
    level.known()
}

fn choice(attribute: Attribute) -> Option<SelectedOption> {
    SelectedOption { name: attribute.name, value: attribute.value }.known()
}

fn option(axis: Axis) -> Option<ProductOption> {
    ProductOption { id: text(axis.id), name: axis.name, values: axis.choices }.known()
}

fn category(category: CategoryBody) -> Option<CategoryReference> {
    CategoryReference { id: text(category.id), name: category.name }.known()
}
