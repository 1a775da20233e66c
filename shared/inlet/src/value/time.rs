//! A time as a provider sends it: an instant where its zone is known, else a local time in ISO 8601.

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{Timestamp, fmt::temporal::DateTimeParser};
use serde::Serialize;

use super::local_time;
pub use super::local_time::DateOrder;
use crate::value::zone::Zone;

/// A point in time, or a local time whose zone is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Time {
    /// A point in time in RFC 3339, with the offset that was sent or that the zone has.
    Instant(Instant),
    /// A local time, or a day.
    Local(Local),
}

/// An RFC 3339 date-time with its offset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("format" = "date-time")))]
#[serde(transparent)]
pub struct Instant(String);

/// A local date, with or without a time of day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Local {
    /// ISO 8601 without an offset: `2024-03-05` or `2024-03-05T10:11:12`, with a fraction where one was sent.
    pub local: String,
    /// The store's time zone beside a day; null where the zone is not known.
    pub zone: Option<String>,
}

impl Instant {
    /// The RFC 3339 text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Time {
    /// Returns an instant from milliseconds since 1970 UTC, with this offset.
    pub fn from_millis(millis: i64, offset: Offset) -> Option<Self> {
        Timestamp::from_millisecond(millis).ok().map(|at| Self::instant(at, offset))
    }

    /// A date-time with `Z` or an offset: an instant, which keeps its offset and its fraction.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        static PARSER: DateTimeParser = DateTimeParser::new();
        let text = text.trim();
        let offset = PARSER.parse_pieces(text).ok()?.to_numeric_offset();
        let at = PARSER.parse_timestamp(text).ok()?;
        let fraction = fraction_digits(text);
        Some(Self::Instant(Instant(rfc3339(at, offset.unwrap_or(Offset::UTC), fraction))))
    }

    /// A date-time without a zone, in the way that `format` (strftime's words) spells it, in a documented zone.
    pub fn parse_in(text: &str, format: &str, offset: Offset) -> Option<Self> {
        let at = DateTime::strptime(format, text.trim()).ok()?;
        offset.to_timestamp(at).ok().map(|at| Self::instant(at, offset))
    }

    /// Reads a local time whose zone is not documented, in any of the notations that the providers use, with the day
    /// before the month. Returns `None` for text that is not a time.
    pub fn local(text: &str) -> Option<Self> {
        Self::local_in(text, DateOrder::DayFirst)
    }

    /// Does the same for a provider that documents the order of day and month.
    pub fn local_in(text: &str, order: DateOrder) -> Option<Self> {
        let local = local_time::to_iso(text, order)?;
        Some(Self::Local(Local { local, zone: None }))
    }

    /// Applies a zone to a local time, which becomes an instant; a day keeps its notation and gets the zone's name.
    /// Returns true if anything changed.
    pub(crate) fn complete_with(&mut self, zone: &Zone) -> bool {
        let Self::Local(local) = self else { return false };
        if local.zone.is_some() {
            return false;
        }
        let Ok(at) = local.local.parse::<DateTime>() else { return false };
        if local.local.contains('T') {
            let Ok(at) = at.to_zoned(zone.rules().clone()) else { return false };
            let fraction = fraction_digits(&local.local);
            *self = Self::Instant(Instant(rfc3339(at.timestamp(), at.offset(), fraction)));
        } else {
            local.zone = Some(zone.name().to_owned());
        }
        true
    }

    /// The RFC 3339 text, where the zone is known.
    pub fn as_instant(&self) -> Option<&Instant> {
        match self {
            Self::Instant(instant) => Some(instant),
            Self::Local(_) => None,
        }
    }

    fn instant(at: Timestamp, offset: Offset) -> Self {
        let fraction = if at.subsec_nanosecond() == 0 { 0 } else { 3 };
        Self::Instant(Instant(rfc3339(at, offset, fraction)))
    }
}

/// Number of digits after the seconds' point; RFC 3339 allows any number, nine are kept.
fn fraction_digits(text: &str) -> u8 {
    let fraction = text.split_once('.').map(|(_, rest)| rest).unwrap_or_default();
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).take(9).count();
    u8::try_from(digits).unwrap_or(9)
}

fn rfc3339(at: Timestamp, offset: Offset, fraction: u8) -> String {
    use jiff::fmt::temporal::DateTimePrinter;
    let printer = DateTimePrinter::new().precision(Some(fraction));
    if offset == Offset::UTC {
        printer.timestamp_to_string(&at)
    } else {
        printer.timestamp_with_offset_to_string(&at, offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "reads better in the tables below")]
    fn text(time: Option<Time>) -> String {
        serde_json::to_string(&time).unwrap()
    }

    #[test]
    fn an_instant_keeps_its_offset_and_its_fraction() {
        for (sent, want) in [
            ("2024-03-18T09:41:07+07:00", "2024-03-18T09:41:07+07:00"),
            ("2024-05-09T17:03:21.481920Z", "2024-05-09T17:03:21.481920Z"),
            ("2024-05-12T10:11:12.1234567Z", "2024-05-12T10:11:12.1234567Z"),
            ("2024-03-05T21:10:59.608095+07:00", "2024-03-05T21:10:59.608095+07:00"),
            ("2025-06-12 08:01:10Z", "2025-06-12T08:01:10Z"),
        ] {
            assert_eq!(text(Time::parse_rfc3339(sent)), format!("{want:?}"), "{sent}");
        }
    }

    #[test]
    fn a_time_without_a_zone_is_not_an_instant() {
        for sent in ["2024-03-05T10:11:12.4", "2024-03-05", "", "yesterday", "05 Mar 2024 08:30"] {
            assert_eq!(Time::parse_rfc3339(sent), None, "{sent:?}");
        }
    }

    #[test]
    fn milliseconds_keep_the_day_of_their_offset() {
        let bangkok = jiff::tz::offset(7);
        assert_eq!(text(Time::from_millis(1_644_944_400_000, bangkok)), r#""2022-02-16T00:00:00+07:00""#);
        assert_eq!(text(Time::from_millis(i64::MAX, bangkok)), "null");
    }

    #[test]
    fn a_documented_zone_makes_an_instant() {
        let time = Time::parse_in("2025-06-12 08:01:10", "%Y-%m-%d %H:%M:%S", Offset::UTC);
        assert_eq!(text(time), r#""2025-06-12T08:01:10Z""#);
    }

    #[test]
    fn a_local_time_is_iso_8601_and_has_no_zone() {
        assert_eq!(text(Time::local("01 Sep 2020 00:00")), r#"{"local":"2020-09-01T00:00:00","zone":null}"#);
        assert_eq!(text(Time::local("2024-03-05")), r#"{"local":"2024-03-05","zone":null}"#);
        assert_eq!((Time::local("  "), Time::local("soon")), (None, None));
    }
}
