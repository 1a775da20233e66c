//! Texts for pages. Texts from outside pass [`Text`], which makes characters visible that a browser obeys; the
//! templates escape every value.

use std::fmt::{self, Display};

use inlet::received_at::ReceivedAt;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::events::list::short;
use crate::output::printable;
use crate::output::terminal::Shown;

/// A text from outside: control characters, directions of writing and invisible characters are replaced by U+FFFD.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text(String);

impl Text {
    /// Returns a text of one line.
    pub(crate) fn line(text: &str) -> Self {
        Self(printable(text))
    }

    /// Returns a text of several lines.
    pub(crate) fn block(text: &str) -> Self {
        Self(Shown(text).to_string())
    }
}

impl Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns a text for the value of a parameter of an address.
pub(crate) fn in_query(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A time, for people and for programs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct At {
    /// RFC 3339.
    pub(crate) iso: Text,
    /// The date.
    pub(crate) date: Text,
    /// The time of day to the second, UTC.
    pub(crate) clock: Text,
}

impl At {
    /// Returns a time of the table: `2025-06-12T08:01:12.345Z`.
    pub(crate) fn of(rfc3339: &str) -> Self {
        let (date, clock) = rfc3339.split_once('T').unwrap_or((rfc3339, ""));
        let clock = clock.get(..8).unwrap_or(clock);
        Self { iso: Text::line(rfc3339), date: Text::line(date), clock: Text::line(clock) }
    }

    /// Returns a time.
    pub(crate) fn of_time(at: ReceivedAt) -> Self {
        Self::of(&at.to_string())
    }
}

/// Returns the time since a time as text: `3 min ago`.
pub(crate) fn ago(at: ReceivedAt, now: ReceivedAt) -> String {
    let since = now.since(at);
    match since.as_secs() {
        0 => "now".to_owned(),
        // A page is read seconds after it was written: tenths of a second would be wrong.
        seconds @ 1..60 => format!("{seconds} s ago"),
        _ => format!("{} ago", short(since)),
    }
}

/// Returns a number with separators: `12 345` with thin spaces that do not break.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        let left = digits.len().saturating_sub(index);
        if index > 0 && left.is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_from_outside_shows_what_a_browser_obeys() {
        assert_eq!(Text::line("a\u{202e}\u{7}b\n").to_string(), "a\u{fffd}\u{fffd}b\u{fffd}");
        assert_eq!(Text::block("a\u{202e}\nb").to_string(), "a\u{fffd}\nb");
        for text in ["طلب جديد", "สั่งซื้อ", "đơn hàng"] {
            assert_eq!(Text::line(text).to_string(), text);
        }
    }

    #[test]
    fn an_age_below_a_minute_has_whole_seconds() {
        for (millis, want) in [(900, "now"), (36_700, "36 s ago"), (180_000, "3 min ago")] {
            let now = ReceivedAt::from_millis(millis).unwrap();
            assert_eq!(ago(ReceivedAt::EPOCH, now), want);
        }
    }

    #[test]
    fn a_number_has_groups_of_three_digits() {
        for (number, want) in
            [(0, "0"), (999, "999"), (1_000, "1\u{202f}000"), (1_234_567, "1\u{202f}234\u{202f}567")]
        {
            assert_eq!(grouped(number), want);
        }
    }

    #[test]
    fn a_value_cannot_leave_its_parameter() {
        assert_eq!(in_query("zid/a/order/B%2F1&x=\"<"), "zid%2Fa%2Forder%2FB%252F1%26x%3D%22%3C");
    }

    #[test]
    fn a_time_has_a_date_and_a_clock() {
        let at = At::of("2025-06-12T08:01:12.345Z");
        assert_eq!((at.date.to_string(), at.clock.to_string()), ("2025-06-12".into(), "08:01:12".into()));
        assert_eq!(At::of("odd").date.to_string(), "odd");
    }
}
