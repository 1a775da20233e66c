//! Masks personal data for pages and agents, which show none of it until a person asks.
//!
//! The canonical object has a schema, so its fields of type `Personal` are masked, and its free text as in a body. A body
//! as a provider sent it has no schema: a value of it is shown only if neither its field's name nor its form can be a
//! person's. Credentials are masked everywhere: [`crate::credentials`].

use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::credentials::mask_credentials;
use crate::masked_field::{MASK, words};

/// The schema of an event, which contains the schema of every kind.
static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../schemas/event.schema.json")).unwrap_or_default()
});

/// The words in the names of fields whose values, or the values below them, may be a person's.
const PERSONAL_WORDS: &[&str] = &[
    "account",
    "address",
    "addr",
    "area",
    "avatar",
    "birth",
    "birthday",
    "birthdate",
    "buyer",
    "by",
    "city",
    "comment",
    "company",
    "contact",
    "customer",
    "description",
    "district",
    "driver",
    "email",
    "fax",
    "firstname",
    "fullname",
    "gender",
    "geo",
    "gift",
    "holder",
    "ic",
    "identity",
    "image",
    "instagram",
    "ip",
    "lastname",
    "lat",
    "latitude",
    "line",
    "lng",
    "location",
    "lon",
    "longitude",
    "mail",
    "memo",
    "message",
    "mobile",
    "name",
    "national",
    "neighborhood",
    "nickname",
    "note",
    "notes",
    "owner",
    "passport",
    "person",
    "phone",
    "photo",
    "picture",
    "postal",
    "postcode",
    "province",
    "receiver",
    "recipient",
    "remark",
    "remarks",
    "salesname",
    "seller",
    "sender",
    "shipper",
    "street",
    "surname",
    "tax",
    "tel",
    "telephone",
    "url",
    "user",
    "username",
    "whatsapp",
    "zip",
    "zipcode",
];

/// The last words of the names of fields whose values identify a thing and no person, whatever is above them.
const IDENTIFYING_WORDS: &[&str] =
    &["id", "ids", "uuid", "sku", "status", "state", "currency", "quantity", "count", "type", "event"];

/// The last words of the names of canonical fields with free text, which people write: a note may contain a phone number.
const FREE_TEXT_WORDS: &[&str] =
    &["comment", "comments", "memo", "message", "note", "notes", "reason", "remark", "remarks", "tags"];

/// Number of digits in a row from which a value may be the number of a phone or a person.
const LONG_NUMBER: usize = 7;

/// Returns the data of a message with its personal fields masked. `kind` is the third part of the event's id.
pub(crate) fn mask_data(kind: &str, data: &Value) -> Value {
    let data = mask_credentials(data);
    match definition(kind) {
        Some(schema) => mask_by_schema(&data, &[schema], &mut Vec::new()),
        None => mask_by_name(&data, &mut Vec::new()),
    }
}

/// Returns a message with its credentials and the personal fields of its data masked.
pub(crate) fn mask_message(kind: &str, message: &Value) -> Value {
    let mut masked = mask_credentials(message);
    if let (Some(data), Some(of_message)) = (masked.get_mut("data"), message.get("data")) {
        *data = mask_data(kind, of_message);
    }
    masked
}

/// Returns a body as a provider sent it, with every value masked that may be a person's.
pub(crate) fn mask_body(body: &Value) -> Value {
    mask_by_name(&mask_credentials(body), &mut Vec::new())
}

/// Returns the schema of a kind: `purchase_order` is `PurchaseOrder`.
fn definition(kind: &str) -> Option<&'static Value> {
    let name: String = kind
        .split('_')
        .filter_map(|word| {
            let (first, rest) = word.split_at_checked(1)?;
            Some(first.to_ascii_uppercase() + rest)
        })
        .collect();
    SCHEMA.get("$defs")?.get(name)
}

