//! Deduplication of deliveries whose bodies have no time of their own: a duplicate, a new state, or an older state.
//!
//! Each entity has one item, [`Latest`]. It names the entity's newest event, and the newest delivery that was decided
//! to be a duplicate. A delivery is stored in three steps:
//!
//! 1. Write the event. Its id contains content and arrival.
//! 2. Make `latest` name it, on the condition of [`moves_immediately`]. On the ordinary path this is the last step.
//! 3. If the condition fails, [`decide`] from the item that the table returns. Each decision is a write on the
//!    condition that the item has not changed; if it has, decide again.
//!
//! A duplicate is noted on `latest` before its own event gets the receipt of a duplicate. If an event is found later
//! that arrived between the original and the duplicate, the duplicate can be published after all
//! ([`Decision::Restore`]): its receipt is made void first, and then `latest` changes. A void receipt never becomes the
//! receipt of a duplicate again.
//!
//! The crate `inlet-model` checks this rule, with every call failing, coming late or never, and with clocks that
//! differ.

/// The entity's item `latest`. `D` names events, `C` contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Latest<D, C> {
    /// The newest event.
    pub digest: D,
    /// Its content.
    pub content: C,
    /// Its arrival, in milliseconds since 1970 UTC.
    pub received_ms: i64,
    /// The newest delivery that was decided to be a duplicate. It stays when `latest` moves to another event.
    pub duplicate: Option<Duplicate<D>>,
}

/// A delivery that was decided to be a duplicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Duplicate<D> {
    /// Its event.
    pub digest: D,
    /// Its arrival, in milliseconds since 1970 UTC.
    pub received_ms: i64,
}

/// A delivery whose event is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Candidate<D, C> {
    /// Its event.
    pub digest: D,
    /// Its content.
    pub content: C,
    /// Its arrival, in milliseconds since 1970 UTC.
    pub received_ms: i64,
    /// The retry window in milliseconds; `None` if the body has a time of its own, so that it is never a duplicate of
    /// `latest`.
    pub window_ms: Option<i64>,
}

/// The order of a delivery and of the delivery in `latest`, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Evidence<D> {
    /// The receiver has not answered yet. Every event that `latest` names counts as earlier, even if the clocks differ,
    /// because deliveries that were answered before this one was sent are among them. Exception: an event that `latest`
    /// did not name when this receiver looked overlaps with this delivery, so the arrivals decide.
    Unanswered(Option<Snapshot<D>>),
    /// The delivery was answered some time ago ((only the queue had it, or it was in quarantine)): the arrivals decide.
    Late,
}

/// The events that `latest` named when a receiver looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Snapshot<D> {
    /// The newest event, if there was one.
    pub latest: Option<D>,
    /// The noted duplicate, if there was one.
    pub duplicate: Option<D>,
}

/// The decision about a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision<D, C> {
    /// `latest` names this event already: the SDK sent its own call again, or two equal deliveries of one millisecond
    /// share the event. It is new. A receipt of a duplicate under the event's own id would be a loss.
    Own,
    /// A duplicate of the event that `latest` names.
    Duplicate,
    /// The entity's newest state.
    Newest {
        /// The arrival, which becomes later than the receiver's clock said if the clocks disagree.
        received_ms: i64,
    },
    /// A new state that is older than the newest one. `latest` stays.
    Older,
    /// A new state. The noted duplicate, which arrived after it, is a new state too.
    Restore {
        /// The noted delivery that is not a duplicate.
        duplicate: Duplicate<D>,
        /// The next `latest`: the former duplicate, if it is the newest event.
        latest: Latest<D, C>,
    },
}

/// Returns true if `latest` may name this delivery without a call of [`decide`]: the condition of the first update.
pub fn moves_immediately<D, C: PartialEq>(latest: Option<&Latest<D, C>>, own: &Candidate<D, C>) -> bool {
    latest.is_none_or(|latest| {
        let noted = latest.duplicate.as_ref();
        latest.received_ms < own.received_ms
            && noted.is_none_or(|duplicate| duplicate.received_ms < own.received_ms)
            && !is_equal(latest, own)
    })
}

