//! The properties that must hold, and the situations that must occur for them to mean something.

use stateright::Property;

use crate::protocol::Protocol;
use crate::receiver::{Receiver, Response};
use crate::world::{Id, Message, World};

/// Promise 1: at the end, exactly one event of an accepted delivery's content is stored, once.
pub const STORED: &str = "an accepted delivery ends stored exactly once";
/// Promise 1: at the end, the event that is stored was processed.
pub const PROCESSED: &str = "an accepted delivery ends processed";
/// At no time are equal deliveries, accepted or not, two events or one written twice.
pub const ONCE: &str = "nothing is stored twice";
/// Promise 3, for the table and both queues and the consumer.
pub const VERIFIED: &str = "nothing unverified is stored, enqueued or processed";
/// Promise 2.
pub const BOTH: &str = "a genuine delivery is refused only when both services refused";
/// Every event that a consumer gets can be looked up by its id.
pub const KNOWN: &str = "what is processed is stored";

/// Every property that must not be broken.
pub const MUST_HOLD: [&str; 6] = [STORED, PROCESSED, ONCE, VERIFIED, BOTH, KNOWN];

/// A situation that every check must reach.
pub const BY_QUEUE_ALONE: &str = "seen: a delivery accepted by the queue alone";
/// A situation that every check must reach.
pub const BY_JOURNAL_ALONE: &str = "seen: a delivery accepted while the queue has nothing of it";
/// A situation that every check must reach.
pub const REFUSED: &str = "seen: a delivery refused by both";
/// A situation that every check must reach.
pub const RESENT: &str = "seen: the sweeper sends";
/// A situation that every check must reach.
pub const DEAD: &str = "seen: a message in the dead-letter queue";
/// A situation that every check must reach.
pub const PARKED: &str = "seen: an event parked";
/// A situation that every check must reach.
pub const FINISHED: &str = "seen: everything accepted, processed and at rest";

/// The situations that a check must reach if receivers, services and a sweeper can fail.
pub const MUST_BE_SEEN: [&str; 7] =
    [BY_QUEUE_ALONE, BY_JOURNAL_ALONE, REFUSED, RESENT, DEAD, PARKED, FINISHED];

/// Returns all properties, for the checker.
pub(crate) fn all() -> Vec<Property<Protocol>> {
    vec![
        Property::always(STORED, ends_stored),
        Property::always(PROCESSED, ends_processed),
        Property::always(ONCE, nothing_twice),
        Property::always(VERIFIED, nothing_unverified),
        Property::always(BOTH, refused_by_both),
        Property::always(KNOWN, processed_is_stored),
        Property::sometimes(BY_QUEUE_ALONE, accepted_by_the_queue_alone),
        Property::sometimes(BY_JOURNAL_ALONE, accepted_by_the_journal_alone),
        Property::sometimes(REFUSED, a_delivery_refused),
        Property::sometimes(RESENT, |_, world: &World| world.table.resent.iter().any(|&times| times > 0)),
        Property::sometimes(DEAD, |_, world: &World| !world.dead.is_empty()),
        Property::sometimes(PARKED, |_, world: &World| !world.table.parked.is_empty()),
        Property::sometimes(FINISHED, everything_finished),
    ]
}

fn ends_stored(protocol: &Protocol, world: &World) -> bool {
    !protocol.is_over(world) || accepted(world).all(|place| writes(protocol, world, place) == 1)
}

fn ends_processed(protocol: &Protocol, world: &World) -> bool {
    !protocol.is_over(world) || accepted(world).all(|place| is_processed(protocol, world, place))
}

fn nothing_twice(protocol: &Protocol, world: &World) -> bool {
    (0..world.receivers.len()).all(|place| writes(protocol, world, place) <= 1)
}

fn nothing_unverified(protocol: &Protocol, world: &World) -> bool {
    let forged = |id: Id| !protocol.scenario.is_genuine(usize::from(id));
    let clean = |message: Message| !forged(message.id);
    protocol.ids().all(|id| !forged(id) || !(world.is_stored(id) || world.published.has(id)))
        && world.queue.messages.iter().all(|queued| clean(queued.message))
        && world.dead.iter().all(|dead| clean(dead.message))
}

fn refused_by_both(_: &Protocol, world: &World) -> bool {
    !world.receivers.contains(&Receiver::Ended(Response::Unavailable { queue_refused: false }))
}

fn processed_is_stored(protocol: &Protocol, world: &World) -> bool {
    protocol.ids().all(|id| !world.published.has(id) || world.is_stored(id))
}

fn accepted_by_the_queue_alone(protocol: &Protocol, world: &World) -> bool {
    accepted(world).any(|place| writes(protocol, world, place) == 0)
}

fn accepted_by_the_journal_alone(protocol: &Protocol, world: &World) -> bool {
    let queue = &world.queue;
    accepted(world).any(|place| writes(protocol, world, place) > 0)
        && world.published.is_empty()
        && queue.messages.is_empty()
        && queue.remembered.is_empty()
        && world.dead.is_empty()
}

fn a_delivery_refused(_: &Protocol, world: &World) -> bool {
    world.receivers.contains(&Receiver::Ended(Response::Unavailable { queue_refused: true }))
}

fn everything_finished(protocol: &Protocol, world: &World) -> bool {
    protocol.is_over(world)
        && protocol.ids().all(|id| world.accepted.has(id) == protocol.scenario.is_genuine(usize::from(id)))
        && accepted(world).all(|place| is_processed(protocol, world, place))
}

fn accepted(world: &World) -> impl Iterator<Item = usize> {
    let accepted = world.accepted;
    (0..world.receivers.len()).filter(move |&place| Id::try_from(place).is_ok_and(|id| accepted.has(id)))
}

/// Returns the number of writes of an event with this delivery's content.
fn writes(protocol: &Protocol, world: &World, place: usize) -> u8 {
    protocol.scenario.equal_to(place).map(|equal| world.table.writes[equal]).sum()
}

/// Returns true if an event of this delivery's content is stored and was processed.
fn is_processed(protocol: &Protocol, world: &World, place: usize) -> bool {
    protocol
        .scenario
        .equal_to(place)
        .filter_map(|equal| Id::try_from(equal).ok())
        .any(|id| world.is_stored(id) && world.published.has(id))
}
