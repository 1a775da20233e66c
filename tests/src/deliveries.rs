//! Deliveries for tests: made from the providers' payload files, sent through the API or directly to a receiver.

use inlet::provider::catalogue::find;
use inlet::receive::{Receiver, Report, WriteToken};
use inlet::request::{Request, Unverified};
use inlet::store::StoreName;
use inlet::tools::sender::{Sender, delivery};
use inlet_aws::client::clock;
use inlet_aws::dynamodb::events::StoredEvent;
use inlet_aws::dynamodb::quarantine::TableQuarantine;
use inlet_aws::dynamodb::record::Record;
use inlet_aws::dynamodb::table::Table;
use inlet_aws::secrets::SsmSecrets;
use inlet_aws::sqs::SqsQueue;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::demo_credential;
use crate::repository;
use crate::stack::Stack;

/// Returns a provider's delivery of one of its payload files to a store of this test's own.
pub async fn given<S: Sender>(stack: &Stack, event: &str) -> (StoreName, Request) {
    let credential = demo_credential(S::NAME);
    let store = stack.store(S::NAME, &json!([credential])).await;
    let body = repository::text(&format!("functions/{}/payloads/{event}.json", S::NAME)).into_bytes();
    let row = find(S::EVENTS, event).expect("a row");
    let request = delivery::<S>(store.clone(), row, body, &credential);
    (store, request)
}

/// Returns the event with another body, and its hash and length.
pub fn with_body(event: StoredEvent, body: Vec<u8>) -> StoredEvent {
    let sha256 =
        Sha256::digest(&body).iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"));
    StoredEvent { record: Record { sha256, size: body.len(), ..event.record }, body, ..event }
}

/// Returns a receiver whose table or queue does not exist: it behaves as if the service refused every call.
pub async fn received_without<S: Sender>(
    stack: &Stack,
    table: &str,
    queue_url: &str,
    request: Request,
) -> (u16, Report) {
    let table = Table::new(stack.clients.dynamodb.clone(), table, 1);
    let receiver = Receiver {
        secrets: SsmSecrets::<S>::new(stack.clients.ssm.clone(), &stack.facts.stage),
        quarantine: TableQuarantine::new(&table, S::NAME),
        journal: table.events,
        queue: SqsQueue::new(stack.clients.sqs.clone(), queue_url.into()),
    };
    let attempt = WriteToken("the-one-and-only".into());
    let (response, report) = receiver.receive::<S>(Unverified::new(request), clock::now(), &attempt).await;
    (response.status, report)
}
