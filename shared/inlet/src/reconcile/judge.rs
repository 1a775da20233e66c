//! Compares an observation with the events of its entity.
//!
//! 1. The last value that each field was published with is known from the events ([`EntityHistory`]), in the order of
//!    the changes at the provider. An event without a field does not change it.
//! 2. A field that is equal has arrived. Decimals are compared as numbers; bytes are never compared.
//! 3. A field that no event carries, as where a webhook has nothing but an id, has arrived if an event came at or after
//!    the change.
//! 4. Every other field is missed, unless the change is so young that the provider may still deliver it: younger than
//!    its retry window and the difference between two clocks.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::fetched::Missed;
use super::history::{EntityHistory, Published};
use super::observation::{Change, Comparison, Observation};
use crate::received_at::ReceivedAt;
use crate::value::decimal::Decimal;

/// The time by which the clocks of the provider and of Inlet may differ: the promise for clocks in general. It includes
/// the minute of a provider whose times have minutes.
pub const CLOCK_SKEW: Duration = Duration::from_mins(5);

/// The time before the end of an event's retention from which on changes are not compared: an event that was deleted
/// would count as missed. A list by days begins up to two days before its window.
pub const EXPIRY_MARGIN: Duration = Duration::from_hours(72);

/// An observation and the facts by which it is judged.
#[derive(Clone, Copy, Debug)]
pub struct Judgement<'a> {
    /// The observation.
    pub observed: &'a Observation,
    /// The time at which the API returned it.
    pub at: ReceivedAt,
    /// The first change that counts: the begin of the window.
    pub since: Timestamp,
    /// The time in which the provider may still deliver a change.
    pub retry_window: Duration,
    /// The time of an earlier read that found the same state missing, for objects without a time of change.
    pub seen_before: Option<ReceivedAt>,
}

/// The result for one observation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The change is so young that its webhook may still arrive, or an event arrived after the read.
    Young,
    /// Webhooks brought the state.
    Arrived,
    /// An earlier run found the state in the API and published it.
    Reconciled,
    /// The state was published, and an event of an older state arrived after it, in these fields. It is not missed, but
    /// the newest event should carry it.
    Overtaken {
        /// The fields.
        fields: Vec<&'static str>,
        /// True if webhooks brought the state, false if an earlier run published it.
        by_webhook: bool,
    },
    /// The state was not published.
    Missed(Missed),
    /// The state was not published, and the object has no time of change: it is missed if it is still so after the
    /// provider's retry window.
    Undated,
    /// Nothing can be compared.
    Unknown,
    /// The entity was forgotten after the change. It must not come back.
    Forgotten,
}

/// Judges an observation by the events of its entity.
pub fn judge(facts: &Judgement<'_>, history: &EntityHistory) -> Verdict {
    let Judgement { observed, at, .. } = *facts;
    if let Some(forgotten) = history.forgotten
        && observed.changed_at.is_none_or(|changed| changed <= timestamp(forgotten))
    {
        return Verdict::Forgotten;
    }
    if history.events.iter().any(|event| event.received_at > at) {
        return Verdict::Young;
    }
    if history.is_damaged {
        return Verdict::Unknown;
    }
    let entries = missed_entries(facts, &history.events);
    let comparison = match observed.comparison {
        Comparison::Newest => compare_newest(observed, &history.events),
        Comparison::Any => compare_any(observed, &history.events),
    };
    let fields = match comparison {
        Compared::Same { .. } | Compared::Overtaken { .. } if !entries.is_empty() => Vec::new(),
        Compared::Overtaken { fields, by_webhook } => return Verdict::Overtaken { fields, by_webhook },
        Compared::Same { by_webhook: true } => return Verdict::Arrived,
        Compared::Same { by_webhook: false } => return Verdict::Reconciled,
        Compared::Nothing => return Verdict::Unknown,
        Compared::Differs(fields) => fields,
    };
    let missed = Missed { fields, entries };
    match observed.changed_at {
        // An entry is in the list only if it is old enough.
        _ if missed.fields.is_empty() => Verdict::Missed(missed),
        Some(changed) if is_young(changed, facts) => Verdict::Young,
        Some(_) => Verdict::Missed(missed),
        None => match facts.seen_before {
            Some(before) if at.since(before) >= facts.retry_window => Verdict::Missed(missed),
            Some(_) | None => Verdict::Undated,
        },
    }
}

