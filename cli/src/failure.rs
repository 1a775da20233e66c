//! The failures that end a command: an error, its causes, a hint, and the exit code for scripts.

use std::io::{self, Write as _};
use std::path::PathBuf;

use aws_sdk_ssm::error::{ProvideErrorMetadata, SdkError};
use clap::error::ErrorKind;
use inlet::fault::{Fault, FaultKind};
use inlet_aws::client::aws_error::{AwsError, AwsErrorKind};

use crate::options::DeploymentArgs;

/// The exit codes, as the help lists them.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed, or a check found a problem
  2  invalid arguments
  3  not found: deployment, store or event
  4  rejected by the provider or the receiver
  5  partly done: the output names the rest, and the same command continues";

/// The hint for a damaged event.
pub(crate) const DAMAGE_HINT: &str =
    "restore a damaged event from a copy of the table: docs/runbook.md#items-are-damaged";

/// Writes an invalid command line as JSON, in the form of every other failure, and ends the process.
pub(crate) fn exit_with_usage_error(error: &clap::Error) -> ! {
    let (message, next) = describe_usage_error(error);
    let code = error.exit_code();
    let error = serde_json::json!({"message": message, "causes": [], "next": next, "exit_code": code});
    // There is no other stream to report an error of this one.
    let _ = writeln!(io::stderr(), "{}", serde_json::json!({ "error": error }));
    std::process::exit(code)
}

/// Returns the problem of a command line, and the hint: with a similar name, if there is one.
fn describe_usage_error(error: &clap::Error) -> (String, String) {
    const HELP: &str = "run the command with --help";
    // The text of this error is the help.
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return ("a subcommand is missing".to_owned(), HELP.to_owned());
    }
    let text = error.to_string();
    let mut paragraphs =
        text.split("\n\n").map(|lines| lines.lines().map(str::trim).collect::<Vec<_>>().join(" "));
    let problem = paragraphs.next().unwrap_or_default();
    let message = problem.strip_prefix("error: ").unwrap_or(&problem).to_owned();
    let tip = paragraphs.find_map(|paragraph| Some(paragraph.strip_prefix("tip: ")?.to_owned()));
    (message, tip.map_or_else(|| HELP.to_owned(), |tip| format!("{tip}; or {HELP}")))
}

