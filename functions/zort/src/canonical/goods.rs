//! Products and their stock. developers-v3.zortout.com/overview/webhook documents the body: `id`, `sku`, `name` and
//! the prices, the unit, the weight, the barcode and the category, or the two quantities. The other names are those of
//! the REST product, developers.zortout.com/api-reference/product.

use inlet::canonical::{Canonical, Component, Dimensions, Image, Product, Stock};
use serde_json::Value;

use super::fields::Fields;
use super::parts::taxable;

/// Reads a product. A deletion has only the id and the code.
pub(crate) fn product(payload: &Value) -> Option<Canonical> {
    let fields = Fields::of(payload)?;
    let tax_status: Option<String> = fields.read("sell_vat_status");
    let weight = fields.read("weight");
    let images = images(&fields);
    let main_image = || images.as_ref()?.first()?.url.clone();
    let product = Product {
        id: product_id(&fields),
        sku: fields.read("sku"),
        barcode: fields.read("barcode"),
        name: fields.read("name"),
        variation_id: fields.read("variationid"),
        type_of_product: fields.read("producttype"),
        description: fields.read("description"),
        category: fields.read("category"),
        category_id: fields.read("categoryid"),
        price: fields.money("sellprice"),
        cost: fields.money("purchaseprice"),
        components: components(&fields),
        unit: fields.read("unittext"),
        // The REST product's page has the units: gram, and centimetres below.
        weight_unit: weight.is_some().then(|| "g".to_owned()),
        weight,
        dimensions: dimensions(&fields),
        quantity: fields.read("stock"),
        available: fields.read("availablestock"),
        active: fields.read("active"),
        taxable: tax_status.as_deref().and_then(taxable),
        tax_status,
        purchase_tax_status: fields.read("purchase_vat_status"),
        tags: fields.texts("tag"),
        url: fields.read("sharelink"),
        image_url: fields.read("imagepath").or_else(main_image),
        images,
        created_at: fields.time("createdatetime", "createdatetimestring"),
        updated_at: fields.time("updatedatetime", "updatedatetimestring"),
        ..Product::default()
    };
    Some(product.into())
}

/// Reads a product's quantities. The pages do not document their scope: one warehouse or all.
pub(crate) fn stock(payload: &Value) -> Option<Canonical> {
    let fields = Fields::of(payload)?;
    let stock = Stock {
        id: product_id(&fields),
        sku: fields.read("sku"),
        name: fields.read("name"),
        warehouse: fields.read("warehousecode"),
        on_hand: fields.read("stock"),
        available: fields.read("availablestock"),
        ..Stock::default()
    };
    Some(stock.into())
}

/// Returns the id: some receivers expect `productid` for `id`.
fn product_id(fields: &Fields<'_>) -> Option<String> {
    fields.read("id").or_else(|| fields.read("productid"))
}

/// Returns the products in a bundle.
fn components(fields: &Fields<'_>) -> Option<Vec<Component>> {
    let component = |fields: &Fields<'_>| Component {
        sku: fields.read("sku"),
        name: fields.read("name"),
        quantity: fields.read("quantity"),
    };
    Some(fields.objects("list")?.iter().map(component).collect())
}

fn images(fields: &Fields<'_>) -> Option<Vec<Image>> {
    let image = |url: String| Image { url: Some(url), ..Image::default() };
    Some(fields.texts("imagelist")?.into_iter().map(image).collect())
}

fn dimensions(fields: &Fields<'_>) -> Option<Dimensions> {
    let dimensions = Dimensions {
        width: fields.read("width"),
        length: fields.read("length"),
        height: fields.read("height"),
        unit: None,
    };
    Some(Dimensions { unit: Some("cm".to_owned()), ..dimensions.known()? })
}
