//! Masks credentials in texts from outside: no page, and no agent, shows one, also not with personal data shown.
//!
//! 1. In JSON, a value is masked if the name of its field is that of a credential, at any depth and in any spelling.
//! 2. In every other text, a value after such a name is masked: `token=…`, `password: …`, `<secret>…`.
//! 3. A word in the form of a credential is masked under any name: a JSON Web Token, the word after `Bearer`, a key with
//!    a well-known prefix.

use inlet::provider::secret_fields;
use serde_json::{Map, Value};

use crate::masked_field::{MASK, words};
use crate::output::json_text::indented;

/// Texts that the name of a credential contains, without separators and in lower case.
const PARTS: &[&str] = &[
    "accesskey",
    "apikey",
    "bearer",
    "credential",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "signature",
    "signingkey",
    "token",
];

/// Words of which the name of a credential has one.
const WORDS: &[&str] = &[
    "apisecret",
    "auth",
    "authorisation",
    "authorization",
    "cookie",
    "cvc",
    "cvv",
    "hmac",
    "jwt",
    "otp",
    "pin",
    "pwd",
];

/// The last words of the names of credentials.
const LAST_WORDS: &[&str] = &["key", "keys", "pass"];

/// Names of credentials that are no part of others: `currency_sign` is none.
const NAMES: &[&str] = &["sign"];

/// First words of names that end in `key` and name no credential.
const OTHER_KEYS: &[&str] = &["fee", "foreign", "idempotency", "primary", "sort"];

/// The beginnings of well-known keys.
const PREFIXES: &[&str] = &[
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "rk_test_",
    "whsec_",
    "ghp_",
    "github_pat_",
    "xoxb-",
    "xoxp-",
    "shpat_",
    "AKIA",
    "ASIA",
];

/// The schemes of the header `Authorization`, in lower case.
const SCHEMES: &[&str] = &["bearer", "basic", "digest"];

/// The shortest word after `Bearer` that may be a credential.
const MIN_BEARER: usize = 8;

/// The names of the fields that name the value beside them, and of those values: `{"name": "token", "value": "…"}`.
const NAME_FIELDS: &[&str] = &["name", "key", "field", "code", "label", "title"];
const VALUE_FIELDS: &[&str] = &["value", "values", "val", "content", "text"];

/// Returns true if the values under this name are credentials: `api_key`, `apiKey`, `X-API-KEY`, `clientSecret`.
pub(crate) fn is_credential_name(name: &str) -> bool {
    let words = words(name);
    let joined = words.concat();
    let is_other = words.first().is_some_and(|word| OTHER_KEYS.contains(&word.as_str()));
    PARTS.iter().any(|part| joined.contains(part))
        || words.iter().any(|word| WORDS.contains(&word.as_str()))
        || NAMES.contains(&joined.as_str())
        || words.last().is_some_and(|word| !is_other && LAST_WORDS.contains(&word.as_str()))
}

/// Returns a value with its credentials masked.
pub(crate) fn mask_credentials(value: &Value) -> Value {
    let mut masked = value.clone();
    mask_below(&mut masked);
    masked
}

/// Returns a text with its credentials masked; `None` if it has none.
pub(crate) fn mask_text(text: &str) -> Option<String> {
    let masked = Masker::default().run(text);
    (masked != text).then_some(masked)
}

/// Returns a text with its credentials masked, unchanged if it has none.
pub(crate) fn without_credentials(text: &str) -> String {
    mask_text(text).unwrap_or_else(|| text.to_owned())
}

/// Returns a body or message with its credentials and the provider's secrets in it masked: indented if it is JSON.
/// `None` if it has none. `secret_fields` are in the notation of [`secret_fields::mask`].
pub(crate) fn mask_document(text: &str, secret_fields: &[&str]) -> Option<String> {
    let Ok(value) = serde_json::from_str::<Value>(text) else { return mask_text(text) };
    let of_provider = secret_fields::mask(text.as_bytes(), secret_fields);
    let mut value = of_provider.as_ref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(value);
    let has_credential = mask_below(&mut value);
    // Of two fields with the same name, only the last one was checked: the first one must not be shown.
    if of_provider.is_none() && !has_credential && !has_repeated_name(text, &value) {
        return None;
    }
    serde_json::to_string_pretty(&value).ok()
}