/// A failure that ends a command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The local stack is not running.
    #[error("there is no local stack: no {} in this folder or above", .0.display())]
    NoLocalStack(PathBuf),
    /// The file of the local stack cannot be read.
    #[error("{} cannot be read", .0.display())]
    LocalStack(PathBuf, #[source] Box<dyn std::error::Error + Send + Sync>),
    /// No region is configured.
    #[error("no AWS region is set")]
    NoRegion,
    /// No credentials are configured.
    #[error("there are no valid AWS credentials")]
    NoCredentials(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The root certificates are unusable.
    #[error("no TLS connection can be made")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The stack does not exist.
    #[error("there is no stack {stack} in {region}")]
    NotDeployed {
        /// The stack's name.
        stack: String,
        /// The region.
        region: String,
    },
    /// The stack exists, but it is not a complete deployment of Inlet.
    #[error("the stack {stack} has no {missing}: it is not an Inlet stack, or its deployment failed")]
    NotInlet {
        /// The stack's name.
        stack: String,
        /// The missing output or parameter.
        missing: &'static str,
    },
    /// A call to AWS failed.
    #[error("{context}: {error}")]
    Aws {
        /// The consequence.
        context: &'static str,
        /// The code and message from AWS, and the kind, which selects the hint.
        error: AwsError,
    },
    /// A part of Inlet failed.
    #[error("{context}")]
    Inlet {
        /// The consequence.
        context: &'static str,
        /// The cause.
        #[source]
        fault: Fault,
    },
    /// The requested thing does not exist.
    #[error("there is no {what}")]
    NotFound {
        /// The requested thing.
        what: String,
        /// A hint that lists the existing ones.
        next: String,
    },
    /// An argument is unusable. Found after the command line was parsed.
    #[error("{what}")]
    Unusable {
        /// The problem.
        what: String,
        /// The hint.
        next: String,
    },
    /// A provider's own API could not be reached, or its response was incomplete.
    #[error("the provider's API does not respond")]
    ApiUnreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The provider or the receiver rejected something.
    #[error("{what}")]
    Refused {
        /// The rejection.
        what: String,
        /// The hint.
        next: String,
    },
    /// A part of the work is done.
    #[error("{what}")]
    Partial {
        /// The rest.
        what: String,
        /// A hint to continue.
        next: String,
    },
    /// The command found a problem. Its output has the details.
    #[error("{what}")]
    Problem {
        /// The problem in short.
        what: String,
        /// The hint.
        next: String,
    },
    /// A target of deliveries did not respond.
    #[error("no response: {0}")]
    NoResponse(String),
    /// A confirmation is needed and there is no terminal.
    #[error("a confirmation is required")]
    Unconfirmed,
    /// The user declined.
    #[error("nothing was changed")]
    Declined,
    /// A stop signal ended a look at the dead letters.
    #[error("stopped; the dead letters are given back and nothing was changed")]
    Stopped,
    /// A file could not be read or written.
    #[error("{}: {context}", path.display())]
    File {
        /// The consequence.
        context: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        cause: io::Error,
    },
    /// Standard input or output failed.
    #[error("the terminal or a pipe failed")]
    Terminal(#[from] io::Error),
}

impl Failure {
    /// Returns the failure of an AWS call. AWS's message names a missing permission, and never contains the request.
    pub(crate) fn aws<E, R>(context: &'static str, error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata,
    {
        Self::Aws { context, error: AwsError::of(error) }
    }

    /// Returns the failure of a file operation.
    pub(crate) fn file(context: &'static str, path: impl Into<PathBuf>, cause: io::Error) -> Self {
        Self::File { context, path: path.into(), cause }
    }

    /// Returns the kind of the AWS call's error. None if no call caused the failure.
    pub(crate) fn aws_kind(&self) -> Option<AwsErrorKind> {
        match self {
            Self::Aws { error, .. } => Some(error.kind),
            Self::Inlet { fault, .. } => AwsErrorKind::of_fault(fault),
            _ => None,
        }
    }

    /// Returns the failure of work that a fault ended half-way. `continues` is the command that does the rest.
    pub(crate) fn half_way(what: &str, fault: &Fault, options: &DeploymentArgs, continues: &str) -> Self {
        let repair = match AwsErrorKind::of_fault(fault) {
            None | Some(AwsErrorKind::Other) => String::new(),
            Some(kind) => format!("{}; then ", aws_hint(kind, options)),
        };
        Self::Partial {
            what: format!("{what}: {}", fault.chain()),
            next: format!("{repair}continue with `{continues}`"),
        }
    }

    /// Returns the hint: it starts with an action. Its commands select the deployment of these options.
    pub(crate) fn hint(&self, options: &DeploymentArgs) -> String {
        if let Some(kind) = self.aws_kind() {
            return aws_hint(kind, options);
        }
        let inlet = options.inlet();
        let text = match self {
            Self::NoLocalStack(_) => {
                "start it with `make up`, or run `inlet` in the folder where you started it"
            }
            Self::LocalStack(..) => "write it again with `make up`",
            Self::NoRegion => "give --region NAME, or set a region with `aws configure`",
            Self::NoCredentials(_) => {
                return format!(
                    "sign in with `{}` or `aws configure`, or give --profile NAME",
                    options.sso_login()
                );
            }
            Self::Tls(_) => "install your system's root certificates, or set AWS_CA_BUNDLE to a file of them",
            Self::NotDeployed { .. } => {
                "deploy it with `sam build && sam deploy --guided`, or give another --stack, --region or --profile"
            }
            Self::NotInlet { .. } => {
                "give the name of an Inlet stack with --stack, or deploy again with `sam deploy`"
            }
            Self::Inlet { fault, .. } if fault.kind == FaultKind::Damaged => DAMAGE_HINT,
            Self::Aws { .. } | Self::Inlet { .. } => return format!("run `{inlet} doctor`, then try again"),
            Self::NoResponse(_) => {
                return format!(
                    "check the address and the program behind it; run `{inlet} doctor` for a deployment"
                );
            }
            Self::ApiUnreachable(_) => {
                "check the network and the provider's status, then try again: the command skips the steps that are done"
            }
            Self::Declined => "run the command again to be asked again",
            Self::Stopped => "run the command again to see all of it",
            Self::Unconfirmed => "give --yes to confirm without a terminal",
            Self::File { .. } => "check the path, its permissions and the free space",
            Self::Terminal(_) => "try again",
            Self::NotFound { next, .. }
            | Self::Unusable { next, .. }
            | Self::Refused { next, .. }
            | Self::Partial { next, .. }
            | Self::Problem { next, .. } => next,
        };
        text.to_owned()
    }

    /// Returns the failure as one text for a page: with its causes and the hint.
    pub(crate) fn sentence(&self, options: &DeploymentArgs) -> String {
        let causes: String =
            self.causes().iter().fold(String::new(), |all, cause| all + "; because " + cause);
        format!("{self}{causes}. Next: {}", self.hint(options))
    }

    /// Returns the exit code: [`EXIT_CODES`].
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Unusable { .. } | Self::Unconfirmed => 2,
            Self::NoLocalStack(_) | Self::NotDeployed { .. } | Self::NotInlet { .. } => 3,
            Self::NotFound { .. } => 3,
            Self::Refused { .. } => 4,
            Self::Partial { .. } => 5,
            Self::LocalStack(..)
            | Self::NoRegion
            | Self::NoCredentials(_)
            | Self::Tls(_)
            | Self::Aws { .. }
            | Self::Inlet { .. }
            | Self::NoResponse(_)
            | Self::ApiUnreachable(_)
            | Self::Declined
            | Self::Stopped
            | Self::Problem { .. }
            | Self::File { .. }
            | Self::Terminal(_) => 1,
        }
    }

    /// Returns true if the reader of a pipe has ended, such as `head`.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Terminal(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Returns the causes, outermost first.
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

/// Returns the hint for an AWS error.
pub(crate) fn aws_hint(kind: AwsErrorKind, options: &DeploymentArgs) -> String {
    let inlet = options.inlet();
    match kind {
        AwsErrorKind::Denied => "ask the administrator of the account for the permission in the message; the stack's \
             policies InspectPolicyArn, RecoverPolicyArn and SecretsPolicyArn have what this command needs"
            .to_owned(),
        AwsErrorKind::Expired => format!("sign in again with `{}` or set new keys", options.sso_login()),
        AwsErrorKind::Skewed => {
            "set this machine's clock with NTP: AWS rejects signatures that are five minutes off; if the clock is \
             right, check the secret key"
                .to_owned()
        }
        AwsErrorKind::Throttled => "wait a minute, then run the command again: AWS limits the calls".to_owned(),
        AwsErrorKind::Unreachable if options.local => {
            "check that the local stack runs: `make up` starts it".to_owned()
        }
        AwsErrorKind::Unreachable => {
            "check the network, the proxy and the region, then run the command again".to_owned()
        }
        AwsErrorKind::Missing => format!("run `{inlet} doctor`: it names what does not exist"),
        AwsErrorKind::Other => format!("run `{inlet} doctor`, then try again"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_any_service_has_the_hint_of_its_kind() {
        let options = DeploymentArgs::of_stack("inlet-prod", Some("shop"));
        for (kind, hint) in [
            (AwsErrorKind::Denied, "administrator"),
            (AwsErrorKind::Expired, "aws sso login --profile shop"),
            (AwsErrorKind::Throttled, "wait a minute"),
            (AwsErrorKind::Unreachable, "network"),
            (AwsErrorKind::Missing, "inlet --stack inlet-prod --profile shop doctor"),
        ] {
            let error = AwsError { message: "x".to_owned(), kind };
            let fault = Fault::transient("the table cannot be read", error.clone());
            let of_fault = Failure::Inlet { context: "the events cannot be listed", fault };
            let of_call = Failure::Aws { context: "the stack is unknown", error };
            for failure in [of_fault, of_call] {
                assert!(failure.hint(&options).contains(hint), "{kind:?}: {}", failure.hint(&options));
                assert_eq!(failure.aws_kind(), Some(kind));
            }
        }
    }

    #[test]
    fn the_help_lists_every_exit_code() {
        let listed = EXIT_CODES.lines().filter(|line| line.starts_with("  ")).count();
        assert_eq!(listed, 6, "0 to 5");
        let partly = Failure::Partial { what: String::new(), next: String::new() };
        assert_eq!((partly.exit_code(), Failure::Unconfirmed.exit_code()), (5, 2));
    }
}
