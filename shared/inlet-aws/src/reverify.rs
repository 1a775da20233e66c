//! Verifies quarantined requests again, with the current credentials. A request that verifies becomes an event.

use inlet::fault::{Fault, FaultKind};
use inlet::proof::verify;
use inlet::provider::Provider;
use inlet::receive::{Journal, Queue, Recorded, Secrets, Store, WriteToken};
use inlet::request::Unverified;
use inlet::store::StoreName;
use tokio::sync::watch;

use crate::dynamodb::dynamo::Items;
use crate::dynamodb::events::Events;
use crate::dynamodb::forgotten::ForgottenEntities;
use crate::dynamodb::quarantine::TableQuarantine;
use crate::dynamodb::quarantined_request::QuarantinedRequest;
pub use crate::dynamodb::quarantined_request::Scope;

/// The progress for a store's quarantined requests.
#[derive(Debug, Default)]
pub struct Reverified {
    /// The number of requests that became events and left the quarantine.
    pub accepted: usize,
    /// The number of requests that still fail verification. They stay.
    pub refused: usize,
    /// The number of requests whose entity was forgotten since they arrived. They left the quarantine.
    pub forgotten: usize,
    /// The faults of other requests that stay: unreadable ones, ones that table or queue never accept, and the one at
    /// which the run ended.
    pub failed: Vec<Fault>,
}

/// Verifies a store's quarantined requests in the order of their arrival. A request that verifies is
///
/// 1. added to the sweeper's pending list,
/// 2. stored with its original arrival and the origin `quarantine`,
/// 3. sent, and
/// 4. deleted from the quarantine,
///
/// so that a run can be repeated wherever it ended. One whose entity was forgotten since it arrived is deleted and
/// neither stored nor sent. The first transient fault ends it: no request overtakes another. A request that cannot be
/// read, or that table or queue never take, stays and is skipped. `sum` contains the progress at any time.
///
/// # Errors
/// If the store's secrets or the quarantine cannot be read, or the store is not configured.
pub async fn reverify<P: Provider>(
    quarantine: &TableQuarantine,
    secrets: &impl Secrets<P>,
    journal: &impl Journal,
    queue: &impl Queue,
    name: &StoreName,
    scope: Scope,
    sum: &watch::Sender<Reverified>,
) -> Result<(), Fault> {
    let store = secrets.store(name).await?;
    let store =
        store.ok_or_else(|| Fault::permanent("nothing can be verified", "no such store is configured"))?;
    let mut items = Items::new(quarantine.query(name, scope), "the quarantine cannot be read");
    while let Some(item) = items.next().await? {
        let result = match quarantine.read(&item, name).await {
            Ok(quarantined) => accept::<P>(quarantined, scope, &store, quarantine, journal, queue).await,
            Err(damaged) => Err(damaged),
        };
        match result {
            Ok(Judgement::Accepted) => sum.send_modify(|sum| sum.accepted = sum.accepted.saturating_add(1)),
            Ok(Judgement::Refused) => sum.send_modify(|sum| sum.refused = sum.refused.saturating_add(1)),
            Ok(Judgement::Forgotten) => {
                sum.send_modify(|sum| sum.forgotten = sum.forgotten.saturating_add(1));
            }
            Err(fault) => {
                let ends_run = fault.kind == FaultKind::Transient;
                sum.send_modify(|sum| sum.failed.push(fault));
                if ends_run {
                    break;
                }
            }
        }
    }
    Ok(())
}

/// The result of a request.
enum Judgement {
    /// It verified and is an event now.
    Accepted,
    /// It does not verify.
    Refused,
    /// It verified, and its entity was forgotten since it arrived.
    Forgotten,
}

/// Takes a request along the path of a delivery, and out of quarantine.
async fn accept<P: Provider>(
    quarantined: QuarantinedRequest,
    scope: Scope,
    store: &Store<P>,
    quarantine: &TableQuarantine,
    journal: &impl Journal,
    queue: &impl Queue,
) -> Result<Judgement, Fault> {
    let QuarantinedRequest { request, received_at, sort_key } = quarantined;
    // Each request has its own token: a repeated run recognises its write, and no other delivery has the same token.
    let (name, token) = (request.store.clone(), WriteToken(format!("quarantine {sort_key}")));
    let Ok(delivery) = verify::<P>(Unverified::new(request), &store.credentials, received_at) else {
        if scope == Scope::Deferred {
            quarantine.mark_refused(&name, &sort_key).await?;
        }
        return Ok(Judgement::Refused);
    };
    let parsed = store.parse(&delivery);
    let mut event = delivery.into_event::<P>(parsed).released_from_quarantine();
    let forgotten = ForgottenEntities::new(quarantine.dynamo.clone());
    if forgotten.includes(event.id(), received_at).await? {
        quarantine.delete(&name, &sort_key).await?;
        return Ok(Judgement::Forgotten);
    }
    // It arrived before the sweeper's cursor.
    quarantine.put_pending(&event).await?;
    let unsent = match journal.record(&mut event, &token).await? {
        Recorded::New => Some(event),
        Recorded::Duplicate { original, processed: false } => Some(event.as_duplicate_of(original)),
        Recorded::Duplicate { processed: true, .. } => None,
    };
    if let Some(event) = unsent {
        // A run of `forget` between the first look and the write did not see the event.
        if forgotten.includes(event.id(), event.received_at()).await? {
            Events::new(quarantine.dynamo.clone()).delete(event.id(), event.received_at()).await?;
            quarantine.delete(&name, &sort_key).await?;
            return Ok(Judgement::Forgotten);
        }
        queue.send(&event).await?;
    }
    quarantine.delete(&name, &sort_key).await.map(|()| Judgement::Accepted)
}
