//! Zid's words in the common vocabulary: the parts that all objects share. Each object has a file of its own.

mod order;
mod product;
mod category;
mod cart;
mod customer;
mod app;
mod value;
mod number;

use inlet::canonical::{Address, Words};
use inlet::personal::Personal;
use inlet::value::json::{FromJson, field};
use inlet::value::time::Time;
use jiff::tz::Offset;
use serde_json::Value;

pub(crate) use app::{app, subscription};
pub(crate) use cart::cart;
pub(crate) use category::category;
pub(crate) use customer::customer;
pub(crate) use order::order;
pub(crate) use order::state::of_order as state_of_order;
pub(crate) use product::product;

use self::value::Text;

/// A city: an object in carts and customers, or its name alone.
#[derive(Clone, Default, PartialEq)]
struct City {
    name: Option<Personal>,
    country: Option<String>,
}

inlet::outline!(City: name, country);

impl FromJson for City {
    fn from_json(value: &Value) -> Option<Self> {
        let Value::Object(object) = value else {
            return Personal::from_json(value).map(|name| Self { name: Some(name), country: None });
        };
        let name = field::<Words>(object, &["name", "en_name", "ar_name"]).and_then(Words::into_one);
        Some(Self {
            name: name.map(Personal::new),
            country: field(object, &["country_code", "country_name"]),
        })
    }
}

/// Maps the address of a customer who only names a city.
fn address(city: City) -> Option<Address> {
    Address { city: city.name, country: city.country, ..Address::default() }.known()
}

/// Parses any of Zid's notations of a time.
///
/// - With `Z` it is an instant.
/// - `YYYY-MM-DD HH:MM:SS` is UTC. No page documents it; in a live order, the store's local time next to it is three
///   hours later, as Riyadh is.
/// - `DD-MM-YYYY | hh:mm ص` is the store's local time. The mark is the Arabic half of the day: `ص` before noon, `م`
///   after it.
pub(crate) fn time(text: &str) -> Option<Time> {
    Time::parse_rfc3339(text)
        .or_else(|| Time::parse_in(text, "%Y-%m-%d %H:%M:%S", Offset::UTC))
        .or_else(|| Time::local(text))
}

/// Parses the time in a field.
fn time_of(field: Option<&Text>) -> Option<Time> {
    field.and_then(|text| time(text.as_str()))
}
