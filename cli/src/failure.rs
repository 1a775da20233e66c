//! Why a command ended early: what happened, why, what to do next, and the exit code that scripts see.

use std::io;
use std::path::PathBuf;

use aws_sdk_ssm::error::{ProvideErrorMetadata, SdkError};
use inlet::fault::Fault;
use inlet_aws::client::connect::describe_sdk_error;

/// The exit codes, as the help tells them.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed, or something is wrong
  2  the command line is wrong
  3  not there: no such deployment, store or event
  4  refused by the provider or by the receiver
  5  partly done: the rest is told, and the same command goes on with it";

/// Why a command ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// No local stack is up.
    #[error("there is no local stack: no {} here or in a folder above", .0.display())]
    NoLocalStack(PathBuf),
    /// What `make up` wrote cannot be read.
    #[error("{} cannot be read", .0.display())]
    LocalStack(PathBuf, #[source] Box<dyn std::error::Error + Send + Sync>),
    /// Nobody says which region.
    #[error("no AWS region is set")]
    NoRegion,
    /// Nobody says who asks.
    #[error("there are no usable AWS credentials")]
    NoCredentials(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The root certificates are of no use.
    #[error("no secure connection can be made")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There is no such stack.
    #[error("there is no stack {stack} in {region}")]
    NotDeployed {
        /// The stack's name.
        stack: String,
        /// The region that was searched.
        region: String,
    },
    /// There is such a stack, and it is another program's or half made.
    #[error("the stack {stack} has no {missing}: it is not Inlet's, or its deployment did not end well")]
    NotInlet {
        /// The stack's name.
        stack: String,
        /// The output or parameter that it lacks.
        missing: &'static str,
    },
    /// AWS did not do its part.
    #[error("{doing}: {told}")]
    Aws {
        /// What was tried.
        doing: &'static str,
        /// What AWS said, by code and message.
        told: String,
        /// Whose move it is.
        kind: AwsKind,
    },
    /// A part of Inlet did not do its part.
    #[error("{doing}")]
    Inlet {
        /// What was tried.
        doing: &'static str,
        /// Why it did not work.
        #[source]
        fault: Fault,
    },
    /// What was asked for does not exist.
    #[error("there is no {what}")]
    NotFound {
        /// What was asked for.
        what: String,
        /// How to find what there is.
        next: String,
    },
    /// What the user gave is of no use, found out after the command line was read.
    #[error("{what}")]
    Unusable {
        /// What is wrong with it.
        what: String,
        /// What would be of use.
        next: String,
    },
    /// A provider's own API was not reached, or did not answer to the end.
    #[error("the provider's API does not answer")]
    NoAnswer(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The provider or the receiver said no.
    #[error("{what}")]
    Refused {
        /// Who refused what, and how.
        what: String,
        /// What to do about it.
        next: String,
    },
    /// Some of it is done.
    #[error("{what}")]
    Partly {
        /// What is not.
        what: String,
        /// How to go on.
        next: String,
    },
    /// Something is wrong, as the command's answer says.
    #[error("{what}")]
    Wrong {
        /// What, in short.
        what: String,
        /// What to do about it.
        next: String,
    },
    /// Nobody answers where something was sent to.
    #[error("nobody answered: {0}")]
    Unanswered(String),
    /// Nobody was there to say yes.
    #[error("nobody confirmed it")]
    Unconfirmed,
    /// Somebody was there and said no.
    #[error("not done")]
    Declined,
    /// A file could not be read or written.
    #[error("{}: {doing}", path.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it did not work.
        #[source]
        cause: io::Error,
    },
    /// The terminal, or the program at the pipe's other end, did not do its part.
    #[error("the terminal or a pipe failed")]
    Terminal(#[from] io::Error),
}

/// Whose move it is after AWS said no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AwsKind {
    /// The caller may not.
    Denied,
    /// The caller's session is over.
    Expired,
    /// Too many calls.
    Throttled,
    /// AWS was not reached.
    Unreachable,
    /// Everything else.
    Other,
}

impl Failure {
    /// AWS's error to a call. Its message names the missing permission where one is missing, and never the request.
    pub(crate) fn aws<E, R>(doing: &'static str, error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata,
    {
        Self::Aws { doing, told: describe_sdk_error(error), kind: AwsKind::of(error) }
    }

    /// A file's error.
    pub(crate) fn file(doing: &'static str, path: impl Into<PathBuf>, cause: io::Error) -> Self {
        Self::File { doing, path: path.into(), cause }
    }

    /// What the user can do about it.
    pub(crate) fn next(&self) -> String {
        let text = match self {
            Self::NoLocalStack(_) => "start it with `make up`, or call `inlet` from the folder where you did",
            Self::LocalStack(..) => "write it anew with `make up`",
            Self::NoRegion => "say --region NAME, or set it with `aws configure`",
            Self::NoCredentials(_) => "sign in with `aws sso login` or `aws configure`, or name a --profile",
            Self::Tls(_) => {
                "install your system's root certificates, or name a file of them in AWS_CA_BUNDLE"
            }
            Self::NotDeployed { .. } => {
                "deploy it with `sam build && sam deploy --guided`, or name another --stack, --region or --profile"
            }
            Self::NotInlet { .. } => {
                "name Inlet's own stack with --stack, or deploy it again with `sam deploy`"
            }
            Self::Aws { kind, .. } => kind.next(),
            Self::Inlet { .. } => "ask `inlet doctor` what is wrong, then try again",
            Self::Unanswered(_) => {
                "check the address and that it is up; `inlet doctor` looks at a deployment"
            }
            Self::NoAnswer(_) => {
                "check the network and the provider's status, then try again: nothing is done twice"
            }
            Self::Declined => "nothing was changed; say it again to be asked again",
            Self::Unconfirmed => "say --yes where no terminal can ask",
            Self::File { .. } => "check the path, its permissions and the space that is left",
            Self::Terminal(_) => "try again",
            Self::NotFound { next, .. }
            | Self::Unusable { next, .. }
            | Self::Refused { next, .. }
            | Self::Partly { next, .. }
            | Self::Wrong { next, .. } => next,
        };
        text.to_owned()
    }

    /// What scripts see: [`EXIT_CODES`].
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Unusable { .. } | Self::Unconfirmed => 2,
            Self::NoLocalStack(_) | Self::NotDeployed { .. } | Self::NotInlet { .. } => 3,
            Self::NotFound { .. } => 3,
            Self::Refused { .. } => 4,
            Self::Partly { .. } => 5,
            Self::LocalStack(..)
            | Self::NoRegion
            | Self::NoCredentials(_)
            | Self::Tls(_)
            | Self::Aws { .. }
            | Self::Inlet { .. }
            | Self::Unanswered(_)
            | Self::NoAnswer(_)
            | Self::Declined
            | Self::Wrong { .. }
            | Self::File { .. }
            | Self::Terminal(_) => 1,
        }
    }

    /// Whether nobody reads on: the pipe's other end is closed, as by `head`.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Terminal(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// The causes, outermost first.
    pub(crate) fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        causes
    }
}

