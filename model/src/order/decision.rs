//! The rule: what a delivery is, given the entity's item `latest`.

/// The entity's item `latest`: its newest event, and the newest delivery that was taken for a repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Latest<D, C> {
    /// The event.
    pub digest: D,
    /// Its content.
    pub content: C,
    /// Its arrival.
    pub received: i64,
    /// The newest delivery that was taken for a repeat. It stays when `latest` moves on.
    pub repeated: Option<Repeated<D>>,
}

/// A delivery that was taken for a repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Repeated<D> {
    /// Its event.
    pub digest: D,
    /// Its arrival.
    pub received: i64,
}

/// A delivery whose event is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Candidate<D, C> {
    /// Its event.
    pub digest: D,
    /// Its content.
    pub content: C,
    /// Its arrival.
    pub received: i64,
}

/// What is known about the order of a delivery and of what `latest` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Evidence<D> {
    /// The receiver has not answered: everything that `latest` shows counts as earlier, except for what it did not
    /// show when the receiver looked.
    Unanswered(Option<Look<D>>),
    /// The delivery was answered before: the arrivals decide.
    Late,
}

/// The digests that `latest` showed when a receiver looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Look<D> {
    /// The newest event, if there was one.
    pub latest: Option<D>,
    /// The noted repeat, if there was one.
    pub repeated: Option<D>,
}

/// What a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision<D, C> {
    /// `latest` names this event already: the same call was made before.
    Own,
    /// A repeat of the event that `latest` names.
    Repeat,
    /// A new state, the newest one. Its arrival may have to become later.
    Newest {
        /// The arrival.
        received: i64,
    },
    /// A new state, but not the newest one.
    Older,
    /// A new state, and the noted repeat arrived after it: so that one is a new state too.
    Restore {
        /// The repeat.
        repeated: Repeated<D>,
        /// What `latest` becomes.
        latest: Latest<D, C>,
    },
}

/// Whether `latest` may become this delivery without a look at it: the condition of the first update.
pub fn moves_at_once<D: Copy + Eq, C: Copy + Eq>(
    latest: Option<&Latest<D, C>>,
    own: &Candidate<D, C>,
) -> bool {
    latest.is_none_or(|latest| {
        latest.received < own.received
            && latest.repeated.is_none_or(|repeated| repeated.received < own.received)
            && latest.content != own.content
    })
}

/// What a delivery is, where [`moves_at_once`] says no.
pub fn decide<D: Copy + Eq, C: Copy + Eq>(
    latest: &Latest<D, C>,
    own: &Candidate<D, C>,
    evidence: Evidence<D>,
) -> Decision<D, C> {
    if latest.digest == own.digest {
        return Decision::Own;
    }
    let is_late = evidence == Evidence::Late;
    let is_behind = latest.received >= own.received;
    // In doubt a delivery is new: between a late one and a later `latest` there may have been another state.
    if latest.content == own.content && !(is_late && is_behind) {
        return Decision::Repeat;
    }
    let repeated = latest.repeated.filter(|repeated| repeated.digest != own.digest);
    let is_restorable =
        |repeated: &Repeated<D>| repeated.received > own.received && evidence.allows_after(repeated.digest);
    if is_behind && evidence.allows_after(latest.digest) {
        return match repeated.filter(is_restorable) {
            Some(repeated) => restore(latest, repeated),
            None => Decision::Older,
        };
    }
    match repeated {
        Some(repeated) if !is_behind && is_restorable(&repeated) => restore(latest, repeated),
        _ if is_late => Decision::Newest { received: own.received },
        _ => {
            let shown = repeated.map_or(latest.received, |repeated| latest.received.max(repeated.received));
            Decision::Newest { received: own.received.max(shown + 1) }
        }
    }
}

impl<D: Copy + Eq> Evidence<D> {
    /// Whether what has this digest may be ordered after the delivery.
    fn allows_after(self, digest: D) -> bool {
        match self {
            Self::Late => true,
            Self::Unanswered(None) => false,
            Self::Unanswered(Some(look)) => look.latest != Some(digest) && look.repeated != Some(digest),
        }
    }
}

fn restore<D: Copy, C: Copy>(latest: &Latest<D, C>, repeated: Repeated<D>) -> Decision<D, C> {
    // A repeat later than `latest` repeats what `latest` names: it has its content.
    let latest = if repeated.received > latest.received {
        Latest { digest: repeated.digest, received: repeated.received, repeated: None, ..*latest }
    } else {
        Latest { repeated: None, ..*latest }
    };
    Decision::Restore { repeated, latest }
}
