//! The function's response.

use std::collections::HashMap;

use inlet::fault::Fault;
use inlet::message::Message;
use inlet::process::ConsumeError;
use serde::Deserialize;

use super::NOT_PROCESSED;

/// Maximum length of a stored failure reason, and of the name of an unhandled error, in characters.
const MAX_REASON_LEN: usize = 200;

/// The response: an object with no other member. A response in the form of another service, for example
/// `batchItemFailures`, must not count as a success.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FunctionResponse {
    #[serde(default)]
    failures: Vec<Failure>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    id: String,
    kind: Kind,
    reason: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Permanent,
    Transient,
}

/// The reason that a response cannot be read. It quotes nothing from the response.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("its response is neither empty nor {{\"failures\": [{{\"id\", \"kind\", \"reason\"}}]}}")]
    Form,
    #[error("its response names an event that was not in the request")]
    UnknownId,
}

/// Reads the response and returns an outcome for each message.
///
/// # Errors
/// [`Unreadable`] if it has another form, or names an event that is not among the messages.
pub(super) fn parse(
    payload: &[u8],
    messages: &[Message],
) -> Result<Vec<Result<(), ConsumeError>>, Unreadable> {
    let response = match payload.trim_ascii() {
        b"" | b"null" => FunctionResponse::default(),
        // A list would be read as an object's members in their order.
        text if text.starts_with(b"{") => serde_json::from_slice(text).map_err(|_| Unreadable::Form)?,
        _ => return Err(Unreadable::Form),
    };
    let failures = response.failures;
    let is_known = |failure: &Failure| messages.iter().any(|message| message.id().as_str() == failure.id);
    if !failures.iter().all(is_known) {
        return Err(Unreadable::UnknownId);
    }
    let by_id: HashMap<&str, &Failure> =
        failures.iter().map(|failure| (failure.id.as_str(), failure)).collect();
    let outcome = |message: &Message| match by_id.get(message.id().as_str()) {
        Some(failure) => Err(failure.to_error()),
        None => Ok(()),
    };
    Ok(messages.iter().map(outcome).collect())
}

impl Failure {
    fn to_error(&self) -> ConsumeError {
        let reason = self.reason.as_deref().unwrap_or("it gave no reason");
        let reason: String = reason.chars().take(MAX_REASON_LEN).collect();
        match self.kind {
            Kind::Permanent => ConsumeError::Permanent(Fault::permanent(NOT_PROCESSED, reason)),
            Kind::Transient => ConsumeError::Transient(Fault::transient(NOT_PROCESSED, reason)),
        }
    }
}

/// Describes an unhandled error by its type. Its message may contain personal data.
pub(super) fn describe_unhandled(payload: &[u8]) -> String {
    #[derive(Default, Deserialize)]
    struct Unhandled {
        #[serde(default, rename = "errorType")]
        error_type: String,
    }
    let unhandled: Unhandled = serde_json::from_slice(payload).unwrap_or_default();
    let is_of_a_name = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '$');
    let name: String = unhandled.error_type.chars().filter(is_of_a_name).take(MAX_REASON_LEN).collect();
    if name.is_empty() { "an unhandled error".to_owned() } else { format!("an unhandled error: {name}") }
}
