//! A store as the user writes it: `zid/riyadh`.

use std::fmt;
use std::str::FromStr;

use inlet::store::StoreName;

use crate::providers::{NotAProvider, ProviderHandle};

/// A store of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoreAddress {
    /// The provider.
    pub(crate) provider: ProviderHandle,
    /// The user's name of the shop or account.
    pub(crate) store: StoreName,
}

/// A provider, or one of its stores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All stores of a provider.
    Provider(ProviderHandle),
    /// One store.
    Store(StoreAddress),
}

/// The text is not a store.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAnAddress {
    /// It has no slash.
    #[error("a store is provider/store, such as zid/riyadh")]
    Form,
    /// The part before the slash is not a provider.
    #[error(transparent)]
    Provider(#[from] NotAProvider),
    /// The part after the slash is not a store's name.
    #[error(transparent)]
    Store(#[from] inlet::store::NotAStoreName),
}

impl StoreAddress {
    /// Returns the store in the path of an entity, `provider/store/kind/entity`. `None` if the path has none.
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        let mut parts = path.split('/');
        let (provider, store) = (parts.next()?.parse().ok()?, StoreName::parse(parts.next()?).ok()?);
        Some(Self { provider, store })
    }
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
    fn a_store_is_parsed_and_formatted() {
        assert_eq!("zid/riyadh".parse::<StoreAddress>().unwrap().to_string(), "zid/riyadh");
        assert_eq!(StoreAddress::of_path("zid/riyadh/order/8").unwrap().to_string(), "zid/riyadh");
        assert_eq!(StoreAddress::of_path("shop/riyadh/order/8"), None);
        assert!(matches!("zid/riyadh".parse(), Ok(Scope::Store(_))));
        assert!(matches!("zid".parse(), Ok(Scope::Provider(_))));
    }

    #[test]
    fn an_invalid_store_has_a_reason() {
        for (text, why) in [
            ("riyadh", "a store is provider/store"),
            ("shop/riyadh", "is not a provider"),
            ("zid/Riyadh", "a store is named by"),
            ("zid/", "a store is named by"),
            ("zid/riyadh/order", "a store is named by"),
        ] {
            let error = text.parse::<StoreAddress>().unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
