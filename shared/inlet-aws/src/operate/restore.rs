//! Restore: takes events from a copy of the table that the table lacks or has damaged.
//!
//! A run, for each event of the copy:
//!
//! 1. Skips it if the table has it undamaged, if it has expired, or if its entity was forgotten after it arrived. The
//!    note of either table counts, and so do tombstones.
//! 2. Compares its bytes with its own hashes. A damaged event of the copy is reported and not taken.
//! 3. Writes its chunks, then its receipt, then the event itself, on the condition that the table has not changed since
//!    it was read. With its receipt, no component publishes it again. If the copy has no receipt, the event is parked
//!    in its place: the sweeper does not send it, its own message on the queue is still processed, and `inlet list
//!    --parked` lists it.
//! 4. Reads the note again: a run of `forget` between the first look and the write did not see the event.
//!
//! Items of other kinds stay in the copy: `latest`, cursors, notes, attempts, quarantined requests. So does the item of
//! a duplicate.

use std::collections::HashMap;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;
use tokio::sync::watch;

use crate::dynamodb::attributes::{Item, number, number_value, text};
use crate::dynamodb::chunks::{chunk_keys, old_chunk_keys};
use crate::dynamodb::dynamo::{Expressions, Key, Written};
use crate::dynamodb::forgotten::note_includes;
use crate::dynamodb::integrity::{Damage, Part, examine};
use crate::dynamodb::keys::{event_key, forgotten_key, parked_key, receipt_key};
use crate::dynamodb::receipts::{applies_to, is_of_duplicate, tombstone_until};
use crate::dynamodb::stored_event::LARGE_FIELDS;
use crate::dynamodb::table::Table;
use crate::dynamodb::time_index::Arrival;
use crate::operate::event_items::{arrival_of, event_items};
use crate::operate::replay::{Replay, ReplayId, Replayed};
use crate::operate::selection::Selection;
use crate::operate::table_clock::table_time;
use crate::operate::verify::Finding;
use crate::sqs::SqsQueue;

/// Events whose neighbours are read in one request: three keys each, and DynamoDB reads 100 keys and 16 MB.
const BATCH_LEN: usize = 30;

/// Events that are written concurrently.
const CONCURRENT_WRITES: usize = 8;

const NOT_RESTORED: &str = "the event cannot be restored";

/// The reason of the parked marker of an event that the copy has no receipt of.
const WITHOUT_RECEIPT: &str =
    "it was restored from a copy that has no receipt of it: it may never have been processed";

/// Restores events.
#[derive(Clone, Debug)]
pub struct Restore {
    /// The copy, which is only read.
    pub copy: Table,
    /// The event table.
    pub table: Table,
}

/// The effect of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Counts what would be restored. Changes nothing.
    Count,
    /// Restores.
    Write,
}

/// The progress of a run, also when it ends in a fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// The number of selected events in the copy.
    pub examined: u64,
    /// The events that were restored, or would be.
    pub restored: Vec<Arrival>,
    /// The number of restored events that the table had damaged.
    pub replaced: u64,
    /// The number of restored events without a receipt in the copy, which are parked.
    pub unprocessed: u64,
    /// The number of events that the table has undamaged.
    pub present: u64,
    /// The number of events of entities that were forgotten since the events arrived.
    pub forgotten: u64,
    /// The number of events that have expired.
    pub expired: u64,
    /// The events that the table needs and that are damaged in the copy, too.
    pub unusable: Vec<Finding>,
}

impl Restore {
    /// Restores the events of a selection, in no order. `sum` contains the progress at any time. A run that ended early
    /// can be repeated.
    ///
    /// # Errors
    /// If a table cannot be read, or the event table does not take an item.
    pub async fn run(
        &self,
        selection: &Selection,
        mode: Mode,
        sum: &watch::Sender<Restored>,
    ) -> Result<(), Fault> {
        let now = table_time(&self.table.dynamo).await?;
        let mut pages = event_items(&self.copy.dynamo, selection);
        while let Some(page) = pages.try_next().await? {
            for some in page.chunks(BATCH_LEN) {
                let neighbours = self.neighbours(some).await?;
                let mut verdicts = stream::iter(some)
                    .map(|item| self.restore(item, &neighbours, mode, now))
                    .buffer_unordered(CONCURRENT_WRITES);
                while let Some(verdict) = verdicts.try_next().await? {
                    sum.send_modify(|sum| sum.add(verdict));
                }
            }
        }
        Ok(())
    }

    /// Sends restored events to consumers again, those of an entity in the order of their arrival, as part of a replay.
    ///
    /// # Errors
    /// If the table cannot be read or written, or SQS does not take a message now.
    pub async fn resend(
        &self,
        queue: SqsQueue,
        mut events: Vec<Arrival>,
        (replay, rate): (&ReplayId, u32),
        replayed: &watch::Sender<Replayed>,
    ) -> Result<(), Fault> {
        events.sort_by(Arrival::cmp_by_arrival);
        Replay { table: self.table.clone(), queue }.run_events(&events, replay, rate, replayed).await
    }

