//! Suggests the name that a user probably meant.

/// Returns the known names that are most similar to a text, the most similar first; none if no name is similar.
pub(crate) fn similar<'n>(text: &str, known: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    let text = text.to_lowercase();
    // A third of the letters may differ, at least one.
    let limit = text.chars().count().div_euclid(3).max(1);
    let score = |name: &'n str| {
        let lower = name.to_lowercase();
        let distance = distance(&text, &lower);
        // A part of a longer name is similar too: `riy` or `order.created` of `commerce.order.created`.
        let is_part = text.chars().count() >= 3 && lower.contains(&text);
        (distance <= limit || is_part).then_some((distance, name))
    };
    let mut scored: Vec<(usize, &str)> = known.into_iter().filter_map(score).collect();
    scored.sort_unstable();
    scored.dedup();
    scored.truncate(3);
    scored.into_iter().map(|(_, name)| name).collect()
}

/// Returns `; did you mean a or b?`, or nothing without a similar name.
pub(crate) fn did_you_mean<'n>(text: &str, known: impl IntoIterator<Item = &'n str>) -> Option<String> {
    let similar = similar(text, known);
    (!similar.is_empty()).then(|| format!("did you mean {}?", similar.join(" or ")))
}

/// Returns the number of letters to insert, delete, replace or swap with their neighbour to turn one text into another.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i.saturating_add(1)];
        for (j, b) in other.iter().enumerate() {
            let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
            let replaced = at(&last, j).saturating_add(usize::from(a != b));
            let inserted = at(&row, j).saturating_add(1);
            let deleted = at(&last, j.saturating_add(1)).saturating_add(1);
            let is_swap = i > 0
                && j > 0
                && one.get(i.saturating_sub(1)) == Some(b)
                && other.get(j.saturating_sub(1)) == Some(a);
            let swapped =
                if is_swap { at(&before_last, j.saturating_sub(1)).saturating_add(1) } else { usize::MAX };
            row.push(replaced.min(inserted).min(deleted).min(swapped));
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_name_has_a_suggestion() {
        let stores = ["zid/riyadh", "zid/jeddah", "zort/bangkok"];
        for (text, want) in [
            ("zid/riyad", vec!["zid/riyadh"]),
            ("zid/ryiadh", vec!["zid/riyadh"]),
            ("bangkok", vec!["zort/bangkok"]),
            ("Riyadh", vec!["zid/riyadh"]),
            ("hanoi", vec![]),
        ] {
            assert_eq!(similar(text, stores), want, "{text}");
        }
        assert_eq!(
            did_you_mean("order.creat", ["order.create", "product.create"]).unwrap(),
            "did you mean order.create?"
        );
        assert_eq!(did_you_mean("x", ["order.create"]), None);
    }

    #[test]
    fn the_distance_counts_single_changes() {
        for (one, other, count) in
            [("", "", 0), ("ab", "", 2), ("abc", "abc", 0), ("abc", "acb", 1), ("abc", "xbcd", 2)]
        {
            assert_eq!(distance(one, other), count, "{one} {other}");
        }
    }
}
