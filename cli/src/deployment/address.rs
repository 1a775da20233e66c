//! A store as the user writes it: `zid/riyadh`.

use std::fmt;
use std::str::FromStr;

use inlet::store::StoreName;

use crate::providers::{NotAProvider, ProviderHandle};

/// A provider's store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoreAddress {
    /// The provider.
    pub(crate) provider: ProviderHandle,
    /// The user's name for the shop or the account.
    pub(crate) store: StoreName,
}

/// One provider, or one store of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All stores of a provider.
    Provider(ProviderHandle),
    /// One store.
    Store(StoreAddress),
}

/// The text names no store.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAnAddress {
    /// It has no two halves.
    #[error("a store is written provider/store, as in zid/riyadh")]
    Form,
    /// The first half is no provider.
    #[error(transparent)]
    Provider(#[from] NotAProvider),
    /// The second half is no store's name.
    #[error(transparent)]
    Store(#[from] inlet::store::NotAStoreName),
}

impl FromStr for StoreAddress {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let (provider, store) = text.split_once('/').ok_or(NotAnAddress::Form)?;
        Ok(Self { provider: provider.parse()?, store: StoreName::parse(store)? })
    }
}

impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.store)
    }
}

impl FromStr for Scope {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let store = text.contains('/');
        Ok(if store { Self::Store(text.parse()?) } else { Self::Provider(text.parse()?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_reads_back() {
        assert_eq!("zid/riyadh".parse::<StoreAddress>().unwrap().to_string(), "zid/riyadh");
        assert!(matches!("zid/riyadh".parse(), Ok(Scope::Store(_))));
        assert!(matches!("zid".parse(), Ok(Scope::Provider(_))));
    }

    #[test]
    fn what_is_no_store_says_why() {
        for (text, why) in [
            ("riyadh", "a store is written provider/store"),
            ("shop/riyadh", "is no provider"),
            ("zid/Riyadh", "a store is named by"),
            ("zid/", "a store is named by"),
            ("zid/riyadh/order", "a store is named by"),
        ] {
            let error = text.parse::<StoreAddress>().unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
