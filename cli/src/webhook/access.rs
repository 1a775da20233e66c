//! What opens a provider's own API: read from a file, from standard input, from the environment or from the person
//! at the terminal. Never from the command line, which other users of a machine can see, and never shown.

use std::io::IsTerminal as _;

use inlet::tools::registration::Api;
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::input::source::Source;

/// The variable of the environment that may hold the access.
const VARIABLE: &str = "INLET_ACCESS";

/// Where the access comes from.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct AccessFrom {
    /// A file with what opens the provider's API, a JSON object, or - for standard input; otherwise it is taken from
    /// `INLET_ACCESS`, or asked for
    #[arg(long, value_name = "FILE")]
    access: Option<Source>,
}

impl AccessFrom {
    /// Reads it.
    pub(crate) fn read(&self, api: &Api) -> Result<Value, Failure> {
        let given = match (&self.access, environment()) {
            (Some(source), _) => source.bytes()?,
            (None, Some(text)) => text.into_bytes(),
            (None, None) => return ask(api),
        };
        // Whatever is wrong with it is told without a word of it.
        let given: Value = serde_json::from_slice(&given).unwrap_or_default();
        if !given.is_object() {
            return Err(unusable(api, "the access is not a JSON object"));
        }
        let has = |field: &str| given.get(field).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        match api.access.iter().find(|(field, _)| !has(field)) {
            Some((field, _)) => Err(unusable(api, &format!("the access lacks {field}"))),
            None => Ok(given),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a secret for a program must not stand on its command line")]
fn environment() -> Option<String> {
    std::env::var(VARIABLE).ok().filter(|text| !text.is_empty())
}

fn ask(api: &Api) -> Result<Value, Failure> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(unusable(api, "the provider's API needs to be opened, and no terminal can ask"));
    }
    let mut access = Map::new();
    for (field, help) in api.access {
        let value = rpassword::prompt_password(format!("{field} ({help}): "))?;
        access.insert((*field).to_owned(), value.trim().into());
    }
    Ok(Value::Object(access))
}

fn unusable(api: &Api, what: &str) -> Failure {
    let fields: Vec<String> = api.access.iter().map(|(field, _)| format!(r#""{field}":"…""#)).collect();
    let next =
        format!("give it with --access FILE, --access - or in {VARIABLE}, as {{{}}}", fields.join(","));
    Failure::Unusable { what: what.to_owned(), next }
}
