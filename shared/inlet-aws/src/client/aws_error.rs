//! Errors of AWS calls, by kind. The next step of an operator depends on the kind, never on the text.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use inlet::fault::Fault;

use crate::client::connect::describe_sdk_error;

/// The kind of an AWS error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AwsErrorKind {
    /// A permission is missing.
    Denied,
    /// The credentials are invalid, have expired, or cannot be loaded.
    Expired,
    /// The clocks of caller and AWS differ too much for a signature.
    Skewed,
    /// AWS throttled the call.
    Throttled,
    /// AWS did not respond in time, or there is no connection.
    Unreachable,
    /// The table, queue, bus or log group does not exist.
    Missing,
    /// Any other error.
    Other,
}

/// The error of an AWS call, as the source of a [`Fault`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct AwsError {
    /// The code and message from AWS, which never contain the request.
    pub message: String,
    /// The kind.
    pub kind: AwsErrorKind,
}

impl AwsError {
    /// Returns the error of a call.
    pub fn of<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Self {
        let kind = AwsErrorKind::of(error);
        let is_unsigned = kind == AwsErrorKind::Expired && !matches!(error, SdkError::ServiceError(_));
        let message = if is_unsigned {
            "the AWS credentials cannot be loaded".to_owned()
        } else {
            describe_sdk_error(error)
        };
        Self { message, kind }
    }
}

impl AwsErrorKind {
    /// Returns the kind of a call's error.
    pub fn of<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Self {
        match error {
            SdkError::ServiceError(service) => Self::of_code(service.err().code().unwrap_or_default()),
            SdkError::DispatchFailure(failure) => {
                let error = failure.as_connector_error().map(|error| error as &(dyn Error + 'static));
                if error.is_some_and(is_of_credentials) { Self::Expired } else { Self::Unreachable }
            }
            SdkError::TimeoutError(_) => Self::Unreachable,
            _ => Self::Other,
        }
    }

    /// Returns the kind of a fault that an AWS call caused. `None` if no call caused it.
    pub fn of_fault(fault: &Fault) -> Option<Self> {
        let mut cause: Option<&(dyn Error + 'static)> = Some(fault.source.as_ref());
        while let Some(error) = cause {
            if let Some(error) = error.downcast_ref::<AwsError>() {
                return Some(error.kind);
            }
            cause = error.source();
        }
        None
    }

    /// Returns the kind of an error code. The services use different codes for the same kind.
    fn of_code(code: &str) -> Self {
        match code {
            "AccessDenied"
            | "AccessDeniedException"
            | "AuthorizationError"
            | "AuthorizationErrorException"
            | "KmsAccessDenied"
            | "KMSAccessDeniedException"
            | "NotAuthorized"
            | "UnauthorizedOperation" => Self::Denied,
            "ExpiredToken"
            | "ExpiredTokenException"
            | "IncompleteSignature"
            | "InvalidAccessKeyId"
            | "InvalidClientTokenId"
            | "InvalidToken"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException"
            | "UnrecognizedClientException" => Self::Expired,
            "InvalidSignatureException"
            | "RequestExpired"
            | "RequestTimeTooSkewed"
            | "SignatureDoesNotMatch" => Self::Skewed,
            "KmsThrottled"
            | "ProvisionedThroughputExceededException"
            | "RequestLimitExceeded"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "SlowDown"
            | "Throttled"
            | "ThrottledException"
            | "Throttling"
            | "ThrottlingException"
            | "TooManyRequestsException" => Self::Throttled,
            "AWS.SimpleQueueService.NonExistentQueue" | "QueueDoesNotExist" | "ResourceNotFoundException" => {
                Self::Missing
            }
            _ => Self::Other,
        }
    }
}

/// Returns true if loading the credentials caused the error.
fn is_of_credentials(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<CredentialsError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    use aws_sdk_dynamodb::error::ErrorMetadata;
    use aws_sdk_dynamodb::operation::query::QueryError;

    fn refused(code: &str) -> SdkError<QueryError, ()> {
        let metadata = ErrorMetadata::builder().code(code).message("no").build();
        SdkError::service_error(QueryError::generic(metadata), ())
    }

    #[test]
    fn every_service_s_code_has_a_kind() {
        for (code, kind) in [
            ("AccessDeniedException", AwsErrorKind::Denied),
            ("AccessDenied", AwsErrorKind::Denied),
            ("KmsAccessDenied", AwsErrorKind::Denied),
            ("ExpiredTokenException", AwsErrorKind::Expired),
            ("ExpiredToken", AwsErrorKind::Expired),
            ("UnrecognizedClientException", AwsErrorKind::Expired),
            ("InvalidSignatureException", AwsErrorKind::Skewed),
            ("ThrottlingException", AwsErrorKind::Throttled),
            ("ProvisionedThroughputExceededException", AwsErrorKind::Throttled),
            ("RequestThrottled", AwsErrorKind::Throttled),
            ("TooManyRequestsException", AwsErrorKind::Throttled),
            ("AWS.SimpleQueueService.NonExistentQueue", AwsErrorKind::Missing),
            ("ValidationException", AwsErrorKind::Other),
        ] {
            assert_eq!(AwsErrorKind::of(&refused(code)), kind, "{code}");
        }
    }

    #[test]
    fn a_fault_knows_the_kind_of_its_cause() {
        let denied = Fault::transient("the table cannot be read", AwsError::of(&refused("AccessDenied")));
        assert_eq!(AwsErrorKind::of_fault(&denied), Some(AwsErrorKind::Denied));
        let outer = Fault::transient("the event cannot be stored", denied);
        assert_eq!(AwsErrorKind::of_fault(&outer), Some(AwsErrorKind::Denied), "the cause of a cause");
        assert_eq!(outer.chain(), "the event cannot be stored: the table cannot be read: AccessDenied: no");
        let damaged = Fault::damaged("the stored event is damaged", "its body is not whole");
        assert_eq!(AwsErrorKind::of_fault(&damaged), None);
    }
}
