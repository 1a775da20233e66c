//! Arithmetic for Zid's fractions and signed amounts. It is exact, without floats.

use inlet::value::decimal::Decimal;

type Exact = rust_decimal::Decimal;

/// Returns a fraction as percent: `0.15` as `15`. `None` if the number is too long to be exact.
pub(crate) fn percent(fraction: &Decimal) -> Option<Decimal> {
    let percent = exact(fraction)?.checked_mul(Exact::ONE_HUNDRED)?.normalize();
    Decimal::parse(&percent.to_string())
}

/// Returns the sum of the amounts without its sign; `None` if there are none.
pub(crate) fn absolute_sum<'a>(amounts: impl IntoIterator<Item = &'a Decimal>) -> Option<Decimal> {
    let mut amounts = amounts.into_iter().map(exact);
    let first = amounts.next()??;
    let sum = amounts.try_fold(first, |sum, amount| sum.checked_add(amount?))?;
    Decimal::parse(&sum.abs().to_string())
}

/// Returns true if the number is zero, in any notation.
pub(crate) fn is_zero(number: &Decimal) -> bool {
    !number.as_str().bytes().any(|b| matches!(b, b'1'..=b'9'))
}

/// Returns true if the number is below zero.
pub(crate) fn is_negative(number: &Decimal) -> bool {
    number.as_str().starts_with('-') && !is_zero(number)
}

fn exact(number: &Decimal) -> Option<Exact> {
    number.as_str().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn a_fraction_becomes_percent_without_idle_zeros() {
        for (fraction, want) in [
            ("0.15", "15"),
            ("0", "0"),
            ("0.0471", "4.71"),
            ("1", "100"),
            ("0.150000", "15"),
            ("0.055", "5.5"),
        ] {
            assert_eq!(percent(&decimal(fraction)), Some(decimal(want)), "{fraction}");
        }
    }

    #[test]
    fn a_sum_is_exact_and_has_no_sign() {
        let sum = |amounts: &[&str]| {
            let amounts: Vec<Decimal> = amounts.iter().map(|text| decimal(text)).collect();
            absolute_sum(&amounts).map(|sum| sum.to_string())
        };
        assert_eq!(sum(&["-0.1", "-0.2"]).as_deref(), Some("0.3"));
        assert_eq!(sum(&["-15.00000000000000"]).as_deref(), Some("15.00000000000000"));
        assert_eq!(sum(&[]), None);
        assert_eq!(sum(&["-1", &"9".repeat(60)]), None, "too long to be exact");
    }

    #[test]
    fn zero_is_zero_in_any_notation() {
        for (text, zero, negative) in [
            ("0", true, false),
            ("-0.00", true, false),
            ("0.00000000000000", true, false),
            ("0.01", false, false),
            ("-15", false, true),
        ] {
            assert_eq!((is_zero(&decimal(text)), is_negative(&decimal(text))), (zero, negative), "{text}");
        }
    }
}
