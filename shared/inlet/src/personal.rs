//! A person's data. It is written into the canonical object only.

use std::fmt;

use serde::Serialize;

/// A name, an e-mail address, a phone number or a street. It must not reach a log, an error or a metric.
///
/// It has no `Display`, and its `Debug` shows nothing of it; only serialising it into the message does.
///
/// ```compile_fail
/// # use inlet::personal::Personal;
/// fn log(name: &Personal) -> String {
///     format!("{name}")
/// }
/// ```
///
/// ```
/// # use inlet::personal::Personal;
/// fn send(name: &Personal) -> serde_json::Value {
///     serde_json::json!(name)
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Personal(String);

impl Personal {
    /// Wraps a person's data.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_into_messages_and_hidden_from_debug() {
        let name = Personal::new("Somying Jaidee");
        assert_eq!(serde_json::to_string(&name).unwrap(), r#""Somying Jaidee""#);
        assert_eq!(format!("{:?}", Some(name)), "Some([personal])");
    }
}
