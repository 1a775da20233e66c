//! Making a registration anew where nothing can be changed in place: the new one first, then the old one goes. What
//! works is given up only when the provider says that it does not take both, and never on a failure of its own.

use std::time::Duration;

use inlet::tools::registration::{Call, Item, Refusal, Registration};

use super::{Answered, FailureCause, Session};

/// How long is waited before each further try to make what is gone: a failure is often over in a moment.
const PAUSES: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(3)];

/// What is there after a swap that went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// The old one alone.
    Old,
    /// Neither.
    Nothing,
    /// One of the two, and the list did not tell which.
    Unknown,
}

/// A swap of what stands for the events of these items.
pub(super) struct Swap<'s> {
    pub(super) session: &'s Session,
    pub(super) items: &'s [Item],
    /// How many registrations of these events came to this store before it.
    pub(super) before: usize,
    pub(super) make: &'s Call,
    pub(super) delete: &'s Call,
}

impl Left {
    /// What is to be said of it.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Old => "the old one is still there, and the new one is not",
            Self::Nothing => "the old one is gone and the new one is not there, so nothing of it comes in",
            Self::Unknown => "the provider's list did not tell whether the old one is there or the new one",
        }
    }
}

/// How many registrations of these items' events come to this store.
pub(super) fn standing(session: &Session, items: &[Item], registrations: &[Registration]) -> usize {
    let meant = |one: &&Registration| {
        session.destination.contains(&one.target) && items.iter().any(|item| item.event == one.event)
    };
    registrations.iter().filter(meant).count()
}

impl Swap<'_> {
    /// Carries it out.
    pub(super) async fn carry_out(&self) -> Answered {
        match self.session.change(self.make).await {
            Answered::Done => self.clear().await,
            Answered::Unconfirmed(told) => match self.now().await {
                None => Answered::Unswapped(Left::Unknown, told),
                // It is done, whatever was said of it.
                Some(now) if now > self.before => self.clear().await,
                // It may be that the two cannot stand side by side.
                Some(_) if matches!(told, FailureCause::Refusal(Refusal::Refused { .. })) => {
                    self.in_turn().await
                }
                Some(_) => Answered::Unswapped(Left::Old, told),
            },
            refused => refused,
        }
    }

    /// Removes the old one, as the new one is there.
    async fn clear(&self) -> Answered {
        match self.session.change(self.delete).await {
            Answered::Done => Answered::Done,
            left => Answered::OldOneLeft(left.words()),
        }
    }

    /// The old one first, and then the new one.
    async fn in_turn(&self) -> Answered {
        match self.session.change(self.delete).await {
            Answered::Done => self.make_again().await,
            Answered::Unconfirmed(told) => match self.now().await {
                Some(now) if now < self.before => self.make_again().await,
                Some(_) => Answered::Unswapped(Left::Old, told),
                None => Answered::Unswapped(Left::Unknown, told),
            },
            refused => refused,
        }
    }

    /// Makes the new one where the old one is gone, and does not give up at the first failure.
    async fn make_again(&self) -> Answered {
        let mut pauses = PAUSES.into_iter();
        loop {
            let told = match self.session.change(self.make).await {
                Answered::Unconfirmed(told) => told,
                Answered::Refused(refusal) => FailureCause::Refusal(refusal),
                done => return done,
            };
            if self.now().await.is_some_and(|now| now >= self.before) {
                return Answered::Done;
            }
            match pauses.next() {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Answered::Unswapped(Left::Nothing, told),
            }
        }
    }

    /// How many there are now; nothing where that cannot be learned.
    async fn now(&self) -> Option<usize> {
        let look = self.session.look().await.ok().filter(|look| look.asked)?;
        Some(standing(self.session, self.items, &look.present.registrations()))
    }
}

#[cfg(test)]
mod tests;
