//! A fault: a part of Inlet, or a service that it depends on, failed.

use std::error::Error;

/// The kind of a fault: the caller's options. Behaviour depends on this kind and never on a fault's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A repeated request fails again: the other side rejects its content.
    Permanent,
    /// The same request may succeed later.
    Transient,
    /// Stored data cannot be read. It stays unreadable; other data may be fine.
    Damaged,
}

/// A failure with its cause. A sender sees at most a 503; the text is for the log.
#[derive(Debug, thiserror::Error)]
#[error("{context}")]
pub struct Fault {
    /// Its kind.
    pub kind: FaultKind,
    /// The operation that did not work.
    pub context: &'static str,
    /// The cause.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

impl Fault {
    /// A fault with which the same request fails again.
    pub fn permanent(context: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: FaultKind::Permanent, context, source: source.into() }
    }

    /// A fault that may be over when the request is repeated.
    pub fn transient(context: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: FaultKind::Transient, context, source: source.into() }
    }

    /// A fault of stored data.
    pub fn damaged(context: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: FaultKind::Damaged, context, source: source.into() }
    }

    /// Returns the fault and its causes in one line.
    pub fn chain(&self) -> String {
        let mut chain = self.context.to_owned();
        let mut cause: Option<&(dyn Error + 'static)> = Some(self.source.as_ref());
        while let Some(error) = cause {
            chain.push_str(": ");
            chain.push_str(&error.to_string());
            cause = error.source();
        }
        chain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_contains_every_cause() {
        let cause = Fault::transient("the table cannot be read", "no response in time");
        let fault = Fault::permanent("the event cannot be stored", cause);
        assert_eq!(
            fault.chain(),
            "the event cannot be stored: the table cannot be read: no response in time"
        );
    }
}
