//! Local times as people and systems write them, read into ISO 8601.

use jiff::civil::{Date, Time};

/// The order of day and month in a date such as `05/03/2024`. A month's name and a leading year need none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// `dd/mm/yyyy`.
    DayFirst,
    /// `mm/dd/yyyy`.
    MonthFirst,
}

/// Years from here on are of the Buddhist era, which Thailand counts in: 543 more than the common era's. No webhook
/// is from the year 2400.
const FIRST_BUDDHIST_YEAR: i16 = 2400;

/// The Buddhist era's lead over the common era, in years.
const BUDDHIST_LEAD: i16 = 543;

/// English months by their first three letters, in order.
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Half of a day on a clock with twelve hours.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    Morning,
    Afternoon,
}

/// The words for the halves of a day, in Arabic and in English.
const HALVES: [(&str, Half); 8] = [
    ("صباحًا", Half::Morning),
    ("صباحا", Half::Morning),
    ("ص", Half::Morning),
    ("مساءً", Half::Afternoon),
    ("مساء", Half::Afternoon),
    ("م", Half::Afternoon),
    ("am", Half::Morning),
    ("pm", Half::Afternoon),
];

/// Reads a date, or a date with a time, that has no zone. Returns it in ISO 8601: `2024-03-05` or
/// `2024-03-05T10:11:12.4`, with the fraction's digits as sent.
///
/// Reads `2024-03-05`, `2024-03-05T10:11:12.4`, `2024-03-05 10:11`, `05 Mar 2024 08:30`, `05/03/2024`,
/// `12-06-2025 | 08:01 ص` and the same with a Buddhist year. Returns `None` for anything else, and for days that no
/// calendar has.
pub(super) fn to_iso(text: &str, order: DateOrder) -> Option<String> {
    let text = text.trim();
    let (text, half) = without_half(text);
    // The hour is the run of digits before the first colon.
    let hour_at = text.find(':').map(|colon| {
        let before = text.get(..colon).unwrap_or_default();
        before.trim_end_matches(|c: char| c.is_ascii_digit()).len()
    });
    let (date, clock) = match hour_at {
        Some(at) => (text.get(..at)?, Some(text.get(at..)?)),
        None => (text, None),
    };
    let date = self::date(date, order)?;
    match clock {
        Some(clock) => Some(format!("{date}T{}", self::clock(clock.trim(), half)?)),
        None if half.is_none() => Some(date.to_string()),
        None => None,
    }
}

/// Takes the half of the day off the end.
fn without_half(text: &str) -> (&str, Option<Half>) {
    for (word, half) in HALVES {
        let at = text.len().checked_sub(word.len());
        let tail = at.and_then(|at| text.get(at..)).filter(|tail| tail.eq_ignore_ascii_case(word));
        if let (Some(at), Some(_)) = (at, tail) {
            return (text.get(..at).unwrap_or_default().trim_end(), Some(half));
        }
    }
    (text, None)
}

fn date(text: &str, order: DateOrder) -> Option<Date> {
    let text = text.strip_suffix('T').unwrap_or(text);
    let parts: Vec<&str> = text.split(['-', '/', ' ', ',', '|']).filter(|part| !part.is_empty()).collect();
    let &[first, second, third] = parts.as_slice() else { return None };
    let (year, month, day) = match (first.len(), number(second), order) {
        (4, Some(month), _) => (first, month, third),
        (_, None, _) => (third, month_named(second)?, first),
        (_, Some(month), DateOrder::DayFirst) => (third, month, first),
        (_, Some(_), DateOrder::MonthFirst) => (third, number(first)?, second),
    };
    if year.len() != 4 || !(1..=2).contains(&day.len()) {
        return None;
    }
    let year = i16::try_from(number(year)?).ok()?;
    let year = if year >= FIRST_BUDDHIST_YEAR { year.checked_sub(BUDDHIST_LEAD)? } else { year };
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(number(day)?).ok()?).ok()
}

fn month_named(word: &str) -> Option<u16> {
    let start = word.get(..3)?.to_ascii_lowercase();
    let at = MONTHS.iter().position(|month| *month == start)?;
    u16::try_from(at).ok()?.checked_add(1)
}

