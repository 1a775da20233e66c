//! Reads and deletes quarantined requests, to verify them again.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use inlet::event::Event;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;
use inlet::request::{Method, Request};
use inlet::store::StoreName;

use crate::client::clock;
use crate::dynamodb::attributes::{self, Item, bytes, text};
use crate::dynamodb::dynamo::{Expressions, Key};
use crate::dynamodb::pending::{Pending, PendingEvent};
use crate::dynamodb::quarantine::{DEFERRED, Note, TableQuarantine, partition};
use crate::dynamodb::record::Encoding;

const DAMAGED: &str = "the quarantined request is damaged";

/// The quarantined requests that a run verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of the store's.
    All,
    /// Those that were quarantined because the store's credentials could not be read.
    Deferred,
}

/// A request from the quarantine, not verified yet.
pub(crate) struct QuarantinedRequest {
    pub(crate) request: Request,
    pub(crate) received_at: ReceivedAt,
    pub(crate) sort_key: String,
}

impl QuarantinedRequest {
    /// Reads a quarantined request of a store.
    pub(crate) fn read(item: &Item, store: &StoreName) -> Result<Self, Fault> {
        let note: Note = attributes::read(item).map_err(|error| Fault::damaged(DAMAGED, error))?;
        let body = bytes(item, "body").ok_or_else(|| Fault::damaged(DAMAGED, "it has no body"))?;
        let encoding = text(item, "body_encoding").unwrap_or_default();
        let body = Encoding::undone(encoding, body.to_vec());
        let request = Request {
            method: Method::parse(&note.method),
            store: store.clone(),
            topic: note.topic,
            query: note.query,
            headers: note.headers.into_iter().collect(),
            body: body.map_err(|error| Fault::damaged(DAMAGED, error))?,
        };
        let received_at = ReceivedAt::from_millis(note.received_ms).unwrap_or(ReceivedAt::EPOCH);
        let sort_key = text(item, "sk").unwrap_or_default().to_owned();
        Ok(Self { request, received_at, sort_key })
    }
}

impl TableQuarantine {
    /// Returns the query for the quarantined requests of a store, in the order of arrival.
    pub(crate) fn query(&self, store: &StoreName, scope: Scope) -> QueryFluentBuilder {
        let query = self.dynamo.query().consistent_read(true).key_condition_expression("pk = :pk");
        let partition = AttributeValue::S(partition(self.provider, store));
        let query = query.expression_attribute_values(":pk", partition);
        match scope {
            Scope::All => query,
            Scope::Deferred => query
                .filter_expression("attribute_exists(#deferred)")
                .expression_attribute_names("#deferred", DEFERRED),
        }
    }

    /// Adds an event from the quarantine to the sweeper's pending list, before it is stored and sent.
    pub(crate) async fn put_pending(&self, event: &Event) -> Result<(), Fault> {
        let received = event.received_at().to_string();
        Pending::new(self.dynamo.clone())
            .put(&PendingEvent::unsent(event.id(), &received, clock::now()))
            .await
    }

    /// Deletes a quarantined request.
    pub(crate) async fn delete(&self, store: &StoreName, sort_key: &str) -> Result<(), Fault> {
        let key = Key::new(partition(self.provider, store), sort_key);
        self.dynamo.delete(key, Expressions::default()).await.map(|_| ())
    }
}
