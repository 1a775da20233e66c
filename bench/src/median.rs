//! Medians: one slow round is the machine's, not the contender's.

/// Returns the middle value: the lower one of an even number, zero of an empty list.
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// Returns the value that this share of the values does not exceed.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (((sorted.len().max(1) - 1) as f64) * share) as usize;
    sorted.get(at).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_in_the_middle() {
        for (values, want) in
            [(&[][..], 0.0), (&[3.0], 3.0), (&[9.0, 1.0, 5.0], 5.0), (&[4.0, 1.0, 2.0, 3.0], 2.0)]
        {
            assert!((median(values) - want).abs() < f64::EPSILON, "{values:?}");
        }
    }
}
