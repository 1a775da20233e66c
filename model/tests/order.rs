//! Deduplication keeps the order of an entity's states, and the check finds each flaw.

#[path = "common/breaks.rs"]
mod breaks;
#[path = "common/holds.rs"]
mod holds;

use inlet_model::order::flaw::Flaw;
use inlet_model::order::properties::{
    ALL_NEW, COMPLETE, FELL_BACK, MADE_LATER, NEWEST, ONE_DUPLICATE, RESTORED,
};
use inlet_model::order::protocol::Protocol;
use inlet_model::order::scenario::Scenario;

#[test]
fn the_order_holds_over_every_interleaving() {
    for scenario in Scenario::usual() {
        let (name, faults, expected) = (scenario.name, scenario.faults, expected(&scenario));
        let verdict = holds::holds_and_ends(name, faults, &Protocol::sound(scenario));
        for seen in [ALL_NEW, ONE_DUPLICATE, FELL_BACK, MADE_LATER, RESTORED] {
            assert_eq!(verdict.seen.contains(&seen), expected.contains(&seen), "{name}: {seen}");
        }
    }
}

/// Returns the situations that a check of the scenario sees: with one state nothing is restored, and equal events of
/// one millisecond are one.
fn expected(scenario: &Scenario) -> Vec<&'static str> {
    let contents: String = scenario.contents.iter().collect();
    let mut seen = vec![ALL_NEW, FELL_BACK];
    if contents != "AB" && !scenario.at_once {
        seen.push(ONE_DUPLICATE);
    }
    if contents != "AA" {
        seen.push(MADE_LATER);
    }
    // A duplicate is restored only if its arrival is later than that of the state before it.
    if contents.len() > 2 && scenario.received(2) > scenario.received(1) {
        seen.push(RESTORED);
    }
    seen
}

/// Asserts that the flaw breaks exactly these properties, and that within its bounds the sound protocol breaks none.
fn breaks(flaw: Flaw, properties: &[&str]) {
    let (flawed, sound) = (Protocol::flawed(flaw.scenario(), flaw), Protocol::sound(flaw.scenario()));
    breaks::breaks(&flaw, &flawed, &sound, properties);
}

#[test]
fn equal_deliveries_of_one_millisecond_mark_nothing() {
    breaks(Flaw::MarksItself, &[NEWEST, COMPLETE]);
}

#[test]
fn a_duplicate_that_is_not_noted_is_lost_if_it_is_new() {
    breaks(Flaw::DuplicateNotNoted, &[NEWEST, COMPLETE]);
}

#[test]
fn a_restored_event_that_is_not_pending_is_never_sent() {
    breaks(Flaw::RestoredNotPending, &[NEWEST, COMPLETE]);
}

#[test]
fn without_the_clock_rule_an_earlier_state_is_the_newest() {
    breaks(Flaw::NoClockRule, &[NEWEST]);
}

#[test]
fn a_receipt_before_the_note_loses_a_new_state() {
    breaks(Flaw::ReceiptBeforeNote, &[NEWEST, COMPLETE]);
}

#[test]
fn a_receipt_made_void_last_loses_a_new_state() {
    breaks(Flaw::RestoredLast, &[NEWEST, COMPLETE]);
}

#[test]
fn if_stored_events_count_as_done_a_new_state_is_hidden() {
    breaks(Flaw::StoredCountsAsDone, &[NEWEST, COMPLETE]);
}

#[test]
fn an_event_that_latest_does_not_show_hides_a_new_state() {
    breaks(Flaw::LatestLeftBehind, &[NEWEST, COMPLETE]);
}
