//! Percentiles of what was measured.

use std::time::Duration;

/// The shortest of these durations, told in their order, that so many of a hundred do not exceed (the nearest rank);
/// nothing of none.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = sorted.len().saturating_mul(percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}