    /// Reads the items that decide about these events, from both tables.
    async fn neighbours(&self, items: &[Item]) -> Result<Neighbours, Fault> {
        let ids: Vec<EventId> = items.iter().filter_map(arrival_of).map(|arrival| arrival.id).collect();
        let live = ids.iter().flat_map(|id| [event_key(id), receipt_key(id), forgotten_key(id)]);
        let copied = ids.iter().flat_map(|id| [parked_key(id), receipt_key(id), forgotten_key(id)]);
        let (live, copied) =
            tokio::try_join!(self.table.dynamo.batch_get(live), self.copy.dynamo.batch_get(copied))?;
        Ok(Neighbours { live, copied })
    }

    /// Decides about an event of the copy, and restores it.
    async fn restore(
        &self,
        item: &Item,
        neighbours: &Neighbours,
        mode: Mode,
        now: ReceivedAt,
    ) -> Result<Verdict, Fault> {
        let Some(event) = arrival_of(item) else {
            return Ok(Verdict::Unusable(vec![Finding::of_key(item)]));
        };
        let Neighbours { live, copied } = neighbours;
        let (event_key, receipt_key) = (event_key(&event.id), receipt_key(&event.id));
        let (live_receipt, copied_receipt) = (live.get(&receipt_key), copied.get(&receipt_key));
        if !item.contains_key("arrival") && copied_receipt.is_some_and(is_of_duplicate) {
            return Ok(Verdict::Duplicate);
        }
        let place = match live.get(&event_key) {
            None => Place::Free,
            Some(found) => self.judge_live(&event.id, found, live_receipt).await?,
        };
        if place == Place::Whole {
            return Ok(Verdict::Present);
        }
        let examined = examine(&self.copy.dynamo, &event.id, item).await?;
        if !examined.damages.is_empty() {
            return Ok(Verdict::Unusable(findings(&event, examined.damages)));
        }
        let received_at = event.received_at();
        if is_forgotten(&event.id, received_at, neighbours) {
            return Ok(Verdict::Forgotten);
        }
        if number(item, "expires").is_some_and(|expires| expires < now.millis().div_euclid(1_000)) {
            return Ok(Verdict::Expired);
        }
        if let Place::Damaged { received_ms: Some(live_ms) } = place
            && Some(live_ms) != number(item, "received_ms")
        {
            let reason = "the table has it damaged, and under another arrival than the copy".to_owned();
            return Ok(Verdict::Unusable(findings(&event, vec![Damage { part: Part::Index, reason }])));
        }
        let applies = |receipt: &&Item| applies_to(receipt, received_at);
        let has_receipt = live_receipt.as_ref().is_some_and(applies);
        let receipt = copied_receipt.filter(applies).filter(|_| !has_receipt);
        let is_processed = has_receipt || receipt.is_some();
        let done = Verdict::Restored {
            is_replaced: matches!(place, Place::Damaged { .. }),
            is_processed,
            event: event.clone(),
        };
        if mode == Mode::Count {
            return Ok(done);
        }
        self.write_chunks(item).await?;
        // Before the event: the sweeper's cursor has passed its hour.
        self.table.store_hours.mark([(&event.id, &*event.received)]).await?;
        match receipt {
            Some(receipt) => self.write_receipt(receipt, received_at).await?,
            None if is_processed => {}
            None => {
                let reason = copied.get(&parked_key(&event.id)).and_then(|marker| text(marker, "reason"));
                self.table.receipts.park(&event.id, reason.unwrap_or(WITHOUT_RECEIPT), now).await?;
            }
        }
        if !self.write_event(item, place).await? {
            return Ok(Verdict::Present);
        }
        if self.table.forgotten.includes(&event.id, received_at).await? {
            self.table.receipts.write_tombstones(&[(event.id.clone(), received_at)], now).await?;
            self.table.events.delete(&event.id, received_at).await?;
            return Ok(Verdict::Forgotten);
        }
        Ok(done)
    }

    /// Returns the state of the table's item under an event's key.
    async fn judge_live(&self, id: &EventId, item: &Item, receipt: Option<&Item>) -> Result<Place, Fault> {
        if !item.contains_key("arrival") && receipt.is_some_and(is_of_duplicate) {
            return Ok(Place::Whole);
        }
        let damages = examine(&self.table.dynamo, id, item).await?.damages;
        Ok(if damages.is_empty() {
            Place::Whole
        } else {
            Place::Damaged { received_ms: number(item, "received_ms") }
        })
    }

    /// Writes the chunks that an event's item names. The copy has just been found to have all of them.
    async fn write_chunks(&self, item: &Item) -> Result<(), Fault> {
        let keys = LARGE_FIELDS
            .iter()
            .filter_map(|field| chunk_keys(field.name, item).or_else(|| old_chunk_keys(field.name, item)));
        for key in keys.flatten() {
            let chunk = self.copy.dynamo.get(key).await?;
            let chunk = chunk.ok_or_else(|| Fault::damaged(NOT_RESTORED, "a chunk has left the copy"))?;
            self.table.dynamo.put(chunk, Expressions::default(), NOT_RESTORED).await?;
        }
        Ok(())
    }

