//! Deliveries whose store's credentials cannot be read are kept and verified, and the check finds each flaw.

#[path = "common/breaks.rs"]
mod breaks;
#[path = "common/holds.rs"]
mod holds;

use inlet_model::check::check;
use inlet_model::deferral::flaw::Flaw;
use inlet_model::deferral::properties::{DEFERRED_MEANWHILE, KEPT, REFUSED, RELEASED, UNAVAILABLE, VERIFIED};
use inlet_model::deferral::protocol::Protocol;
use inlet_model::deferral::scenario::Scenario;

#[test]
fn a_deferred_delivery_is_kept_over_every_interleaving() {
    for scenario in Scenario::usual() {
        let (name, faults, genuine) = (scenario.name, scenario.faults, scenario.genuine.clone());
        let verdict = holds::holds_and_ends(name, faults, &Protocol::sound(scenario));
        let expected = [
            (RELEASED, true),
            (UNAVAILABLE, true),
            (DEFERRED_MEANWHILE, true),
            (REFUSED, genuine.contains(&false)),
        ];
        for (seen, is_expected) in expected {
            assert_eq!(verdict.seen.contains(&seen), is_expected, "{name}: {seen}");
        }
    }
}

#[test]
fn without_a_fault_every_delivery_is_accepted() {
    for scenario in Scenario::usual() {
        let (name, protocol) = (scenario.name, Protocol::sound(Scenario { faults: 0, ..scenario }));
        let verdict = check(&protocol);
        assert!(verdict.broken.is_empty(), "{name}: {:#?}", verdict.broken);
        assert!(!verdict.seen.contains(&UNAVAILABLE), "{name}: refused without a fault");
    }
}

/// Asserts that the flaw breaks exactly these properties, and that within its bounds the sound protocol breaks none.
fn breaks(flaw: Flaw, properties: &[&str]) {
    let (flawed, sound) = (Protocol::flawed(flaw.scenario(), flaw), Protocol::sound(flaw.scenario()));
    breaks::breaks(&flaw, &flawed, &sound, properties);
}

#[test]
fn a_marker_before_its_request_is_settled_too_early() {
    breaks(Flaw::MarkerBeforeRequest, &[KEPT]);
}

#[test]
fn a_request_that_is_not_counted_is_never_verified() {
    breaks(Flaw::NotCounted, &[KEPT]);
}

#[test]
fn a_response_before_the_request_is_stored_loses_it() {
    breaks(Flaw::ResponseBeforeRequest, &[KEPT]);
}

#[test]
fn a_marker_of_the_arrival_hides_one_of_two_in_a_millisecond() {
    breaks(Flaw::MarkerOfArrival, &[KEPT]);
}

#[test]
fn a_count_that_is_read_last_hides_later_requests() {
    breaks(Flaw::CountedLast, &[KEPT]);
}

#[test]
fn a_request_that_is_deleted_first_is_lost() {
    breaks(Flaw::DeletedFirst, &[KEPT]);
}

#[test]
fn a_request_that_is_deleted_unsent_is_stored_and_never_sent() {
    breaks(Flaw::DeletedUnsent, &[KEPT]);
}

#[test]
fn a_refused_request_that_is_deleted_first_is_lost() {
    breaks(Flaw::RefusedLast, &[KEPT]);
}

#[test]
fn without_verification_a_forgery_becomes_an_event() {
    breaks(Flaw::VerificationSkipped, &[KEPT, VERIFIED]);
}
