//! An amount of money: a decimal and a currency, or null where the provider sends none.

use serde::Serialize;

use crate::value::decimal::Decimal;

/// An amount with its currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Money {
    /// The amount, with the digits that were sent.
    pub amount: Decimal,
    /// The ISO 4217 code; null where the provider sends none and the store has no setting for it.
    pub currency: Option<Currency>,
    /// True if the currency is known to be another one than the store's, so that no setting may fill it in.
    #[serde(skip)]
    is_other: bool,
}

/// An ISO 4217 code: three capital letters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("pattern" = "^[A-Z]{3}$")))]
#[serde(transparent)]
pub struct Currency(String);

impl Currency {
    /// Parses a code in any case. It does not check ISO's list: providers may be ahead of it.
    pub fn parse(code: &str) -> Option<Self> {
        let code = code.trim();
        let is_code = code.len() == 3 && code.bytes().all(|b| b.is_ascii_alphabetic());
        is_code.then(|| Self(code.to_ascii_uppercase()))
    }
}

impl Money {
    /// An amount in a currency that may be unknown; `None` if there is no amount.
    pub fn of(amount: Option<Decimal>, currency: Option<&Currency>) -> Option<Self> {
        amount.map(|amount| Self { amount, currency: currency.cloned(), is_other: false })
    }

    /// Returns an amount in a currency that the provider does not name and that may be another one than the store's:
    /// its currency stays null.
    pub fn of_unknown_currency(amount: Option<Decimal>) -> Option<Self> {
        amount.map(|amount| Self { amount, currency: None, is_other: true })
    }

    /// Returns the same money with another amount; unchanged without one.
    #[must_use]
    pub fn with_amount(self, amount: Option<Decimal>) -> Self {
        Self { amount: amount.unwrap_or(self.amount), ..self }
    }

    /// Fills in the currency where there is none. Returns true if it did.
    pub(crate) fn complete_with(&mut self, currency: &Currency) -> bool {
        let is_open = self.currency.is_none() && !self.is_other;
        if is_open {
            self.currency = Some(currency.clone());
        }
        is_open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_code_in_any_case_and_nothing_else() {
        assert_eq!(serde_json::to_string(&Currency::parse(" sar ")).unwrap(), r#""SAR""#);
        for code in ["", "SR", "SARR", "S R", "ر.س", "12A"] {
            assert_eq!(Currency::parse(code), None, "{code:?}");
        }
    }

    #[test]
    fn a_missing_currency_is_null() {
        let money = Money::of(Decimal::parse("5.00"), None);
        assert_eq!(serde_json::to_string(&money).unwrap(), r#"{"amount":"5.00","currency":null}"#);
    }
}
