//! Zid's words to ours: what all objects share. Each object is a file of its own.

mod order;
mod product;
mod category;
mod cart;
mod customer;
mod app;

use inlet::canonical::Address;
use inlet::personal::Personal;
use inlet::value::time::Time;
use jiff::tz::Offset;

pub(crate) use app::{app, subscription};
pub(crate) use cart::cart;
pub(crate) use category::category;
pub(crate) use customer::customer;
pub(crate) use order::order;
pub(crate) use product::product;

inlet::payload! {
    /// A city as carts and customers show it.
    pub(crate) struct City {
        /// In the language of the request.
        name: Personal = "name" | "en_name" | "ar_name",
        /// ISO 3166; the name where there is no code.
        country: String = "country_code" | "country_name",
    }
}

/// Reads any of Zid's spellings. With `Z` it is an instant.
///
/// `YYYY-MM-DD HH:MM:SS` has no zone and no page names one. It is taken for UTC by inference: in Zid's own order
/// sample, `issue_date`, which is the store's local time, stands as far off as Riyadh does from UTC.
///
/// `DD-MM-YYYY | hh:mm ص` is the local time of a store whose zone is not told, and stays as it is.
pub(crate) fn time(text: &str) -> Option<Time> {
    Time::parse_rfc3339(text)
        .or_else(|| Time::parse_in(text, "%Y-%m-%d %H:%M:%S", Offset::UTC))
        .or_else(|| Time::local(text))
}

/// The same of a field.
fn time_of(field: Option<&str>) -> Option<Time> {
    field.and_then(time)
}

/// Where somebody lives who only names a city.
fn address(city: Option<City>) -> Option<Address> {
    let City { name, country } = city?;
    Address { city: name, country, ..Address::default() }.known()
}
