//! Makes another delivery from a sample body: with another entity and time, and otherwise the same.
//!
//! For tools that play the provider. A body that is sent twice is one event; this makes a thousand events from a
//! sample.

use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::{Offset, TimeZone};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Number, Value};

use crate::provider::catalogue::{EventSpec, Verb};
use crate::tools::escape::escaped;

/// The changes of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleVariant {
    /// The entity's id.
    pub entity: EntityId,
    /// Its time.
    pub at: Timestamp,
    /// The number of its state: 0 is the sample's own. Where the event's documentation lists the values of the field
    /// that decides its verb, any other is one of these values: the next ones after the sample's own, in the order of
    /// the documentation. Elsewhere it increments the first quantity by as much.
    pub state: u32,
}

/// An entity's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntityId {
    /// The sample's own with other digits, which end in those of this number as far as they fit.
    Numbered(u64),
    /// This text, in place of the sample's own.
    Exactly(String),
}

impl SampleVariant {
    /// The body with the entity and the time that its event moves replaced, where it has them. A JSON object's fields
    /// are sorted by name; a body that is neither an object nor a form stays as it is.
    pub fn body(&self, row: &EventSpec, sample: &[u8], form: bool) -> Vec<u8> {
        if form {
            return self.form(row, sample);
        }
        let Ok(mut body) = serde_json::from_slice::<Value>(sample) else {
            return sample.to_vec();
        };
        if let Some(payload) = payload(&mut body, row) {
            self.apply(payload, row);
        }
        serde_json::to_vec(&body).unwrap_or_else(|_| sample.to_vec())
    }

    /// Returns a body for an event without a documented one: the entity's id and nothing else.
    pub fn bare_body(&self, row: &EventSpec) -> Vec<u8> {
        let fields = row.entity.first().copied().unwrap_or_default();
        let named = fields.iter().map(|field| ((*field).to_owned(), Value::String("1000000000000".into())));
        let mut body: Map<String, Value> = named.collect();
        self.apply(&mut body, row);
        Value::Object(body).to_string().into_bytes()
    }

    fn apply(&self, payload: &mut Map<String, Value>, row: &EventSpec) {
        if self.state > 0
            && !self.walk_states(payload, row)
            && let Some(first_quantity) = first_quantity(payload)
        {
            *first_quantity = incremented(first_quantity, self.state);
        }
        if let Some(field) = row.time
            && let Some(value) = value_mut(payload, field)
        {
            *value = time_like(value, self.at);
        }
        let Some(fields) =
            row.entity.iter().find(|fields| fields.iter().all(|f| value_mut(payload, f).is_some()))
        else {
            return;
        };
        // Of an id in several parts, the one with the most digits distinguishes entities: not the shop, but the number.
        let digits = |field: &str, payload: &mut Map<String, Value>| {
            value_mut(payload, field)
                .map_or(0, |value| value.to_string().bytes().filter(u8::is_ascii_digit).count())
        };
        let distinguishing = fields.iter().copied().max_by_key(|field| digits(field, payload));
        if let Some(value) = distinguishing.and_then(|field| value_mut(payload, field)) {
            *value = self.name_like(value);
        }
    }

    /// Sets the field that decides the event's verb to another documented value. Returns false if none is documented.
    fn walk_states(&self, payload: &mut Map<String, Value>, row: &EventSpec) -> bool {
        let Verb::FromField { field, .. } = row.verb else { return false };
        let mut documented = row.closed_values.iter().chain(row.open_values);
        let Some((_, values)) = documented.find(|(name, values)| *name == field && values.len() > 1) else {
            return false;
        };
        let Some(Value::String(status)) = value_mut(payload, field) else { return false };
        let own = values.iter().position(|value| value.eq_ignore_ascii_case(status)).unwrap_or_default();
        let steps = usize::try_from(self.state).unwrap_or_default();
        let next = own.saturating_add(steps).checked_rem(values.len()).unwrap_or_default();
        if let Some(value) = values.get(next) {
            (*value).clone_into(status);
        }
        true
    }

    fn name_like(&self, old: &Value) -> Value {
        match old {
            Value::Number(number) => {
                let text = self.name(&number.to_string());
                text.parse::<Number>().map_or(Value::String(text), Value::Number)
            }
            Value::String(text) => Value::String(self.name(text)),
            other => other.clone(),
        }
    }

