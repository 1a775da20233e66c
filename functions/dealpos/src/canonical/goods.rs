//! Products and their variants, and the goods that move: transfers, shipments, adjustments.

use inlet::canonical::{Adjustment, Canonical, Discount, Line, Product, Shipment, Transfer, Words};
use inlet::personal::Personal;
use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson;
use serde_json::Value;

use super::people::Person;
use super::{at, money};

inlet::payload! {
    /// A product: /webhook/webhook/product. What its `Storage` and `Variants` hold is not readable.
    struct ProductBody {
        /// A GUID.
        id: String = "ID",
        /// The category's name.
        category: String = "Category",
        /// The name.
        name: Words = "Name",
        /// The supplier's name.
        supplier: String = "SupplierName",
        /// Twice the same.
        brand: String = "Brand" | "BrandName",
        /// The code.
        code: String = "Code",
        /// Whether it is no longer sold.
        discontinued: bool = "Discontinued",
        /// Long text.
        description: Words = "Description",
        /// Words to find it by.
        tags: Vec<String> = "Tags",
        /// The picture.
        image_url: String = "ImageURL",
    }
    /// A variant of a product: /webhook/webhook/product/productvariantupdated.md.
    struct VariantBody {
        /// A GUID.
        id: String = "ID",
        /// The product's category.
        category: String = "Category",
        /// The product's name; no page gives its id here.
        product: String = "Product",
        /// Its kind or size.
        variant: String = "Variant",
        /// The full name.
        name: Words = "Name",
        /// The variant's own code.
        code: String = "Code",
        /// Without a unit.
        weight: Decimal = "Weight",
        /// What it costs.
        unit_cost: Decimal = "UnitCost",
        /// What it sells for.
        unit_price: Decimal = "UnitPrice",
        /// Whether tax is added.
        taxable: bool = "Taxable",
        /// Whether it is no longer sold.
        discontinued: bool = "Discontinued",
    }
    /// A line of a purchase order, a transfer, a shipment or an adjustment. Each page has some of the fields.
    pub(super) struct GoodsLine {
        /// The variant's GUID.
        variant_id: String = "VariantID",
        /// The variant's name; adjustments call it `Variant`.
        name: Words = "Name" | "Variant",
        /// The variant's code.
        code: String = "Code",
        /// How many; what an adjustment's sign means is not documented.
        quantity: Decimal = "Quantity",
        /// The price of one; adjustments have both names.
        price: Decimal = "UnitPrice" | "Price",
        /// The cost of one; transfers call it `Cost`.
        cost: Decimal = "UnitCost" | "Cost",
        /// A percentage on inbound logistics; elsewhere no page tells.
        discount: Decimal = "Discount",
        /// The price of all, on adjustments.
        total: Decimal = "TotalPrice",
        /// On transfers.
        note: String = "Note",
    }
    /// A transfer between outlets: /webhook/webhook/transfer-order.
    struct TransferOrder {
        /// The outlet that sends, by name.
        outlet: String = "Outlet",
        /// The outlet that sends; on the newer pages only.
        outlet_id: String = "OutletID",
        /// The outlet that receives, by name.
        destination: String = "Destination",
        /// `05 Mar 2024 00:00`.
        date: String = "Date",
        /// The document's number.
        number: String = "Number",
        /// Who carries it.
        courier: String = "Courier",
        /// A note.
        note: String = "Note",
        /// `Dispatched`; the list is not documented.
        state: String = "State",
        /// `06 Mar 2024 00:00`.
        received_date: String = "ReceivedDate",
        /// A note of those who received it.
        received_note: String = "ReceivedNote",
        /// `05 Mar 2024 08:30`.
        created: String = "Created",
        /// The goods.
        variants: Vec<GoodsLine> = "Variants",
    }
    /// Goods on their way: /webhook/webhook/outbound-logistic and /inbound-logistic.
    struct Logistic {
        /// A GUID; on the newer pages of the outbound one only.
        id: String = "ID",
        /// The outlet's name.
        outlet: String = "Outlet",
        /// The document's number. That it is the invoice's is nowhere said.
        number: String = "Number",
        /// The document's day, written as its midnight.
        date: String = "Date",
        /// To whom; outbound.
        customer: Person = "Customer",
        /// From whom; inbound.
        supplier: Person = "Supplier",
        /// When it was entered.
        created: String = "Created",
        /// The goods.
        variants: Vec<GoodsLine> = "Variants",
    }
    /// A correction of the stock: /webhook/webhook/adjustment.
    struct AdjustmentBody {
        /// The id.
        id: String = "ID",
        /// The outlet's name.
        outlet: String = "Outlet",
        /// The document's number.
        number: String = "Number",
        /// The list is not documented.
        type_of_adjustment: String = "Type",
        /// The list is not documented.
        state: String = "State",
        /// The document's day, written as its midnight.
        date: String = "Date",
        /// The person in charge.
        responsible: Personal = "PIC",
        /// A note.
        note: String = "Note",
        /// What was corrected. What was counted (`CountedInventory`) is not readable beyond its name.
        adjusted: Vec<GoodsLine> = "AdjustedInventory",
    }
}

