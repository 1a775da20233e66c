//! A shared secret in memory: compared in constant time, never shown, erased from memory when dropped.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// A secret that a provider and a store share.
///
/// Has no `Display`, and its `Debug` shows nothing of it. Never empty: an empty secret would match any sender.
#[derive(Clone, Debug)]
pub struct Secret(SecretString);

/// The secret was empty.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a secret must not be empty or blank")]
pub struct EmptySecret;

impl Secret {
    /// Takes a secret's text.
    ///
    /// # Errors
    /// [`EmptySecret`] for the empty text and for blanks.
    pub fn new(text: impl Into<String>) -> Result<Self, EmptySecret> {
        let text = text.into();
        if is_blank(&text) { Err(EmptySecret) } else { Ok(Self(text.into())) }
    }

    /// Returns this secret, `separator` and `other` joined, for schemes that send two secrets in one value.
    #[must_use]
    pub fn join(&self, separator: &str, other: &Self) -> Self {
        Self([self.text(), separator, other.text()].concat().into())
    }

    /// Returns the two secrets that `separator` joined, split at its first occurrence. `None` if one would be empty.
    pub fn split_once(&self, separator: char) -> Option<(Self, Self)> {
        let (before, behind) = self.text().split_once(separator)?;
        Some((Self::new(before).ok()?, Self::new(behind).ok()?))
    }

    /// Returns its number of visible characters, for schemes that prescribe it.
    pub fn characters(&self) -> usize {
        self.text().chars().filter(|&char| is_visible(char)).count()
    }

    /// Returns true if both are the same. The time does not depend on where they differ.
    pub fn equals(&self, other: &Self) -> bool {
        self.ct_eq(other.key()).into()
    }

    /// Returns true if `presented` is this secret. The time does not depend on where they differ or on the lengths.
    pub(crate) fn ct_eq(&self, presented: &[u8]) -> Choice {
        // Digests have one length, so the comparison reveals nothing about the secret's length.
        let ours = Sha256::digest(self.text().as_bytes());
        let theirs = Sha256::digest(presented);
        ours.as_slice().ct_eq(theirs.as_slice())
    }

    /// The bytes that key a hash.
    pub(crate) fn key(&self) -> &[u8] {
        self.text().as_bytes()
    }

    /// Returns the secret itself, only for sending it.
    pub(crate) fn text(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Returns true if a text has no visible character: any sender can guess it.
pub fn is_blank(text: &str) -> bool {
    !text.chars().any(is_visible)
}

/// Returns false for white space, control characters and characters without a width.
fn is_visible(char: char) -> bool {
    let has_no_width = matches!(char,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{feff}'
    );
    !char.is_whitespace() && !char.is_control() && !has_no_width
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)
            // The error's cause would quote the value that was sent instead of a secret.
            .map_err(|_| de::Error::custom("a secret must be a JSON string"))?;
        Self::new(text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_nothing_of_itself() {
        let shown = format!("{:?}", Secret::new("hunter2").unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn an_empty_secret_is_rejected() {
        for text in [
            "",
            " ",
            "\t\n",
            "\0\0",
            "\u{a0}\u{3000}",
            "\u{200b}",
            "\u{feff}\u{2060}",
            "\u{202e}",
            "\u{2800}",
        ] {
            assert_eq!(Secret::new(text).err(), Some(EmptySecret), "{text:?}");
        }
        let error = serde_json::from_str::<Secret>(r#""""#).unwrap_err();
        assert!(error.to_string().contains("must not be empty"), "{error}");
    }

    #[test]
    fn an_error_does_not_quote_the_input() {
        let error = serde_json::from_str::<Secret>("420815").unwrap_err();
        assert!(!error.to_string().contains("420815"), "{error}");
    }

    #[test]
    fn joined_secrets_split_at_the_first_separator() {
        let joined = Secret::new("user").unwrap().join(":", &Secret::new("pass:word").unwrap());
        let (before, behind) = joined.split_once(':').unwrap();
        assert!(
            before.equals(&Secret::new("user").unwrap()) && behind.equals(&Secret::new("pass:word").unwrap())
        );
        for text in ["no separator", ":nothing before", "nothing behind:"] {
            assert!(Secret::new(text).unwrap().split_once(':').is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_secret_equals_only_the_same_text() {
        let secret = Secret::new("s3cret").unwrap();
        assert!(bool::from(secret.ct_eq(b"s3cret")));
        for other in ["", "s3cre", "s3cret ", "S3cret", "t3cret"] {
            assert!(!bool::from(secret.ct_eq(other.as_bytes())), "{other:?}");
        }
        assert!(secret.equals(&Secret::new("s3cret").unwrap()));
        assert!(!secret.equals(&Secret::new("t3cret").unwrap()), "two secrets that differ");
    }

    #[test]
    fn the_length_counts_characters() {
        for (text, characters) in
            [("s", 1), ("s3cret", 6), ("bí-mật", 6), ("s3cret\n", 6), (" s3 cret\u{200b}", 6)]
        {
            assert_eq!(Secret::new(text).unwrap().characters(), characters, "{text}");
        }
    }
}
