//! States whose webhooks are never sent are reconciled, and the check finds each flaw of the reconciler.

#[path = "common/breaks.rs"]
mod breaks;
#[path = "common/holds.rs"]
mod holds;

use inlet_model::check::check;
use inlet_model::reconciliation::flaw::Flaw;
use inlet_model::reconciliation::properties::{
    CORRECTED, CRASHED, DISABLED, LATE, NEVER_BEHIND, NEVER_FALSE, NEWEST, ONCE, ONE_RUN, OVERRAN, PUBLISHED,
    RECONCILED, SECOND, WAITED, WEBHOOK_KEPT,
};
use inlet_model::reconciliation::protocol::Protocol;
use inlet_model::reconciliation::scenario::{Clock, Scenario};

#[test]
fn a_state_that_was_never_sent_is_always_published() {
    for scenario in Scenario::usual() {
        let (name, faults, changes) = (scenario.name, scenario.faults, scenario.states.len());
        let (is_scheduled, side_by_side) = (scenario.is_scheduled, scenario.side_by_side);
        let verdict = holds::holds_and_ends(name, faults, &Protocol::sound(scenario));
        for seen in [RECONCILED, WAITED, DISABLED] {
            assert!(verdict.seen.contains(&seen), "{name}: not {seen}");
        }
        for (seen, is) in
            [(LATE, !is_scheduled), (CRASHED, is_scheduled), (OVERRAN, is_scheduled && side_by_side > 1)]
        {
            assert_eq!(verdict.seen.contains(&seen), is, "{name}: {seen}");
        }
        assert_eq!(verdict.seen.contains(&CORRECTED), changes > 1, "{name}: {CORRECTED}");
    }
}

#[test]
fn without_a_fault_nothing_is_reported_as_missed() {
    for scenario in Scenario::usual() {
        let (name, protocol) = (scenario.name, Protocol::sound(Scenario { faults: 0, ..scenario }));
        let verdict = check(&protocol);
        assert!(verdict.broken.is_empty(), "{name}: {:#?}", verdict.broken);
        assert!(verdict.seen.contains(&WAITED), "{name}: no young change was read");
        assert!(!verdict.seen.contains(&RECONCILED), "{name}: reconciled without a fault");
    }
}

/// Asserts that the flaw breaks exactly these properties, and that within its bounds the sound protocol breaks none.
fn breaks(flaw: Flaw, properties: &[&str]) {
    breaks_in(flaw.scenario(), flaw, properties);
}

fn breaks_in(scenario: Scenario, flaw: Flaw, properties: &[&str]) {
    let (flawed, sound) = (Protocol::flawed(scenario.clone(), flaw), Protocol::sound(scenario));
    breaks::breaks(&flaw, &flawed, &sound, properties);
}

#[test]
fn a_change_that_is_judged_at_once_is_reported_falsely() {
    breaks(Flaw::NotWaited, &[NEVER_FALSE]);
}

#[test]
fn a_state_that_changed_since_it_was_read_is_reported_falsely() {
    breaks(Flaw::StaleReadJudged, &[NEVER_FALSE, NEWEST]);
}

#[test]
fn a_comparison_by_arrival_reports_overtaken_webhooks() {
    breaks(Flaw::JudgedByArrival, &[NEVER_FALSE]);
}

#[test]
fn an_identity_without_the_state_hides_the_next_state() {
    breaks(Flaw::IdentityWithoutState, &[PUBLISHED, NEWEST, SECOND]);
}

#[test]
fn an_identity_without_the_newest_event_cannot_correct() {
    breaks(Flaw::IdentityWithoutNewest, &[NEWEST]);
}

#[test]
fn an_identity_with_the_time_of_the_read_publishes_twice() {
    breaks(Flaw::IdentityWithReadTime, &[ONCE]);
}

#[test]
fn an_arrival_by_a_slow_clock_is_older_than_old_webhooks() {
    breaks(Flaw::ClockOfTheMachine, &[NEWEST]);
}

#[test]
fn an_arrival_by_a_fast_clock_is_newer_than_new_webhooks() {
    let scenario = Scenario::of("two changes, a fast clock", "ab", 1).with_runs(1, 1).by(Clock::Fast);
    breaks_in(scenario, Flaw::ClockOfTheMachine, &[NEVER_BEHIND, PUBLISHED, NEWEST]);
}

#[test]
fn an_arrival_of_publishing_hides_a_newer_webhook() {
    breaks(Flaw::ArrivalOfPublishing, &[NEVER_BEHIND]);
}

#[test]
fn a_late_webhook_that_counts_as_a_duplicate_is_lost() {
    breaks(Flaw::LateWebhookDropped, &[WEBHOOK_KEPT]);
}

#[test]
fn an_overtaken_state_that_is_left_stays_hidden() {
    breaks(Flaw::OvertakenLeft, &[NEWEST]);
}

#[test]
fn a_cursor_before_publishing_passes_what_a_crash_lost() {
    breaks(Flaw::CursorBeforePublishing, &[PUBLISHED, NEWEST]);
}

#[test]
fn an_ignored_lease_lets_two_runs_work_at_once() {
    breaks(Flaw::LeaseIgnored, &[ONE_RUN]);
}

#[test]
fn a_late_run_that_ends_the_next_lease_lets_a_third_begin() {
    breaks(Flaw::LeaseOfAnotherEnded, &[ONE_RUN]);
}
