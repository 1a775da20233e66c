//! Words for a shell: the commands that hints name can be pasted.

/// Returns the word as a shell reads it: unchanged if it is plain, else in single quotes.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-/%:".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