    fn name(&self, old: &str) -> String {
        match &self.entity {
            EntityId::Exactly(text) => text.clone(),
            EntityId::Numbered(number) => with_digits(old, *number),
        }
    }

    fn form(&self, row: &EventSpec, sample: &[u8]) -> Vec<u8> {
        let sample = String::from_utf8_lossy(sample);
        let renewed = |field: &str| {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
            let is = |wanted: &str| wanted.eq_ignore_ascii_case(name);
            let value = if row.time.is_some_and(is) {
                time_as(&value, self.at).unwrap_or(value)
            } else if row.entity.iter().any(|fields| matches!(fields, [only] if is(only))) {
                self.name(&value)
            } else {
                return field.to_owned();
            };
            format!("{name}={}", escaped(&value))
        };
        sample.split('&').map(renewed).collect::<Vec<_>>().join("&").into_bytes()
    }
}

/// Returns an instant in the form of another time.
pub(super) fn time_like(old: &Value, at: Timestamp) -> Value {
    match old {
        Value::Number(_) => Value::Number(at.as_millisecond().into()),
        Value::String(text) => Value::String(time_as(text, at).unwrap_or_else(|| text.clone())),
        other => other.clone(),
    }
}

/// Returns the object that the row describes: the body itself, or the one inside it that names an entity.
pub(super) fn payload<'b>(body: &'b mut Value, row: &EventSpec) -> Option<&'b mut Map<String, Value>> {
    let names = |object: &mut Map<String, Value>| {
        row.entity.iter().any(|fields| fields.iter().all(|field| value_mut(object, field).is_some()))
    };
    let object = body.as_object_mut()?;
    if names(object) {
        return Some(object);
    }
    let wrapper =
        object.iter_mut().find_map(|(key, inner)| names(inner.as_object_mut()?).then(|| key.clone()))?;
    object.get_mut(&wrapper)?.as_object_mut()
}

/// The first number that is not a name: an amount, a quantity, a price.
fn first_quantity(object: &mut Map<String, Value>) -> Option<&mut Value> {
    const NAMES: [&str; 4] = ["id", "code", "number", "date"];
    let is_name = |key: &str| NAMES.iter().any(|name| key.to_ascii_lowercase().ends_with(name));
    let mut inside = Vec::new();
    for (key, value) in object {
        match value {
            Value::Number(_) if !is_name(key) => return Some(value),
            Value::String(text) if is_decimal(text) => return Some(value),
            Value::Object(_) | Value::Array(_) => inside.push(value),
            _ => {}
        }
    }
    inside.into_iter().find_map(|value| match value {
        Value::Object(object) => first_quantity(object),
        Value::Array(list) => list.iter_mut().find_map(|item| first_quantity(item.as_object_mut()?)),
        _ => None,
    })
}

/// The number with its whole part incremented, its fraction as it was written.
fn incremented(number: &Value, by: u32) -> Value {
    let text = match number {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let (whole, fraction) = text.split_at(text.find(['.', 'e', 'E']).unwrap_or(text.len()));
    let incremented = whole.parse::<i64>().ok().and_then(|whole| whole.checked_add(by.into()));
    let incremented = incremented.map(|whole| format!("{whole}{fraction}"));
    match (number, incremented) {
        (Value::String(_), Some(text)) => Value::String(text),
        (_, Some(text)) => text.parse().map_or_else(|_| number.clone(), Value::Number),
        (_, None) => number.clone(),
    }
}

/// Returns true if a text is a number with a fraction, as some providers write amounts and quantities.
fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once('.').is_some_and(|(whole, fraction)| digits(whole) && digits(fraction))
}

/// The value at a path of names joined by points, in any case, as some providers write them in several.
pub(super) fn value_mut<'o>(object: &'o mut Map<String, Value>, path: &str) -> Option<&'o mut Value> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let value = object.iter_mut().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)?;
    match rest {
        Some(rest) => value_mut(value.as_object_mut()?, rest),
        None => Some(value),
    }
}

