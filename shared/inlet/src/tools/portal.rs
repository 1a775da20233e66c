//! What a person does in a provider's portal so that it sends its webhooks here.

/// Registering by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Portal {
    /// What to do, one step after the other; each is a sentence.
    pub steps: &'static [&'static str],
    /// What no page tells, and so has to be tried; each is a sentence.
    pub not_documented: &'static [&'static str],
    /// Where the steps are told.
    pub source: &'static str,
}
