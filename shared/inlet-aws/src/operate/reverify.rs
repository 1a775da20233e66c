//! Verifies held deliveries again, with the credentials of now: what they prove becomes an event after all.

use inlet::fault::Fault;
use inlet::proof::verify;
use inlet::provider::Provider;
use inlet::receive::{Journal, Queue, Recorded, Secrets, Store, WriteToken};
use inlet::request::Unverified;
use inlet::store::StoreName;
use tokio::sync::watch;

use crate::client::connect::describe_sdk_error;
use crate::dynamodb::journal;
use crate::dynamodb::quarantine::{QuarantinedRequest, TableQuarantine};
use crate::sqs;

/// What became of a store's held deliveries.
#[derive(Debug, Default)]
pub struct Reverified {
    /// How many are events now and out of quarantine.
    pub accepted: usize,
    /// How many still do not verify. They stay.
    pub refused: usize,
    /// Why others stay: those that cannot be read or will never be taken, and one that could not be stored, sent or
    /// removed.
    pub failed: Vec<Fault>,
}

/// Verifies a store's held deliveries in the order of their arrival. What verifies is stored with its original
/// arrival and the origin `quarantine`, then sent, and only then removed: whatever ends this half-way, running it
/// again goes on where it stopped. The first that cannot be stored or sent for now ends it, so that none overtakes
/// another. One that table or queue will never take keeps nobody back: like poison on the queue it is left behind, and
/// told. `sum` can be watched.
///
/// # Errors
/// When the store's secrets or its held deliveries cannot be read, or nobody configured the store.
pub async fn reverify<P: Provider>(
    quarantine: &TableQuarantine,
    secrets: &impl Secrets<P>,
    journal: &impl Journal,
    queue: &impl Queue,
    name: &StoreName,
    sum: &watch::Sender<Reverified>,
) -> Result<(), Fault> {
    let store = secrets.store(name).await?;
    let store = store.ok_or_else(|| Fault::new("nothing can be verified", "no such store is configured"))?;
    let mut held = quarantine.all_quarantined(name).into_paginator().items().send();
    while let Some(item) = held.next().await {
        let item =
            item.map_err(|error| Fault::new("the quarantine cannot be read", describe_sdk_error(&error)))?;
        let released = match quarantine.quarantined_request(&item, name).await {
            Ok(released) => released,
            Err(damaged) => {
                sum.send_modify(|sum| sum.failed.push(damaged));
                continue;
            }
        };
        match again::<P>(released, &store, quarantine, journal, queue).await {
            Ok(Verdict::Proved) => sum.send_modify(|sum| sum.accepted = sum.accepted.saturating_add(1)),
            Ok(Verdict::Unproved) => sum.send_modify(|sum| sum.refused = sum.refused.saturating_add(1)),
            Err(fault) => {
                let passes = fault.context != journal::NEVER && fault.context != sqs::NEVER;
                sum.send_modify(|sum| sum.failed.push(fault));
                if passes {
                    break;
                }
            }
        }
    }
    Ok(())
}

/// Whether a held delivery verifies now.
enum Verdict {
    Proved,
    Unproved,
}

/// The path of a delivery once more: verify, read, into_event, journal, enqueue, and out of quarantine.
async fn again<P: Provider>(
    released: QuarantinedRequest,
    store: &Store<P>,
    quarantine: &TableQuarantine,
    journal: &impl Journal,
    queue: &impl Queue,
) -> Result<Verdict, Fault> {
    let QuarantinedRequest { request, received_at, sort_key } = released;
    // The delivery's own: a run that was ended half-way is known again, another delivery's write is not.
    let (name, attempt) = (request.store.clone(), WriteToken(format!("quarantine {sort_key}")));
    let Ok(delivery) = verify::<P>(Unverified::new(request), &store.credentials, received_at) else {
        return Ok(Verdict::Unproved);
    };
    let reading = P::parse(&delivery);
    let event = delivery.into_event::<P>(reading).from_quarantine();
    // It arrived longer ago than the sweeper looks back.
    quarantine.put_pending(&event).await?;
    let unsent = match journal.record(&event, &attempt).await? {
        Recorded::New => Some(event),
        Recorded::Duplicate { original, processed: false } => Some(event.as_duplicate_of(original)),
        Recorded::Duplicate { processed: true, .. } => None,
    };
    if let Some(event) = unsent {
        queue.send(&event).await?;
    }
    quarantine.remove(&name, &sort_key).await.map(|()| Verdict::Proved)
}