/// Returns the text with its digits replaced, from the right, by this number's. The first digit stays: it may be part
/// of a version or a year, and no number begins with zero.
fn with_digits(old: &str, number: u64) -> String {
    let mut digits: Vec<char> = number.to_string().chars().collect();
    let first = old.find(|c: char| c.is_ascii_digit());
    let renew = |(at, c): (usize, char)| {
        if c.is_ascii_digit() && Some(at) != first { digits.pop().unwrap_or('0') } else { c }
    };
    let mut renewed: Vec<char> = old.char_indices().rev().map(renew).collect();
    renewed.reverse();
    renewed.into_iter().collect()
}

/// Returns the instant in the sample's own format; `None` if that format is unknown.
fn time_as(sample: &str, at: Timestamp) -> Option<String> {
    let shape: String = sample.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let (format, rest) =
        FORMATS.iter().find_map(|(known, format)| Some((format, shape.strip_prefix(known)?)))?;
    let digits = rest
        .strip_prefix('.')
        .map_or(0, |rest| rest.len().saturating_sub(rest.trim_start_matches('0').len()));
    let zone = sample
        .get(sample.len().saturating_sub(rest.len())..)?
        .trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let offset = offset(zone)?;
    let local = at.to_zoned(TimeZone::fixed(offset));
    let text = strtime::format(format, &local).ok()?;
    let fraction = match digits {
        0 => String::new(),
        digits => {
            format!(".{:09}", local.subsec_nanosecond()).chars().take(digits.saturating_add(1)).collect()
        }
    };
    Some(format!("{text}{fraction}{zone}"))
}

/// The beginnings of samples' time formats, and the formats in strftime's words.
const FORMATS: [(&str, &str); 3] = [
    ("0000-00-00T00:00:00", "%Y-%m-%dT%H:%M:%S"),
    ("0000-00-00 00:00:00", "%Y-%m-%d %H:%M:%S"),
    ("00/00/0000 00:00:00", "%m/%d/%Y %H:%M:%S"),
];