/// Returns a body or message for people: indented if it is JSON, with its credentials masked.
pub(crate) fn masked_document(text: &str, secret_fields: &[&str]) -> String {
    mask_document(text, secret_fields).unwrap_or_else(|| indented(text).unwrap_or_else(|| text.to_owned()))
}

/// Masks the credentials in a value and returns true if there was one.
fn mask_below(value: &mut Value) -> bool {
    match value {
        Value::Object(object) => {
            let names_credential = names_credential(object);
            let mut found = false;
            for (name, inner) in object {
                let is_named = names_credential && VALUE_FIELDS.contains(&name.to_lowercase().as_str());
                if is_named || is_credential_name(name) {
                    found |= mask_whole(inner);
                } else {
                    found |= mask_below(inner);
                }
            }
            found
        }
        Value::Array(list) => {
            // Every element is masked, so the search must not end at the first.
            list.iter_mut().fold(false, |found, value| mask_below(value) | found)
        }
        Value::String(text) => match masked_string(text) {
            Some(masked) => {
                *text = masked;
                true
            }
            None => false,
        },
        _ => false,
    }
}

/// Returns true if an object names the value beside the name: `{"name": "token", "value": "…"}`.
fn names_credential(object: &Map<String, Value>) -> bool {
    object.iter().any(|(name, value)| {
        NAME_FIELDS.contains(&name.to_lowercase().as_str()) && value.as_str().is_some_and(is_credential_name)
    })
}

fn mask_whole(value: &mut Value) -> bool {
    let is_empty = match &*value {
        Value::Null | Value::Bool(_) => true,
        Value::String(text) => text.is_empty() || text == MASK,
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
        Value::Number(_) => false,
    };
    if !is_empty {
        *value = Value::String(MASK.to_owned());
    }
    !is_empty
}

/// Returns a text of a field with its credentials masked. A text may be JSON in its turn.
fn masked_string(text: &str) -> Option<String> {
    if text.trim_start().starts_with(['{', '['])
        && let Ok(mut value) = serde_json::from_str::<Value>(text)
    {
        let found = mask_below(&mut value) || has_repeated_name(text, &value);
        return found.then(|| value.to_string());
    }
    mask_text(text)
}

/// Returns true if an object of a JSON text has two fields with the same name: the text has more colons between names
/// and values than the parsed value has fields.
fn has_repeated_name(text: &str, value: &Value) -> bool {
    let (mut colons, mut in_string, mut escaped) = (0_usize, false, false);
    for char in text.chars() {
        match char {
            '"' if !escaped => in_string = !in_string,
            ':' if !in_string => colons = colons.saturating_add(1),
            _ => {}
        }
        escaped = in_string && !escaped && char == '\\';
    }
    colons != count_fields(value)
}

fn count_fields(value: &Value) -> usize {
    match value {
        Value::Object(object) => {
            object.values().fold(object.len(), |sum, value| sum.saturating_add(count_fields(value)))
        }
        Value::Array(list) => list.iter().fold(0, |sum, value| sum.saturating_add(count_fields(value))),
        _ => 0,
    }
}

/// Masks the credentials in a text that is not JSON, word by word.
#[derive(Default)]
struct Masker {
    text: String,
    /// True if the last word was the name of a credential.
    after_name: bool,
    /// True if the last word was a scheme of the header `Authorization`.
    after_scheme: bool,
    /// True if the name of a credential was before that scheme.
    is_named: bool,
}

