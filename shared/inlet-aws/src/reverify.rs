//! Verifies quarantined requests again, with the current credentials. A request that verifies becomes an event.

use std::collections::HashMap;

use futures_util::{StreamExt, stream};
use inlet::event::Event;
use inlet::fault::{Fault, FaultKind};
use inlet::proof::{Verified, verify};
use inlet::provider::Provider;
use inlet::receive::{Journal, Queue, Recorded, Secrets, Store, WriteToken};
use inlet::received_at::ReceivedAt;
use inlet::request::Unverified;
use inlet::store::StoreName;
use tokio::sync::watch;

use crate::dynamodb::attributes::Item;
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

/// Maximum number of entities whose requests become events at the same time. An outage of Parameter Store leaves thousands
/// of requests, and one after the other would take an hour.
const ENTITIES_AT_ONCE: usize = 16;

/// Maximum number and size of the requests that are in memory at the same time. One request may be larger.
const BATCH_LEN: usize = 64;
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// Verifies a store's quarantined requests: the deferred ones in the order of their arrival, and after them the refused
/// ones, among which forgeries are. A request that verifies is
///
/// 1. added to the sweeper's pending list,
/// 2. stored with its original arrival and the origin `quarantine`,
/// 3. sent, and
/// 4. deleted from the quarantine,
///
/// so that a run can be repeated wherever it ended. One whose entity was forgotten since it arrived is deleted and
/// neither stored nor sent. The first transient fault ends the run, so no request overtakes another one of its entity;
/// requests of different entities are accepted at the same time. A request that cannot be read, or that table or queue
/// never take, stays and is skipped. `sum` contains the progress at any time.
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
    let run = Run { quarantine, journal, queue, name, scope, sum };
    loop {
        let groups = run.next_groups::<P>(&mut items, &store).await?;
        if groups.is_empty() {
            return Ok(());
        }
        let working: Vec<_> = groups.into_iter().map(|group| run.accept_group(group)).collect();
        let ends: Vec<bool> = stream::iter(working).buffer_unordered(ENTITIES_AT_ONCE).collect().await;
        if ends.contains(&true) {
            return Ok(());
        }
    }
}

/// A run for one store.
struct Run<'r, J, Q> {
    quarantine: &'r TableQuarantine,
    journal: &'r J,
    queue: &'r Q,
    name: &'r StoreName,
    scope: Scope,
    sum: &'r watch::Sender<Reverified>,
}

/// A request that was compared with the store's credentials.
struct Compared {
    /// The request's name in the quarantine.
    name: String,
    is_deferred: bool,
    received_at: ReceivedAt,
    /// Its event, or its item if it does not verify.
    event: Result<Verified<Event>, Item>,
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

impl<J: Journal, Q: Queue> Run<'_, J, Q> {
    /// Reads the next requests and compares them with the credentials. Returns them by entity, each group in the order of
    /// arrival; nothing at the end.
    async fn next_groups<P: Provider>(
        &self,
        items: &mut Items,
        store: &Store<P>,
    ) -> Result<Vec<Vec<Compared>>, Fault> {
        let mut groups: Vec<Vec<Compared>> = Vec::new();
        let mut group_of: HashMap<String, usize> = HashMap::new();
        let (mut count, mut bytes) = (0_usize, 0_usize);
        while count < BATCH_LEN && bytes < BATCH_BYTES {
            let Some(item) = items.next().await? else { break };
            let quarantined = match self.quarantine.read(&item, self.name).await {
                Ok(quarantined) => quarantined,
                Err(damaged) if damaged.kind == FaultKind::Transient => return Err(damaged),
                Err(damaged) => {
                    self.sum.send_modify(|sum| sum.failed.push(damaged));
                    continue;
                }
            };
            count = count.saturating_add(1);
            bytes = bytes.saturating_add(quarantined.request.body.len());
            let compared = compare::<P>(quarantined, item, store);
            let entity = match &compared.event {
                Ok(event) => event.id().entity_path().to_owned(),
                Err(_) => compared.name.clone(),
            };
            let group = *group_of.entry(entity).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len().saturating_sub(1)
            });
            if let Some(group) = groups.get_mut(group) {
                group.push(compared);
            }
        }
        Ok(groups)
    }

    /// Accepts the requests of an entity, one after the other. Returns true if a transient fault ends the run.
    async fn accept_group(&self, group: Vec<Compared>) -> bool {
        for compared in group {
            let result = self.accept(compared).await;
            let ends_run = matches!(&result, Err(fault) if fault.kind == FaultKind::Transient);
            self.sum.send_modify(|sum| match result {
                Ok(Judgement::Accepted) => sum.accepted = sum.accepted.saturating_add(1),
                Ok(Judgement::Refused) => sum.refused = sum.refused.saturating_add(1),
                Ok(Judgement::Forgotten) => sum.forgotten = sum.forgotten.saturating_add(1),
                Err(fault) => sum.failed.push(fault),
            });
            if ends_run {
                return true;
            }
        }
        false
    }

    /// Takes a request along the path of a delivery, and out of quarantine.
    async fn accept(&self, compared: Compared) -> Result<Judgement, Fault> {
        let Compared { name: own, is_deferred, received_at, event } = compared;
        let (quarantine, name) = (self.quarantine, self.name);
        // Each request has its own token: a repeated run recognises its write, and no other delivery has the same token.
        let token = WriteToken(format!("quarantine {own}"));
        let mut event = match event {
            Ok(event) => event,
            Err(item) => {
                // A run of all requests would read it a second time.
                if self.scope == Scope::Deferred {
                    quarantine.refuse(name, &own, item).await?;
                }
                return Ok(Judgement::Refused);
            }
        };
        let forgotten = ForgottenEntities::new(quarantine.dynamo.clone());
        if forgotten.includes(event.id(), received_at).await? {
            quarantine.delete(name, &own, is_deferred).await?;
            return Ok(Judgement::Forgotten);
        }
        // It arrived before the sweeper's cursor.
        quarantine.put_pending(&event).await?;
        let unsent = match self.journal.record(&mut event, &token).await? {
            Recorded::New => Some(event),
            Recorded::Duplicate { original, processed: false } => Some(event.as_duplicate_of(original)),
            Recorded::Duplicate { processed: true, .. } => None,
        };
        if let Some(event) = unsent {
            // A run of `forget` between the first look and the write did not see the event.
            if forgotten.includes(event.id(), event.received_at()).await? {
                Events::new(quarantine.dynamo.clone()).delete(event.id(), event.received_at()).await?;
                quarantine.delete(name, &own, is_deferred).await?;
                return Ok(Judgement::Forgotten);
            }
            self.queue.send(&event).await?;
        }
        quarantine.delete(name, &own, is_deferred).await.map(|()| Judgement::Accepted)
    }
}

/// Compares a request with the store's credentials.
fn compare<P: Provider>(quarantined: QuarantinedRequest, item: Item, store: &Store<P>) -> Compared {
    let QuarantinedRequest { request, received_at, name, is_deferred } = quarantined;
    let event = match verify::<P>(Unverified::new(request), &store.credentials, received_at) {
        Ok(delivery) => {
            let parsed = store.parse(&delivery);
            Ok(delivery.into_event::<P>(parsed).released_from_quarantine())
        }
        Err(_) => Err(item),
    };
    Compared { name, is_deferred, received_at, event }
}
