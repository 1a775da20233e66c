//! The time zone of the times that a user writes and reads.

use std::str::FromStr;

use inlet::received_at::ReceivedAt;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// Names of zones that are UTC; the last one is what a machine without a zone has.
const UTC: [&str; 6] = ["UTC", "Etc/UTC", "Etc/GMT", "GMT", "Etc/Zulu", "Etc/Unknown"];

/// A time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Zone(TimeZone);

/// The text is not the name of a time zone.
#[derive(Debug, thiserror::Error)]
#[error("a time zone is a name such as Asia/Riyadh or UTC, or an offset such as +03:00")]
pub(crate) struct NotAZone;

impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

impl FromStr for Zone {
    type Err = NotAZone;

    fn from_str(text: &str) -> Result<Self, NotAZone> {
        if let Ok(zone) = TimeZone::get(text) {
            return Ok(Self(zone));
        }
        // An offset, as it follows a time.
        let time = format!("2025-06-12T00:00:00{text}[{text}]");
        time.parse::<Zoned>().map(|time| Self(time.time_zone().clone())).map_err(|_| NotAZone)
    }
}

impl Zone {
    /// Returns the zone of this machine: the variable TZ, else its setting, else UTC.
    pub(crate) fn of_machine() -> Self {
        Self(TimeZone::try_system().unwrap_or(TimeZone::UTC))
    }

    /// Returns the name: `Asia/Riyadh`, or an offset.
    pub(crate) fn name(&self) -> String {
        if self.is_utc() {
            return "UTC".to_owned();
        }
        match self.0.iana_name() {
            Some(name) => name.to_owned(),
            None => self.zoned(ReceivedAt::EPOCH).strftime("%:z").to_string(),
        }
    }

    /// Returns the current or a past time in this zone, to the millisecond and with its offset:
    /// `2025-06-12T11:01:12.345+03:00`.
    pub(crate) fn show(&self, at: ReceivedAt) -> String {
        if self.is_utc() {
            return at.to_string();
        }
        self.zoned(at).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
    }

    /// The same with the name of the zone: `2025-06-12T11:01:12.345+03:00[Asia/Riyadh]`. Options such as --since take it.
    pub(crate) fn show_named(&self, at: ReceivedAt) -> String {
        if self.is_utc() || self.0.iana_name().is_none() {
            return self.show(at);
        }
        format!("{}[{}]", self.show(at), self.name())
    }

    /// Returns the time of day, to the second.
    pub(crate) fn show_clock(&self, at: ReceivedAt) -> String {
        self.zoned(at).strftime("%H:%M:%S").to_string()
    }

    /// Returns the date and time of day in this zone.
    pub(crate) fn civil(&self, at: ReceivedAt) -> DateTime {
        self.zoned(at).datetime()
    }

    /// Returns the instant of a local time. Where a clock change leaves the time out or repeats it, it is the one that
    /// RFC 5545 chooses.
    pub(crate) fn instant(&self, local: DateTime) -> Option<ReceivedAt> {
        let zoned = local.to_zoned(self.0.clone()).ok()?;
        ReceivedAt::from_millis(zoned.timestamp().as_millisecond())
    }

    fn zoned(&self, at: ReceivedAt) -> Zoned {
        let at = Timestamp::from_millisecond(at.millis()).unwrap_or(Timestamp::UNIX_EPOCH);
        at.to_zoned(self.0.clone())
    }

    fn is_utc(&self) -> bool {
        self.0 == TimeZone::UTC || self.0.iana_name().is_some_and(|name| UTC.contains(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_in_its_zone_and_names_it() {
        let at = ReceivedAt::parse("2025-06-12T08:01:12.345Z").unwrap();
        for (zone, shown, named) in [
            ("UTC", "2025-06-12T08:01:12.345Z", "2025-06-12T08:01:12.345Z"),
            ("Etc/UTC", "2025-06-12T08:01:12.345Z", "2025-06-12T08:01:12.345Z"),
            ("Asia/Riyadh", "2025-06-12T11:01:12.345+03:00", "2025-06-12T11:01:12.345+03:00[Asia/Riyadh]"),
            ("+07:00", "2025-06-12T15:01:12.345+07:00", "2025-06-12T15:01:12.345+07:00"),
        ] {
            let zone: Zone = zone.parse().unwrap();
            assert_eq!((zone.show(at).as_str(), zone.show_named(at).as_str()), (shown, named));
            assert_eq!(zone.instant(zone.civil(at)), Some(at));
        }
        assert!("Riyadh/Asia".parse::<Zone>().is_err());
    }
}
