//! The fields of one ZORT object, read by name. A field that is absent, empty or of another type reads as absent.

use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson;
use inlet::value::money::{Currency, Money};
use inlet::value::time::Time;
use serde_json::{Map, Value};

use super::time::parse_time;

/// An object whose names are in lower case, and the currency of its amounts.
pub(super) struct Fields<'p> {
    object: &'p Map<String, Value>,
    currency: Option<Currency>,
}

impl<'p> Fields<'p> {
    /// Returns the fields of an object; `None` for another type.
    ///
    /// `currency` is a field that public clients have seen in orders; most bodies lack it.
    pub(super) fn of(value: &'p Value) -> Option<Self> {
        let object = value.as_object()?;
        Some(Self { object, currency: object.get("currency").and_then(Currency::from_json) })
    }

    /// Returns the currency of the amounts.
    pub(super) fn currency(&self) -> Option<&Currency> {
        self.currency.as_ref()
    }

    /// Reads a field. Empty text reads as absent.
    pub(super) fn read<T: FromJson>(&self, name: &str) -> Option<T> {
        let value = self.object.get(name)?;
        let is_blank = value.as_str().is_some_and(|text| text.trim().is_empty());
        (!is_blank).then(|| T::from_json(value)).flatten()
    }

    /// Reads an amount.
    pub(super) fn money(&self, name: &str) -> Option<Money> {
        Money::of(self.read::<Decimal>(name), self.currency())
    }

    /// Reads a time, else its twin: ZORT sends most times twice, as `orderdate` and readable as `orderdateString`.
    pub(super) fn time(&self, name: &str, twin: &str) -> Option<Time> {
        [name, twin].iter().find_map(|name| parse_time(&self.read::<String>(name)?))
    }

    /// Returns the objects of a list, with the currency of this object; `None` if the list has none.
    pub(super) fn objects(&self, name: &str) -> Option<Vec<Fields<'p>>> {
        let list = self.object.get(name)?.as_array()?;
        let objects = list.iter().filter_map(Value::as_object);
        let fields: Vec<_> = objects.map(|object| Self { object, currency: self.currency.clone() }).collect();
        (!fields.is_empty()).then_some(fields)
    }

    /// Reads a list of texts, or one text. Elements of another type are skipped: their shape is not documented.
    pub(super) fn texts(&self, name: &str) -> Option<Vec<String>> {
        let texts = self.read::<Vec<String>>(name).or_else(|| Some(vec![self.read(name)?]))?;
        (!texts.is_empty()).then_some(texts)
    }
}