/// Returns the offset after a time; UTC if there is none.
fn offset(zone: &str) -> Option<Offset> {
    if zone.is_empty() || zone == "Z" {
        return Some(Offset::UTC);
    }
    let (sign, rest) = zone.split_at_checked(1)?;
    let (hours, minutes) = rest.split_once(':')?;
    let minutes = hours.parse::<i32>().ok()?.checked_mul(60)?.checked_add(minutes.parse().ok()?)?;
    let seconds = minutes.checked_mul(if sign == "-" { -60 } else { 60 })?;
    Offset::from_seconds(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::Kind;

    fn at() -> Timestamp {
        "2026-01-31T10:20:30.123456789Z".parse().unwrap()
    }

    fn fresh(entity: EntityId) -> SampleVariant {
        SampleVariant { entity, at: at(), state: 0 }
    }

    #[test]
    fn a_time_is_written_as_the_sample_writes_it() {
        for (sample, want) in [
            ("2025-06-12 08:01:10", "2026-01-31 10:20:30"),
            ("2024-05-09T17:03:21.481920Z", "2026-01-31T10:20:30.123456Z"),
            ("2024-03-18T09:41:07+07:00", "2026-01-31T17:20:30+07:00"),
            ("2024-03-05T21:10:59.608095+07:00", "2026-01-31T17:20:30.123456+07:00"),
            ("2024-03-05T10:11:12.4", "2026-01-31T10:20:30.1"),
            ("05/09/2024 17:03:21", "01/31/2026 10:20:30"),
        ] {
            assert_eq!(time_as(sample, at()).as_deref(), Some(want), "{sample}");
        }
        for unknown in ["yesterday", "2024-03-05", ""] {
            assert_eq!(time_as(unknown, at()), None, "{unknown}");
        }
    }

    #[test]
    fn a_name_keeps_its_form_and_its_first_digit() {
        for (old, want) in [
            ("81230457", "80000042"),
            ("SO-2403-0117", "SO-2000-0042"),
            ("5d2c9f1e-8b34-4f0a-a6d7-91e3c05b7f42", "5d0c0f0e-0b00-0f0a-a0d0-00e0c00b0f42"),
            ("7", "7"),
            ("tbn", "tbn"),
        ] {
            assert_eq!(with_digits(old, 42), want, "{old}");
        }
    }

    #[test]
    fn entity_and_time_are_new_everywhere_and_keep_their_types() {
        let row = EventSpec::new("x", Kind::Order, "x")
            .entity(&[&["shop", "orderid"], &["id"]])
            .timestamp("created_at");
        let body = |sample: &str, name: EntityId| {
            String::from_utf8(fresh(name).body(&row, sample.as_bytes(), false)).unwrap()
        };
        for (sample, want) in [
            (r#"{"id":1234,"n":1.50}"#, r#"{"id":1042,"n":1.50}"#),
            (r#"{"data":{"id":"1234"},"id2":1}"#, r#"{"data":{"id":"1042"},"id2":1}"#),
            (r#"{"OrderId":"A1234","Shop":"s1"}"#, r#"{"OrderId":"A1042","Shop":"s1"}"#),
            (
                r#"{"id":1234,"created_at":"2025-06-12 08:01:10"}"#,
                r#"{"created_at":"2026-01-31 10:20:30","id":1042}"#,
            ),
            (r#"{"other":1}"#, r#"{"other":1}"#),
            ("<no json>", "<no json>"),
        ] {
            let sorted =
                serde_json::from_str::<Value>(want).map_or(want.to_owned(), |value| value.to_string());
            assert_eq!(body(sample, EntityId::Numbered(42)), sorted, "{sample}");
        }
        assert_eq!(body(r#"{"id":1234}"#, EntityId::Exactly("77".into())), r#"{"id":77}"#);
        assert_eq!(body(r#"{"id":1234}"#, EntityId::Exactly("B/7".into())), r#"{"id":"B/7"}"#);
        assert_eq!(
            fresh(EntityId::Numbered(42)).bare_body(&row),
            br#"{"orderid":"1000000000042","shop":"1000000000000"}"#
        );
    }

    #[test]
    fn another_state_has_other_quantities_and_the_same_name() {
        let row = EventSpec::new("x", Kind::Order, "x");
        let body = |sample: &str, state| {
            let fresh = SampleVariant { state, ..fresh(EntityId::Exactly("7".into())) };
            String::from_utf8(fresh.body(&row, sample.as_bytes(), false)).unwrap()
        };
        for (sample, want) in [
            (r#"{"id":1,"amount":86.40}"#, r#"{"id":7,"amount":88.40}"#),
            (
                r#"{"id":1,"shop_id":3,"lines":[{"id":2,"qty":5}]}"#,
                r#"{"id":7,"lines":[{"id":2,"qty":7}],"shop_id":3}"#,
            ),
            (r#"{"id":1,"phone":"081","stock":"42.00"}"#, r#"{"id":7,"phone":"081","stock":"44.00"}"#),
            (r#"{"id":1,"name":"x"}"#, r#"{"id":7,"name":"x"}"#),
        ] {
            let sorted = |text: &str| serde_json::from_str::<Value>(text).unwrap().to_string();
            assert_eq!(body(sample, 2), sorted(want), "{sample}");
        }
    }

    #[test]
    fn a_forms_fields_are_new_too() {
        let row = EventSpec::new("x", Kind::Order, "x").entity(&[&["orderid"]]).timestamp("timestamp");
        let sample = b"timestamp=05%2F09%2F2024%2017%3A03%3A21&orderId=a-12&amount=86.40";
        let body = String::from_utf8(fresh(EntityId::Numbered(42)).body(&row, sample, true)).unwrap();
        assert_eq!(body, "timestamp=01%2F31%2F2026%2010%3A20%3A30&orderId=a%2D12&amount=86.40");
    }

    #[test]
    fn further_states_are_documented_ones() {
        const VALUES: &[(&str, &[&str])] = &[("status.code", &["new", "sent", "delivered"])];
        let row =
            EventSpec::new("x", Kind::Order, "x").verb_from("status.code", &[], "x").closed_values(VALUES);
        let code = |state| {
            let variant = SampleVariant { entity: EntityId::Numbered(1), at: at(), state };
            let body = variant.body(&row, br#"{"id":1,"total":5,"status":{"code":"sent"}}"#, false);
            let body: Value = serde_json::from_slice(&body).unwrap();
            (body["status"]["code"].as_str().unwrap().to_owned(), body["total"].as_u64())
        };
        let states: Vec<_> = (0..4).map(code).collect();
        let want = ["sent", "delivered", "new", "sent"].map(|code| (code.to_owned(), Some(5)));
        assert_eq!(states, want);
    }
}
