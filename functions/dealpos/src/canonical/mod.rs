//! DealPOS's words to ours. No page names a currency, so every amount's is null; and hardly a time has a zone.

pub(crate) mod people;
pub(crate) mod goods;
pub(crate) mod sales;
pub(crate) mod purchases;
pub(crate) mod till;

use inlet::value::decimal::Decimal;
use inlet::value::money::Money;
use inlet::value::time::Time;

/// An instant where the text has an offset, which is known of a shift's `Close` only. The other spellings (day;
/// seconds with none to seven digits of fraction; `05 Mar 2024 00:00`) have no zone, and none is documented.
pub(crate) fn time(text: &str) -> Option<Time> {
    Time::parse_rfc3339(text).or_else(|| Time::local(text))
}

/// Whether a time is told to a fraction of a second.
pub(crate) fn tells_fraction(text: &str) -> bool {
    text.split_once('T').is_some_and(|(_, clock)| clock.contains('.'))
}

/// A field that tells a time.
fn at(text: Option<&str>) -> Option<Time> {
    text.and_then(time)
}

/// A field that tells an amount.
fn money(amount: Option<Decimal>) -> Option<Money> {
    Money::of(amount, None)
}
