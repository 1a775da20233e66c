//! Completion: a store's settings fill in what a provider leaves out, the currency of amounts and the zone of times.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::state::{Direction, Purpose, State, Unit};
use crate::personal::Personal;
use crate::value::decimal::Decimal;
use crate::value::money::{Currency, Money};
use crate::value::time::Time;
use crate::value::zone::Zone;

/// A store's settings for values that its provider does not send. A setting that cannot be read is absent.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct StoreDefaults {
    /// The currency of amounts that come without one.
    #[serde(deserialize_with = "currency")]
    pub currency: Option<Currency>,
    /// The time zone of local times.
    #[serde(deserialize_with = "zone")]
    pub zone: Option<Zone>,
}

impl StoreDefaults {
    /// Returns the errors in a store's settings parameter, one sentence each. Receivers ignore a setting that they
    /// cannot read.
    pub fn problems(settings: &str) -> Vec<&'static str> {
        let Ok(serde_json::Value::Object(settings)) = serde_json::from_str(settings) else {
            return vec!["the settings are not a JSON object"];
        };
        let is_wrong = |name: &str, is_read: fn(&str) -> bool| {
            settings.get(name).is_some_and(|value| !value.as_str().is_some_and(is_read))
        };
        let currency = is_wrong("currency", |code| Currency::parse(code).is_some());
        let zone = is_wrong("zone", |name| Zone::parse(name).is_some());
        let problems = [
            (currency, "currency is not an ISO 4217 code, such as IDR"),
            (zone, "zone is not an IANA time zone, such as Asia/Jakarta"),
        ];
        problems.into_iter().filter(|(is_wrong, _)| *is_wrong).map(|(_, problem)| problem).collect()
    }
}

/// Which of the settings were used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Completed {
    /// An amount got the currency.
    pub currency: bool,
    /// A local time got the zone.
    pub zone: bool,
}

/// A value that settings can complete.
pub(crate) trait Complete {
    /// Fills in the absent values, and records which settings it used.
    fn complete(&mut self, defaults: &StoreDefaults, completed: &mut Completed);
}

impl Complete for Money {
    fn complete(&mut self, defaults: &StoreDefaults, completed: &mut Completed) {
        completed.currency |= defaults.currency.as_ref().is_some_and(|currency| self.complete_with(currency));
    }
}

impl Complete for Time {
    fn complete(&mut self, defaults: &StoreDefaults, completed: &mut Completed) {
        completed.zone |= defaults.zone.as_ref().is_some_and(|zone| self.complete_with(zone));
    }
}

impl<T: Complete> Complete for Option<T> {
    fn complete(&mut self, defaults: &StoreDefaults, completed: &mut Completed) {
        if let Some(value) = self {
            value.complete(defaults, completed);
        }
    }
}

impl<T: Complete> Complete for Vec<T> {
    fn complete(&mut self, defaults: &StoreDefaults, completed: &mut Completed) {
        for value in self {
            value.complete(defaults, completed);
        }
    }
}

/// Values that no setting completes.
macro_rules! complete_already {
    ($($type:ty),* $(,)?) => {
        $( impl Complete for $type {
            fn complete(&mut self, _: &StoreDefaults, _: &mut Completed) {}
        } )*
    };
}

complete_already!(
    bool,
    String,
    Decimal,
    Personal,
    Currency,
    State,
    Direction,
    Purpose,
    Unit,
    BTreeMap<String, String>,
    BTreeMap<String, Personal>,
);

fn currency<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Currency>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value.as_str().and_then(Currency::parse))
}

fn zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Zone>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value.as_str().and_then(Zone::parse))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::{Canonical, Line, Order};
    use serde_json::json;

    fn defaults(text: &str) -> StoreDefaults {
        serde_json::from_str(text).unwrap()
    }

    fn order() -> Canonical {
        let money = |amount: &str, currency: Option<&str>| {
            let currency = currency.and_then(Currency::parse);
            Money::of(Decimal::parse(amount), currency.as_ref())
        };
        let order = Order {
            total: money("10", None),
            tax: money("1", Some("USD")),
            charged: Money::of_unknown_currency(Decimal::parse("3")),
            lines: Some(vec![Line { unit_price: money("5.50", None), ..Line::default() }]),
            placed_at: Time::local("2024-03-05T10:11:12.4"),
            due_at: Time::local("2024-03-19"),
            created_at: Time::parse_rfc3339("2024-03-05T10:11:12+07:00"),
            ..Order::default()
        };
        order.into()
    }

    #[test]
    fn a_currency_is_filled_in_only_where_none_was_sent() {
        let mut order = order();
        let completed = order.complete(&defaults(r#"{"currency": "idr", "loyalty_points": 5}"#));
        assert_eq!(completed, Completed { currency: true, zone: false });
        let order = serde_json::to_value(&order).unwrap();
        assert_eq!(order["total"], json!({"amount": "10", "currency": "IDR"}));
        assert_eq!(order["lines"][0]["unit_price"]["currency"], "IDR");
        assert_eq!(order["tax"]["currency"], "USD");
        assert_eq!(order["charged"]["currency"], json!(null), "the provider says that it is another one");
    }

    #[test]
    fn a_zone_turns_local_times_into_instants_and_marks_days() {
        let mut order = order();
        let completed = order.complete(&defaults(r#"{"zone": "Asia/Jakarta"}"#));
        assert_eq!(completed, Completed { currency: false, zone: true });
        let order = serde_json::to_value(&order).unwrap();
        assert_eq!(order["placed_at"], "2024-03-05T10:11:12.4+07:00");
        assert_eq!(order["due_at"], json!({"local": "2024-03-19", "zone": "Asia/Jakarta"}));
        assert_eq!(order["created_at"], "2024-03-05T10:11:12+07:00");
    }

    #[test]
    fn a_zone_with_summer_time_has_the_offset_of_the_day() {
        for (local, want) in [
            ("2024-01-15T09:00:00", "2024-01-15T09:00:00-06:00"),
            ("2024-07-15T09:00:00", "2024-07-15T09:00:00-05:00"),
        ] {
            let mut order = Canonical::from(Order { placed_at: Time::local(local), ..Order::default() });
            order.complete(&defaults(r#"{"zone": "America/Chicago"}"#));
            assert_eq!(serde_json::to_value(&order).unwrap()["placed_at"], want, "{local}");
        }
    }

    #[test]
    fn without_readable_settings_nothing_is_filled_in() {
        for text in
            ["{}", r#"{"currency": "rupiah", "zone": "Mars/Olympus"}"#, r#"{"currency": 5, "zone": []}"#]
        {
            let mut completed = order();
            assert_eq!(completed.complete(&defaults(text)), Completed::default(), "{text}");
            assert_eq!(completed, order(), "{text}");
        }
    }

    #[test]
    fn unreadable_settings_are_reported() {
        let (currency, zone) = (
            "currency is not an ISO 4217 code, such as IDR",
            "zone is not an IANA time zone, such as Asia/Jakarta",
        );
        for (text, problems) in [
            ("{}", vec![]),
            (r#"{"currency": "IDR", "zone": "Asia/Jakarta", "loyalty_points": 5}"#, vec![]),
            (r#"{"currency": "rupiah"}"#, vec![currency]),
            (r#"{"currency": 7, "zone": "+07:00"}"#, vec![currency, zone]),
            ("[]", vec!["the settings are not a JSON object"]),
            ("IDR", vec!["the settings are not a JSON object"]),
        ] {
            assert_eq!(StoreDefaults::problems(text), problems, "{text}");
        }
    }
}
