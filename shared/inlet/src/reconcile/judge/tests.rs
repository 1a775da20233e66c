//! Changes that arrived, changes that were missed, and changes of which neither is known.
#![expect(clippy::arithmetic_side_effects, reason = "the times of these tests are small")]

use serde_json::{Value, json};

use super::*;
use crate::canonical::{Canonical, Kind, Order, State};
use crate::event::EventId;

const NOON: i64 = 1_749_715_200_000;
const SPAN: Duration = Duration::from_mins(20);

fn at(minutes: i64) -> ReceivedAt {
    ReceivedAt::from_millis(NOON + minutes * 60_000).unwrap()
}

/// An order as the API returns it at noon, changed so many minutes before.
fn observed(changed: Option<i64>, state: &[(&'static str, &str)]) -> Observation {
    Observation {
        kind: Kind::Order,
        entity: "7".to_owned(),
        changed_at: changed.map(|minutes| timestamp(at(-minutes))),
        comparison: Comparison::Newest,
        state: state.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
        history: Vec::new(),
        data: Canonical::bare(Kind::Order, Some("7".to_owned())),
        object: Value::Null,
    }
}

fn event(minutes: i64, data: Value) -> Published {
    Published {
        id: EventId::parse("zid/a/order/7/0123456789abcdef").unwrap(),
        received_at: at(minutes),
        is_reconciled: false,
        data,
    }
}

fn reconciled(minutes: i64, data: Value) -> Published {
    Published { is_reconciled: true, ..event(minutes, data) }
}

fn facts(observed: &Observation) -> Judgement<'_> {
    Judgement { observed, at: at(0), since: timestamp(at(-10_000)), retry_window: SPAN, seen_before: None }
}

fn verdict(observed: &Observation, events: Vec<Published>) -> Verdict {
    judge(&facts(observed), &EntityHistory { events, ..EntityHistory::default() })
}

fn missed(fields: &[&'static str]) -> Verdict {
    Verdict::Missed(Missed { fields: fields.to_vec(), entries: Vec::new() })
}

#[test]
fn the_last_value_of_each_field_is_compared() {
    let order = observed(Some(60), &[("status", "ready"), ("total", "10.50")]);
    let new = || event(-90, json!({"status": "new", "total": {"amount": "10.5000", "currency": "SAR"}}));
    assert_eq!(verdict(&order, vec![new(), event(-59, json!({"status": "Ready"}))]), Verdict::Arrived);
    assert_eq!(verdict(&order, vec![new()]), missed(&["status"]));
    let back = event(-30, json!({"status": "new"}));
    assert_eq!(
        verdict(&order, vec![new(), event(-59, json!({"status": "ready"})), back]),
        missed(&["status"])
    );
    assert_eq!(verdict(&order, Vec::new()), missed(&["status", "total"]));
}

#[test]
fn a_state_that_an_older_one_overtook_is_not_missed() {
    let order = observed(Some(60), &[("status", "ready")]);
    let changed = |minutes: i64| timestamp(at(-minutes)).to_string();
    let ready = || event(-59, json!({"status": "ready", "updated_at": changed(60)}));
    let late = event(-50, json!({"status": "new", "updated_at": changed(90)}));
    let overtaken = Verdict::Overtaken { fields: vec!["status"], by_webhook: true };
    assert_eq!(verdict(&order, vec![ready(), late]), overtaken);
    let newer = event(-50, json!({"status": "new", "updated_at": changed(55)}));
    assert_eq!(verdict(&order, vec![ready(), newer]), missed(&["status"]));
}

#[test]
fn of_two_changes_in_one_second_either_may_arrive_first() {
    let order = observed(Some(60), &[("status", "ready")]);
    let at_once = || timestamp(at(-60)).to_string();
    let ready = |minutes: i64| event(minutes, json!({"status": "ready", "updated_at": at_once()}));
    let new = |minutes: i64| event(minutes, json!({"status": "new", "updated_at": at_once()}));
    let overtaken = Verdict::Overtaken { fields: vec!["status"], by_webhook: true };
    assert_eq!(verdict(&order, vec![ready(-59), new(-58)]), overtaken);
    assert_eq!(verdict(&order, vec![new(-59), ready(-58)]), Verdict::Arrived);
    assert_eq!(verdict(&order, vec![new(-59), new(-58)]), missed(&["status"]));
}

#[test]
fn numbers_are_compared_as_numbers() {
    for (published, value, is_same) in [
        (json!("172.50000000000000"), "172.5", true),
        (json!("007"), "7.0", true),
        (json!("-0.0"), "0", true),
        (json!(5), "5", true),
        (json!("-5"), "5", false),
        (json!("50"), "5", false),
        (json!(true), "true", true),
        (json!(null), "5", false),
    ] {
        let order = observed(Some(60), &[("total", value)]);
        let result = verdict(&order, vec![event(-90, json!({"total": published}))]);
        assert_eq!(result == Verdict::Arrived, is_same, "{published} {value}: {result:?}");
    }
}

#[test]
fn a_code_and_a_word_are_compared_by_their_meaning() {
    let order = |status: &str, state| Observation {
        data: Order { state: Some(state), ..Order::default() }.into(),
        ..observed(Some(60), &[("status", status)])
    };
    let events = |status: &str, state: &str| vec![event(-59, json!({"status": status, "state": state}))];
    assert_eq!(verdict(&order("Voided", State::Cancelled), events("2", "cancelled")), Verdict::Arrived);
    assert_eq!(verdict(&order("ready", State::InProgress), events("جاهز", "in_progress")), Verdict::Arrived);
    assert_eq!(verdict(&order("Voided", State::Cancelled), events("1", "fulfilled")), missed(&["status"]));
    // Two words of one notation differ, even if the vocabulary has one word for both.
    assert_eq!(
        verdict(&order("ready", State::InProgress), events("preparing", "in_progress")),
        missed(&["status"])
    );
}

#[test]
fn a_young_change_is_not_missed_yet() {
    // The retry window is 20 minutes, and the clocks may differ by five.
    for (minutes, want) in [(24, Verdict::Young), (25, missed(&["status"]))] {
        assert_eq!(verdict(&observed(Some(minutes), &[("status", "ready")]), Vec::new()), want, "{minutes}");
    }
    let old = observed(Some(500), &[("status", "ready")]);
    assert_eq!(verdict(&old, vec![event(1, json!({"status": "new"}))]), Verdict::Young, "after the read");
}

#[test]
fn a_field_that_no_event_carries_arrived_with_any_later_event() {
    let order = observed(Some(60), &[("status", "ready")]);
    assert_eq!(verdict(&order, vec![event(-59, json!({"id": "7"}))]), Verdict::Arrived);
    assert_eq!(verdict(&order, vec![event(-61, json!({"id": "7"}))]), missed(&["status"]));
    let bare = observed(Some(60), &[]);
    assert_eq!(verdict(&bare, vec![event(-59, json!({"id": "7"}))]), Verdict::Arrived);
    assert_eq!(verdict(&bare, vec![event(-61, json!({"id": "7"}))]), Verdict::Unknown);
}

#[test]
fn a_state_that_an_earlier_run_published_is_reconciled() {
    let order = observed(Some(60), &[("status", "ready")]);
    let found = || reconciled(-30, json!({"status": "ready"}));
    assert_eq!(verdict(&order, vec![event(-90, json!({"status": "new"})), found()]), Verdict::Reconciled);
    let late = event(-10, json!({"status": "ready"}));
    assert_eq!(verdict(&order, vec![found(), late]), Verdict::Arrived, "the webhook came after all");
}

#[test]
fn without_a_time_of_change_two_reads_must_agree() {
    let order = observed(None, &[("status", "ready")]);
    assert_eq!(verdict(&order, Vec::new()), Verdict::Undated);
    let history = EntityHistory::default();
    for (before, want) in [(-19, Verdict::Undated), (-20, missed(&["status"]))] {
        let facts = Judgement { seen_before: Some(at(before)), ..facts(&order) };
        assert_eq!(judge(&facts, &history), want, "{before}");
    }
}

#[test]
fn something_that_happened_once_is_found_among_all_events() {
    let capture = Observation {
        comparison: Comparison::Any,
        ..observed(Some(60), &[("operation", "CaptureOrder"), ("amount", "86.4"), ("success", "true")])
    };
    let callback = |operation: &str, amount: &str, success: bool| {
        event(-59, json!({"operation": operation, "amount": {"amount": amount}, "success": success}))
    };
    let refund = || callback("RefundOrder", "10.00", true);
    assert_eq!(verdict(&capture, vec![callback("CaptureOrder", "86.40", true), refund()]), Verdict::Arrived);
    let all = ["operation", "amount", "success"];
    assert_eq!(verdict(&capture, vec![refund()]), missed(&all));
    assert_eq!(verdict(&capture, vec![callback("CaptureOrder", "86.40", false)]), missed(&all), "a failure");
}

#[test]
fn a_forgotten_entity_does_not_come_back() {
    let order = |minutes| observed(minutes, &[("status", "ready")]);
    let judged = |observed: &Observation| {
        let history = EntityHistory { forgotten: Some(at(-50)), ..EntityHistory::default() };
        judge(&facts(observed), &history)
    };
    assert_eq!(judged(&order(Some(60))), Verdict::Forgotten);
    assert_eq!(judged(&order(None)), Verdict::Forgotten, "it may be older");
    assert_eq!(judged(&order(Some(40))), missed(&["status"]), "it changed after that");
}

#[test]
fn with_a_damaged_event_nothing_is_known() {
    let order = observed(Some(60), &[("status", "ready")]);
    let history = EntityHistory { is_damaged: true, ..EntityHistory::default() };
    assert_eq!(judge(&facts(&order), &history), Verdict::Unknown);
}

fn change(minutes: i64, status: &str, state: Option<State>) -> Change {
    Change { at: timestamp(at(-minutes)), status: status.to_owned(), state, entry: Value::Null }
}

/// An order that is delivered since an hour, with these changes before.
fn with_history(changes: &[(i64, &str, Option<State>)]) -> Observation {
    let history = changes.iter().map(|(minutes, status, state)| change(*minutes, status, *state));
    Observation { history: history.collect(), ..observed(Some(60), &[("status", "delivered")]) }
}

#[test]
fn missed_entries_of_a_history_are_found_oldest_first() {
    use State::{Fulfilled, InProgress, InTransit, Open};
    let order = with_history(&[
        (300, "New", Some(Open)),
        (240, "Preparing", Some(InProgress)),
        (200, "Ready", Some(InProgress)),
        (120, "In Delivery", Some(InTransit)),
        (60, "Delivered", Some(Fulfilled)),
    ]);
    let status =
        |minutes: i64, code: &str, state: &str| event(-minutes, json!({"status": code, "state": state}));
    let delivered = || status(59, "delivered", "fulfilled");
    let entries = |events: Vec<Published>| match verdict(&order, events) {
        Verdict::Missed(missed) => missed.entries,
        Verdict::Arrived => Vec::new(),
        other => panic!("{other:?}"),
    };
    let all = || {
        vec![
            status(299, "new", "open"),
            status(239, "preparing", "in_progress"),
            status(199, "ready", "in_progress"),
            status(119, "indelivery", "in_transit"),
            delivered(),
        ]
    };
    assert_eq!(entries(all()), Vec::<usize>::new());
    assert_eq!(entries(vec![delivered()]), [0, 1, 2, 3]);
    // One word of the vocabulary means both, and each event belongs to its own entry.
    assert_eq!(
        entries(vec![status(299, "new", "open"), status(199, "ready", "in_progress"), delivered()]),
        [1, 3]
    );
    // Webhooks that overtook each other.
    let mut moved = all();
    moved.swap(1, 2);
    assert_eq!(entries(moved), Vec::<usize>::new());
    // A clock that is four minutes ahead.
    assert_eq!(entries(vec![status(304, "new", "open"), delivered()]), [1, 2, 3]);
}

#[test]
fn a_state_that_was_entered_twice_needs_two_events() {
    let entry = |minutes| (minutes, "Ready", Some(State::InProgress));
    let order = with_history(&[
        entry(300),
        (200, "New", Some(State::Open)),
        entry(100),
        (60, "Delivered", Some(State::Fulfilled)),
    ]);
    let status = |minutes: i64, code: &str| event(-minutes, json!({"status": code}));
    let judged = |events: Vec<Published>| match verdict(&order, events) {
        Verdict::Missed(missed) => missed.entries,
        other => panic!("{other:?}"),
    };
    let rest = || vec![status(199, "new"), status(59, "delivered")];
    assert_eq!(judged([vec![status(99, "ready")], rest()].concat()), [0]);
    assert_eq!(judged([vec![status(299, "ready")], rest()].concat()), [2]);
}

#[test]
fn an_entry_that_cannot_count_is_no_loss() {
    let judged = |changes: &[(i64, &str, Option<State>)]| {
        verdict(&with_history(changes), vec![event(-59, json!({"status": "delivered"}))])
    };
    let delivered = (60, "Delivered", Some(State::Fulfilled));
    assert_eq!(
        judged(&[(20_000, "New", Some(State::Open)), delivered]),
        Verdict::Arrived,
        "before the window"
    );
    assert_eq!(judged(&[(90, "Gift wrapped", None), delivered]), Verdict::Arrived, "the merchant's own word");
}
