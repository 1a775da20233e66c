//! The access to a provider's own API: read from a file, standard input, the environment or the terminal. Never from
//! the command line, which other users of a machine can see. Never shown.

use std::io::IsTerminal as _;

use inlet::tools::registration::Api;
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::input::source::Source;
use crate::shell::quoted;

/// The environment variable that may contain the access.
const VARIABLE: &str = "INLET_ACCESS";

/// The fields of an access.
type Fields = &'static [(&'static str, &'static str)];

/// The source of the access.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct AccessFrom {
    /// File with the access to the provider's API, a JSON object, or - for standard input; default: the variable
    /// `INLET_ACCESS`, else a prompt
    #[arg(long, value_name = "FILE")]
    access: Option<Source>,
}

impl AccessFrom {
    /// Returns true if standard input is the source.
    pub(crate) fn is_standard_input(&self) -> bool {
        self.access == Some(Source::Stdin)
    }

    /// Returns the source as the user gave it, for a command that continues.
    pub(crate) fn to_flags(&self) -> String {
        match &self.access {
            None => String::new(),
            Some(Source::Stdin) => " --access -".to_owned(),
            Some(Source::File(path)) => format!(" --access {}", quoted(&path.to_string_lossy())),
        }
    }

    /// Reads the access.
    ///
    /// # Errors
    /// If a field is missing, or if there is no source and no terminal.
    pub(crate) fn read(&self, api: &Api) -> Result<Value, Failure> {
        self.read_fields(api.access)
    }

    /// Reads an access with these fields, each with the place where the user finds it.
    ///
    /// # Errors
    /// If a field is missing, or if there is no source and no terminal.
    pub(crate) fn read_fields(&self, fields: Fields) -> Result<Value, Failure> {
        match self.given(fields)? {
            Some(given) => Ok(given),
            None => ask(fields),
        }
    }

    /// Reads the access that was given. `None` if there is no source, so that it is stored or must be asked for.
    ///
    /// # Errors
    /// If a field is missing.
    pub(crate) fn given(&self, fields: Fields) -> Result<Option<Value>, Failure> {
        let given = match (&self.access, environment()) {
            (Some(source), _) => source.bytes()?,
            (None, Some(text)) => text.into_bytes(),
            (None, None) => return Ok(None),
        };
        // The errors quote nothing of it.
        let given: Value = serde_json::from_slice(&given).unwrap_or_default();
        if !given.is_object() {
            return Err(unusable(fields, "the access is not a JSON object"));
        }
        let has = |field: &str| given.get(field).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        match fields.iter().find(|(field, _)| !has(field)) {
            Some((field, _)) => Err(unusable(fields, &format!("the access has no {field}"))),
            None => Ok(Some(given)),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a script cannot put a secret on the command line, which other users see"
)]
fn environment() -> Option<String> {
    std::env::var(VARIABLE).ok().filter(|text| !text.is_empty())
}

fn ask(fields: Fields) -> Result<Value, Failure> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(unusable(
            fields,
            "the provider's API needs an access, and there is no terminal to ask for it",
        ));
    }
    let mut access = Map::new();
    for (field, help) in fields {
        let value = rpassword::prompt_password(format!("{field} ({help}): "))?;
        access.insert((*field).to_owned(), value.trim().into());
    }
    Ok(Value::Object(access))
}

fn unusable(fields: Fields, what: &str) -> Failure {
    let fields: Vec<String> = fields.iter().map(|(field, _)| format!(r#""{field}":"…""#)).collect();
    let next =
        format!("give it with --access FILE, --access - or in {VARIABLE}, as {{{}}}", fields.join(","));
    Failure::Unusable { what: what.to_owned(), next }
}
