//! Parameter Store: parameters by name, and pages of their names.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// The parameters of an account.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    values: BTreeMap<String, String>,
    /// Those that are encrypted with a key that the caller cannot use.
    locked: BTreeSet<String>,
}

impl Parameters {
    /// Sets a parameter.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.values.insert(name.to_owned(), value.to_owned());
    }

    /// Encrypts a parameter with a key that the caller cannot use.
    pub(super) fn lock(&mut self, name: &str) {
        self.locked.insert(name.to_owned());
    }

    /// Returns status and response of a call; `None` if it is no call of Parameter Store.
    pub(super) fn respond(&self, operation: &str, input: &Value) -> Option<(u16, Value)> {
        let (names, next) = match operation {
            "GetParameters" => {
                let wanted = input["Names"].as_array()?;
                (self.values.keys().filter(|name| wanted.iter().any(|one| one == *name)).collect(), None)
            }
            "GetParametersByPath" => self.page(input),
            _ => return None,
        };
        let is_decrypted = input["WithDecryption"] == true;
        if is_decrypted && names.iter().any(|name| self.locked.contains(*name)) {
            let message = "The ciphertext refers to a customer master key that you may not use.";
            return Some((400, json!({"__type": "AccessDeniedException", "message": message})));
        }
        let value = |name: &String| if is_decrypted { self.values[name].as_str() } else { "AQICAH" };
        let parameter = |name: &&String| json!({"Name": name, "Type": "SecureString", "Value": value(name)});
        let mut response = json!({"Parameters": names.iter().map(parameter).collect::<Vec<_>>()});
        if let Some(next) = next {
            response["NextToken"] = json!(next);
        }
        Some((200, response))
    }

    /// Returns a page of the parameters below a path, and the token of the next one: the last name of this one.
    fn page(&self, input: &Value) -> (Vec<&String>, Option<&String>) {
        let below = format!("{}/", input["Path"].as_str().unwrap_or_default());
        let len =
            input["MaxResults"].as_u64().and_then(|len| usize::try_from(len).ok()).unwrap_or(usize::MAX);
        let after = input["NextToken"].as_str().unwrap_or_default();
        let is_below = |name: &&String| {
            let rest = name.strip_prefix(&below);
            let is_wanted = rest.is_some_and(|rest| input["Recursive"] == true || !rest.contains('/'));
            is_wanted && name.as_str() > after
        };
        let mut names: Vec<&String> =
            self.values.keys().filter(is_below).take(len.saturating_add(1)).collect();
        let has_more = names.len() > len;
        names.truncate(len);
        let next = names.last().copied().filter(|_| has_more);
        (names, next)
    }
}
