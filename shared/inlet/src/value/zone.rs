//! A time zone by its name.

use jiff::tz::TimeZone;

/// A time zone by its IANA name, such as `Asia/Jakarta`.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

impl Zone {
    /// Finds a zone by its IANA name, in any case. Returns `None` for a name that the database does not have.
    pub fn parse(name: &str) -> Option<Self> {
        let zone = TimeZone::get(name.trim()).ok()?;
        let name = zone.iana_name()?.to_owned();
        Some(Self { name, zone })
    }

    /// Returns the IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the zone's rules.
    pub(crate) fn rules(&self) -> &TimeZone {
        &self.zone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_found_by_its_name_in_any_case() {
        for name in ["Asia/Jakarta", "asia/jakarta", " Asia/Jakarta "] {
            assert_eq!(Zone::parse(name).as_ref().map(Zone::name), Some("Asia/Jakarta"), "{name:?}");
        }
    }

    #[test]
    fn other_text_is_not_a_zone() {
        for name in ["", "Mars/Olympus", "+07:00", "../../etc/passwd"] {
            assert_eq!(Zone::parse(name), None, "{name:?}");
        }
    }
}