fn mask_by_schema(value: &Value, schemas: &[&'static Value], path: &mut Vec<String>) -> Value {
    let schemas = resolved(schemas);
    if schemas.iter().any(|schema| is_personal(schema)) {
        return masked(value);
    }
    match value {
        Value::Object(object) => {
            let member = |(name, value): (&String, &Value)| {
                let schemas = of_property(&schemas, name);
                path.push(name.clone());
                let value = if schemas.is_empty() || is_free_text(name, value) {
                    mask_by_name(value, path)
                } else {
                    mask_by_schema(value, &schemas, path)
                };
                path.pop();
                (name.clone(), value)
            };
            Value::Object(object.iter().map(member).collect::<Map<_, _>>())
        }
        Value::Array(list) => {
            let items: Vec<&'static Value> =
                schemas.iter().filter_map(|schema| schema.get("items")).collect();
            let item = |value| {
                if items.is_empty() { mask_by_name(value, path) } else { mask_by_schema(value, &items, path) }
            };
            Value::Array(list.iter().map(item).collect())
        }
        other => other.clone(),
    }
}

/// Returns the schemas with those that they refer to or consist of.
fn resolved(schemas: &[&'static Value]) -> Vec<&'static Value> {
    let mut open: Vec<&'static Value> = schemas.to_vec();
    let mut all = Vec::new();
    while let Some(schema) = open.pop() {
        all.push(schema);
        open.extend(schema.get("$ref").and_then(Value::as_str).and_then(referred));
        for word in ["allOf", "anyOf", "oneOf"] {
            open.extend(schema.get(word).and_then(Value::as_array).into_iter().flatten());
        }
    }
    all
}

fn referred(reference: &str) -> Option<&'static Value> {
    SCHEMA.pointer(reference.strip_prefix('#')?)
}

fn is_personal(schema: &Value) -> bool {
    schema.get("title").and_then(Value::as_str) == Some("Personal")
}

fn of_property(schemas: &[&'static Value], name: &str) -> Vec<&'static Value> {
    let property = |schema: &&'static Value| {
        // The names and values of a map, such as a payment's metadata, are the merchant's: they have no schema.
        schema.get("properties").and_then(|properties| properties.get(name))
    };
    schemas.iter().filter_map(property).collect()
}

/// Returns true if a canonical field has free text that people wrote.
fn is_free_text(name: &str, value: &Value) -> bool {
    let is_text = value.is_string() || value.is_array();
    is_text && words(name).last().is_some_and(|word| FREE_TEXT_WORDS.contains(&word.as_str()))
}

fn mask_by_name(value: &Value, path: &mut Vec<String>) -> Value {
    match value {
        Value::Object(object) => {
            let member = |(name, value): (&String, &Value)| {
                path.push(name.clone());
                let value = mask_by_name(value, path);
                path.pop();
                (name.clone(), value)
            };
            Value::Object(object.iter().map(member).collect::<Map<_, _>>())
        }
        Value::Array(list) => Value::Array(list.iter().map(|value| mask_by_name(value, path)).collect()),
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Number(number) if is_shown(&number.to_string(), path) => value.clone(),
        Value::String(text) if is_shown(text, path) => value.clone(),
        Value::Number(_) | Value::String(_) => masked(value),
    }
}

fn masked(value: &Value) -> Value {
    let is_empty = value.is_null() || value.as_str().is_some_and(str::is_empty);
    if is_empty { value.clone() } else { Value::String(MASK.to_owned()) }
}

/// Returns true if a text under this path can be no person's.
fn is_shown(text: &str, path: &[String]) -> bool {
    let last = path.last().map(|name| words(name)).unwrap_or_default();
    let identifies = last.last().is_some_and(|word| IDENTIFYING_WORDS.contains(&word.as_str()));
    let is_plain = text.chars().all(|char| char.is_ascii_graphic() && char != '@') && text.len() <= 64;
    if identifies {
        return is_plain && !last.iter().any(|word| matches!(word.as_str(), "national" | "passport" | "tax"));
    }
    let may_be_personal =
        path.iter().flat_map(|name| words(name)).any(|word| PERSONAL_WORDS.contains(&word.as_str()));
    !may_be_personal && (is_time(text) || (is_plain && !has_long_number(text)))
}

/// Returns true for a date of the Gregorian or the Thai calendar, with or without a time.
fn is_time(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let digits = |part: Option<&str>, len: usize| {
        part.is_some_and(|part| part.len() == len && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let is_time_alone =
        text.len() <= 35 && text.chars().all(|char| char.is_ascii_digit() || "-:.TZ+ ".contains(char));
    let is_year = text.starts_with(['1', '2']) && digits(parts.next(), 4);
    is_time_alone
        && is_year
        && digits(parts.next(), 2)
        && digits(parts.next().and_then(|part| part.get(..2)), 2)
}

fn has_long_number(text: &str) -> bool {
    // Separators do not end the number of a phone.
    let mut digits = 0_usize;
    for char in text.chars() {
        match char {
            '0'..='9' => digits = digits.saturating_add(1),
            '-' | '+' | '(' | ')' | ' ' => {}
            _ => digits = 0,
        }
        if digits >= LONG_NUMBER {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::ALL;
    use serde_json::json;

    #[test]
    fn the_personal_fields_of_every_kind_are_masked() {
        let data = json!({
            "id": "81230457", "code": "A7", "status": "new",
            "customer": {"id": "9", "name": "Sara Ali", "phone": "+966500000000", "email": "sara@example.com"},
            "lines": [{"name": "Dates 1 kg", "quantity": "2"}],
        });
        let masked = mask_data("order", &data);
        assert_eq!(masked["customer"]["name"], MASK);
        assert_eq!(masked["customer"]["phone"], MASK);
        assert_eq!(masked["customer"]["email"], MASK);
        assert_eq!((&masked["id"], &masked["status"]), (&json!("81230457"), &json!("new")));
        assert_eq!(masked["lines"][0]["name"], "Dates 1 kg", "a product is no person");
        assert!(definition("purchase_order").is_some() && definition("return_order").is_some());
    }

    #[test]
    fn free_text_is_masked_as_in_a_body() {
        let text = "Call Fatima on +966501234567";
        let schema = |kind: &str, data: &Value| mask_data(kind, data);
        for (kind, field) in [
            ("order", "note"),
            ("order", "reason"),
            ("payment", "message"),
            ("payment", "note"),
            ("transfer", "received_note"),
            ("return_order", "reason"),
        ] {
            assert!(definition(kind).unwrap()["properties"][field].is_object(), "{kind} has {field}");
            let masked = schema(kind, &json!({ field: text, "id": "7" }));
            assert_eq!(masked, json!({ field: MASK, "id": "7" }), "{kind}");
        }
        let below = json!({"lines": [{"note": text, "sku": "A"}], "discounts": [{"note": text}]});
        let masked = schema("order", &below);
        assert_eq!(masked, json!({"lines": [{"note": MASK, "sku": "A"}], "discounts": [{"note": MASK}]}));
        let metadata = schema("payment", &json!({"metadata": {"anything": text, "order_id": "7"}}));
        assert_eq!(
            metadata,
            json!({"metadata": {"anything": MASK, "order_id": "7"}}),
            "the merchant's own fields"
        );
        let tags = schema("order", &json!({"tags": ["vip", "Fatima, +966501234567"]}));
        assert_eq!(tags, json!({"tags": ["vip", MASK]}));
        let code = json!({"reason": "unknown_event", "reason_code": "12", "note": ""});
        assert_eq!(schema("order", &code), code, "a code is no free text");
    }

    #[test]
    fn no_free_text_of_the_schema_is_left_out() {
        let kinds = SCHEMA["$defs"].as_object().unwrap();
        let properties = kinds.values().filter_map(|kind| kind["properties"].as_object()).flatten();
        let free = ["note", "comment", "memo", "remark", "message", "reason", "instruction"];
        let mut found = 0;
        for (name, schema) in properties.filter(|(_, schema)| schema["type"] == "string") {
            let names_one = free.iter().any(|word| name.contains(word));
            let is_code = name.ends_with("_code") || name.ends_with("_id");
            if names_one && !is_code {
                found += 1;
                assert!(is_personal(schema) || is_free_text(name, &json!("x")), "{name}");
            }
        }
        assert!(found > 10, "{found}");
    }

    #[test]
    fn credentials_are_masked_beside_personal_data() {
        let extra =
            json!({"extra": {"password": "hunter2secret", "api_key": "sk_live_abcdefgh", "token": "eyJ.a"}});
        for masked in [mask_body(&extra), mask_data("order", &extra)] {
            assert_eq!(masked, json!({"extra": {"password": MASK, "api_key": MASK, "token": MASK}}));
        }
        let message =
            mask_message("order", &json!({"type": "t", "token": "canary", "data": {"token": "canary"}}));
        assert_eq!(message, json!({"type": "t", "token": MASK, "data": {"token": MASK}}));
    }

    #[test]
    fn a_kind_without_schema_is_masked_by_names() {
        let masked = mask_data("no_such_kind", &json!({"name": "Sara", "status": "new"}));
        assert_eq!(masked, json!({"name": MASK, "status": "new"}));
    }

    #[test]
    fn a_value_of_a_body_is_masked_by_name_or_form() {
        for (name, value, is_masked) in [
            ("customerName", json!("sara"), true),
            ("customer_name", json!("Sara"), true),
            ("mobile", json!(966_500_000_000_i64), true),
            ("anything", json!("sara@example.com"), true),
            ("anything", json!("Sara Ali"), true),
            ("anything", json!("سارة"), true),
            ("anything", json!("+66-81-234-5678"), true),
            ("anything", json!(66_812_345_678_i64), true),
            ("status", json!("new"), false),
            ("order_id", json!(81_230_457), false),
            ("national_id", json!("1098765432"), true),
            ("total", json!(1500.25), false),
            ("created_at", json!("2025-06-12T08:01:12Z"), false),
            ("created_at", json!("2025-06-12 08:01:12"), false),
            ("created_at", json!("2025-06-12 Sara"), true),
            ("paid", json!(true), false),
            ("note", json!(null), false),
            ("note", json!(""), false),
        ] {
            let masked = mask_body(&json!({ name: value.clone() }));
            assert_eq!(masked[name] == json!(MASK), is_masked, "{name}: {value}");
        }
        let below = mask_body(&json!({"customer": {"first": "sara", "id": 7}}));
        assert_eq!(below, json!({"customer": {"first": MASK, "id": 7}}));
    }

    #[test]
    fn no_sample_shows_an_address_or_phone_number() {
        for provider in ALL.iter() {
            for payload in provider.payloads {
                let Ok(body) = serde_json::from_slice::<Value>(payload.body) else { continue };
                let masked = mask_body(&body).to_string();
                assert!(!masked.contains('@'), "{provider} {}: {masked}", payload.file);
            }
        }
    }
}
