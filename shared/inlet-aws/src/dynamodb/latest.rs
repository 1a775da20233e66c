//! The item `latest` of each entity, and the writes on it: deduplication of bodies without a time of their own.
//!
//! The rule is [`inlet::dedup`]. Attributes: `content`, `digest` and `received_ms` of the newest event, and
//! `repeated_digest` and `repeated_ms` of the newest delivery that was decided to be a duplicate. Version 0.2 wrote the
//! first three, and `attempt`, which is no longer read.

use inlet::dedup::{Candidate, Duplicate, Latest, Snapshot};
use inlet::event::{EventId, ExistingEvent};
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;

use crate::dynamodb::attributes::{Item, number, number_value, text, text_value};
use crate::dynamodb::dynamo::{Dynamo, Expressions, Written};
use crate::dynamodb::keys::latest_key;
use crate::dynamodb::record::Record;

/// A failed write of `latest`.
const NOT_UPDATED: &str = "the entity's latest event cannot be updated";

/// An entity's `latest`, by digests of events and contents.
pub(crate) type LatestItem = Latest<String, String>;

/// The result of a write on `latest`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The write succeeded.
    Done,
    /// The condition failed, because `latest` has this content. `None` if the item was deleted in the meantime.
    ConditionFailed(Option<LatestItem>),
}

/// The owner of `latest`.
#[derive(Clone, Debug)]
pub(crate) struct LatestItems {
    dynamo: Dynamo,
}

impl LatestItems {
    pub(crate) fn new(dynamo: Dynamo) -> Self {
        Self { dynamo }
    }

    /// Returns the events that `latest` of an event's entity names.
    pub(crate) async fn snapshot(&self, id: &EventId) -> Result<Snapshot<String>, Fault> {
        let latest = self.dynamo.get(latest_key(id)).await?.as_ref().and_then(read);
        let duplicate = latest.as_ref().and_then(|latest| latest.duplicate.clone());
        Ok(Snapshot {
            latest: latest.map(|latest| latest.digest),
            duplicate: duplicate.map(|duplicate| duplicate.digest),
        })
    }

    /// Makes `latest` name an event, on the condition of [`inlet::dedup::moves_immediately`].
    pub(crate) async fn move_to(
        &self,
        id: &EventId,
        own: &Candidate<String, String>,
    ) -> Result<Change, Fault> {
        let update = self.to_newest(&own.content, &own.digest, own.received_ms);
        let update = match own.window_ms {
            None => update.only_if(IS_EARLIER),
            Some(window_ms) => update
                .only_if(IS_EARLIER_AND_DIFFERENT)
                .value(":from", number_value(own.received_ms.saturating_sub(window_ms))),
        };
        self.change(id, update).await
    }

    /// Notes a duplicate, on the condition that `latest` still names the original.
    pub(crate) async fn note_duplicate(
        &self,
        id: &EventId,
        original: &str,
        duplicate: &Duplicate<String>,
    ) -> Result<Change, Fault> {
        let update = Expressions::update("SET repeated_digest = :repeated, repeated_ms = :repeated_ms")
            .only_if(
                "digest = :original AND (attribute_not_exists(repeated_ms) OR repeated_ms < :repeated_ms)",
            )
            .value(":original", text_value(original))
            .value(":repeated", text_value(&duplicate.digest))
            .value(":repeated_ms", number_value(duplicate.received_ms));
        match self.change(id, update).await? {
            // A later duplicate of the same event is noted, or this one is: the note never goes back.
            Change::ConditionFailed(Some(latest)) if latest.digest == original => Ok(Change::Done),
            change => Ok(change),
        }
    }

    /// Changes `latest`, on the condition that it still names the same events.
    pub(crate) async fn replace(
        &self,
        id: &EventId,
        expected: &LatestItem,
        next: &LatestItem,
    ) -> Result<Change, Fault> {
        let update = if next.duplicate.is_some() {
            self.to_newest(&next.content, &next.digest, next.received_ms)
        } else {
            self.newest(TO_NEWEST_WITHOUT_DUPLICATE, &next.content, &next.digest, next.received_ms)
        };
        let update = match &expected.duplicate {
            None => update.only_if("digest = :expected AND attribute_not_exists(repeated_digest)"),
            Some(duplicate) => update
                .only_if("digest = :expected AND repeated_digest = :repeated")
                .value(":repeated", text_value(&duplicate.digest)),
        };
        self.change(id, update.value(":expected", text_value(&expected.digest))).await
    }

