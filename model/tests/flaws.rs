//! The protocol with each flaw built in on purpose: the check finds it, and names the promises that it breaks.

#[path = "common/breaks.rs"]
mod breaks;

use inlet_model::check::check;
use inlet_model::flaw::Flaw;
use inlet_model::properties::{BOTH, KNOWN, ONCE, PROCESSED, STORED, VERIFIED};
use inlet_model::protocol::Protocol;
use inlet_model::scenario::{Arrival, Scenario, Sight};

/// Asserts that the flaw breaks exactly these properties, and that within its bounds the sound protocol breaks none.
fn breaks(flaw: Flaw, properties: &[&str]) {
    let (flawed, sound) = (Protocol::flawed(flaw.scenario(), flaw), Protocol::sound(flaw.scenario()));
    breaks::breaks(&flaw, &flawed, &sound, properties);
}

#[test]
fn without_the_sweeper_an_unsent_duplicate_is_unprocessed() {
    breaks(Flaw::EnqueueSkippedOnDuplicate, &[PROCESSED]);
}

#[test]
fn with_the_sweeper_the_same_is_only_late() {
    let scenario = Scenario { sight: Sight::All, ..Flaw::EnqueueSkippedOnDuplicate.scenario() };
    let verdict = check(&Protocol::flawed(scenario, Flaw::EnqueueSkippedOnDuplicate));
    assert!(verdict.broken.is_empty(), "{:?}", verdict.broken);
    assert!(verdict.states > 1_000, "only {} states", verdict.states);
}

#[test]
fn a_receipt_before_publishing_loses_unpublished_events() {
    breaks(Flaw::ReceiptBeforePublish, &[PROCESSED]);
}

#[test]
fn a_response_before_the_journal_loses_unstored_events() {
    breaks(Flaw::AnswerBeforeJournal, &[STORED, PROCESSED]);
}

#[test]
fn without_a_fallback_one_service_alone_refuses() {
    breaks(Flaw::NoFallback, &[BOTH]);
}

#[test]
fn without_verification_a_forgery_is_stored() {
    breaks(Flaw::VerificationSkipped, &[VERIFIED]);
}

#[test]
fn a_read_before_an_unconditional_write_stores_twice() {
    breaks(Flaw::LookThenWrite, &[STORED, ONCE]);
}

#[test]
fn an_unjournaled_fallback_is_processed_but_not_stored() {
    breaks(Flaw::FallbackNotJournaled, &[STORED, PROCESSED, KNOWN]);
}

#[test]
fn equal_fallbacks_are_processed_under_ids_without_an_event() {
    breaks(Flaw::FallbacksAllNamedAlike, &[KNOWN]);
}

#[test]
fn a_sweeper_that_does_not_park_loses_events() {
    breaks(Flaw::GivenUpWithoutParking, &[PROCESSED]);
}

#[test]
fn a_redrive_without_the_parked_events_leaves_them() {
    breaks(Flaw::RedriveOfTheDeadAlone, &[PROCESSED]);
}

#[test]
fn a_redrive_under_the_same_id_is_dropped_by_the_queue() {
    breaks(Flaw::RedriveUnderTheSameId, &[STORED, PROCESSED]);
}

#[test]
fn an_unparked_event_that_is_not_pending_is_forgotten() {
    breaks(Flaw::UnparkedUnnoted, &[PROCESSED]);
}

#[test]
fn a_redrive_that_deletes_before_it_sends_loses_messages() {
    breaks(Flaw::ExhumedBeforeSent, &[STORED, PROCESSED]);
}

#[test]
fn a_duplicate_of_an_event_of_another_id_is_left_to_the_sweeper() {
    let scenario = Scenario::of("two equal deliveries", &[Arrival::Genuine(0), Arrival::Genuine(0)], 2);
    let verdict = check(&Protocol::sound(scenario.within().seeing(Sight::Nothing).worked_by(1)));
    assert_eq!(verdict.broken_names(), [PROCESSED]);
}
