//! The user's own name for a shop or an account, as in URLs and keys.

use std::fmt;

/// A store's name: `[a-z0-9][a-z0-9-]{0,62}`.
///
/// Safe as a part of a URL, of a key and of a parameter's path without escaping.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoreName(String);

/// The text is not a store's name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a store is named by 1 to 63 of a-z, 0-9 and -, and does not begin with -")]
pub struct NotAStoreName;

impl StoreName {
    /// Maximum length of a name, in characters: the length of a DNS label, so that a name can be used as one.
    pub const MAX_LEN: usize = 63;

    /// Reads a store's name.
    ///
    /// # Errors
    /// [`NotAStoreName`] for anything but 1 to 63 of `a-z`, `0-9` and `-`, not beginning with `-`.
    pub fn parse(text: &str) -> Result<Self, NotAStoreName> {
        let allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        let fits =
            (1..=Self::MAX_LEN).contains(&text.len()) && !text.starts_with('-') && text.bytes().all(allowed);
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAStoreName) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StoreName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documented_store_names_are_accepted() {
        for name in ["a", "7", "riyadh", "hcm-2", "a-", &"x".repeat(63)] {
            let store = StoreName::parse(name).unwrap();
            assert_eq!((store.as_str(), store.to_string().as_str()), (name, name));
        }
    }

    #[test]
    fn names_that_need_escaping_or_are_ambiguous_are_rejected() {
        for name in ["", "-a", "Riyadh", "a_b", "a/b", "a b", "..", "é", &"x".repeat(64)] {
            assert_eq!(StoreName::parse(name), Err(NotAStoreName), "{name:?}");
        }
    }
}