/// Decides about a delivery for which [`moves_immediately`] is false.
pub fn decide<D: Clone + PartialEq, C: Clone + PartialEq>(
    latest: &Latest<D, C>,
    own: &Candidate<D, C>,
    evidence: &Evidence<D>,
) -> Decision<D, C> {
    if latest.digest == own.digest {
        return Decision::Own;
    }
    let is_late = matches!(evidence, Evidence::Late);
    let is_behind = latest.received_ms >= own.received_ms;
    // In doubt a delivery is new: another state may have arrived between a late delivery and a later `latest`.
    if is_equal(latest, own) && !(is_late && is_behind) {
        return Decision::Duplicate;
    }
    let duplicate = latest.duplicate.as_ref().filter(|duplicate| duplicate.digest != own.digest);
    let is_older = is_behind && evidence.allows_later(&latest.digest);
    let restored = duplicate
        .filter(|duplicate| {
            duplicate.received_ms > own.received_ms && evidence.allows_later(&duplicate.digest)
        })
        // If a delivery is later than `latest` by the order of the calls but not by its arrival, it cannot be ordered
        // between the two.
        .filter(|_| is_older || !is_behind);
    if let Some(duplicate) = restored {
        return Decision::Restore {
            duplicate: duplicate.clone(),
            latest: without_duplicate(latest, duplicate),
        };
    }
    if is_older {
        return Decision::Older;
    }
    if is_late {
        return Decision::Newest { received_ms: own.received_ms };
    }
    let shown_ms =
        duplicate.map_or(latest.received_ms, |duplicate| latest.received_ms.max(duplicate.received_ms));
    Decision::Newest { received_ms: own.received_ms.max(shown_ms.saturating_add(1)) }
}

/// The most that a provider's clock may be ahead of ours: a signed time is later than its arrival by no more.
const MAX_CLOCK_LEAD_MS: i64 = 24 * 60 * 60 * 1_000;

/// Returns whether a signed delivery may have been an event that has expired since. A signed delivery can be captured
/// and sent again at any time; its event is kept for `retention_ms` from its arrival, which is not before the signed
/// time. So if the signed time is younger than the retention, the event would still be there. Otherwise, or if the
/// delivery has no signed time, only the event's receipt can decide, which is kept for longer.
///
/// All times are in milliseconds since 1970 UTC.
pub fn may_have_expired(signed_ms: Option<i64>, received_ms: i64, retention_ms: i64) -> bool {
    let oldest_ms = received_ms.saturating_sub(retention_ms).saturating_add(MAX_CLOCK_LEAD_MS);
    signed_ms.is_none_or(|signed_ms| signed_ms <= oldest_ms)
}

impl<D: PartialEq> Evidence<D> {
    /// Returns true if this event may be later than the delivery.
    fn allows_later(&self, digest: &D) -> bool {
        match self {
            Self::Late => true,
            Self::Unanswered(None) => false,
            Self::Unanswered(Some(snapshot)) => {
                snapshot.latest.as_ref() != Some(digest) && snapshot.duplicate.as_ref() != Some(digest)
            }
        }
    }
}

/// Returns true if the delivery has the content that `latest` names, within its retry window.
fn is_equal<D, C: PartialEq>(latest: &Latest<D, C>, own: &Candidate<D, C>) -> bool {
    let apart_ms = own.received_ms.saturating_sub(latest.received_ms).saturating_abs();
    latest.content == own.content && own.window_ms.is_some_and(|window_ms| apart_ms <= window_ms)
}

