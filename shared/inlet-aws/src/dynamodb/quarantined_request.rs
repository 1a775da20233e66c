//! Reads and deletes quarantined requests, to verify them again.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use inlet::event::Event;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;
use inlet::request::{Method, Request};
use inlet::store::StoreName;

use crate::client::clock;
use crate::dynamodb::attributes::{self, Item, text};
use crate::dynamodb::chunks::chunk_keys;
use crate::dynamodb::dynamo::{Expressions, Key, delete_request};
use crate::dynamodb::pending::{Pending, PendingEvent};
use crate::dynamodb::quarantine::{BODY, DEFERRED, Note, TableQuarantine, partition};

const DAMAGED: &str = "the quarantined request is damaged";

const NOT_MARKED: &str = "the quarantined request cannot be marked";

/// The attribute of a deferred request that did not verify. Stored data: the value must stay.
const REFUSED: &str = "refused";

/// The quarantined requests that a run verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of the store's.
    All,
    /// Only the requests that were quarantined because the store's credentials could not be read.
    Deferred,
}

/// A request from the quarantine, not verified yet.
pub(crate) struct QuarantinedRequest {
    pub(crate) request: Request,
    pub(crate) received_at: ReceivedAt,
    pub(crate) sort_key: String,
}

impl TableQuarantine {
    /// Reads a quarantined request of a store.
    pub(crate) async fn read(&self, item: &Item, store: &StoreName) -> Result<QuarantinedRequest, Fault> {
        let note: Note = attributes::read(item).map_err(|error| Fault::damaged(DAMAGED, error))?;
        let request = Request {
            method: Method::parse(&note.method),
            store: store.clone(),
            topic: note.topic,
            query: note.query,
            headers: note.headers.into_iter().collect(),
            body: self.dynamo.read_blob(BODY, item).await?,
        };
        let received_at = ReceivedAt::from_millis(note.received_ms).unwrap_or(ReceivedAt::EPOCH);
        let sort_key = text(item, "sk").unwrap_or_default().to_owned();
        Ok(QuarantinedRequest { request, received_at, sort_key })
    }

    /// Returns the query for the quarantined requests of a store, in the order of arrival.
    pub(crate) fn query(&self, store: &StoreName, scope: Scope) -> QueryFluentBuilder {
        let query = self.dynamo.query().consistent_read(true).key_condition_expression("pk = :pk");
        let partition = AttributeValue::S(partition(self.provider, store));
        let query = query.expression_attribute_values(":pk", partition);
        match scope {
            Scope::All => query,
            Scope::Deferred => query
                .filter_expression("attribute_exists(#deferred) AND attribute_not_exists(#refused)")
                .expression_attribute_names("#deferred", DEFERRED)
                .expression_attribute_names("#refused", REFUSED),
        }
    }

    /// Marks a deferred request that readable credentials did not verify: it stays for an operator, and the sweeper does
    /// not verify it again.
    pub(crate) async fn mark_refused(&self, store: &StoreName, sort_key: &str) -> Result<(), Fault> {
        let key = Key::new(partition(self.provider, store), sort_key);
        let mark = Expressions::update("SET refused = :true").only_if("attribute_exists(pk)");
        let mark = mark.value(":true", AttributeValue::Bool(true));
        self.dynamo.update(key, mark, NOT_MARKED).await.map(|_| ())
    }

    /// Adds an event from the quarantine to the sweeper's pending list, before it is stored and sent.
    pub(crate) async fn put_pending(&self, event: &Event) -> Result<(), Fault> {
        let received = event.received_at().to_string();
        Pending::new(self.dynamo.clone())
            .put(&PendingEvent::unsent(event.id(), &received, clock::now()))
            .await
    }

    /// Deletes a quarantined request with its chunks. If it fails between the two, the chunks expire.
    pub(crate) async fn delete(&self, store: &StoreName, sort_key: &str) -> Result<(), Fault> {
        let key = Key::new(partition(self.provider, store), sort_key);
        let deleted = self.dynamo.delete(key, Expressions::default()).await?;
        let chunks = deleted.as_ref().and_then(|item| chunk_keys(BODY.name, item)).unwrap_or_default();
        let requests = chunks.into_iter().map(delete_request).collect::<Result<_, _>>()?;
        self.dynamo.batch_write(requests).await
    }
}
