//! Percentiles of measured durations.

use std::time::Duration;

/// Returns the shortest duration that this percentage of the sorted durations does not exceed (nearest rank). None if
/// there are no durations.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = sorted.len().saturating_mul(percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}
