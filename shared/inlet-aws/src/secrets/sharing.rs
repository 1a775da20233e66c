//! An instance's part in the shared list of names.

use crate::dynamodb::store_names::SharedNames;

/// The shared names of a provider, as one instance uses them.
pub(super) struct Sharing {
    pub(super) names: SharedNames,
    /// The instance's own name in its claims.
    pub(super) claimant: String,
}

impl Sharing {
    pub(super) fn new(names: SharedNames) -> Self {
        Self { names, claimant: format!("{:016x}", fastrand::u64(..)) }
    }
}
