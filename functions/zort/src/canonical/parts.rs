//! The parts of a document: lines, payments, discounts and charges.

use inlet::canonical::{Bundle, Charge, Direction, Discount, Line, Lot, Payment, Purpose, State};
use inlet::value::decimal::Decimal;
use inlet::value::money::Money;

use super::fields::Fields;

/// Sums that no canonical field has: the name of ZORT's field, and whether the sum reduces the document's total.
///
/// `discountamount` is `sellerdiscount` + `platformdiscount` − `voucheramount`, as ZORT's marketplace page has it.
const CHARGES: &[(&str, bool)] = &[
    ("sellerdiscount", true),
    ("platformdiscount", true),
    ("voucheramount", false),
    ("shippingdiscount", true),
];

/// Reads the lines. `vat_status` names the fields with a line's VAT status, the one that applies first.
pub(super) fn lines(fields: &Fields<'_>, vat_status: &[&str]) -> Option<Vec<Line>> {
    Some(fields.objects("list")?.iter().map(|line| read_line(line, vat_status)).collect())
}

fn read_line(fields: &Fields<'_>, vat_status: &[&str]) -> Line {
    let tax_status: Option<String> = vat_status.iter().find_map(|name| fields.read(name));
    Line {
        id: fields.read("id"),
        product_id: fields.read("productid"),
        sku: fields.read("sku"),
        barcode: fields.read("barcode"),
        name: fields.read("name"),
        type_of_product: fields.read("producttype"),
        // In a line, `number` is the quantity. In the document, it is the document's number.
        quantity: fields.read("number"),
        unit: fields.read("unittext"),
        unit_price: fields.money("pricepernumber"),
        net_price: fields.money("pricepernumber_pretax"),
        discount: discount(fields),
        taxable: tax_status.as_deref().and_then(taxable),
        tax: fields.money("totalprice_vat"),
        tax_status,
        total: fields.money("totalprice"),
        total_before_tax: fields.money("totalprice_pretax"),
        serials: fields.texts("serialnolist"),
        lots: lots(fields),
        bundle: bundle(fields),
        marketplace_item_id: fields.read("integrationitemid"),
        marketplace_variant_id: fields.read("integrationvariantid"),
        ..Line::default()
    }
}

/// Returns true if VAT applies by its documented code: 1 is no VAT, 2 is VAT and 3 is VAT at 0 %.
pub(super) fn taxable(code: &str) -> Option<bool> {
    match code.trim() {
        "1" => Some(false),
        "2" | "3" => Some(true),
        _ => None,
    }
}

/// Returns the lots that are plain text: the shape of other elements is not documented.
fn lots(fields: &Fields<'_>) -> Option<Vec<Lot>> {
    let lot = |number: String| Lot { number: Some(number), ..Lot::default() };
    Some(fields.texts("expirylotlist")?.into_iter().map(lot).collect())
}

fn bundle(fields: &Fields<'_>) -> Option<Bundle> {
    let bundle = Bundle {
        id: fields.read("bundleid"),
        item_id: fields.read("bundleitemid"),
        code: fields.read("bundlecode"),
        name: fields.read("bundlename"),
        quantity: fields.read("bundlenumber"),
    };
    bundle.known()
}

/// Reads the payments. `payment_state` is the document's: the time of a voided payment is not the time of a receipt.
pub(super) fn payments(
    fields: &Fields<'_>,
    direction: Direction,
    payment_state: Option<State>,
) -> Option<Vec<Payment>> {
    let is_voided = payment_state == Some(State::Cancelled);
    let payment = |fields: &Fields<'_>| {
        let at = fields.time("paymentdatetime", "paymentdatetimestring");
        let (paid_at, processed_at) = if is_voided { (None, at) } else { (at, None) };
        Payment {
            id: fields.read("id"),
            direction: Some(direction),
            purpose: Some(Purpose::Payment),
            amount: fields.money("amount"),
            method: fields.read("name"),
            method_id: fields.read("paymentmethodid"),
            slip_url: fields.read("link"),
            paid_at,
            processed_at,
            ..Payment::default()
        }
    };
    Some(fields.objects("payments")?.iter().map(payment).collect())
}

/// Returns the document's discount as a list with one element.
pub(super) fn discounts(fields: &Fields<'_>) -> Option<Vec<Discount>> {
    discount(fields).map(|discount| vec![discount])
}

/// Reads `discount`, which people enter as `10%` or `5.00`, and `discountamount`, the money by which it reduces the
/// total.
fn discount(fields: &Fields<'_>) -> Option<Discount> {
    let amount = fields.money("discountamount");
    match fields.read::<String>("discount") {
        Some(text) => Discount::parse(&text, fields.currency(), amount),
        None => Discount::amount(amount),
    }
}

/// Reads the sums that no canonical field has.
pub(super) fn charges(fields: &Fields<'_>) -> Option<Vec<Charge>> {
    let charge = |(name, reduces): &(&str, bool)| {
        let amount = fields.money(name)?;
        let amount = if *reduces { negative(amount) } else { amount };
        Some(Charge { code: Some((*name).to_owned()), amount: Some(amount), ..Charge::default() })
    };
    let charges: Vec<_> = CHARGES.iter().filter_map(charge).collect();
    (!charges.is_empty()).then_some(charges)
}

/// Returns the amount with a minus, unless it has one or is zero.
fn negative(money: Money) -> Money {
    let text = money.amount.as_str();
    let is_positive = !text.starts_with('-') && text.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    let negated = is_positive.then(|| Decimal::parse(&format!("-{text}"))).flatten();
    money.with_amount(negated)
}
