//! Maps DealPOS's words to the canonical ones.
//!
//! No page names a currency, so the currency of an amount is null unless the store has the setting. Few times have a
//! zone.
//! The names are the union of the webhook pages, DealPOS's REST pages for the same objects and a public receiver's
//! model; every field is optional, and a number may come as text.

pub(crate) mod people;
pub(crate) mod products;
pub(crate) mod goods;
pub(crate) mod sales;
pub(crate) mod payments;
pub(crate) mod purchases;
pub(crate) mod till;
mod lines;
mod states;

use inlet::canonical::{Actor, Discount, Unit};
use inlet::personal::Personal;
use inlet::value::decimal::Decimal;
use inlet::value::money::Money;
use inlet::value::time::Time;

/// Reads any of DealPOS's spellings of a time.
///
/// Only a shift's `Close` is known to have an offset. The other spellings (a day; seconds with none to seven digits
/// of fraction; `05 Mar 2024 00:00`) have no zone, and none is documented.
pub(crate) fn time(text: &str) -> Option<Time> {
    Time::parse_rfc3339(text).or_else(|| Time::local(text))
}

/// Returns true if a time has a fraction of a second.
pub(crate) fn has_fraction(text: &str) -> bool {
    text.split_once('T').is_some_and(|(_, clock)| clock.contains('.'))
}

/// Reads a field that holds a time.
fn parse_time(text: Option<&str>) -> Option<Time> {
    text.and_then(time)
}

/// Returns an amount without a currency.
fn money(amount: Option<Decimal>) -> Option<Money> {
    Money::of(amount, None)
}

/// Returns a user of DealPOS by id and name.
fn actor(id: Option<String>, name: Option<Personal>) -> Option<Actor> {
    Actor { id, name }.known()
}

/// Returns a discount that DealPOS writes as a percentage and an amount. The value that is not zero counts.
fn discount(percent: Option<Decimal>, amount: Option<Decimal>) -> Option<Discount> {
    match (percent, amount) {
        (Some(percent), Some(amount)) if !is_zero(&percent) && is_zero(&amount) => {
            Discount::percent(Some(percent), None)
        }
        (Some(percent), Some(amount)) if is_zero(&percent) && !is_zero(&amount) => {
            Discount::amount(money(Some(amount)))
        }
        (percent, amount) => Discount::percent(percent, money(amount)),
    }
}

/// Returns the discounts of a document, which apply one after the other: two percentages, then an amount. Those that
/// are zero are left out, and so is the list if all are.
fn discounts(percents: [Option<Decimal>; 2], amount: Option<Decimal>) -> Option<Vec<Discount>> {
    let is_given = |decimal: &Decimal| !is_zero(decimal);
    let percents =
        percents.into_iter().filter_map(|percent| Discount::percent(percent.filter(is_given), None));
    let amount = Discount::amount(money(amount.filter(is_given)));
    let discounts: Vec<Discount> = percents.chain(amount).collect();
    (!discounts.is_empty()).then_some(discounts)
}

/// Returns a discount whose unit no page documents.
fn discount_without_unit(value: Option<Decimal>) -> Option<Discount> {
    Discount { value, ..Discount::default() }.known()
}

/// Reads `Percentage` or `Amount`.
fn unit(word: &str) -> Option<Unit> {
    match word.trim().to_ascii_lowercase().as_str() {
        "percentage" => Some(Unit::Percent),
        "amount" => Some(Unit::Amount),
        _ => None,
    }
}

/// Returns true if prices contain the tax: `Add` adds the tax to the prices, `Include` means that they contain it.
fn is_tax_included(calculation: Option<&str>) -> Option<bool> {
    match calculation?.trim().to_ascii_lowercase().as_str() {
        "include" => Some(true),
        "add" => Some(false),
        _ => None,
    }
}

fn is_zero(decimal: &Decimal) -> bool {
    decimal.as_str().bytes().all(|digit| matches!(digit, b'0' | b'.' | b'-'))
}