/// The result of comparing the state with the events.
enum Compared {
    /// All fields were published; `by_webhook` is false if an earlier run published one of them.
    Same { by_webhook: bool },
    /// The same, but an older state arrived after it: these fields of the newest event have another value.
    Overtaken { fields: Vec<&'static str>, by_webhook: bool },
    /// These fields were not published.
    Differs(Vec<&'static str>),
    /// The observation has no state, and its entity has no event after the change.
    Nothing,
}

/// Compares the state with the last value of each field. The last value is that of the latest change at the provider;
/// the newest event should have it too.
fn compare_newest(observed: &Observation, events: &[Published]) -> Compared {
    let by_arrival: Vec<&Published> = events.iter().collect();
    let mut by_change = by_arrival.clone();
    // Providers' times have seconds or minutes: of two changes of one time, the event with the state is the later one.
    by_change.sort_by_key(|event| (changed_at(event), has_whole_state(observed, event)));
    let webhooks: Vec<&Published> = by_change.iter().copied().filter(|event| !event.is_reconciled).collect();
    if observed.state.is_empty() {
        let came_after = |events: &[&Published]| events.iter().any(|event| is_after_change(event, observed));
        return match (came_after(&webhooks), came_after(&by_arrival)) {
            (true, _) => Compared::Same { by_webhook: true },
            (false, true) => Compared::Same { by_webhook: false },
            (false, false) if events.is_empty() => Compared::Differs(Vec::new()),
            (false, false) => Compared::Nothing,
        };
    }
    let missed = differing(observed, &by_change);
    if !missed.is_empty() {
        return Compared::Differs(missed);
    }
    let (fields, by_webhook) = (differing(observed, &by_arrival), differing(observed, &webhooks).is_empty());
    if fields.is_empty() { Compared::Same { by_webhook } } else { Compared::Overtaken { fields, by_webhook } }
}

/// Returns true if an event has every field of the state, with the same value.
fn has_whole_state(observed: &Observation, event: &Published) -> bool {
    observed.state.iter().all(|(name, value)| is_published(observed, name, value, &event.data))
}

/// Returns the time of the change that an event brings: the object's own, else that of its arrival.
fn changed_at(event: &Published) -> Timestamp {
    let own = event.data.get("updated_at").and_then(Value::as_str).and_then(|text| text.parse().ok());
    own.unwrap_or_else(|| timestamp(event.received_at))
}

/// Returns the fields of the state whose last published value is another one.
fn differing(observed: &Observation, events: &[&Published]) -> Vec<&'static str> {
    let has_event_since = events.iter().any(|event| is_after_change(event, observed));
    let is_different = |(name, value): &&(&'static str, String)| {
        let last = events.iter().rev().find(|event| published(&event.data, name).is_some());
        match last {
            Some(event) => !is_published(observed, name, value, &event.data),
            None => !has_event_since,
        }
    };
    observed.state.iter().filter(is_different).map(|(name, _)| *name).collect()
}

/// Looks for one event with the whole state: the observation happened once. A field that the event lacks is no
/// difference, as long as another is equal.
fn compare_any(observed: &Observation, events: &[Published]) -> Compared {
    let fits = |event: &&Published| {
        let known = observed.state.iter().filter(|(name, _)| published(&event.data, name).is_some());
        let equal = |(name, value): &(&'static str, String)| is_published(observed, name, value, &event.data);
        let known: Vec<bool> = known.map(equal).collect();
        !known.is_empty() && known.into_iter().all(|equal| equal)
    };
    if observed.state.is_empty() {
        return Compared::Nothing;
    }
    let mut fitting = events.iter().filter(fits).peekable();
    if fitting.peek().is_none() {
        return Compared::Differs(observed.state.iter().map(|(name, _)| *name).collect());
    }
    Compared::Same { by_webhook: fitting.any(|event| !event.is_reconciled) }
}

/// Returns true if the event arrived at or after the change. Without a time of change, it is not known.
fn is_after_change(event: &Published, observed: &Observation) -> bool {
    observed.changed_at.is_some_and(|changed| timestamp(event.received_at) >= changed)
}

/// A way in which an event fits an entry.
type Fits<'a> = &'a dyn Fn(&Published, &Change) -> bool;

/// Returns the entries of the provider's history that no event carries, the oldest first.
///
/// 1. An entry has arrived if an event with its status came after it, or up to the clocks' difference before it. One
///    event is enough for one entry, so a state that was entered twice needs two.
/// 2. The newest entry takes its event first: each event that fits it fits every earlier entry of the same status too.
/// 3. Entries have translated names. The common vocabulary decides only where an event's own word is in no entry.
/// 4. An entry before the window or too young does not count, and neither does one whose name has no known meaning. The
///    newest entry never counts: the state itself is compared.
fn missed_entries(facts: &Judgement<'_>, events: &[Published]) -> Vec<usize> {
    let history = &facts.observed.history;
    let mut used = vec![false; events.len()];
    let mut open: Vec<(usize, &Change)> = history.iter().enumerate().rev().collect();
    let is_in_time = |event: &Published, change: &Change| {
        timestamp(event.received_at).saturating_add(CLOCK_SKEW).is_ok_and(|arrival| arrival >= change.at)
    };
    let is_in_history = |event: &Published| history.iter().any(|change| has_word(&event.data, change));
    let by_word = |event: &Published, change: &Change| has_word(&event.data, change);
    let by_state =
        |event: &Published, change: &Change| has_state(&event.data, change) && !is_in_history(event);
    let ways: [Fits<'_>; 2] = [&by_word, &by_state];
    for fits in ways {
        open.retain(|(_, change)| {
            let mut unused = events.iter().zip(&mut used).filter(|(_, used)| !**used);
            match unused.find(|(event, _)| is_in_time(event, change) && fits(event, change)) {
                Some((_, used)) => {
                    *used = true;
                    false
                }
                None => true,
            }
        });
    }
    let newest = history.len().saturating_sub(1);
    let has_meaning =
        |change: &Change| change.state.is_some() || events.iter().any(|event| has_word(&event.data, change));
    let counts = |(at, change): &&(usize, &Change)| {
        *at != newest && change.at >= facts.since && !is_young(change.at, facts) && has_meaning(change)
    };
    let mut missed: Vec<usize> = open.iter().filter(counts).map(|(at, _)| *at).collect();
    missed.reverse();
    missed
}

/// Returns true if an event's object has the name of an entry's status, as its code or as its label.
fn has_word(data: &Value, change: &Change) -> bool {
    let is_word = |name: &str| {
        data.get(name).and_then(Value::as_str).is_some_and(|word| letters(word) == letters(&change.status))
    };
    is_word("status") || is_word("status_label")
}

/// Returns true if an event's object is in the state of an entry, in the common vocabulary.
fn has_state(data: &Value, change: &Change) -> bool {
    let state = data.get("state").and_then(Value::as_str);
    change.state.is_some_and(|known| state == Some(known.as_str()))
}

/// Returns a word without case and separators: the code of `In Delivery` is `indelivery`.
fn letters(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl Judgement<'_> {
    /// Returns true if the provider may still deliver the last change of the object. One without a time counts as old.
    pub(super) fn is_young(&self) -> bool {
        self.observed.changed_at.is_some_and(|changed| is_young(changed, self))
    }
}

/// Returns true if the provider may still deliver a change.
fn is_young(changed: Timestamp, facts: &Judgement<'_>) -> bool {
    let span = facts.retry_window.saturating_add(CLOCK_SKEW);
    let span = SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX);
    timestamp(facts.at).duration_since(changed) < span
}

/// Returns the published value of a field: the amount of a sum of money, else the text.
fn published(data: &Value, field: &str) -> Option<String> {
    let value = data.get(field)?;
    match value.get("amount").unwrap_or(value) {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Returns true if an event's object has this value.
fn is_published(observed: &Observation, field: &str, value: &str, data: &Value) -> bool {
    let Some(published) = published(data, field) else { return false };
    is_same_value(&published, value)
        || (is_other_notation(&published, value) && has_same_state(observed, field, data))
}

/// Returns true if two reads of an object found the same state. A list and the object itself may write a number in two
/// ways.
pub(super) fn is_same_state(one: &Observation, other: &Observation) -> bool {
    let is_same = |((name, value), (other_name, other)): (&(&str, String), &(&str, String))| {
        name == other_name && is_same_value(value, other)
    };
    one.state.len() == other.state.len() && one.state.iter().zip(&other.state).all(is_same)
}

fn is_same_value(one: &str, other: &str) -> bool {
    match (Decimal::parse(one), Decimal::parse(other)) {
        (Some(one), Some(other)) => digits(&one) == digits(&other),
        _ => is_same_word(one, other),
    }
}

fn is_same_word(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// Returns a number's digits without those that do not change it.
fn digits(number: &Decimal) -> String {
    let text = number.as_str();
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => ("-", unsigned),
        None => ("", text),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let sign = if whole.is_empty() && fraction.is_empty() { "" } else { sign };
    format!("{sign}{whole}.{fraction}")
}

/// Returns true if two words of a state are in different notations: a code and a word, or two alphabets. Only then they
/// can mean the same.
fn is_other_notation(one: &str, other: &str) -> bool {
    let is_code = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_code(one) != is_code(other) || one.is_ascii() != other.is_ascii()
}

/// Returns true if an event's object and the observation are in the same state of the common vocabulary.
fn has_same_state(observed: &Observation, field: &str, data: &Value) -> bool {
    let Some(prefix) = field.strip_suffix("status") else { return false };
    let name = format!("{prefix}state");
    let ours = serde_json::to_value(&observed.data).unwrap_or_default();
    let state = |value: &Value| value.get(&name).and_then(Value::as_str).map(str::to_owned);
    state(data).is_some_and(|published| Some(published) == state(&ours))
}

fn timestamp(at: ReceivedAt) -> Timestamp {
    Timestamp::from_millisecond(at.millis()).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests;
