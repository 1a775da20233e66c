//! The properties of a batch that must hold, and the situations that must occur for them to mean something.

use stateright::Property;

use super::processor::Processor;
use super::protocol::Protocol;
use super::world::World;

/// The order of an entity's events: none is consumed before the consumer took the one before it.
pub const IN_ORDER: &str = "no event is consumed before the one before it";
/// The order of an entity's events, with those that come twice: what the consumer has last is the newest event.
pub const NEWEST_LAST: &str = "the newest event is consumed last";
/// The order of an entity's events, at a consumer that keeps it.
pub const NO_RETURN: &str = "in order, no event is consumed after a later one";
/// Promise 1: a receipt is the proof that the consumer took the event.
pub const PROVEN: &str = "a receipt is written only after its event was consumed";
/// Promise 1: what leaves the queue was consumed, and is known to be.
pub const DONE: &str = "a message that left the queue has a receipt";

/// Every property that must not be broken.
pub const MUST_HOLD: [&str; 5] = [IN_ORDER, NEWEST_LAST, NO_RETURN, PROVEN, DONE];

/// A situation that a check must reach if receipts are written beside.
pub const BESIDE: &str = "seen: a message is consumed while the receipt of the one before it is missing";
/// A situation that every check must reach.
pub const REPEATED: &str = "seen: an event is consumed twice";
/// A situation that every check must reach.
pub const SKIPPED: &str = "seen: a message is skipped for its receipt";
/// A situation that every check must reach.
pub const FINISHED: &str = "seen: every event consumed once";

/// The situations that every check must reach.
pub const MUST_BE_SEEN: [&str; 3] = [REPEATED, SKIPPED, FINISHED];

/// All properties, for the checker.
pub(crate) fn all() -> Vec<Property<Protocol>> {
    vec![
        Property::always(IN_ORDER, |_, world: &World| !world.overtook),
        Property::always(NEWEST_LAST, |protocol, world: &World| {
            !protocol.is_over(world) || world.last == protocol.ids().last()
        }),
        Property::always(NO_RETURN, |protocol, world: &World| protocol.scenario.is_beside || !world.returned),
        Property::always(PROVEN, |protocol, world: &World| {
            protocol.ids().all(|id| !world.receipts.has(id) || world.consumed.has(id))
        }),
        Property::always(DONE, |protocol, world: &World| {
            protocol.ids().all(|id| !world.gone.has(id) || world.receipts.has(id))
        }),
        Property::sometimes(
            BESIDE,
            |_, world: &World| matches!(world.processor, Processor::Working(round) if round.writing.is_some() && round.is_consumed),
        ),
        Property::sometimes(REPEATED, |_, world: &World| !world.repeated.is_empty()),
        Property::sometimes(SKIPPED, |protocol, world: &World| {
            matches!(world.processor, Processor::Working(round)
                if protocol.ids().any(|id| round.known.has(id) && !world.gone.has(id)))
        }),
        Property::sometimes(FINISHED, |protocol, world: &World| {
            protocol.is_over(world) && world.repeated.is_empty()
        }),
    ]
}