/// Returns the next `latest` if the noted duplicate is an event of its own. A duplicate that is later than `latest` has
/// the content that `latest` names, because it is a duplicate of that event: `latest` never moves to an event before
/// the noted duplicate.
fn without_duplicate<D: Clone, C: Clone>(latest: &Latest<D, C>, duplicate: &Duplicate<D>) -> Latest<D, C> {
    let newest = if duplicate.received_ms > latest.received_ms {
        duplicate.clone()
    } else {
        Duplicate { digest: latest.digest.clone(), received_ms: latest.received_ms }
    };
    let Duplicate { digest, received_ms } = newest;
    Latest { digest, received_ms, content: latest.content.clone(), duplicate: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WINDOW_MS: i64 = 60;

    /// `latest` names the event `a` with content `A`, received at 100, and the duplicate `r`, if there is one.
    fn latest(duplicate_ms: Option<i64>) -> Latest<char, char> {
        let duplicate = duplicate_ms.map(|received_ms| Duplicate { digest: 'r', received_ms });
        Latest { digest: 'a', content: 'A', received_ms: 100, duplicate }
    }

    /// The delivery `x`.
    fn delivery(content: char, received_ms: i64) -> Candidate<char, char> {
        Candidate { digest: 'x', content, received_ms, window_ms: Some(WINDOW_MS) }
    }

    const NEVER_LOOKED: Evidence<char> = Evidence::Unanswered(None);

    fn looked(latest: char, duplicate: Option<char>) -> Evidence<char> {
        Evidence::Unanswered(Some(Snapshot { latest: Some(latest), duplicate }))
    }

    fn newest(received_ms: i64) -> Decision<char, char> {
        Decision::Newest { received_ms }
    }

    fn restored(duplicate_ms: i64, digest: char) -> Decision<char, char> {
        Decision::Restore {
            duplicate: Duplicate { digest: 'r', received_ms: duplicate_ms },
            latest: Latest { digest, content: 'A', received_ms: duplicate_ms.max(100), duplicate: None },
        }
    }

    #[test]
    fn latest_moves_immediately_to_a_later_state() {
        for (content, received_ms, duplicate_ms, moves) in [
            ('B', 101, None, true),
            ('B', 100, None, false),
            ('B', 99, None, false),
            ('A', 101, None, false),
            ('A', 160, None, false),
            ('A', 161, None, true),
            ('B', 120, Some(119), true),
            ('B', 120, Some(120), false),
            ('B', 120, Some(121), false),
        ] {
            let own = delivery(content, received_ms);
            let case = (content, received_ms, duplicate_ms);
            assert_eq!(moves_immediately(Some(&latest(duplicate_ms)), &own), moves, "{case:?}");
        }
        assert!(moves_immediately(None, &delivery('A', 1)), "an entity without events");
    }

    #[test]
    fn each_delivery_is_decided_by_order_content_and_window() {
        for (content, received_ms, duplicate_ms, evidence, decision) in [
            // A receiver that never looked: everything that latest shows is earlier.
            ('A', 130, None, NEVER_LOOKED, Decision::Duplicate),
            ('A', 90, None, NEVER_LOOKED, Decision::Duplicate),
            ('A', 30, None, NEVER_LOOKED, newest(101)),
            ('B', 90, None, NEVER_LOOKED, newest(101)),
            ('B', 100, None, NEVER_LOOKED, newest(101)),
            ('B', 110, Some(120), NEVER_LOOKED, newest(121)),
            // A receiver that looked: what was not there then may be later.
            ('B', 90, None, looked('o', None), Decision::Older),
            ('B', 90, None, looked('a', None), newest(101)),
            ('B', 110, Some(120), looked('a', None), restored(120, 'r')),
            ('B', 110, Some(120), looked('a', Some('r')), newest(121)),
            ('B', 90, Some(120), looked('a', None), newest(121)),
            ('B', 90, Some(95), looked('o', None), restored(95, 'a')),
            ('B', 90, Some(120), looked('o', None), restored(120, 'r')),
            ('A', 110, Some(120), looked('a', None), Decision::Duplicate),
            // A late delivery: the arrivals decide.
            ('B', 90, None, Evidence::Late, Decision::Older),
            ('B', 110, Some(120), Evidence::Late, restored(120, 'r')),
            ('B', 90, Some(95), Evidence::Late, restored(95, 'a')),
            ('B', 120, Some(120), Evidence::Late, newest(120)),
            ('A', 110, None, Evidence::Late, Decision::Duplicate),
            ('A', 90, None, Evidence::Late, Decision::Older),
        ] {
            let own = delivery(content, received_ms);
            let case = (content, received_ms, duplicate_ms, evidence);
            assert_eq!(decide(&latest(duplicate_ms), &own, &evidence), decision, "{case:?}");
        }
    }

    #[test]
    fn a_delivery_is_never_its_own_duplicate() {
        let own = Candidate { digest: 'a', ..delivery('A', 100) };
        for evidence in [NEVER_LOOKED, Evidence::Late] {
            assert_eq!(decide(&latest(None), &own, &evidence), Decision::Own);
        }
        // Its own note, of a call whose reply was lost.
        let own = Candidate { digest: 'r', ..delivery('B', 120) };
        assert_eq!(decide(&latest(Some(120)), &own, &NEVER_LOOKED), newest(120));
    }

    #[test]
    fn a_body_with_its_own_time_is_never_a_duplicate_of_latest() {
        let own = Candidate { window_ms: None, ..delivery('A', 110) };
        assert!(moves_immediately(Some(&latest(None)), &own));
        let own = Candidate { received_ms: 100, ..own };
        assert_eq!(decide(&latest(None), &own, &NEVER_LOOKED), newest(101));
    }

    #[test]
    fn a_recent_signed_time_needs_no_receipt() {
        const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
        for (signed_days, may_have_expired) in
            [(0, false), (88, false), (89, true), (90, true), (1_000, true), (-1, false)]
        {
            let now_ms = 1_749_715_272_345;
            let expired = super::may_have_expired(Some(now_ms - signed_days * DAY_MS), now_ms, 90 * DAY_MS);
            assert_eq!(expired, may_have_expired, "{signed_days} days ago");
        }
        assert!(super::may_have_expired(None, 0, 0), "no signed time");
    }

    fn any_evidence() -> impl Strategy<Value = Evidence<char>> {
        let snapshot = (prop::option::of(prop::sample::select(vec!['a', 'o'])), prop::option::of(Just('r')));
        prop_oneof![
            Just(NEVER_LOOKED),
            Just(Evidence::Late),
            snapshot
                .prop_map(|(latest, duplicate)| Evidence::Unanswered(Some(Snapshot { latest, duplicate }))),
        ]
    }

    proptest! {
        /// However often a signed delivery is sent again: its event is still kept, or its receipt is asked for.
        #[test]
        fn a_signed_delivery_is_never_new_twice(
            signed_ms in 0_i64..4_000_000_000_000,
            first_after_ms in -MAX_CLOCK_LEAD_MS..40_000_000_000,
            again_after_ms in 0_i64..400_000_000_000,
            retention_days in 1_i64..400,
        ) {
            let retention_ms = retention_days.saturating_mul(24 * 60 * 60 * 1_000);
            let first_ms = signed_ms.saturating_add(first_after_ms);
            let again_ms = first_ms.saturating_add(again_after_ms);
            let is_kept = again_ms < first_ms.saturating_add(retention_ms);
            prop_assert!(is_kept || may_have_expired(Some(signed_ms), again_ms, retention_ms));
        }

        #[test]
        fn an_immediate_move_is_the_newest_state(
            content in prop::sample::select(vec!['A', 'B']),
            received_ms in 0_i64..250,
            duplicate_ms in prop::option::of(0_i64..250),
            evidence in any_evidence(),
        ) {
            let (latest, own) = (latest(duplicate_ms), delivery(content, received_ms));
            let decision = decide(&latest, &own, &evidence);
            if moves_immediately(Some(&latest), &own) {
                prop_assert_eq!(decision, newest(received_ms));
            }
            match (decision, evidence) {
                (Decision::Newest { received_ms: made }, Evidence::Late) => prop_assert_eq!(made, received_ms),
                (Decision::Newest { received_ms: made }, _) => {
                    prop_assert!(made >= received_ms && made > latest.received_ms);
                    prop_assert!(duplicate_ms.is_none_or(|duplicate_ms| made > duplicate_ms));
                }
                (Decision::Older | Decision::Restore { .. }, evidence) => {
                    prop_assert_ne!(evidence, NEVER_LOOKED, "everything shown counts as earlier");
                }
                _ => {}
            }
            if let Decision::Restore { duplicate, latest: next } = decision {
                prop_assert!(duplicate.received_ms > received_ms);
                prop_assert_eq!(next.received_ms, latest.received_ms.max(duplicate.received_ms));
                prop_assert_eq!((next.content, next.duplicate), ('A', None));
            }
        }

        /// One delivery after the other, each answered before the next one is sent, independently of their clocks.
        #[test]
        fn in_sequence_the_newest_event_is_the_last_state(
            sent in prop::collection::vec((prop::sample::select(vec!['A', 'B', 'C']), 0_i64..1_000), 1..12),
        ) {
            let mut latest: Option<Latest<usize, char>> = None;
            let mut events: Vec<(i64, char)> = Vec::new();
            for (digest, &(content, received_ms)) in sent.iter().enumerate() {
                let own = Candidate { digest, content, received_ms, window_ms: Some(i64::MAX) };
                let decision = match &latest {
                    Some(latest) if !moves_immediately(Some(latest), &own) => {
                        decide(latest, &own, &Evidence::Unanswered(None))
                    }
                    _ => Decision::Newest { received_ms },
                };
                match decision {
                    Decision::Newest { received_ms } => {
                        let duplicate = latest.and_then(|latest| latest.duplicate);
                        latest = Some(Latest { digest, content, received_ms, duplicate });
                        events.push((received_ms, content));
                    }
                    Decision::Duplicate => {
                        let noted = latest.as_mut().unwrap();
                        if noted.duplicate.is_none_or(|duplicate| duplicate.received_ms < received_ms) {
                            noted.duplicate = Some(Duplicate { digest, received_ms });
                        }
                    }
                    other => prop_assert!(false, "{other:?}"),
                }
            }
            let states: Vec<char> = sent.iter().map(|&(content, _)| content).collect();
            let mut changes = states.clone();
            changes.dedup();
            prop_assert!(events.is_sorted_by(|earlier, later| earlier.0 < later.0), "{events:?}");
            prop_assert_eq!(events.iter().map(|event| event.1).collect::<Vec<_>>(), changes);
        }
    }
}