impl Masker {
    fn run(mut self, text: &str) -> String {
        let mut rest = text;
        while !rest.is_empty() {
            let (between, after) = split_before(rest, |char| !is_between(char));
            self.text.push_str(between);
            if self.after_name && between.contains(['=', ':', '>']) {
                rest = self.mask_value(between, after);
                continue;
            }
            let (word, after) = split_before(after, is_between);
            self.add(word);
            rest = after;
        }
        self.text
    }

    /// Masks the value after a name, and returns the text after it.
    fn mask_value<'t>(&mut self, between: &str, text: &'t str) -> &'t str {
        let quote = between.chars().rev().find(|char| !char.is_whitespace());
        let ends_value = |char: char| match quote {
            Some('"' | '\'') => Some(char) == quote,
            Some('>') => char == '<',
            _ => char.is_whitespace() || matches!(char, '&' | '"' | '\'' | '<'),
        };
        let (value, after) = split_before(text, ends_value);
        let is_scheme = SCHEMES.contains(&value.to_lowercase().as_str());
        self.after_name = false;
        (self.after_scheme, self.is_named) = (is_scheme, is_scheme);
        self.text.push_str(if is_scheme || value.is_empty() { value } else { MASK });
        after
    }

    fn add(&mut self, word: &str) {
        let is_secret = is_web_token(word)
            || PREFIXES.iter().any(|prefix| word.starts_with(prefix) && word.len() >= 16)
            || (self.after_scheme && (self.is_named || is_opaque(word)));
        self.text.push_str(if is_secret { MASK } else { word });
        self.is_named = false;
        self.after_scheme = SCHEMES.contains(&word.to_lowercase().as_str());
        self.after_name = !self.after_scheme && is_credential_name(word);
    }
}

/// Returns true for the characters between the words of a text.
fn is_between(char: char) -> bool {
    char.is_whitespace() || "=:&?;,<>\"'()[]{}".contains(char)
}

