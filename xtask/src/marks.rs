//! Generated parts of files that people edit too. A part is between two comments with its name.

/// Returns the text with the part of this name replaced.
///
/// # Panics
/// If the text does not have both comments.
pub(crate) fn replace(text: &str, name: &str, part: &str) -> String {
    let [begin, end] = ["begin", "end"].map(|edge| format!("{edge}: {name}, written by make samples"));
    let line_with = |mark: &str, from: usize| {
        let at = text[from..].find(mark).unwrap_or_else(|| panic!("no comment {mark:?}")) + from;
        let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1);
        (start, end)
    };
    let (_, after_begin) = line_with(&begin, 0);
    let (before_end, _) = line_with(&end, after_begin);
    format!("{}{part}{}", &text[..after_begin], &text[before_end..])
}

#[cfg(test)]
mod tests {
    use super::replace;

    const TEXT: &str =
        "a\n  # begin: x, written by make samples\nold\n  # end: x, written by make samples\nb\n";

    #[test]
    fn only_the_named_part_is_replaced() {
        let replaced = replace(TEXT, "x", "new\n");
        assert_eq!(replaced, TEXT.replace("old", "new"));
        assert_eq!(replace(&replaced, "x", "old\n"), TEXT);
    }

    #[test]
    #[should_panic(expected = "no comment")]
    fn a_missing_part_is_an_error() {
        replace(TEXT, "y", "new\n");
    }
}
