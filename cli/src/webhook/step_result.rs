//! The result of one step of a plan, and hints for each error.

use inlet::tools::registration::{ApiError, PlanError};

use crate::deployment::address::StoreAddress;
use crate::failure::Failure;
use crate::options::DeploymentArgs;

/// The result of a step.
#[derive(Clone, Debug)]
pub(crate) enum StepResult {
    /// The step has no call.
    Nothing,
    /// The change is made.
    Done,
    /// The change is made. Contains a part of the response that the user may need.
    DoneWithNote(String),
    /// The new registration is created, and the old one still exists. Contains the reason.
    OldOneLeft(String),
    /// The new registration did not replace the old one.
    NotSwapped(Remaining, Cause),
    /// The change may be made.
    Unconfirmed(Cause),
    /// The change is not made.
    Rejected(ApiError),
    /// The step was not tried after the error of an earlier step.
    NotTried,
}

/// The registrations that exist after a failed swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remaining {
    /// Only the old one.
    Old,
    /// Neither.
    Nothing,
    /// One of the two: the list could not be read.
    Unknown,
}

/// The reason why a change is not confirmed.
#[derive(Clone, Debug)]
pub(crate) enum Cause {
    /// The provider responded with an error.
    Api(ApiError),
    /// The provider did not respond. Contains the error and its causes.
    NoResponse(String, Vec<String>),
}

impl StepResult {
    /// Returns the error as text without a full stop. Empty if there is none.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Nothing | Self::Done => String::new(),
            Self::OldOneLeft(text) | Self::DoneWithNote(text) => text.clone(),
            Self::NotSwapped(left, cause) => format!("{}: {}", left.text(), cause.text()),
            Self::Unconfirmed(cause) => cause.text(),
            Self::Rejected(error) => error.to_string(),
            Self::NotTried => "not tried because an earlier step failed".to_owned(),
        }
    }

    /// Returns true if further steps would fail too or would do harm.
    pub(crate) fn ends_the_plan(&self) -> bool {
        match self {
            Self::Rejected(error)
            | Self::NotSwapped(Remaining::Old | Remaining::Unknown, Cause::Api(error)) => {
                matches!(error, ApiError::Unauthorized { .. } | ApiError::TooMany { .. })
            }
            Self::NotSwapped(Remaining::Nothing, _) => true,
            _ => false,
        }
    }
}

impl Remaining {
    const fn text(self) -> &'static str {
        match self {
            Self::Old => "the old registration still exists and the new one does not",
            Self::Nothing => {
                "the old registration is removed and the new one is not created, so no event of it arrives"
            }
            Self::Unknown => {
                "the provider's list could not be read, so either the old registration or the new one exists"
            }
        }
    }
}

impl Cause {
    fn text(&self) -> String {
        match self {
            Self::Api(error) => error.to_string(),
            Self::NoResponse(error, causes) => {
                std::iter::once(error).chain(causes).cloned().collect::<Vec<_>>().join(": ")
            }
        }
    }
}

/// Returns the failure of a command that has no plan. `inlet` begins the commands of its hint: it selects the deployment.
pub(crate) fn plan_failure(error: &PlanError, inlet: &str, store: &StoreAddress) -> Failure {
    let what = error.to_string();
    let next = match error {
        PlanError::Access => "give the access as a JSON object with the fields that --help lists".to_owned(),
        PlanError::Credential(_) => format!(
            "create a credential of the right form with `{inlet} secret rotate {store} --generate`; older \
             credentials stay live"
        ),
        PlanError::NoSuchOption { .. } | PlanError::Option { .. } => {
            "give it as --option NAME=VALUE; --help describes each option".to_owned()
        }
        PlanError::Shared { next, .. } => DeploymentArgs::complete_commands(next, inlet, store),
        PlanError::NotDocumented(_) => "ask the provider; nothing was changed".to_owned(),
    };
    match error {
        PlanError::NotDocumented(_) => Failure::Problem { what, next },
        PlanError::Shared { .. } => Failure::Refused { what, next },
        _ => Failure::Unusable { what, next },
    }
}

/// Returns the failure of a command that a provider's error ends.
pub(crate) fn api_failure(error: &ApiError) -> Failure {
    let (what, next) = (error.to_string(), hint(error).to_owned());
    match error {
        ApiError::Failed { .. } | ApiError::Unreadable { .. } => Failure::Problem { what, next },
        _ => Failure::Refused { what, next },
    }
}

/// Returns the hint for a provider's error.
pub(crate) fn hint(error: &ApiError) -> &'static str {
    match error {
        ApiError::Unauthorized { .. } => {
            "check the access, or get a new one from the provider; tokens expire"
        }
        ApiError::TooMany { .. } => "wait a minute, then run the command again: it continues",
        ApiError::Rejected { .. } => {
            "compare the call, as --dry-run prints it, with the provider's API documentation"
        }
        ApiError::Failed { .. } => {
            "wait a minute, then run the command again: it skips the steps that are done"
        }
        ApiError::Unreadable { .. } => "check that --api is the provider's API; nothing was changed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_names_the_deployment_and_the_store() {
        let store: StoreAddress = "tiki/hcm".parse().unwrap();
        let options = DeploymentArgs::of_stack("inlet-prod", Some("my shop"));
        let error = PlanError::Credential("it has 12 characters");
        let failure = plan_failure(&error, &options.inlet(), &store);
        let command = "`inlet --stack inlet-prod --profile 'my shop' secret rotate tiki/hcm --generate`";
        let hint = failure.hint(&options);
        assert!(failure.exit_code() == 2 && hint.contains(command), "{hint}");
    }
}
