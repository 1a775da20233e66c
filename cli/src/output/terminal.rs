//! Text of senders on a terminal. Types, topics, names, bodies and even error texts come from requests that anyone can
//! send, and a terminal obeys some characters: escape sequences, directions of writing, characters without a width.

use std::fmt::{self, Display, Write as _};

/// A text whose characters a terminal only shows: each other one becomes U+FFFD. Line breaks and tabs stay.
///
/// Everything that reaches a terminal is written as this type: see [`crate::output`].
pub(crate) struct Shown<T>(pub(crate) T);

impl<T: Display> Display for Shown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Filter(f), "{}", self.0)
    }
}

/// Replaces characters on their way to a formatter.
struct Filter<'f, 'a>(&'f mut fmt::Formatter<'a>);

impl fmt::Write for Filter<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|char| self.0.write_char(shown(char)))
    }
}

fn shown(char: char) -> char {
    if !matches!(char, '\n' | '\t') && is_obeyed(char) { char::REPLACEMENT_CHARACTER } else { char }
}

/// Returns a text for one line of a terminal: [`Shown`], without line breaks.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|char| if is_obeyed(char) { char::REPLACEMENT_CHARACTER } else { char }).collect()
}

/// Returns JSON with an escape in place of each character that a terminal obeys. It is the same JSON value: outside of
/// strings JSON has no such character but line breaks and blanks.
pub(crate) fn escaped_json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for char in json.chars() {
        if char == '\n' || !is_obeyed(char) {
            escaped.push(char);
            continue;
        }
        for unit in char.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "\\u{unit:04x}");
        }
    }
    escaped
}

/// Returns true for characters that a terminal does not show but obeys: control characters (C0, DEL, C1), Unicode's
/// format characters (directions, zero width, tags), variation selectors (they hide text, and change a column's width),
/// and its separators of lines and paragraphs.
fn is_obeyed(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One of each kind.
    const OBEYED: [char; 13] = [
        '\u{1b}',
        '\u{7}',
        '\u{7f}',
        '\u{9b}',
        '\u{202e}',
        '\u{2066}',
        '\u{200b}',
        '\u{200f}',
        '\u{fe0f}',
        '\u{feff}',
        '\u{2028}',
        '\u{ad}',
        '\u{e0041}',
    ];

    #[test]
    fn untrusted_text_cannot_move_the_cursor() {
        assert_eq!(printable("order\u{1b}[2J\u{9b}\n"), "order\u{fffd}[2J\u{fffd}\u{fffd}");
        for char in OBEYED {
            assert_eq!(printable(&format!("a{char}b")), "a\u{fffd}b", "{char:?}");
            assert_eq!(Shown(format!("a{char}\nb")).to_string(), "a\u{fffd}\nb", "{char:?}");
        }
    }

    #[test]
    fn letters_of_every_provider_are_shown() {
        for text in ["طلب", "สั่งซื้อ", "đơn hàng", "1,500.00 ﷼", "café ☕"] {
            assert_eq!(printable(text), text);
        }
    }

    #[test]
    fn escaped_json_is_the_same_value() {
        let value = serde_json::json!({"type": OBEYED.iter().collect::<String>(), "n": [1, "\n"]});
        let json = escaped_json(&serde_json::to_string_pretty(&value).unwrap());
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap(), value);
        assert!(!json.chars().any(|char| char != '\n' && is_obeyed(char)), "{json}");
    }

    proptest! {
        #[test]
        fn no_obeyed_character_is_shown(text: String) {
            prop_assert!(!printable(&text).chars().any(is_obeyed));
            prop_assert!(!Shown(&text).to_string().chars().any(|char| !matches!(char, '\n' | '\t') && is_obeyed(char)));
            prop_assert_eq!(printable(&text).chars().count(), text.chars().count());
        }
    }
}
