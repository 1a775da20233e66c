//! A batch keeps the order of an entity's events, and the check finds each flaw.

use std::time::Instant;

use inlet_model::batch::flaw::Flaw;
use inlet_model::batch::properties::{BESIDE, DONE, IN_ORDER, MUST_BE_SEEN, NEWEST_LAST, NO_RETURN, PROVEN};
use inlet_model::batch::protocol::Protocol;
use inlet_model::batch::scenario::Scenario;
use inlet_model::check::{check, ends};

#[test]
fn a_batch_keeps_the_order_over_every_interleaving() {
    for scenario in Scenario::usual() {
        let start = Instant::now();
        let protocol = Protocol::sound(scenario);
        let (name, verdict) = (scenario.name, check(&protocol));
        println!("{name}: {} faults, {} states, {:.1?}", scenario.faults, verdict.states, start.elapsed());
        assert!(verdict.broken.is_empty(), "{name}: {:#?}", verdict.broken);
        let walked =
            ends(&protocol).unwrap_or_else(|world| panic!("{name}: a path leads back to {world:#?}"));
        assert_eq!(walked, verdict.states, "{name}: two walks that do not visit the same states");
        for seen in MUST_BE_SEEN {
            assert!(verdict.seen.contains(&seen), "{name}: not {seen}");
        }
        assert_eq!(verdict.seen.contains(&BESIDE), scenario.is_beside, "{name}");
    }
}

/// The flaw breaks exactly these, and within its bounds the sound protocol breaks no property.
fn breaks(flaw: Flaw, properties: &[&str]) {
    let flawed = Protocol::flawed(flaw.scenario(), flaw);
    let mut broken = check(&flawed).broken_names();
    let mut expected = properties.to_vec();
    broken.sort_unstable();
    expected.sort_unstable();
    assert_eq!(broken, expected, "{flaw:?}");
    let sound = check(&Protocol::sound(flaw.scenario()));
    assert!(sound.broken.is_empty(), "the same bounds without {flaw:?}: {:?}", sound.broken);
}

#[test]
fn a_receipt_behind_a_missing_one_breaks_the_order() {
    breaks(Flaw::ReceiptBehindMissing, &[NEWEST_LAST]);
}

#[test]
fn a_message_that_is_done_behind_a_failed_one_is_not_proven() {
    breaks(Flaw::DoneBehindFailed, &[NEWEST_LAST, DONE]);
}

#[test]
fn a_message_consumed_behind_a_failed_one_overtakes_it() {
    breaks(Flaw::ConsumedBehindFailed, &[IN_ORDER, NEWEST_LAST]);
}

#[test]
fn a_receipt_beside_its_own_consumption_proves_nothing() {
    breaks(Flaw::ReceiptTooEarly, &[PROVEN, IN_ORDER, NEWEST_LAST]);
}

#[test]
fn a_message_without_a_receipt_must_not_leave_the_queue() {
    breaks(Flaw::DoneWithoutReceipt, &[DONE]);
}

#[test]
fn receipts_beside_bring_an_earlier_event_after_a_later_one() {
    breaks(Flaw::BesideInOrder, &[NO_RETURN]);
}
