//! Secrets in bodies: codes and tokens that a provider sends to the merchant, such as the PINs of sold vouchers.
//!
//! A body is stored as it was sent, secrets included. Secrets are not mapped, and a page for people masks them.

use serde_json::Value;

/// The text in the place of a secret.
const MASK: &str = "***";

/// Returns the body, as JSON for people, with its secrets masked. `None` if the body is not JSON or has no secret.
///
/// A field is a name, or several joined by points: the last ones of a path, in which lists do not count. `vouchers.key`
/// is the field `key` of each element of a list `vouchers`, wherever the list is.
pub fn mask(body: &[u8], fields: &[&str]) -> Option<String> {
    if fields.is_empty() {
        return None;
    }
    let mut body: Value = serde_json::from_slice(body).ok()?;
    let masked = mask_below(&mut body, &mut Vec::new(), fields);
    masked.then(|| serde_json::to_string_pretty(&body).ok()).flatten()
}

/// Masks the secrets in a value and returns true if there was one. `path` has the names above it.
fn mask_below(value: &mut Value, path: &mut Vec<String>, fields: &[&str]) -> bool {
    match value {
        Value::Object(object) => {
            let mut masked = false;
            for (name, inner) in object {
                path.push(name.clone());
                if fields.iter().any(|field| is_end(path, field)) && !inner.is_null() {
                    *inner = Value::String(MASK.to_owned());
                    masked = true;
                } else {
                    masked |= mask_below(inner, path, fields);
                }
                path.pop();
            }
            masked
        }
        Value::Array(elements) => {
            // Every element is masked, so the search must not end at the first.
            let mut masked = false;
            for element in elements {
                masked |= mask_below(element, path, fields);
            }
            masked
        }
        _ => false,
    }
}

/// Returns true if a path ends in the names of a field.
fn is_end(path: &[String], field: &str) -> bool {
    let mut names = path.iter().rev();
    field.split('.').rev().all(|wanted| names.next().is_some_and(|name| name == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FIELDS: &[&str] = &["vouchers.key", "token"];

    fn masked(body: &Value) -> Option<Value> {
        mask(body.to_string().as_bytes(), FIELDS).map(|text| serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn a_secret_is_masked_wherever_it_is() {
        let body = json!({"data": {"lines": [{"vouchers": [{"key": "canary", "id": 1}]}], "token": 917}});
        let want = json!({"data": {"lines": [{"vouchers": [{"key": "***", "id": 1}]}], "token": "***"}});
        assert_eq!(masked(&body), Some(want));
    }

    #[test]
    fn other_fields_of_the_same_name_are_not_masked() {
        assert_eq!(masked(&json!({"key": "x", "vouchers": [{"other": {"key": "x"}}], "tokens": "x"})), None);
        assert_eq!(masked(&json!({"token": null})), None);
    }

    #[test]
    fn a_secret_that_is_an_object_is_masked_whole() {
        assert_eq!(masked(&json!({"token": {"a": "canary"}})), Some(json!({"token": "***"})));
    }

    #[test]
    fn a_body_that_is_not_json_has_no_fields() {
        assert_eq!(mask(b"token=canary", FIELDS), None);
        assert_eq!(mask(br#"{"token":"x"}"#, &[]), None);
    }

    #[test]
    fn amounts_keep_their_digits() {
        let text = mask(br#"{"token":"x","amount":86.40}"#, FIELDS).unwrap();
        assert!(text.contains("86.40"), "{text}");
    }
}