impl AwsKind {
    fn of<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Self {
        match error {
            SdkError::ServiceError(service) => Self::of_code(service.err().code().unwrap_or_default()),
            SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) => Self::Unreachable,
            _ => Self::Other,
        }
    }

    fn of_code(code: &str) -> Self {
        match code {
            "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => Self::Denied,
            "ExpiredToken"
            | "ExpiredTokenException"
            | "RequestExpired"
            | "InvalidClientTokenId"
            | "UnrecognizedClientException" => Self::Expired,
            "Throttling" | "ThrottlingException" | "ProvisionedThroughputExceededException" => {
                Self::Throttled
            }
            _ => Self::Other,
        }
    }

    fn next(self) -> &'static str {
        match self {
            Self::Denied => "ask whoever runs the account for the permission that the message names",
            Self::Expired => "sign in again, with `aws sso login` or new keys",
            Self::Throttled => "wait a little and try again",
            Self::Unreachable => "check the network and the region, then try again",
            Self::Other => "ask `inlet doctor` what is wrong, then try again",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_aws_says_tells_whose_move_it_is() {
        for (code, kind) in [
            ("AccessDeniedException", AwsKind::Denied),
            ("ExpiredTokenException", AwsKind::Expired),
            ("ThrottlingException", AwsKind::Throttled),
            ("ValidationException", AwsKind::Other),
        ] {
            assert_eq!(AwsKind::of_code(code), kind, "{code}");
        }
    }

    #[test]
    fn the_help_tells_every_exit_code() {
        let told = EXIT_CODES.lines().filter(|line| line.starts_with("  ")).count();
        assert_eq!(told, 6, "0 to 5");
        let partly = Failure::Partly { what: String::new(), next: String::new() };
        assert_eq!((partly.exit_code(), Failure::Unconfirmed.exit_code()), (5, 2));
    }
}
