//! The properties of the order that must hold, and the situations that must occur for them to mean something.

use stateright::Property;

use super::protocol::Protocol;
use super::receiver::{Receiver, Response};
use super::world::{Receipt, World};
use crate::world::Id;

/// Promise 6: after everything is quiet, the newest event carries the last state that was answered 2xx. Deliveries
/// that overlapped may be in either order.
pub const NEWEST: &str = "the newest event carries the last state that was answered";
/// Promise 6: a delivery is left out only if no other was answered between it and an equal one that is published.
pub const COMPLETE: &str = "no answered state is missing";
/// Promise 6: without a fault, equal deliveries with nothing in between are one event.
pub const ONE: &str = "equal deliveries with nothing in between are one event";

/// Every property that must not be broken.
pub const MUST_HOLD: [&str; 3] = [NEWEST, COMPLETE, ONE];

/// A situation that every check must reach.
pub const ALL_NEW: &str = "seen: every delivery is an event";
/// A situation that every check must reach.
pub const ONE_DUPLICATE: &str = "seen: an accepted delivery that is a duplicate";
/// A situation that a check must reach if a call can fail.
pub const FELL_BACK: &str = "seen: a delivery that only the queue had is published";
/// A situation that a check must reach if clocks differ.
pub const MADE_LATER: &str = "seen: an arrival is made later";
/// A situation that a check must reach if the state changes and changes back.
pub const RESTORED: &str = "seen: a duplicate turns out to be a new state";

/// Returns all properties, for the checker.
pub(crate) fn all() -> Vec<Property<Protocol>> {
    vec![
        Property::always(NEWEST, newest_is_last),
        Property::always(COMPLETE, nothing_is_missing),
        Property::always(ONE, equal_deliveries_are_one_event),
        Property::sometimes(ALL_NEW, every_delivery_is_an_event),
        Property::sometimes(ONE_DUPLICATE, a_delivery_is_no_event),
        Property::sometimes(FELL_BACK, |protocol, world: &World| {
            deliveries(protocol).any(|d| world.fell_back.has(id(d)) && is_published(protocol, world, d))
        }),
        Property::sometimes(MADE_LATER, |protocol, world: &World| {
            deliveries(protocol)
                .any(|d| world.published[usize::from(protocol.scenario.later_id(d))].is_some())
        }),
        Property::sometimes(RESTORED, |_, world: &World| world.table.receipts.contains(&Some(Receipt::Void))),
    ]
}

fn newest_is_last(protocol: &Protocol, world: &World) -> bool {
    if !protocol.is_over(world) || clocks_contradict(protocol, world) {
        return true;
    }
    let newest = (0..).zip(world.published).max_by_key(|(_, received)| *received);
    let Some((event, Some(_))) = newest else {
        return world.accepted.is_empty();
    };
    let content = protocol.scenario.content(event);
    // A state may be the last one if a delivery of it was not answered before another one was sent.
    deliveries(protocol)
        .filter(|&d| protocol.scenario.contents[d] == content && was_sent(world, d))
        .any(|d| !others(protocol, world, content).any(|other| is_before(world, d, other)))
}

fn nothing_is_missing(protocol: &Protocol, world: &World) -> bool {
    if !protocol.is_over(world) || clocks_contradict(protocol, world) {
        return true;
    }
    deliveries(protocol).filter(|&d| world.accepted.has(id(d))).all(|d| {
        let content = protocol.scenario.contents[d];
        let stands_for = |equal: usize| {
            !others(protocol, world, content).any(|other| {
                (is_before(world, equal, other) && is_before(world, other, d))
                    || (is_before(world, d, other) && is_before(world, other, equal))
            })
        };
        deliveries(protocol)
            .filter(|&equal| protocol.scenario.contents[equal] == content)
            .any(|equal| is_published(protocol, world, equal) && stands_for(equal))
    })
}

fn equal_deliveries_are_one_event(protocol: &Protocol, world: &World) -> bool {
    if world.faults < protocol.scenario.faults || !protocol.is_over(world) {
        return true;
    }
    let published: Vec<Id> = (0..)
        .zip(world.published)
        .filter(|(_, received)| received.is_some())
        .map(|(event, _)| event)
        .collect();
    published.iter().all(|&first| {
        published.iter().filter(|&&second| second > first).all(|&second| {
            let (content, other) = (protocol.scenario.content(first), protocol.scenario.content(second));
            content != other || is_between(protocol, world, content, first, second)
        })
    })
}

/// Returns true if another state may have been between two events of one content.
fn is_between(protocol: &Protocol, world: &World, content: char, first: Id, second: Id) -> bool {
    let of =
        |event: Id| protocol.scenario.deliveries(event).filter(|&d| was_sent(world, d)).collect::<Vec<_>>();
    let (first, second) = (of(first), of(second));
    let all = || first.iter().chain(&second);
    first != second
        && deliveries(protocol)
            .filter(|&d| protocol.scenario.contents[d] != content && was_sent(world, d))
            .any(|d| {
                let is_first = all().all(|&equal| is_before(world, d, equal));
                let is_last = all().all(|&equal| is_before(world, equal, d));
                !is_first && !is_last
            })
}

/// Returns true if a delivery went through the queue while the clocks contradict the order of sending: then no
/// service knows the order.
fn clocks_contradict(protocol: &Protocol, world: &World) -> bool {
    let arrivals =
        deliveries(protocol).filter(|&d| was_sent(world, d)).map(|d| protocol.scenario.received(d));
    !world.fell_back.is_empty() && !arrivals.is_sorted_by(|earlier, later| earlier < later)
}

fn every_delivery_is_an_event(protocol: &Protocol, world: &World) -> bool {
    protocol.is_over(world) && deliveries(protocol).all(|d| is_published(protocol, world, d))
}

fn a_delivery_is_no_event(protocol: &Protocol, world: &World) -> bool {
    protocol.is_over(world)
        && deliveries(protocol).any(|d| world.accepted.has(id(d)) && !is_published(protocol, world, d))
}

fn deliveries(protocol: &Protocol) -> impl Iterator<Item = usize> + use<> {
    0..protocol.scenario.len()
}

/// Returns the deliveries of other contents that were answered 2xx.
fn others<'p>(protocol: &'p Protocol, world: &'p World, content: char) -> impl Iterator<Item = usize> + 'p {
    deliveries(protocol)
        .filter(move |&d| protocol.scenario.contents[d] != content && world.accepted.has(id(d)))
}

fn is_published(protocol: &Protocol, world: &World, delivery: usize) -> bool {
    let of = |event: Id| world.published[usize::from(event)].is_some();
    of(protocol.scenario.id(delivery)) || of(protocol.scenario.later_id(delivery))
}

/// Returns true if the first delivery was answered before the second was sent.
fn is_before(world: &World, first: usize, second: usize) -> bool {
    world.answered_before[second].has(id(first))
}

fn was_sent(world: &World, delivery: usize) -> bool {
    !matches!(world.receivers[delivery], Receiver::Unsent | Receiver::Ended(Response::NeverSent))
}

fn id(delivery: usize) -> Id {
    Id::try_from(delivery).unwrap_or(Id::MAX)
}