/// Returns `HH:MM:SS` with the fraction as sent.
fn clock(text: &str, half: Option<Half>) -> Option<String> {
    let (text, fraction) = text.split_once('.').map_or((text, None), |(text, digits)| (text, Some(digits)));
    let parts: Vec<u16> = text.split(':').map(number).collect::<Option<_>>()?;
    let (hour, minute, second) = match *parts.as_slice() {
        [hour, minute] if fraction.is_none() => (hour, minute, 0),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    let hour = match half {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(Half::Morning) => hour.checked_rem(12)?,
        Some(Half::Afternoon) => hour.checked_rem(12)?.checked_add(12)?,
    };
    let [hour, minute, second] = [hour, minute, second].map(|part| i8::try_from(part).unwrap_or(i8::MAX));
    let time = Time::new(hour, minute, second, 0).ok()?;
    let is_digits = |digits: &str| (1..=9).contains(&digits.len()) && number_of_any_length(digits);
    match fraction {
        None => Some(format!("{time}")),
        Some(digits) if is_digits(digits) => Some(format!("{time}.{digits}")),
        Some(_) => None,
    }
}

/// Reads up to four digits.
fn number(text: &str) -> Option<u16> {
    ((1..=4).contains(&text.len()) && number_of_any_length(text)).then(|| text.parse().ok())?
}

fn number_of_any_length(text: &str) -> bool {
    text.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notation_becomes_the_same_one() {
        for (sent, want) in [
            ("2024-03-05", "2024-03-05"),
            ("2024-03-05T10:11:12", "2024-03-05T10:11:12"),
            ("2024-03-05T10:11:12.4", "2024-03-05T10:11:12.4"),
            ("2024-03-05T10:11:12.6691072", "2024-03-05T10:11:12.6691072"),
            ("2024-03-05 14:20", "2024-03-05T14:20:00"),
            ("2025-06-12 08:01:10", "2025-06-12T08:01:10"),
            ("05 Mar 2024 08:30", "2024-03-05T08:30:00"),
            ("01 September 2020 00:00", "2020-09-01T00:00:00"),
            ("05/03/2024", "2024-03-05"),
            ("05/03/2024 9:05", "2024-03-05T09:05:00"),
            ("10/10/2018", "2018-10-10"),
            (" 2024-03-05 ", "2024-03-05"),
        ] {
            assert_eq!(to_iso(sent, DateOrder::DayFirst).as_deref(), Some(want), "{sent}");
        }
    }

    #[test]
    fn the_order_of_day_and_month_is_the_providers() {
        let sent = "05/09/2024 17:03:21";
        assert_eq!(to_iso(sent, DateOrder::DayFirst).as_deref(), Some("2024-09-05T17:03:21"));
        assert_eq!(to_iso(sent, DateOrder::MonthFirst).as_deref(), Some("2024-05-09T17:03:21"));
        assert_eq!(to_iso("13/09/2024", DateOrder::MonthFirst), None);
    }

    #[test]
    fn a_buddhist_year_is_counted_back() {
        for (sent, want) in [
            ("05/03/2567", "2024-03-05"),
            ("2567-03-05 14:20", "2024-03-05T14:20:00"),
            ("29/02/2567", "2024-02-29"),
        ] {
            assert_eq!(to_iso(sent, DateOrder::DayFirst).as_deref(), Some(want), "{sent}");
        }
    }

    #[test]
    fn the_halves_of_a_day_are_read_in_arabic_and_english() {
        for (sent, want) in [
            ("12-06-2025 | 08:01 ص", "2025-06-12T08:01:00"),
            ("12-06-2025 | 08:01 م", "2025-06-12T20:01:00"),
            ("12-06-2025 | 12:30 ص", "2025-06-12T00:30:00"),
            ("12-06-2025 | 12:30 م", "2025-06-12T12:30:00"),
            ("12-06-2025 | 03:20 مساءً", "2025-06-12T15:20:00"),
            ("05 Mar 2024 08:30 PM", "2024-03-05T20:30:00"),
        ] {
            assert_eq!(to_iso(sent, DateOrder::DayFirst).as_deref(), Some(want), "{sent}");
        }
    }

    #[test]
    fn other_text_is_not_a_time() {
        for sent in [
            "",
            "yesterday",
            "05 Mär 2024",
            "2024-02-30",
            "29/02/2023",
            "2024-03-05T25:00",
            "2024-03-05T10:11:12.",
            "2024-03-05T10:11:12+07:00",
            "10:11",
            "2024-03",
            "1-2-3",
            "12-06-2025 | 13:30 م",
            "2024-03-05 م",
            "20240-03-05",
            "2024-03-05T10",
            "99999-99-9999 9:9:9:9",
        ] {
            assert_eq!(to_iso(sent, DateOrder::DayFirst), None, "{sent:?}");
        }
    }
}
