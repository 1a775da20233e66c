//! Parameter Store: parameters by name, and pages of their names.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The parameters' values by name.
#[derive(Debug, Default)]
pub(crate) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Sets a parameter.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// Returns the response to a call; `None` if it is no call of Parameter Store.
    pub(crate) fn respond(&self, operation: &str, input: &Value) -> Option<Value> {
        Some(match operation {
            "GetParameters" => {
                let names = input["Names"].as_array().into_iter().flatten().filter_map(Value::as_str);
                json!({"Parameters": names.filter_map(|name| self.parameter(name)).collect::<Vec<_>>()})
            }
            "GetParametersByPath" => self.page(input),
            _ => return None,
        })
    }

    /// Returns a page of the parameters directly below a path. The token of a page is the name before it.
    fn page(&self, input: &Value) -> Value {
        let below = format!("{}/", input["Path"].as_str().expect("a path"));
        let len = input["MaxResults"].as_u64().and_then(|len| usize::try_from(len).ok()).expect("a number");
        let after = input["NextToken"].as_str().unwrap_or_default();
        let is_direct = |name: &&String| {
            name.strip_prefix(&below).is_some_and(|rest| !rest.contains('/')) && name.as_str() > after
        };
        let mut names: Vec<&String> = self.0.keys().filter(is_direct).take(len.saturating_add(1)).collect();
        let has_more = names.len() > len;
        names.truncate(len);
        let page: Vec<Value> = names.iter().filter_map(|name| self.parameter(name)).collect();
        let mut response = json!({"Parameters": page});
        if let (true, Some(last)) = (has_more, names.last()) {
            response["NextToken"] = json!(last);
        }
        response
    }

    fn parameter(&self, name: &str) -> Option<Value> {
        self.0.get(name).map(|value| json!({"Name": name, "Value": value}))
    }
}
