//! The properties of the deferral that must hold, and the situations that must occur for them to mean something.

use stateright::Property;

use super::programs::{Receiver, Response, Sweeper};
use super::protocol::Protocol;
use super::world::World;
use crate::world::Id;

/// Promises 1 and 2: at the end, each delivery that was answered 2xx is an event on the queue or on the pending list,
/// from where it comes to the consumer, or, if it is forged, in quarantine.
pub const KEPT: &str = "a deferred delivery ends as an event, or in quarantine if it is forged";
/// Promise 3.
pub const VERIFIED: &str = "nothing forged is stored, listed or sent";

/// Every property that must not be broken.
pub const MUST_HOLD: [&str; 2] = [KEPT, VERIFIED];

/// A situation that every check must reach if a delivery is genuine.
pub const RELEASED: &str = "seen: a deferred delivery becomes an event";
/// A situation that every check must reach: with one delivery, a call that is made twice.
pub const DEFERRED_MEANWHILE: &str = "seen: a delivery is deferred while the sweeper works";
/// A situation that every check must reach if a call can fail.
pub const UNAVAILABLE: &str = "seen: a delivery is refused";
/// A situation that every check must reach if a delivery is forged.
pub const REFUSED: &str = "seen: a forged delivery stays in quarantine";

/// Returns all properties, for the checker.
pub(crate) fn all() -> Vec<Property<Protocol>> {
    vec![
        Property::always(KEPT, ends_kept),
        Property::always(VERIFIED, |protocol, world: &World| {
            forged(protocol).all(|id| !world.events.has(id) && !world.pending.has(id) && !world.sent.has(id))
        }),
        Property::sometimes(RELEASED, |protocol, world: &World| {
            protocol.is_over(world) && accepted(protocol, world).any(|id| is_released(world, id))
        }),
        Property::sometimes(DEFERRED_MEANWHILE, |_, world: &World| {
            matches!(world.sweeper, Sweeper::Working { .. } | Sweeper::Noting { .. })
                && world.receivers.contains(&Receiver::Counting)
        }),
        Property::sometimes(UNAVAILABLE, |_, world: &World| {
            world.receivers.contains(&Receiver::Ended(Response::Unavailable))
        }),
        Property::sometimes(REFUSED, |protocol, world: &World| {
            protocol.is_over(world) && !world.refused.is_empty()
        }),
    ]
}

fn ends_kept(protocol: &Protocol, world: &World) -> bool {
    !protocol.is_over(world)
        || accepted(protocol, world).all(|id| {
            let is_kept = world.requests.has(id) || world.refused.has(id);
            if protocol.scenario.is_genuine(id) { is_released(world, id) } else { is_kept }
        })
}

fn is_released(world: &World, id: Id) -> bool {
    world.events.has(id) && (world.pending.has(id) || world.sent.has(id))
}

fn accepted(protocol: &Protocol, world: &World) -> impl Iterator<Item = Id> {
    let accepted = world.accepted;
    protocol.scenario.ids().filter(move |&id| accepted.has(id))
}

fn forged(protocol: &Protocol) -> impl Iterator<Item = Id> {
    protocol.scenario.ids().filter(|&id| !protocol.scenario.is_genuine(id))
}
