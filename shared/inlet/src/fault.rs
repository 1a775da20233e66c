//! A fault of Inlet or of a service that it depends on.

use std::error::Error;

/// A fault of ours or of what we stand on. The sender is told 503 at the most, the log the text.
#[derive(Debug, thiserror::Error)]
#[error("{context}")]
pub struct Fault {
    /// What did not work.
    pub context: &'static str,
    /// Why.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

impl Fault {
    /// A fault with its cause.
    pub fn new(context: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { context, source: source.into() }
    }

    /// The fault and its causes in one line.
    pub fn chain(&self) -> String {
        let mut story = self.context.to_owned();
        let mut cause: Option<&(dyn Error + 'static)> = Some(self.source.as_ref());
        while let Some(error) = cause {
            story.push_str(": ");
            story.push_str(&error.to_string());
            cause = error.source();
        }
        story
    }
}
