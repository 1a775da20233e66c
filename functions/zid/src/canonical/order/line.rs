//! Lines of an order. docs.zid.sa shows no line in its readable part; the fields are those of Zid's order sample and
//! Python SDK, and of public captures.
//!
//! Not read: `vouchers` (the sold codes, keys and PINs are secrets), `downloadables` (the links work without a login),
//! and the formatted `…_string` twin of each amount.

use inlet::canonical::{CustomField, Discount, Line, SelectedOption, Words};
use inlet::personal::Personal;
use inlet::value::decimal::Decimal;
use inlet::value::json::{FromJson, field};
use inlet::value::money::{Currency, Money};
use serde_json::Value;

use crate::canonical::number;
use crate::canonical::value::{Picture, Text, Weight, filled, images, text};

inlet::payload! {
    /// A line.
    pub(super) struct Item {
        /// The line's own id.
        order_product_id: Text = "order_product_id",
        /// The product or the variant: a UUID, with or without dashes.
        id: Text = "id" | "product_id",
        /// The product of the variant.
        parent_id: Text = "parent_id",
        /// The name of that product.
        parent_name: Words = "parent_name",
        /// `voucher`, for example.
        product_class: Text = "product_class",
        /// In one language or in two.
        name: Words = "name",
        /// In one language or in two.
        short_description: Words = "short_description",
        /// Absent on digital products.
        sku: Text = "sku",
        /// The barcode.
        barcode: Text = "barcode",
        /// The quantity.
        quantity: Decimal = "quantity",
        /// The price of one, as the customer pays it.
        price: Decimal = "price" | "unit_price",
        /// The list price of one without tax.
        net_price: Decimal = "net_price",
        /// The list price of one with tax.
        gross_price: Decimal = "gross_price",
        /// The sale price of one with tax, else without. Null without a sale.
        sale_price: Decimal = "gross_sale_price" | "net_sale_price",
        /// The price of one before the sale.
        price_before: Decimal = "price_before",
        /// The addition of options and custom fields to the price of one.
        additions_price: Decimal = "additions_price",
        /// A fraction: `0.1` is 10 percent.
        discount_percentage: Decimal = "discount_percentage",
        /// The order's discounts as spread over the lines. `[]` if there is none.
        discounts: Discounts = "discounts",
        /// True if tax applies.
        is_taxable: bool = "is_taxable",
        /// A fraction: `0.15` is 15 percent.
        tax_percentage: Decimal = "tax_percentage",
        /// A text, although the prices are numbers.
        tax_amount: Decimal = "tax_amount",
        /// The total of the line.
        total: Decimal = "total",
        /// The total before the sale.
        total_before: Decimal = "total_before",
        /// The total after the order's discounts.
        discounted_total: Decimal = "discounted_total",
        /// The chosen variant.
        options: Vec<Choice> = "options",
        /// The customer's input.
        custom_fields: Vec<Input> = "custom_fields" | "custom_field",
        /// With or without its unit.
        weight: Weight = "weight",
        /// The pictures.
        images: Vec<Picture> = "images",
    }
    /// The order's discounts as spread over the lines.
    struct Discounts {
        /// Points that the customer spent.
        loyalty_points: Share = "loyalty_points",
        /// The coupon.
        coupon: Share = "coupon",
    }
    /// The share of one line.
    struct Share {
        /// Without a minus.
        amount: Decimal = "amount",
    }
    /// A field that the customer filled in.
    pub(crate) struct Input {
        /// The name that the customer sees, else the internal one.
        name: Text = "label" | "name",
        /// The value as shown, else as stored.
        value: Personal = "formatted_value" | "value",
        /// The price that it adds.
        additions_price: Decimal = "additions_price",
    }
}

/// A chosen option: its value alone, or name and value.
#[derive(Clone, PartialEq)]
pub(super) struct Choice(SelectedOption);

impl FromJson for Choice {
    fn from_json(value: &Value) -> Option<Self> {
        let option = match value {
            Value::Object(object) => {
                SelectedOption { name: field(object, &["name"]), value: field(object, &["value", "label"]) }
            }
            other => SelectedOption { name: None, value: text(Text::from_json(other)).map(Words::Plain) },
        };
        option.known().map(Self)
    }
}

/// Maps a line. All of its amounts are in the order's currency.
pub(super) fn line(item: Item, currency: Option<&Currency>) -> Line {
    let money = |amount| Money::of(amount, currency);
    let discount = item.discount_percentage.as_ref().filter(|fraction| !number::is_zero(fraction));
    let weight = item.weight.unwrap_or_default();
    Line {
        id: text(item.order_product_id),
        product_id: text(item.id),
        parent_id: text(item.parent_id),
        parent_name: item.parent_name,
        type_of_product: text(item.product_class),
        name: item.name,
        description: item.short_description,
        sku: text(item.sku),
        barcode: text(item.barcode),
        quantity: item.quantity,
        unit_price: money(item.price),
        net_price: money(item.net_price),
        gross_price: money(item.gross_price),
        sale_price: money(item.sale_price),
        original_price: money(item.price_before),
        additions: money(item.additions_price),
        discount: Discount::percent(discount.and_then(number::percent), None),
        discounts: item.discounts.and_then(|discounts| shares(discounts, currency)),
        taxable: item.is_taxable,
        tax_rate: item.tax_percentage.as_ref().and_then(number::percent),
        tax: money(item.tax_amount),
        total: money(item.total),
        total_before_discount: money(item.total_before),
        total_after_discount: money(item.discounted_total),
        options: item
            .options
            .and_then(|options| filled(options.into_iter().map(|Choice(option)| option).collect())),
        custom_fields: item.custom_fields.and_then(|inputs| custom_fields(inputs, currency)),
        weight: weight.value,
        weight_unit: weight.unit,
        images: images(item.images).and_then(filled),
        ..Line::default()
    }
}

/// Returns the line's share of each of the order's discounts, named by Zid's key.
fn shares(discounts: Discounts, currency: Option<&Currency>) -> Option<Vec<Discount>> {
    let share = |(name, share): (&str, Option<Share>)| {
        let discount = Discount::amount(Money::of(share?.amount, currency))?;
        Some(Discount { name: Some(name.to_owned()), ..discount })
    };
    let named = [("loyalty_points", discounts.loyalty_points), ("coupon", discounts.coupon)];
    filled(named.into_iter().filter_map(share).collect())
}

/// Maps the fields that the customer filled in; `None` if there is none.
pub(crate) fn custom_fields(inputs: Vec<Input>, currency: Option<&Currency>) -> Option<Vec<CustomField>> {
    let custom_field = |input: Input| {
        let price = Money::of(input.additions_price, currency);
        CustomField { name: text(input.name), value: input.value, price }.known()
    };
    filled(inputs.into_iter().filter_map(custom_field).collect())
}