/// Splits a text before the first character that ends it.
fn split_before(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.char_indices().find(|(_, char)| ends(*char)).map_or(text.len(), |(end, _)| end);
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// Returns true for a word that no person writes after `Basic` or `Bearer`: it has a digit, or a capital within.
fn is_opaque(word: &str) -> bool {
    let has_capital_within =
        word.chars().zip(word.chars().skip(1)).any(|(a, b)| a.is_lowercase() && b.is_uppercase());
    word.chars().count() >= MIN_BEARER
        && (has_capital_within || word.chars().any(|char| char.is_ascii_digit()))
}

/// Returns true for a JSON Web Token: three parts in base64, of which the first one begins as a JSON object does.
fn is_web_token(word: &str) -> bool {
    let is_base64 = |part: &str| {
        part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'='))
    };
    word.starts_with("eyJ")
        && word.len() >= 16
        && word.split('.').count() >= 2
        && word.split('.').all(is_base64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::providers::ALL;

    /// The header and the beginning of the payload of a token.
    const WEB_TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl";

    #[test]
    fn a_credential_is_masked_by_name_in_any_spelling() {
        for name in [
            "password",
            "Password",
            "PASSWORD",
            "passwd",
            "userPassword",
            "password2",
            "secret",
            "client_secret",
            "clientSecret",
            "CLIENT-SECRET",
            "token",
            "access_token",
            "accessToken",
            "refresh_token",
            "api_key",
            "apiKey",
            "APIKey",
            "apikey",
            "X-API-KEY",
            "api key",
            "authorization",
            "Authorization",
            "signature",
            "x-zid-signature",
            "private_key",
            "privateKey",
            "key",
            "pin_code",
            "cvv",
            "Set-Cookie",
            "credentials",
            "sign",
            "user_pass",
        ] {
            let masked = mask_credentials(&json!({"extra": [{ name: "hunter2secret" }]}));
            assert_eq!(masked, json!({"extra": [{ name: MASK }]}), "{name}");
        }
        for name in [
            "id",
            "name",
            "status",
            "monkey",
            "keyboard",
            "author",
            "authorized",
            "shipping",
            "passenger",
            "currency_sign",
            "pass_count",
            "fee_key",
        ] {
            let value = json!({ name: "x" });
            assert_eq!(mask_credentials(&value), value, "{name}");
        }
        let empty = json!({"token": null, "key": "", "has_password": true, "secrets": []});
        assert_eq!(mask_credentials(&empty), empty, "there is nothing to mask");
        let whole = mask_credentials(&json!({"secret": {"a": "canary"}, "pin": 1234}));
        assert_eq!(whole, json!({"secret": MASK, "pin": MASK}));
    }

    #[test]
    fn a_credential_is_masked_by_its_form() {
        for text in [
            WEB_TOKEN.to_owned(),
            "Bearer canary-7canary".to_owned(),
            "sk_live_canarycanary".to_owned(),
            format!("call with {WEB_TOKEN}, please"),
            "https://shop.test/?id=7&access_token=canary".to_owned(),
            "password: canary".to_owned(),
            "Authorization: Basic canarycanary".to_owned(),
            "sent Basic canaryCanary to it".to_owned(),
            r#"{"password":"canary"}"#.to_owned(),
            "<password>canary</password>".to_owned(),
            "password='canary canary'".to_owned(),
        ] {
            let masked = mask_credentials(&json!({ "x": text.clone() })).to_string();
            assert!(
                masked.contains(MASK) && !masked.contains("canary") && !masked.contains("eyJ"),
                "{text}: {masked}"
            );
        }
        for text in [
            "the bearer of this",
            "Basic Sweatshirt",
            "10:30",
            "a key: none",
            "order.create",
            "token of love",
            "2025-06-12T08:01:12Z",
        ] {
            let masked = mask_text(text);
            assert!(masked.is_none() || text == "a key: none", "{text}: {masked:?}");
        }
    }

    #[test]
    fn a_value_is_masked_by_the_name_beside_it() {
        let masked = mask_credentials(
            &json!([{"name": "api_key", "value": "canary"}, {"name": "size", "value": "L"}]),
        );
        assert_eq!(masked, json!([{"name": "api_key", "value": MASK}, {"name": "size", "value": "L"}]));
    }

    #[test]
    fn the_first_of_two_equal_names_is_not_shown() {
        for body in [
            r#"{"password":"canary","password":null}"#,
            r#"{"a":{"p\u0061ssword":"canary"},"a":1}"#,
            r#"{"a":"{\"token\":\"canary\",\"token\":null}"}"#,
        ] {
            let masked = mask_document(body, &[]).unwrap();
            assert!(!masked.contains("canary"), "{body}: {masked}");
        }
        assert_eq!(mask_document(r#"{"a":"x: \" :","b":{"c":1.50}}"#, &[]), None, "nothing is repeated");
    }

    #[test]
    fn a_document_that_is_not_json_is_masked_too() {
        for body in [
            "id=1&password=canary&name=Sara",
            "<a><ApiKey>canary</ApiKey></a>",
            "{\"token\": \"canary, canary\"",
        ] {
            let masked = masked_document(body, &[]);
            assert!(masked.contains(MASK) && !masked.contains("canary"), "{body}: {masked}");
        }
        assert!(masked_document("id=1&password=canary&name=Sara", &[]).ends_with("&name=Sara"));
    }

    #[test]
    fn the_secrets_of_a_provider_are_masked_beside_others() {
        let body = r#"{"vouchers":[{"serial_number":"canary"}],"password":"canary"}"#;
        assert!(!mask_document(body, &["vouchers.serial_number"]).unwrap().contains("canary"));
    }

    #[test]
    fn ids_and_states_of_the_samples_are_shown() {
        for provider in ALL.iter() {
            for payload in provider.payloads {
                let Ok(body) = serde_json::from_slice::<Value>(payload.body) else { continue };
                let masked = mask_credentials(&body);
                for name in ["id", "status", "order_id", "code", "number", "sku"] {
                    assert_eq!(masked.get(name), body.get(name), "{provider} {} {name}", payload.file);
                }
            }
        }
    }
}
