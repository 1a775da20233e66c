//! The error of a registration that cannot be planned.

/// The reason why there is no plan. No call was made.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlanError {
    /// The access lacks a field.
    #[error("the access to the provider's API has a missing or empty field")]
    Access,
    /// The store's newest credential cannot be registered.
    #[error("the store's newest credential cannot be registered: {0}")]
    Credential(&'static str),
    /// The provider has no option of this name.
    #[error("there is no option {name:?}; the options are: {known}")]
    NoSuchOption {
        /// The name that was given.
        name: String,
        /// The existing options.
        known: String,
    },
    /// An option is missing or has an unusable value.
    #[error("the option {name:?} {why}")]
    Option {
        /// The option.
        name: &'static str,
        /// The problem.
        why: String,
    },
    /// The change would affect another receiver.
    #[error("{what}")]
    Shared {
        /// The shared setting.
        what: String,
        /// A hint for the user, with the placeholders of a [`Portal`](crate::tools::portal::Portal).
        next: &'static str,
    },
    /// The provider does not document the change.
    #[error("{0} is not documented")]
    NotDocumented(&'static str),
}
