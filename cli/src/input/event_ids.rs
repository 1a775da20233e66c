//! The id of an event as the user writes it: whole, or the beginning of its digest, which narrow tables show.

use std::str::FromStr;
use std::time::Duration;

use inlet::event::EventId;
use inlet::received_at::ReceivedAt;
use inlet_aws::client::clock;
use inlet_aws::dynamodb::time_index::Arrival;
use inlet_aws::operate::find::{FoundEvents, find_events};

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::input::time_arg::now_plus_skew;

/// Length of a short id in tables: of a million events, about one pair in 8,000 shares it.
pub(crate) const SHORT_LEN: usize = 8;

/// The shortest beginning of a digest that is looked up.
const MIN_LEN: usize = 6;

/// Length of a whole digest.
const DIGEST_LEN: usize = 16;

/// Age of the oldest events among which a short id is looked up.
const LOOK_UP: Duration = Duration::from_hours(7 * 24);

/// Maximum time of a look-up: a person waits for it. A short id that a table showed belongs to a recent event, which is
/// found at once; only an id without an event is searched for so long.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(8);

/// An event that the user names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EventRef {
    /// Its id.
    Id(EventId),
    /// The beginning of its digest.
    Digest(String),
}

/// The text does not name an event.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "an event is named by its id, provider/store/kind/entity/digest, or by the digest: 6 or more of its digits"
)]
pub(crate) struct NotAnEvent;

impl FromStr for EventRef {
    type Err = NotAnEvent;

    fn from_str(text: &str) -> Result<Self, NotAnEvent> {
        if let Ok(id) = EventId::parse(text) {
            return Ok(Self::Id(id));
        }
        let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let is_digest = (MIN_LEN..=DIGEST_LEN).contains(&text.len()) && text.bytes().all(is_hex);
        if is_digest { Ok(Self::Digest(text.to_owned())) } else { Err(NotAnEvent) }
    }
}

impl EventRef {
    /// Returns the event's id. A short one is looked up among the events of the last week, newest first.
    ///
    /// # Errors
    /// If no event or several ones have the short id, or the table cannot be read.
    pub(crate) async fn resolve(&self, deployment: &Deployment) -> Result<EventId, Failure> {
        let digest = match self {
            Self::Id(id) => return Ok(id.clone()),
            Self::Digest(digest) => digest,
        };
        match look_up(digest, deployment, TIME_LIMIT).await?.as_slice() {
            [Arrival { id, .. }] => Ok(id.clone()),
            several => {
                let ids = several.iter().map(|arrival| arrival.id.to_string()).collect::<Vec<_>>();
                Err(Failure::Unusable {
                    what: format!("{} events have the short id {digest}", several.len()),
                    next: format!("give one of these: {}", ids.join(", ")),
                })
            }
        }
    }
}

/// Returns the events with this beginning of their digests, at least one, among those of the last week. The newest one is
/// found first, and ends the look-up.
///
/// # Errors
/// If there is none, or the table cannot be read.
pub(crate) async fn look_up(
    digest: &str,
    deployment: &Deployment,
    time_limit: Duration,
) -> Result<Vec<Arrival>, Failure> {
    let now = clock::now();
    let from = now.earlier(LOOK_UP);
    let found = find_events(&deployment.table(), digest, (from, now_plus_skew(now)), time_limit).await;
    let FoundEvents { arrivals, searched_from } =
        found.map_err(|fault| Failure::Inlet { context: "the event cannot be looked up", fault })?;
    if arrivals.is_empty() {
        return Err(not_found(digest, (searched_from, from), time_limit, &deployment.inlet));
    }
    Ok(arrivals)
}

/// Returns the failure of a look-up without a match. `searched_from` is the start of the searched time, `from` that of
/// the wanted time.
fn not_found(
    digest: &str,
    (searched_from, from): (ReceivedAt, ReceivedAt),
    time_limit: Duration,
    inlet: &str,
) -> Failure {
    if searched_from <= from {
        return Failure::NotFound {
            what: format!("event {digest} among those of the last 7 days"),
            next: format!("give the whole id: `{inlet} list --since 30d --wide` prints it"),
        };
    }
    Failure::NotFound {
        what: format!(
            "event {digest} among those that arrived since {searched_from}; the search ended after {} seconds",
            time_limit.as_secs()
        ),
        next: format!(
            "give the whole id: `{inlet} list --wide --since 30d --until {searched_from}` prints those of older events"
        ),
    }
}

/// Returns the short id of an event for narrow tables.
pub(crate) fn short_id(id: &str) -> &str {
    let digest = id.rsplit('/').next().unwrap_or_default();
    digest.get(..SHORT_LEN).unwrap_or(digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::DeploymentArgs;

    #[test]
    fn a_search_that_ran_out_of_time_says_where_it_looked() {
        let at = |text: &str| ReceivedAt::parse(text).unwrap();
        let (from, reached) = (at("2026-03-01T00:00:00Z"), at("2026-03-04T05:06:07Z"));
        let ended = not_found("0123abcd", (reached, from), TIME_LIMIT, "inlet --local");
        let text = ended.to_string();
        assert!(text.contains("since 2026-03-04T05:06:07") && text.contains("8 seconds"), "{text}");
        let next = ended.hint(&DeploymentArgs::of_stack("inlet", None));
        assert!(
            next.contains("`inlet --local list --wide --since 30d --until 2026-03-04T05:06:07"),
            "{next}"
        );
        let complete = not_found("0123abcd", (from, from), TIME_LIMIT, "inlet").to_string();
        assert_eq!(complete, "there is no event 0123abcd among those of the last 7 days");
    }

    #[test]
    fn an_event_is_named_by_its_id_or_digest() {
        let id = "zid/riyadh/order/8/0123456789abcdef";
        assert_eq!(id.parse(), Ok(EventRef::Id(EventId::parse(id).unwrap())));
        assert_eq!("01234567".parse(), Ok(EventRef::Digest("01234567".to_owned())));
        assert_eq!(short_id(id), "01234567");
        for text in ["zid/riyadh/order/8", "0123", "0123456789abcdef0", "ABCDEF12", "order", ""] {
            assert_eq!(text.parse::<EventRef>(), Err(NotAnEvent), "{text:?}");
        }
    }
}
