//! The lines of DealPOS's documents.

use inlet::canonical::{Discount, Line, Words};
use inlet::personal::Personal;
use inlet::value::decimal::Decimal;

use super::{discount, discount_without_unit, money};

inlet::payload! {
    /// A line of an invoice, a purchase order, a transfer, a shipment or an adjustment. Each page has some of the
    /// fields; those of an invoice are the REST page's and a public receiver's.
    pub(super) struct LineBody {
        /// The variant's GUID.
        variant_id: String = "VariantID",
        /// The variant's name; adjustments call it `Variant`.
        name: Words = "Name" | "Variant",
        /// The variant's code.
        code: String = "Code",
        /// The quantity; the meaning of its sign on adjustments is not documented.
        quantity: Decimal = "Quantity",
        /// The quantity in another unit; no page explains it.
        unit_quantity: Decimal = "UnitQuantity",
        /// The price of one; adjustments have both names, and there `Price` is the original price.
        unit_price: Decimal = "UnitPrice",
        /// The price of one.
        price: Decimal = "Price",
        /// The price of one before the discount.
        price_original: Decimal = "PriceOriginal",
        /// The price of one after the discount, spelt with two t.
        nett_price: Decimal = "NettPrice",
        /// The cost of one; transfers and invoices call it `Cost`.
        cost: Decimal = "UnitCost" | "Cost",
        /// The cost of the line, on adjustments.
        total_cost: Decimal = "TotalCost",
        /// A percentage on invoices, bills and inbound logistics.
        discount: Decimal = "Discount",
        /// The discount in money.
        discount_amount: Decimal = "DiscountAmount",
        /// The line after discounts, without an included tax; adjustments call it `TotalPrice`.
        total: Decimal = "Sales" | "TotalPrice",
        /// The line's tax.
        tax: Decimal = "Tax",
        /// True if tax applies.
        taxable: bool = "Taxable",
        /// True if the line earns points.
        loyalty_point: bool = "LoyaltyPoint",
        /// Not explained.
        expense: Decimal = "Expense",
        /// The salesperson's commission.
        commission: Decimal = "Commission",
        /// The salesperson.
        sales_name: Personal = "SalesName",
        /// A note.
        note: String = "Note",
    }
}

/// Returns the lines of a document on which `Discount` is a percentage.
pub(super) fn lines(sent: Option<Vec<LineBody>>) -> Option<Vec<Line>> {
    with_discounts(sent, discount)
}

/// Returns the lines of a document on which no page documents the unit of `Discount`.
pub(super) fn lines_without_unit(sent: Option<Vec<LineBody>>) -> Option<Vec<Line>> {
    with_discounts(sent, |value, _| discount_without_unit(value))
}

fn with_discounts(
    sent: Option<Vec<LineBody>>,
    discount: fn(Option<Decimal>, Option<Decimal>) -> Option<Discount>,
) -> Option<Vec<Line>> {
    let lines: Vec<Line> = sent?.into_iter().map(|line| line.line(discount)).collect();
    (!lines.is_empty()).then_some(lines)
}

impl LineBody {
    fn line(self, discount: fn(Option<Decimal>, Option<Decimal>) -> Option<Discount>) -> Line {
        // If both names are present, the plain one is the original price.
        let (unit_price, original_price) = match (self.unit_price, self.price) {
            (Some(unit_price), original) => (Some(unit_price), original),
            (None, price) => (price, None),
        };
        Line {
            product_id: self.variant_id,
            sku: self.code,
            name: self.name,
            quantity: self.quantity,
            unit_quantity: self.unit_quantity,
            unit_price: money(unit_price),
            original_price: money(self.price_original.or(original_price)),
            net_price: money(self.nett_price),
            unit_cost: money(self.cost),
            total_cost: money(self.total_cost),
            discount: discount(self.discount, self.discount_amount),
            taxable: self.taxable,
            tax: money(self.tax),
            total: money(self.total),
            earns_points: self.loyalty_point,
            commission: money(self.commission),
            expense: money(self.expense),
            salesperson: self.sales_name,
            note: self.note,
            ..Line::default()
        }
    }
}
