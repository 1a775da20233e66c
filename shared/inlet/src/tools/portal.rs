//! The steps in a provider's portal that register webhooks by hand.

/// Registration by hand. In its sentences `{inlet}` begins a command, and `{store}` is the store's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portal {
    /// The steps, in order; each is a sentence.
    pub steps: &'static [&'static str],
    /// Undocumented facts that a test with the provider must show; each is a sentence.
    pub not_documented: &'static [&'static str],
    /// The source of the steps.
    pub source: &'static str,
}
