//! The last state of each entity: the last one that was answered 2xx, and the one in the newest published event.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use inlet::event::EventId;
use inlet_aws::dynamodb::table::Table;

use crate::faults::world::Published;

/// A delivery of an entity's state.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The state: the body.
    pub state: Vec<u8>,
    /// When the provider sent it.
    pub sent: Instant,
    /// When it was answered 2xx; `None` if it was not, so that it may still be stored at any time.
    pub accepted: Option<Instant>,
}

/// The deliveries of each entity.
#[derive(Clone, Debug, Default)]
pub struct States(pub BTreeMap<String, Vec<Sent>>);

impl States {
    /// Records a delivery.
    pub fn record(&mut self, entity: &str, state: Vec<u8>, sent: Instant, accepted: bool) {
        let accepted = accepted.then(Instant::now);
        self.0.entry(entity.to_owned()).or_default().push(Sent { state, sent, accepted });
    }

    /// Returns the number of entities.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns true if there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the entities whose newest published event, by `receivedtime`, does not carry the last state that was
    /// answered 2xx, one line each. `path` is the part of an event's id before the entity.
    pub async fn wrong(&self, table: &Table, published: &[Published], path: &str) -> Vec<String> {
        let mut newest: HashMap<String, Vec<&Published>> = HashMap::new();
        for event in published {
            let Ok(id) = EventId::parse(&event.id) else { continue };
            let Some(entity) = id.entity_path().strip_prefix(path) else { continue };
            let events = newest.entry(entity.to_owned()).or_default();
            if events.first().is_some_and(|first| first.received < event.received) {
                events.clear();
            }
            if events.first().is_none_or(|first| first.received == event.received) {
                events.push(event);
            }
        }
        let mut wrong = Vec::new();
        for (entity, sent) in &self.0 {
            let last = last_states(sent);
            if last.is_empty() {
                continue;
            }
            let Some(events) = newest.get(entity) else {
                wrong.push(format!("{entity}: nothing is published"));
                continue;
            };
            for event in events {
                let id = EventId::parse(&event.id).expect("a published id");
                let kept = table.events.get(&id).await.ok().flatten().map(|kept| kept.body);
                if kept.as_deref().is_none_or(|kept| !last.contains(&kept)) {
                    let text = |body: &[u8]| String::from_utf8_lossy(body).into_owned();
                    wrong.push(format!(
                        "{entity}: the newest event is {} of {}, {}; the last state is {:?}",
                        event.id,
                        event.received,
                        kept.as_deref().map(text).unwrap_or_default(),
                        last.iter().map(|body| text(body)).collect::<Vec<_>>(),
                    ));
                }
            }
        }
        wrong
    }
}

/// Returns the states that may be the last one: of each delivery that was not answered before another accepted one was
/// sent.
fn last_states(sent: &[Sent]) -> Vec<&[u8]> {
    let is_followed = |one: &Sent| {
        let answered = one.accepted;
        answered.is_some_and(|answered| {
            sent.iter().any(|other| other.accepted.is_some() && other.sent >= answered)
        })
    };
    if sent.iter().all(|one| one.accepted.is_none()) {
        return Vec::new();
    }
    sent.iter().filter(|one| !is_followed(one)).map(|one| one.state.as_slice()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_last_state_has_no_later_delivery() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let sent = |state: &str, from, until: Option<u64>| Sent {
            state: state.into(),
            sent: at(from),
            accepted: until.map(at),
        };
        let last = |sent: &[Sent]| {
            let states: Vec<String> =
                last_states(sent).into_iter().map(|state| String::from_utf8_lossy(state).into()).collect();
            states.join(" ")
        };
        assert_eq!(last(&[sent("A", 0, Some(1)), sent("B", 2, Some(3))]), "B");
        assert_eq!(last(&[sent("A", 0, Some(3)), sent("B", 2, Some(4))]), "A B", "they overlap");
        assert_eq!(last(&[sent("A", 0, Some(1)), sent("B", 2, None)]), "A B", "B may be stored or not");
        assert_eq!(last(&[sent("A", 0, None)]), "");
    }
}
