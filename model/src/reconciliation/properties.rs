//! The properties of the reconciler that must hold, and the situations that must occur for them to mean something.

use stateright::Property;

use super::protocol::Protocol;
use super::reconciler::Reconciler;
use super::world::{Event, Identity, Webhook, World};

/// In every state: a webhook that arrives within the retry window has never been missing, also if it arrives after the
/// report.
pub const NEVER_FALSE: &str = "what arrives in time is never reported as missed";
/// In every state: a reconciled event is never newer than an event of a later change that arrived before it.
pub const NEVER_BEHIND: &str = "a reconciled event is the newest state of its moment";
/// In every state: no publication is repeated.
pub const ONCE: &str = "no state is reconciled twice in a row";
/// In every state: a webhook is an event, whatever was reconciled before.
pub const WEBHOOK_KEPT: &str = "every webhook that arrived is an event";
/// At the end.
pub const PUBLISHED: &str = "the settled state has been published";
/// At the end.
pub const NEWEST: &str = "the newest event carries the settled state";
/// At the end.
pub const SECOND: &str = "a second run finds nothing";

/// In every state.
pub const ONE_RUN: &str = "one scheduled run works at a time, beside those that outlived their lease";

/// Every property that must not be broken.
pub const MUST_HOLD: [&str; 8] =
    [NEVER_FALSE, NEVER_BEHIND, ONCE, WEBHOOK_KEPT, PUBLISHED, NEWEST, SECOND, ONE_RUN];

/// A situation that every check must reach: no webhook brings the last change.
pub const RECONCILED: &str = "seen: a change that was never sent is reconciled";
/// A situation that every check must reach: a webhook arrives after its change was reconciled.
pub const LATE: &str = "seen: a late webhook is an event beside the reconciled one";
/// A situation that every check with two changes must reach.
pub const CORRECTED: &str = "seen: a state is published again after an older one";
/// A situation that every check must reach: the reconciler waits.
pub const WAITED: &str = "seen: a young change is read and not reported";
/// A situation that every check with two changes must reach.
pub const DISABLED: &str = "seen: a change is discarded while the URL is disabled";
/// A situation that every check of scheduled runs must reach: a run is killed between publishing and the cursor.
pub const CRASHED: &str = "seen: a run published, and its cursor is not stored";
/// A situation that every check of scheduled runs at once must reach.
pub const OVERRAN: &str = "seen: a run works beside one that outlived its lease";

/// Returns all properties, for the checker.
pub(crate) fn all() -> Vec<Property<Protocol>> {
    vec![
        Property::always(NEVER_FALSE, |protocol: &Protocol, world: &World| {
            protocol.scenario.ids().all(|change| {
                !world.reported.has(change) || world.webhooks[usize::from(change)] != Webhook::InTime
            })
        }),
        Property::always(NEVER_BEHIND, |_, world: &World| {
            world.events.iter().enumerate().all(|(place, event)| {
                !event.is_reconciled()
                    || world.events[..place].iter().all(|older| older.change <= event.change)
            })
        }),
        Property::always(ONCE, |_, world: &World| {
            world.events.windows(2).all(|two| {
                let [one, other] = two else { return true };
                !(one.is_reconciled() && other.is_reconciled() && one.change == other.change)
            })
        }),
        Property::always(WEBHOOK_KEPT, |protocol: &Protocol, world: &World| {
            protocol.scenario.ids().all(|change| {
                let has_arrived =
                    matches!(world.webhooks[usize::from(change)], Webhook::InTime | Webhook::Late);
                !has_arrived || world.events.iter().any(|event| event.identity == Identity::Webhook(change))
            })
        }),
        Property::always(PUBLISHED, |protocol: &Protocol, world: &World| {
            !protocol.is_over(world) || world.events.iter().any(|event| is_last(protocol, world, *event))
        }),
        Property::always(NEWEST, |protocol: &Protocol, world: &World| {
            !protocol.is_over(world)
                || world.events.last().is_some_and(|event| is_last(protocol, world, *event))
        }),
        Property::always(SECOND, |_, world: &World| !world.has_found_twice),
        Property::always(ONE_RUN, |protocol: &Protocol, world: &World| {
            let leased = world.working().filter(|place| !world.schedule.overran.has(*place)).count();
            !protocol.scenario.is_scheduled || leased <= 1
        }),
        Property::sometimes(RECONCILED, |protocol: &Protocol, world: &World| {
            protocol.is_over(world)
                && world.webhooks.last() == Some(&Webhook::NeverSent)
                && world.events.last().is_some_and(Event::is_reconciled)
        }),
        Property::sometimes(LATE, |protocol: &Protocol, world: &World| {
            protocol.scenario.ids().any(|change| {
                world.reported.has(change) && world.webhooks[usize::from(change)] == Webhook::Late
            })
        }),
        Property::sometimes(CORRECTED, |_, world: &World| {
            world.events.windows(2).any(|two| {
                let [older, newer] = two else { return false };
                newer.is_reconciled() && !world.reported.has(newer.change) && older.change < newer.change
            })
        }),
        Property::sometimes(WAITED, |_, world: &World| {
            let is_young =
                |run: &Reconciler| matches!(run, Reconciler::Judging(observed) if !observed.is_settled);
            world.reconcilers.iter().any(is_young) && world.events.is_empty()
        }),
        Property::sometimes(CRASHED, |_, world: &World| {
            let is_unsaved = |event: &Event| event.is_reconciled() && event.change >= world.schedule.cursor;
            world.schedule.is_held()
                && world.working().next().is_none()
                && world.events.last().is_some_and(is_unsaved)
        }),
        Property::sometimes(OVERRAN, |_, world: &World| {
            world.working().count() > 1 && world.working().any(|place| world.schedule.overran.has(place))
        }),
        Property::sometimes(DISABLED, |_, world: &World| {
            world.is_disabled && world.webhooks.last() == Some(&Webhook::NeverSent)
        }),
    ]
}

/// Returns true if an event carries the state that the object has now.
fn is_last(protocol: &Protocol, world: &World, event: Event) -> bool {
    let state = |change| protocol.scenario.state(change);
    world.last_change().is_some_and(|last| state(last) == state(event.change))
}
