//! Lines of documents: products, how many, at what price.

use super::amounts::Discount;
use super::object::object;
use super::parties::Location;
use super::words::{CustomField, Image, SelectedOption, Words};
use crate::personal::Personal;
use crate::value::decimal::Decimal;
use crate::value::money::Money;
use crate::value::time::Time;

object! {
    /// A line of an order, a purchase, a return, a transfer, a shipment or an adjustment.
    pub struct Line {
        /// The line's own id.
        id: String,
        /// The id of the product or the variant.
        product_id: String,
        /// The id of the product that the variant belongs to.
        parent_id: String,
        /// The code of the product or the variant.
        sku: String,
        /// The barcode.
        barcode: String,
        /// The name.
        name: Words,
        /// The name of the product that the variant belongs to.
        parent_name: Words,
        /// A short description.
        description: Words,
        /// The kind of product, in the provider's words or codes.
        type_of_product: String,
        /// The quantity.
        quantity: Decimal,
        /// The unit that `quantity` counts.
        unit: String,
        /// The quantity in the provider's other unit.
        unit_quantity: Decimal,
        /// The price of one.
        unit_price: Money,
        /// The price of one before the discount.
        original_price: Money,
        /// The sale price of one.
        sale_price: Money,
        /// The price of one without tax, or after discounts where the provider's word for it is net price.
        net_price: Money,
        /// The price of one with tax.
        gross_price: Money,
        /// The price of one that the chosen options add.
        additions: Money,
        /// The cost of one for the merchant.
        unit_cost: Money,
        /// The cost of the whole line for the merchant.
        total_cost: Money,
        /// The discount of the line.
        discount: Discount,
        /// The document's discounts that the line bears a part of.
        discounts: Vec<Discount>,
        /// True if tax applies.
        taxable: bool,
        /// The tax in the line.
        tax: Money,
        /// The tax rate in percent.
        tax_rate: Decimal,
        /// The tax status, in the provider's words or codes.
        tax_status: String,
        /// The line's total.
        total: Money,
        /// The line's total without tax.
        total_before_tax: Money,
        /// The line's total before the discount.
        total_before_discount: Money,
        /// The line's total after its part of the document's discounts.
        total_after_discount: Money,
        /// True if the line earns loyalty points.
        earns_points: bool,
        /// The salesperson's commission.
        commission: Money,
        /// An expense of the line, in the provider's meaning.
        expense: Money,
        /// The salesperson.
        salesperson: Personal,
        /// The chosen options, such as size and colour.
        options: Vec<SelectedOption>,
        /// Fields that the customer filled in.
        custom_fields: Vec<CustomField>,
        /// Serial numbers of the pieces.
        serials: Vec<String>,
        /// Lots that the pieces are from.
        lots: Vec<Lot>,
        /// The bundle that the line is a part of.
        bundle: Bundle,
        /// The marketplace's id of the item.
        marketplace_item_id: String,
        /// The marketplace's id of the variant.
        marketplace_variant_id: String,
        /// The weight of one.
        weight: Decimal,
        /// The unit of `weight`.
        weight_unit: String,
        /// The page of the product.
        url: String,
        /// Pictures.
        images: Vec<Image>,
        /// A note.
        note: String,
    }

    /// A lot or batch of goods.
    pub struct Lot {
        /// The lot's number.
        number: String,
        /// The quantity from this lot.
        quantity: Decimal,
        /// The time at which the goods expire.
        expires_at: Time,
    }

    /// A bundle: several products that are sold as one.
    pub struct Bundle {
        /// The provider's id.
        id: String,
        /// The provider's id of the line's part in the bundle.
        item_id: String,
        /// The code.
        code: String,
        /// The name.
        name: Words,
        /// The number of bundles.
        quantity: Decimal,
    }

    /// A part of a composite product.
    pub struct Component {
        /// The part's code.
        sku: String,
        /// The part's name.
        name: Words,
        /// The quantity in one composite product.
        quantity: Decimal,
    }

    /// The stock of a product in one location.
    pub struct StockLevel {
        /// The provider's id of the stock record.
        id: String,
        /// The location.
        location: Location,
        /// The quantity that is there.
        on_hand: Decimal,
        /// The quantity that can be sold.
        available: Decimal,
        /// The quantity that is reserved.
        allocated: Decimal,
        /// True if the quantity is unlimited.
        unlimited: bool,
    }
}
