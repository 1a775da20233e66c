//! `local/providers.json` and `local/demo-stores.json`: the providers and the demo stores of the local stack.

use inlet::tools::registration::Registering;
use inlet_providers::{ToolsVisitor, for_each_with_tools};
use serde_json::{Value, json};

use crate::repository::Files;

/// Returns both files.
pub fn files() -> Files {
    let mut lines = Lines::default();
    for_each_with_tools(&mut lines);
    let file = |name: &str, [open, close]: [char; 2], lines: &[String]| {
        (format!("local/{name}.json"), format!("{open}\n  {}\n{close}\n", lines.join(",\n  ")))
    };
    [file("providers", ['[', ']'], &lines.providers), file("demo-stores", ['{', '}'], &lines.stores)].into()
}

/// Returns the credential of a provider's store `demo`, or null if there is no provider of this name.
pub fn demo_credential(provider: &str) -> Value {
    let mut search = Search { provider, credential: Value::Null };
    for_each_with_tools(&mut search);
    search.credential
}

/// A line for each provider.
#[derive(Default)]
struct Lines {
    providers: Vec<String>,
    stores: Vec<String>,
}

impl ToolsVisitor for Lines {
    fn visit<P: Registering>(&mut self) {
        let sample = format!("{}.json", P::PROFILE.sample);
        self.providers.push(object(&[("name", P::NAME), ("sample", &sample)]));
        self.stores.push(format!(
            "{}: {{\"demo\": [{}]}}",
            json!(P::NAME),
            object(P::PROFILE.demo_credential)
        ));
    }
}

/// Returns a JSON object on one line, with the fields in this order.
fn object(fields: &[(&str, &str)]) -> String {
    let fields: Vec<String> =
        fields.iter().map(|(name, text)| format!("{}: {}", json!(name), json!(text))).collect();
    format!("{{{}}}", fields.join(", "))
}

struct Search<'p> {
    provider: &'p str,
    credential: Value,
}

impl ToolsVisitor for Search<'_> {
    fn visit<P: Registering>(&mut self) {
        if P::NAME == self.provider {
            self.credential = P::PROFILE.demo_credential();
        }
    }
}
