//! Compares the deliveries and their responses with the stored and processed events.

use std::collections::{BTreeMap, HashMap};
use std::ops::AddAssign;
use std::time::{Duration, Instant};

use inlet::event::EventId;
use inlet_aws::dynamodb::table::Table;

use crate::faults::world::{Published, World};

/// The deliveries of one body.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Its sender and entity, for messages.
    pub name: String,
    /// True if its proof is valid.
    pub genuine: bool,
    /// True if equal bodies are one event: they have a time of their own, or their entity does not change meanwhile.
    pub once: bool,
    /// Number of deliveries.
    pub times: usize,
    /// Number of 2xx responses.
    pub accepted: usize,
    /// The time of the first 2xx response.
    pub since: Option<Instant>,
}

/// The deliveries of a case by their bodies.
#[derive(Clone, Debug, Default)]
pub struct Reconciliation(pub HashMap<Vec<u8>, Sent>);

/// The result of a case, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Cases.
    pub cases: usize,
    /// Deliveries that were sent, retries and duplicates among them.
    pub deliveries: usize,
    /// Deliveries that were answered 2xx.
    pub accepted: usize,
    /// Events that are stored.
    pub stored: usize,
    /// Events that were processed.
    pub processed: usize,
    /// Repeated processings of an event.
    pub processed_again: usize,
    /// Bodies that were answered 2xx and are not stored, or not processed.
    pub lost: usize,
    /// Bodies without a time of their own that are stored more than once.
    pub stored_again: usize,
    /// The longest time from the first 2xx until the event was seen behind the bus.
    pub worst_delay: Duration,
    /// Calls that failed by plan.
    pub faults: u32,
}

impl AddAssign<&Self> for Numbers {
    fn add_assign(&mut self, other: &Self) {
        self.cases += other.cases;
        self.deliveries += other.deliveries;
        self.accepted += other.accepted;
        self.stored += other.stored;
        self.processed += other.processed;
        self.processed_again += other.processed_again;
        self.lost += other.lost;
        self.stored_again += other.stored_again;
        self.worst_delay = self.worst_delay.max(other.worst_delay);
        self.faults += other.faults;
    }
}

impl Reconciliation {
    /// Records that a body was sent, and whether it was answered 2xx.
    pub fn record(&mut self, body: Vec<u8>, name: &str, genuine: bool, once: bool, accepted: bool) {
        let new = Sent { name: name.to_owned(), genuine, once, times: 0, accepted: 0, since: None };
        let sent = self.0.entry(body).or_insert(new);
        sent.times += 1;
        sent.accepted += usize::from(accepted);
        sent.since = sent.since.or_else(|| accepted.then(Instant::now));
    }

    /// Compares with the stored and published events. The second part is the broken promises, one line each.
    pub async fn reconciled(
        &self,
        world: &World,
        table: &Table,
        published: &[Published],
    ) -> (Numbers, Vec<String>) {
        let mut broken = Vec::new();
        let mut ids_by_body: HashMap<Vec<u8>, Vec<String>> = HashMap::new();
        let mut stored = 0;
        let duplicates = world.duplicates().await;
        for (pk, sk) in world.keys().await {
            let Some(digest) = sk.strip_prefix("event/") else { continue };
            // A duplicate is not an event of its own.
            if duplicates.contains(&(pk.clone(), digest.to_owned())) {
                continue;
            }
            stored += 1;
            let id = EventId::parse(&format!("{pk}/{digest}")).expect("an event's key");
            match table.events.get(&id).await {
                Ok(Some(kept)) => ids_by_body.entry(kept.body).or_default().push(id.to_string()),
                Ok(None) => broken.push(format!("{id} disappeared")),
                Err(fault) => broken.push(format!("{id} cannot be read: {}", fault.chain())),
            }
        }
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        let mut first: HashMap<&str, Instant> = HashMap::new();
        for Published { id, at, .. } in published {
            *times.entry(id).or_default() += 1;
            first.entry(id).or_insert(*at);
        }
        let mut numbers = Numbers {
            cases: 1,
            deliveries: self.0.values().map(|sent| sent.times).sum(),
            accepted: self.0.values().map(|sent| sent.accepted).sum(),
            stored,
            processed: times.len(),
            processed_again: times.values().map(|times| times - 1).sum(),
            ..Numbers::default()
        };
        for (body, sent) in &self.0 {
            let ids = ids_by_body.remove(body).unwrap_or_default();
            let name = &sent.name;
            if !sent.genuine {
                if !ids.is_empty() || sent.accepted > 0 {
                    broken.push(format!("{name}: not genuine, but accepted or stored: {ids:?}"));
                }
                continue;
            }
            let processed = ids.iter().filter(|id| times.contains_key(id.as_str())).count();
            if sent.accepted > 0 && (ids.is_empty() || processed == 0) {
                numbers.lost += 1;
                broken
                    .push(format!("{name}: answered 2xx, stored {} times, processed {processed}", ids.len()));
            } else if processed < ids.len() {
                broken.push(format!("{name}: stored {} times, processed {processed}", ids.len()));
            }
            if ids.len() > 1 && sent.once {
                broken.push(format!("{name}: stored {} times", ids.len()));
            }
            if ids.len() > sent.times {
                broken.push(format!("{name}: stored {} times, sent {}", ids.len(), sent.times));
            }
            for at in ids.iter().filter_map(|id| first.get(id.as_str())) {
                let delay = sent.since.map(|since| at.saturating_duration_since(since)).unwrap_or_default();
                numbers.worst_delay = numbers.worst_delay.max(delay);
            }
            numbers.stored_again += ids.len().saturating_sub(1);
        }
        broken.extend(ids_by_body.values().flatten().map(|id| format!("{id} is stored and was never sent")));
        (numbers, broken)
    }
}
