//! The hours of the time index that a reader of one store must read: those with a marker of [`store_hours`], and those for
//! which the markers are not complete.
//!
//! [`store_hours`]: crate::dynamodb::store_hours

use std::collections::HashSet;

use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;

use crate::client::clock;
use crate::dynamodb::attributes::{text, text_value};
use crate::dynamodb::dynamo::UNREADABLE;
use crate::dynamodb::pending::{Pending, SECOND_PASS, SECOND_PASS_DELAY};
use crate::dynamodb::store_hours::{HOURS, StoreHours};
use crate::dynamodb::time_index::{TimeIndex, before, hour, next_hour};

/// The hours of the time index that a reader must read.
#[derive(Clone, Debug, Default)]
pub struct HoursToRead(Option<MarkedHours>);

/// The markers of a store.
#[derive(Clone, Debug)]
struct MarkedHours {
    /// The markers are complete for arrivals from here, RFC 3339.
    from: String,
    /// The end of these arrivals, exclusive.
    until: String,
    /// The hours in which the store has events.
    hours: HashSet<String>,
}

impl StoreHours {
    /// Returns the hours in which a store, `{provider}/{store}`, may have events that arrived at `from` or later and
    /// before `until`. These are all hours if the markers cannot be read: a list that lacks an event is worse than a slow
    /// one.
    pub async fn to_read(&self, store: &str, from: ReceivedAt, until: ReceivedAt) -> HoursToRead {
        let now = clock::now();
        // The sweeper's second pass has not reached the last hours.
        if from >= now.earlier(SECOND_PASS_DELAY) {
            return HoursToRead::default();
        }
        HoursToRead(self.marked_hours(store, (from, until), now).await.ok().flatten())
    }

    async fn marked_hours(
        &self,
        store: &str,
        (from, until): (ReceivedAt, ReceivedAt),
        now: ReceivedAt,
    ) -> Result<Option<MarkedHours>, Fault> {
        let pending = Pending::new(self.dynamo.clone());
        // This order: the cursor follows the markers, and an event that is handed over stays until its marker is written.
        let Some(cursor) = pending.cursor_item(SECOND_PASS).await? else { return Ok(None) };
        let Some(marked_from) = cursor.marked_from else { return Ok(None) };
        // A marker is deleted when the time index has no event of its hour any more.
        let marked_from = marked_from.max(TimeIndex::new(self.dynamo.clone()).oldest(now));
        let mut hours: HashSet<String> = pending.handed_over_hours(store).await?;
        let query = self
            .dynamo
            .query()
            .key_condition_expression("pk = :hours AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":hours", text_value(&format!("{HOURS}{store}")))
            .expression_attribute_values(":first", text_value(hour(&from.to_string())))
            .expression_attribute_values(":last", text_value(hour(&until.to_string())))
            .consistent_read(true);
        let markers = self.dynamo.all(query, UNREADABLE).await?;
        hours.extend(markers.iter().filter_map(|marker| text(marker, "sk")).map(str::to_owned));
        Ok(Some(MarkedHours { from: marked_from.to_string(), until: cursor.through.to_string(), hours }))
    }
}

impl HoursToRead {
    /// Returns false if no event arrived from `first` to `last`, two times of one hour. Times are RFC 3339 to the
    /// millisecond.
    pub fn may_have(&self, first: &str, last: &str) -> bool {
        let Some(marked) = &self.0 else { return true };
        let is_complete = *marked.from <= *first && *last < *marked.until;
        !is_complete || marked.hours.contains(hour(last))
    }

    /// Returns the first time from `from` on at which there may be an event; `until` if there is none before it.
    pub fn next(&self, from: ReceivedAt, until: ReceivedAt) -> ReceivedAt {
        let mut from = from;
        while from < until {
            let end = next_hour(from).min(until);
            if self.may_have(&from.to_string(), &before(end).to_string()) {
                return from;
            }
            from = end;
        }
        until
    }
}

#[cfg(test)]
mod tests;