/// Product Created and Updated.
pub(crate) fn product(payload: &Value) -> Option<Canonical> {
    let body = ProductBody::from_json(payload)?;
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
        ..Product::default()
    };
    Some(product.into())
}

/// Product Variant Updated.
pub(crate) fn variant(payload: &Value) -> Option<Canonical> {
    let body = VariantBody::from_json(payload)?;
    let product = Product {
        id: body.id,
        sku: body.code,
        name: body.name,
        parent: body.product,
        variant: body.variant,
        category: body.category,
        price: money(body.unit_price),
        cost: money(body.unit_cost),
        weight: body.weight,
        discontinued: body.discontinued,
        taxable: body.taxable,
        ..Product::default()
    };
    Some(product.into())
}

/// Transfer Order Created.
pub(crate) fn transfer(payload: &Value) -> Option<Canonical> {
    let body = TransferOrder::from_json(payload)?;
    let transfer = Transfer {
        number: body.number,
        status: body.state,
        origin: body.outlet,
        origin_id: body.outlet_id,
        destination: body.destination,
        courier: body.courier,
        note: body.note,
        received_note: body.received_note,
        lines: lines(body.variants),
        sent_at: at(body.date.as_deref()),
        arrived_at: at(body.received_date.as_deref()),
        created_at: at(body.created.as_deref()),
        ..Transfer::default()
    };
    Some(transfer.into())
}

/// Outbound Logistic Complete.
pub(crate) fn outbound(payload: &Value) -> Option<Canonical> {
    let body = Logistic::from_json(payload)?;
    let shipped_at = at(body.date.as_deref());
    Some(Shipment { shipped_at, ..shipment(body, "outbound") }.into())
}

/// Inbound Logistic Complete.
pub(crate) fn inbound(payload: &Value) -> Option<Canonical> {
    let body = Logistic::from_json(payload)?;
    let arrived_at = at(body.date.as_deref());
    Some(Shipment { arrived_at, ..shipment(body, "inbound") }.into())
}

/// What both directions have.
fn shipment(body: Logistic, direction: &str) -> Shipment {
    Shipment {
        id: body.id,
        number: body.number,
        direction: Some(direction.to_owned()),
        outlet: body.outlet,
        customer: body.customer.and_then(Person::party),
        supplier: body.supplier.and_then(Person::party),
        lines: lines(body.variants),
        created_at: at(body.created.as_deref()),
        ..Shipment::default()
    }
}

/// Adjustment Created.
pub(crate) fn adjustment(payload: &Value) -> Option<Canonical> {
    let body = AdjustmentBody::from_json(payload)?;
    let adjustment = Adjustment {
        id: body.id,
        number: body.number,
        type_of_adjustment: body.type_of_adjustment,
        status: body.state,
        outlet: body.outlet,
        responsible: body.responsible,
        note: body.note,
        lines: lines(body.adjusted),
        adjusted_at: at(body.date.as_deref()),
        ..Adjustment::default()
    };
    Some(adjustment.into())
}

/// The lines of a document.
pub(super) fn lines(sent: Option<Vec<GoodsLine>>) -> Option<Vec<Line>> {
    sent.map(|lines| lines.into_iter().map(GoodsLine::line).collect())
}

impl GoodsLine {
    fn line(self) -> Line {
        Line {
            product_id: self.variant_id,
            sku: self.code,
            name: self.name,
            quantity: self.quantity,
            unit_price: money(self.price),
            unit_cost: money(self.cost),
            discount: Discount { value: self.discount, ..Discount::default() }.known(),
            total: money(self.total),
            note: self.note,
            ..Line::default()
        }
    }
}
