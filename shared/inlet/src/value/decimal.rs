//! A decimal number as text, with the digits it was sent with: `86.40` stays `86.40`.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// A decimal number: an optional `-`, digits, and optionally a point with digits. Never a float.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^-?[0-9]+(\.[0-9]+)?$")))]
#[serde(transparent)]
pub struct Decimal(String);

/// Maximum length of a number. The longest documented amounts have under 30 digits.
const MAX_LEN: usize = 64;

impl Decimal {
    /// Reads a number's text and keeps its digits. `1e3`, which JSON allows, becomes `1000`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > MAX_LEN {
            None
        } else if is_plain(text) {
            Some(Self(text.to_owned()))
        } else if text.contains(['e', 'E']) {
            let exact = rust_decimal::Decimal::from_scientific(text).ok()?;
            Some(Self(exact.to_string()))
        } else {
            None
        }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `-?digits(.digits)?`
fn is_plain(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    match unsigned.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(unsigned),
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not a decimal number.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a decimal number")]
pub struct NotADecimal;

impl FromStr for Decimal {
    type Err = NotADecimal;

    fn from_str(text: &str) -> Result<Self, NotADecimal> {
        Self::parse(text).ok_or(NotADecimal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_digits_it_was_sent_with() {
        for text in ["86.40", "0", "-10", "225.00000000000000", "007", "123456789012345678901234567890.5"] {
            assert_eq!(Decimal::parse(text).map(|d| d.to_string()).as_deref(), Some(text));
        }
    }

    #[test]
    fn writes_an_exponent_out() {
        for (text, want) in [("1e3", "1000"), ("4.58E2", "458"), ("12e-3", "0.012")] {
            assert_eq!(Decimal::parse(text).map(|d| d.to_string()).as_deref(), Some(want), "{text}");
        }
    }

    #[test]
    fn text_for_people_is_not_a_decimal() {
        for text in
            ["", "1,212.00", "38.02 ج.م", "10%", "--1", "1.", ".5", "NaN", "1e999", "0x10", &"9".repeat(65)]
        {
            assert_eq!(Decimal::parse(text), None, "{text:?}");
        }
    }
}
