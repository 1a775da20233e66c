//! Products and their variants.

use inlet::canonical::{Canonical, Component, Discount, Image, OutletPrice, Product, Words};
use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson;
use serde_json::Value;

use super::{money, parse_time};

inlet::payload! {
    /// A product: /webhook/webhook/product. No page shows the content of its `Storage`.
    struct ProductBody {
        /// A GUID.
        id: String = "ID",
        /// The category's name.
        category: String = "Category",
        /// The name.
        name: Words = "Name",
        /// The supplier's name.
        supplier: String = "SupplierName",
        /// Sent twice under two names.
        brand: String = "Brand" | "BrandName",
        /// The code.
        code: String = "Code",
        /// True if it is no longer sold.
        discontinued: bool = "Discontinued",
        /// Long text.
        description: Words = "Description",
        /// Search keywords.
        tags: Vec<String> = "Tags",
        /// The main picture; the REST page spells it with small letters.
        image_url: String = "ImageURL" | "ImageUrl",
        /// The small picture.
        thumbnail_url: String = "ThumbnailURL" | "ThumbnailUrl",
        /// Further pictures; the REST page has another name.
        extra_images: Vec<String> = "ExtraImageURL" | "ExtraImagesURL",
        /// The variants, as the REST page shows them.
        variants: Vec<VariantBody> = "Variants",
        /// A day; REST only.
        released: String = "Released",
        /// When it was entered; REST only.
        created: String = "Created",
    }
    /// A variant of a product: /webhook/webhook/product/productvariantupdated.md, and REST inside a product.
    struct VariantBody {
        /// A GUID.
        id: String = "ID",
        /// The product's category.
        category: String = "Category",
        /// The product's name; no page gives its id here.
        product: String = "Product",
        /// The product's code; REST only.
        product_code: String = "ProductCode",
        /// Its kind or size; REST calls it `Model`.
        variant: String = "Variant" | "Model",
        /// A description of the variant; REST only.
        description: Words = "VariantDescription",
        /// The full name.
        name: Words = "Name",
        /// The variant's own code.
        code: String = "Code",
        /// In a unit that is not documented.
        weight: Decimal = "Weight",
        /// `Standard`, `Composite`, `Non Inventory`, `Prepaid Package` or `Prepaid Point`.
        type_of_product: Type = "Type",
        /// The cost.
        unit_cost: Decimal = "UnitCost",
        /// The selling price.
        unit_price: Decimal = "UnitPrice",
        /// The price on purchase orders.
        order_price: Decimal = "OrderPrice",
        /// A percentage; REST only.
        discount: Decimal = "Discount",
        /// True if tax applies.
        taxable: bool = "Taxable",
        /// True if it earns points.
        loyalty_point: bool = "LoyaltyPoint",
        /// True if it is no longer sold.
        discontinued: bool = "Discontinued",
        /// The parts of a composite.
        components: Vec<ComponentBody> = "Components",
        /// Prices that differ by outlet.
        outlet_prices: Vec<OutletPriceBody> = "OutletPrice",
    }
    /// A part of a composite.
    struct ComponentBody {
        /// The name.
        name: Words = "Name",
        /// The code.
        code: String = "Code",
        /// The quantity.
        quantity: Decimal = "Qty",
    }
    /// A price in one outlet.
    struct OutletPriceBody {
        /// The outlet's name.
        outlet: String = "Outlet",
        /// The price.
        price: Decimal = "Price",
        /// A cost on top.
        extra_cost: Decimal = "ExtraCost",
    }
    /// A type in REST, an object.
    struct TypeBody {
        /// Its name.
        value: String = "value",
    }
}

/// A type as text, or as an object with its name.
#[derive(Clone, Debug, PartialEq)]
struct Type(String);

impl FromJson for Type {
    fn from_json(value: &Value) -> Option<Self> {
        String::from_json(value).or_else(|| TypeBody::from_json(value)?.value).map(Self)
    }
}

/// Maps Product Created, Updated and Deleted.
pub(crate) fn product(payload: &Value) -> Option<Canonical> {
    let body = ProductBody::from_json(payload)?;
    let addresses = body.image_url.iter().cloned().chain(body.extra_images.into_iter().flatten());
    let images: Vec<Image> = addresses.map(|url| Image { url: Some(url), alt: None }).collect();
    let product = Product {
        id: body.id,
        sku: body.code,
        name: body.name,
        description: body.description,
        category: body.category,
        brand: body.brand,
        supplier: body.supplier,
        discontinued: body.discontinued,
        tags: body.tags,
        image_url: body.image_url,
        thumbnail_url: body.thumbnail_url,
        images: (!images.is_empty()).then_some(images),
        variants: body.variants.map(|variants| variants.into_iter().map(VariantBody::product).collect()),
        released_at: parse_time(body.released.as_deref()),
        created_at: parse_time(body.created.as_deref()),
        ..Product::default()
    };
    Some(product.into())
}

/// Maps Product Variant Created and Updated.
pub(crate) fn variant(payload: &Value) -> Option<Canonical> {
    VariantBody::from_json(payload).map(|body| body.product().into())
}

impl VariantBody {
    fn product(self) -> Product {
        let components = self.components.map(|parts| {
            let component = |ComponentBody { name, code, quantity }| Component { sku: code, name, quantity };
            parts.into_iter().map(component).collect()
        });
        let outlet_prices = self.outlet_prices.map(|prices| {
            let price = |OutletPriceBody { outlet, price, extra_cost }| OutletPrice {
                outlet,
                price: money(price),
                extra_cost: money(extra_cost),
            };
            prices.into_iter().map(price).collect()
        });
        Product {
            id: self.id,
            sku: self.code,
            name: self.name,
            parent: self.product,
            parent_sku: self.product_code,
            variant: self.variant,
            description: self.description,
            type_of_product: self.type_of_product.map(|Type(name)| name),
            category: self.category,
            price: money(self.unit_price),
            discount: Discount::percent(self.discount, None),
            order_price: money(self.order_price),
            cost: money(self.unit_cost),
            outlet_prices,
            components,
            weight: self.weight,
            discontinued: self.discontinued,
            taxable: self.taxable,
            earns_points: self.loyalty_point,
            ..Product::default()
        }
    }
}
