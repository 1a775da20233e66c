//! The items of the scheduled reconciler: its lease and its cursor, and the steps that change them.

use super::flaw::Flaw;
use super::protocol::Protocol;
use super::reconciler::Reconciler;
use super::world::World;
use crate::protocol::Luck;
use crate::world::{Id, Ids};

/// The lease and the cursor. A run that a person starts has neither, and leaves them as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Schedule {
    /// Number of changes before the next window: the oldest ones. An object that did not change since is not listed.
    pub cursor: Id,
    /// Number of changes that were settled when the last run read the list.
    pub settled_before: Id,
    /// The last lease, if its run has not ended it.
    pub lease: Option<Lease>,
    /// The runs whose lease expired while they worked.
    pub overran: Ids,
    /// Cursors that their run gave up storing and that take effect later; sorted, so that equal states compare equal.
    pub overdue: Vec<Id>,
}

/// A lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The place of its run.
    pub owner: Id,
    /// True if another run may take it.
    pub is_expired: bool,
}

impl Schedule {
    /// Returns true while no other run may begin.
    pub fn is_held(&self) -> bool {
        self.lease.is_some_and(|lease| !lease.is_expired)
    }
}

impl World {
    /// Returns the cursor after a run that reads the list now, if it can judge. Zero if it is not scheduled.
    pub fn next_cursor(&mut self, protocol: &Protocol) -> Id {
        if !protocol.scenario.is_scheduled {
            return 0;
        }
        std::mem::replace(&mut self.schedule.settled_before, self.settled)
    }

    /// A scheduled run begins with the lease.
    pub fn take_lease(&mut self, place: Id) {
        self.schedule.lease = Some(Lease { owner: place, is_expired: false });
        self.schedule.overran.take(place);
    }

    /// The time of the lease is over. It ends long after the time of its run, so a run that still works is a fault.
    pub fn expire_lease(&mut self) {
        let Some(lease) = &mut self.schedule.lease else { return };
        lease.is_expired = true;
        if self.reconcilers[usize::from(lease.owner)] != Reconciler::Idle {
            self.faults -= 1;
            self.schedule.overran.put(lease.owner);
        }
    }

    /// A run makes its call after publishing: it stores the cursor, or ends the lease.
    pub fn finish(&mut self, protocol: &Protocol, place: Id, run: Reconciler, luck: Luck) -> Reconciler {
        match (run, luck) {
            (Reconciler::Saving(cursor), Luck::Good) => {
                self.schedule.cursor = cursor;
                Reconciler::Ending
            }
            (Reconciler::Saving(cursor), Luck::Overdue | Luck::SentAgain) => {
                self.schedule.overdue.push(cursor);
                self.schedule.overdue.sort_unstable();
                if luck == Luck::SentAgain { run } else { Reconciler::Ending }
            }
            (Reconciler::Saving(_), _) => Reconciler::Ending,
            (_, Luck::Good) => {
                let is_own = self.schedule.lease.is_some_and(|lease| lease.owner == place);
                if is_own || protocol.has(Flaw::LeaseOfAnotherEnded) {
                    self.schedule.lease = None;
                }
                Reconciler::Idle
            }
            _ => Reconciler::Idle,
        }
    }
}
