//! The codes of refusals: a field of the log line and a dimension of the metrics.

use inlet::proof::Rejection;
use inlet::receive::NotAccepted;

/// The reject code of a delivery to a store without a parameter. Alarms use it.
pub const UNKNOWN_STORE: &str = "unknown_store";

/// The reject code of a request whose path contains no provider or no store.
pub const UNKNOWN_PATH: &str = "unknown_path";

/// The code of a delivery whose store's credentials cannot be read.
pub(super) const SECRETS_UNAVAILABLE: &str = "secrets_unavailable";

/// Returns the code of a refusal: a field of the line and a dimension of its metrics.
pub(super) fn reject_code(why: &NotAccepted) -> &'static str {
    match why {
        NotAccepted::Method => "method",
        NotAccepted::TooLarge(_) => "too_large",
        NotAccepted::UnknownStore => UNKNOWN_STORE,
        NotAccepted::VerificationFailed { rejection, .. } => match rejection {
            Rejection::Missing { .. } => "no_proof",
            Rejection::Malformed { .. } => "malformed_proof",
            Rejection::Mismatch => "wrong_proof",
            Rejection::NoCredentialForTopic => "no_credential",
            Rejection::NoUsableCredential => "unusable_credentials",
            Rejection::CredentialsUnreadable => SECRETS_UNAVAILABLE,
        },
        NotAccepted::SecretsUnavailable { .. } => SECRETS_UNAVAILABLE,
        NotAccepted::NotStored { .. } => "not_stored",
    }
}
