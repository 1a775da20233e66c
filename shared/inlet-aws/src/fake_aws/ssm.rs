//! Parameter Store in memory.

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
    pub(super) fn put(&mut self, name: &str, value: &str) {
        self.values.insert(name.to_owned(), value.to_owned());
    }

    pub(super) fn lock(&mut self, name: &str) {
        self.locked.insert(name.to_owned());
    }

    /// Returns status and response of a call; `None` if another service has the operation.
    pub(super) fn respond(&self, operation: &str, input: &Value) -> Option<(u16, Value)> {
        let names: Vec<&String> = match operation {
            "GetParametersByPath" => {
                let path = format!("{}/", input["Path"].as_str()?);
                self.values.keys().filter(|name| name.starts_with(&path)).collect()
            }
            "GetParameters" => {
                let wanted = input["Names"].as_array()?;
                self.values.keys().filter(|name| wanted.iter().any(|one| one == *name)).collect()
            }
            _ => return None,
        };
        let is_decrypted = input["WithDecryption"] == true;
        if is_decrypted && names.iter().any(|name| self.locked.contains(*name)) {
            let message = "The ciphertext refers to a customer master key that you may not use.";
            return Some((400, json!({"__type": "AccessDeniedException", "message": message})));
        }
        let value =
            |name: &String| if is_decrypted { self.values[name].clone() } else { "AQICAH".to_owned() };
        let parameter = |name: &&String| json!({"Name": name, "Type": "SecureString", "Value": value(name)});
        Some((200, json!({"Parameters": names.iter().map(parameter).collect::<Vec<_>>()})))
    }
}