    fn to_newest(&self, content: &str, digest: &str, received_ms: i64) -> Expressions {
        self.newest(TO_NEWEST, content, digest, received_ms)
    }

    fn newest(&self, update: &'static str, content: &str, digest: &str, received_ms: i64) -> Expressions {
        Expressions::update(update)
            .value(":content", text_value(content))
            .value(":digest", text_value(digest))
            .value(":at", number_value(received_ms))
            .value(":expires", self.dynamo.expires(received_ms))
    }

    async fn change(&self, id: &EventId, update: Expressions) -> Result<Change, Fault> {
        Ok(match self.dynamo.update(latest_key(id), update, NOT_UPDATED).await? {
            Written::Done => Change::Done,
            Written::ConditionFailed(found) => Change::ConditionFailed(read(&found)),
        })
    }
}

/// `latest` names an event; a noted duplicate stays.
const TO_NEWEST: &str = "SET content = :content, digest = :digest, received_ms = :at, expires = :expires";

/// `latest` names an event; the noted duplicate is an event of its own.
const TO_NEWEST_WITHOUT_DUPLICATE: &str = "SET content = :content, digest = :digest, received_ms = :at, expires = :expires REMOVE repeated_digest, repeated_ms";

/// True if every event that `latest` names arrived earlier.
const IS_EARLIER: &str = "attribute_not_exists(pk) OR \
    received_ms < :at AND (attribute_not_exists(repeated_ms) OR repeated_ms < :at)";

/// The same, and `latest` has another content or arrived before the retry window.
const IS_EARLIER_AND_DIFFERENT: &str = "attribute_not_exists(pk) OR \
    received_ms < :at AND (attribute_not_exists(repeated_ms) OR repeated_ms < :at) \
    AND (content <> :content OR received_ms < :from)";

/// Returns the event in the form that the decision needs.
pub(crate) fn candidate(record: &Record, id: &EventId) -> Candidate<String, String> {
    Candidate {
        digest: id.digest().to_owned(),
        content: record.content.clone(),
        received_ms: record.received_ms,
        window_ms: record.window_ms,
    }
}

/// Returns the event with this digest, of the same entity as `id`; `None` if the digest is none.
pub(crate) fn sibling(id: &EventId, digest: &str, received_ms: i64) -> Option<ExistingEvent> {
    Some(ExistingEvent {
        id: EventId::parse(&format!("{}/{digest}", id.entity_path())).ok()?,
        received_at: ReceivedAt::from_millis(received_ms)?,
    })
}

/// Parses the item; `None` if it is empty, for example after a deletion.
fn read(item: &Item) -> Option<LatestItem> {
    let duplicate = text(item, "repeated_digest").zip(number(item, "repeated_ms"));
    Some(Latest {
        digest: text(item, "digest")?.to_owned(),
        content: text(item, "content")?.to_owned(),
        received_ms: number(item, "received_ms")?,
        duplicate: duplicate
            .map(|(digest, received_ms)| Duplicate { digest: digest.to_owned(), received_ms }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_of_version_0_2_is_read_without_a_duplicate() {
        let item = Item::from([
            ("digest".to_owned(), text_value("0123456789abcdef")),
            ("content".to_owned(), text_value("c")),
            ("received_ms".to_owned(), number_value(7)),
            ("attempt".to_owned(), text_value("an invocation")),
        ]);
        let latest = read(&item).unwrap();
        assert_eq!(
            (latest.digest.as_str(), latest.received_ms, latest.duplicate),
            ("0123456789abcdef", 7, None)
        );
        assert_eq!(read(&Item::new()), None);
    }

    #[test]
    fn a_noted_duplicate_is_read() {
        let item = Item::from([
            ("digest".to_owned(), text_value("0123456789abcdef")),
            ("content".to_owned(), text_value("c")),
            ("received_ms".to_owned(), number_value(7)),
            ("repeated_digest".to_owned(), text_value("fedcba9876543210")),
            ("repeated_ms".to_owned(), number_value(9)),
        ]);
        let duplicate = Duplicate { digest: "fedcba9876543210".to_owned(), received_ms: 9 };
        assert_eq!(read(&item).unwrap().duplicate, Some(duplicate));
    }
}
