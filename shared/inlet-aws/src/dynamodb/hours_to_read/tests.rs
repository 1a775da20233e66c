//! The hours that a reader may leave out.

use super::*;

fn at(text: &str) -> ReceivedAt {
    ReceivedAt::parse(&format!("2025-06-12T{text}Z")).unwrap()
}

/// Markers that are complete from half past nine to half past twelve: one for eleven o'clock.
fn marked() -> HoursToRead {
    let time = |text: &str| at(text).to_string();
    let hours = HashSet::from(["2025-06-12T11".to_owned()]);
    HoursToRead(Some(MarkedHours { from: time("09:30:00.000"), until: time("12:30:00.000"), hours }))
}

#[test]
fn only_a_whole_unmarked_part_of_an_hour_is_left_out() {
    for (first, last, may_have) in [
        ("08:00:00.000", "08:59:59.999", true),
        ("09:00:00.000", "09:59:59.999", true),
        ("09:29:59.999", "09:59:59.999", true),
        ("09:30:00.000", "09:59:59.999", false),
        ("10:00:00.000", "10:59:59.999", false),
        ("11:00:00.000", "11:59:59.999", true),
        ("12:00:00.000", "12:29:59.999", false),
        ("12:00:00.000", "12:30:00.000", true),
        ("13:00:00.000", "13:59:59.999", true),
    ] {
        let (first, last) = (at(first).to_string(), at(last).to_string());
        assert_eq!(marked().may_have(&first, &last), may_have, "{first} to {last}");
        assert!(HoursToRead::default().may_have(&first, &last), "without markers everything is read");
    }
}

#[test]
fn a_reader_continues_at_the_next_hour_to_read() {
    for (from, until, next) in [
        ("08:10:00.000", "20:00:00.000", "08:10:00.000"),
        ("09:40:00.000", "20:00:00.000", "11:00:00.000"),
        ("11:10:00.000", "20:00:00.000", "11:10:00.000"),
        ("10:00:00.000", "10:20:00.000", "10:20:00.000"),
        ("12:00:00.000", "12:20:00.000", "12:20:00.000"),
        ("12:00:00.000", "20:00:00.000", "12:00:00.000"),
    ] {
        assert_eq!(marked().next(at(from), at(until)), at(next), "from {from} until {until}");
    }
}