    /// Writes the receipt, unless the table has got one that applies.
    async fn write_receipt(&self, receipt: &Item, received_at: ReceivedAt) -> Result<(), Fault> {
        let unless_newer = Expressions::condition("attribute_not_exists(pk) OR received_ms < :arrival")
            .value(":arrival", number_value(received_at.millis()));
        self.table.dynamo.put(receipt.clone(), unless_newer, NOT_RESTORED).await.map(|_| ())
    }

    /// Writes the event's item, unless the table's item has changed since it was read. Returns true if the event was
    /// written.
    async fn write_event(&self, item: &Item, place: Place) -> Result<bool, Fault> {
        let condition = match place {
            Place::Damaged { received_ms: Some(received_ms) } => {
                Expressions::condition("received_ms = :seen").value(":seen", number_value(received_ms))
            }
            Place::Damaged { received_ms: None } => {
                Expressions::condition("attribute_not_exists(received_ms)")
            }
            Place::Free | Place::Whole => Expressions::condition("attribute_not_exists(pk)"),
        };
        let written = self.table.dynamo.put(item.clone(), condition, NOT_RESTORED).await?;
        Ok(matches!(written, Written::Done))
    }
}

/// The receipts and markers of events, by their keys.
struct Neighbours {
    live: HashMap<Key, Item>,
    copied: HashMap<Key, Item>,
}

/// The table's item under an event's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Nothing.
    Free,
    /// The event, whole.
    Whole,
    /// The event, damaged, with the arrival in its item.
    Damaged { received_ms: Option<i64> },
}

/// The result for an item of the copy.
enum Verdict {
    Restored {
        event: Arrival,
        is_replaced: bool,
        is_processed: bool,
    },
    Present,
    Forgotten,
    Expired,
    Unusable(Vec<Finding>),
    /// It is the item of a duplicate, which is not an event.
    Duplicate,
}

impl Restored {
    fn add(&mut self, verdict: Verdict) {
        let add = |count: &mut u64| *count = count.saturating_add(1);
        match verdict {
            Verdict::Duplicate => return,
            Verdict::Present => add(&mut self.present),
            Verdict::Forgotten => add(&mut self.forgotten),
            Verdict::Expired => add(&mut self.expired),
            Verdict::Unusable(findings) => self.unusable.extend(findings),
            Verdict::Restored { event, is_replaced, is_processed } => {
                self.restored.push(event);
                self.replaced = self.replaced.saturating_add(is_replaced.into());
                self.unprocessed = self.unprocessed.saturating_add((!is_processed).into());
            }
        }
        add(&mut self.examined);
    }
}

/// Returns true if the entity of an event was forgotten after the event arrived, by the notes and tombstones of either
/// table.
fn is_forgotten(id: &EventId, received_at: ReceivedAt, neighbours: &Neighbours) -> bool {
    [&neighbours.live, &neighbours.copied].into_iter().any(|items| {
        let tombstone = items.get(&receipt_key(id)).and_then(tombstone_until);
        tombstone.is_some_and(|until_ms| received_at.millis() <= until_ms)
            || items.get(&forgotten_key(id)).is_some_and(|note| note_includes(note, received_at))
    })
}

fn findings(event: &Arrival, damages: Vec<Damage>) -> Vec<Finding> {
    damages.into_iter().map(|damage| Finding::of(event, damage)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "zid/riyadh/order/8/0123456789abcdef";

    fn neighbours(live: &[(Key, Item)], copied: &[(Key, Item)]) -> Neighbours {
        Neighbours { live: live.iter().cloned().collect(), copied: copied.iter().cloned().collect() }
    }

    #[test]
    fn a_note_or_tombstone_of_either_table_keeps_an_event_away() {
        let id = EventId::parse(ID).unwrap();
        let at = |ms| ReceivedAt::from_millis(ms).unwrap();
        let note = (forgotten_key(&id), Item::from([("forgotten_ms".to_owned(), number_value(7))]));
        let tombstone = Item::from([
            ("last".to_owned(), aws_sdk_dynamodb::types::AttributeValue::Bool(true)),
            ("received_ms".to_owned(), number_value(7)),
        ]);
        let tombstone = (receipt_key(&id), tombstone);
        let receipt = (receipt_key(&id), Item::from([("received_ms".to_owned(), number_value(7))]));
        for (name, neighbours, is) in [
            ("nothing", neighbours(&[], &[]), false),
            ("a note in the table", neighbours(std::slice::from_ref(&note), &[]), true),
            ("a note in the copy", neighbours(&[], std::slice::from_ref(&note)), true),
            ("a tombstone in the table", neighbours(std::slice::from_ref(&tombstone), &[]), true),
            ("a tombstone in the copy", neighbours(&[], &[tombstone]), true),
            (
                "an ordinary receipt",
                neighbours(std::slice::from_ref(&receipt), std::slice::from_ref(&receipt)),
                false,
            ),
        ] {
            assert_eq!(is_forgotten(&id, at(7), &neighbours), is, "{name}");
            assert!(!is_forgotten(&id, at(8), &neighbours), "{name}, for what arrived afterwards");
        }
    }
}
