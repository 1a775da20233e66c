//! The providers, in one list: a further one needs one line here.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use inlet::catalogue::Row;
use inlet::patience::AfterFailure;
use inlet::request::Request;
use inlet::sender::{Address, Sender, delivery};
use inlet::store::StoreName;
use serde_json::Value;

/// Every provider, in the order in which people are shown them.
pub(crate) static ALL: [Known; 5] = [
    Known(&Of::<inlet_zort::Zort>(PhantomData)),
    Known(&Of::<inlet_dealpos::DealPos>(PhantomData)),
    Known(&Of::<inlet_zid::Zid>(PhantomData)),
    Known(&Of::<inlet_tiki::Tiki>(PhantomData)),
    Known(&Of::<inlet_zip::Zip>(PhantomData)),
];

/// A provider that the command knows.
#[derive(Clone, Copy)]
pub(crate) struct Known(&'static dyn Provider);

/// What the command asks of a provider, whichever it is. Its own crate answers.
pub(crate) trait Provider: Sync {
    /// Its name in URLs and keys.
    fn name(&self) -> &'static str;
    /// Its catalogue.
    fn events(&self) -> &'static [Row];
    /// What it does after a delivery that is not answered well.
    fn after_failure(&self) -> AfterFailure;
    /// Where one of its events goes.
    fn address(&self, event: &Row) -> Address;
    /// A signed delivery, as it would send it.
    fn delivery(&self, store: StoreName, event: &Row, body: Vec<u8>, credential: &Value) -> Request;
    /// Whether this is one of its credentials.
    ///
    /// # Errors
    /// What is wrong with its form. Quotes nothing of it.
    fn check_credential(&self, credential: &Value) -> Result<(), serde_json::Error>;
}

/// A provider's type as a value.
struct Of<S>(PhantomData<fn() -> S>);

impl<S: Sender> Provider for Of<S> {
    fn name(&self) -> &'static str {
        S::NAME
    }

    fn events(&self) -> &'static [Row] {
        S::EVENTS
    }

    fn after_failure(&self) -> AfterFailure {
        S::AFTER_FAILURE
    }

    fn address(&self, event: &Row) -> Address {
        S::address(event)
    }

    fn delivery(&self, store: StoreName, event: &Row, body: Vec<u8>, credential: &Value) -> Request {
        delivery::<S>(store, event, body, credential)
    }

    fn check_credential(&self, credential: &Value) -> Result<(), serde_json::Error> {
        serde_json::from_value::<S::Credential>(credential.clone()).map(drop)
    }
}

impl std::ops::Deref for Known {
    type Target = dyn Provider;

    fn deref(&self) -> &Self::Target {
        self.0
    }
}

impl PartialEq for Known {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Known {}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no provider.
#[derive(Debug, thiserror::Error)]
#[error("{0} is no provider; there are {names}", names = names())]
pub(crate) struct NotAProvider(String);

impl FromStr for Known {
    type Err = NotAProvider;

    fn from_str(text: &str) -> Result<Self, NotAProvider> {
        ALL.iter().find(|known| known.name() == text).copied().ok_or_else(|| NotAProvider(text.to_owned()))
    }
}

fn names() -> String {
    ALL.map(|known| known.name()).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_its_name_and_nobody_else_is() {
        for known in ALL {
            assert_eq!(known.name().parse::<Known>().ok(), Some(known));
        }
        assert!("Zid".parse::<Known>().is_err());
    }
}
