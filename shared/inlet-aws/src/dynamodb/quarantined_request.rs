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
use crate::dynamodb::dynamo::{Expressions, Key, delete_request, put_request};
use crate::dynamodb::pending::{Pending, PendingEvent};
use crate::dynamodb::quarantine::{BODY, DEFERRED_PREFIX, Note, TableQuarantine, partition};

const DAMAGED: &str = "the quarantined request is damaged";

/// The quarantined requests that a run verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of the store's, the deferred ones first.
    All,
    /// Only the requests that were quarantined because the store's credentials could not be read.
    Deferred,
}

/// A request from the quarantine, not verified yet.
pub(crate) struct QuarantinedRequest {
    pub(crate) request: Request,
    pub(crate) received_at: ReceivedAt,
    /// Its sort key without the prefix of deferred requests.
    pub(crate) name: String,
    pub(crate) is_deferred: bool,
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
        let sort_key = text(item, "sk").unwrap_or_default();
        let deferred = sort_key.strip_prefix(DEFERRED_PREFIX);
        let (name, is_deferred) = (deferred.unwrap_or(sort_key).to_owned(), deferred.is_some());
        Ok(QuarantinedRequest { request, received_at, name, is_deferred })
    }

    /// Returns the query for the quarantined requests of a store: the deferred ones in the order of arrival, and after
    /// them the refused ones in the order of arrival.
    pub(crate) fn query(&self, store: &StoreName, scope: Scope) -> QueryFluentBuilder {
        let query = self.dynamo.query().consistent_read(true);
        let partition = AttributeValue::S(partition(self.provider, store));
        let query = query.expression_attribute_values(":pk", partition);
        match scope {
            Scope::All => query.key_condition_expression("pk = :pk"),
            Scope::Deferred => query
                .key_condition_expression("pk = :pk AND begins_with(sk, :deferred)")
                .expression_attribute_values(":deferred", AttributeValue::S(DEFERRED_PREFIX.to_owned())),
        }
    }

    /// Moves a deferred request that readable credentials did not verify to the refused ones: it stays for an operator,
    /// and the sweeper does not read it again. If the call fails between the two writes, both copies are there, and the
    /// next run repeats it.
    pub(crate) async fn refuse(&self, store: &StoreName, name: &str, mut item: Item) -> Result<(), Fault> {
        item.extend(self.key(store, name, false).into_item());
        self.dynamo.batch_write(vec![put_request(item)?]).await?;
        // The copy has the same chunks.
        self.dynamo.delete(self.key(store, name, true), Expressions::default()).await.map(|_| ())
    }

    /// Adds an event from the quarantine to the sweeper's pending list, before it is stored and sent.
    pub(crate) async fn put_pending(&self, event: &Event) -> Result<(), Fault> {
        let received = event.received_at().to_string();
        Pending::new(self.dynamo.clone())
            .put(&PendingEvent::unsent(event.id(), &received, clock::now()))
            .await
    }

    /// Deletes a quarantined request with its chunks. If it fails between the two, the chunks expire.
    pub(crate) async fn delete(&self, store: &StoreName, name: &str, is_deferred: bool) -> Result<(), Fault> {
        if is_deferred {
            // A run that was ended in `refuse` left a copy, whose chunks are the same.
            self.dynamo.delete(self.key(store, name, false), Expressions::default()).await?;
        }
        let deleted = self.dynamo.delete(self.key(store, name, is_deferred), Expressions::default()).await?;
        let chunks = deleted.as_ref().and_then(|item| chunk_keys(BODY.name, item)).unwrap_or_default();
        let requests = chunks.into_iter().map(delete_request).collect::<Result<_, _>>()?;
        self.dynamo.batch_write(requests).await
    }

    fn key(&self, store: &StoreName, name: &str, is_deferred: bool) -> Key {
        let prefix = if is_deferred { DEFERRED_PREFIX } else { "" };
        Key::new(partition(self.provider, store), format!("{prefix}{name}"))
    }
}
