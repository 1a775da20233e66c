//! Recreates a registration at a provider that changes nothing in place.
//!
//! 1. Create the new registration first, then delete the old one.
//! 2. Only if the provider does not accept both: delete the old one first, then create.
//! 3. A failure of the provider itself (5xx, no response) never deletes the working registration.

use std::time::Duration;

use inlet::tools::registration::{ApiError, Call, Item, Registration};

use crate::webhook::session::Session;
use crate::webhook::step_result::{Cause, Remaining, StepResult};

/// The pauses before each retry of a creation after a deletion. Most failures of a provider end within seconds.
const BACKOFF: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(3)];

/// A swap of the registrations of these items' events.
pub(crate) struct Swap<'s> {
    /// The API.
    pub(crate) session: &'s Session,
    /// The items of the step.
    pub(crate) items: &'s [Item],
    /// Number of the store's registrations of these events before the swap.
    pub(crate) before: usize,
    /// Creates the new registration.
    pub(crate) create: &'s Call,
    /// Deletes the old one.
    pub(crate) delete: &'s Call,
}

/// Counts the store's registrations of these items' events.
pub(crate) fn count_ours(session: &Session, items: &[Item], registrations: &[Registration]) -> usize {
    let is_meant = |one: &&Registration| {
        session.is_ours(&one.target) && items.iter().any(|item| item.event == one.event)
    };
    registrations.iter().filter(is_meant).count()
}

impl Swap<'_> {
    /// Carries out the swap.
    pub(crate) async fn carry_out(&self) -> StepResult {
        match self.session.change(self.create).await {
            StepResult::Done | StepResult::DoneWithNote(_) => self.delete_old().await,
            StepResult::Unconfirmed(cause) => match self.count_now().await {
                None => StepResult::NotSwapped(Remaining::Unknown, cause),
                // The new one exists in spite of the error.
                Some(now) if now > self.before => self.delete_old().await,
                // Perhaps the provider does not accept both at the same time.
                Some(_) if matches!(cause, Cause::Api(ApiError::Rejected { .. })) => {
                    self.delete_then_create().await
                }
                Some(_) => StepResult::NotSwapped(Remaining::Old, cause),
            },
            other => other,
        }
    }

    /// Deletes the old registration while the new one exists.
    async fn delete_old(&self) -> StepResult {
        match self.session.change(self.delete).await {
            StepResult::Done | StepResult::DoneWithNote(_) => StepResult::Done,
            failed => StepResult::OldOneLeft(failed.text()),
        }
    }

    async fn delete_then_create(&self) -> StepResult {
        match self.session.change(self.delete).await {
            StepResult::Done | StepResult::DoneWithNote(_) => self.create_with_retries().await,
            StepResult::Unconfirmed(cause) => match self.count_now().await {
                Some(now) if now < self.before => self.create_with_retries().await,
                Some(_) => StepResult::NotSwapped(Remaining::Old, cause),
                None => StepResult::NotSwapped(Remaining::Unknown, cause),
            },
            other => other,
        }
    }

    /// Creates the new registration after the old one is deleted.
    async fn create_with_retries(&self) -> StepResult {
        let mut pauses = BACKOFF.into_iter();
        loop {
            let cause = match self.session.change(self.create).await {
                StepResult::Unconfirmed(cause) => cause,
                StepResult::Rejected(error) => Cause::Api(error),
                done => return done,
            };
            if self.count_now().await.is_some_and(|now| now >= self.before) {
                return StepResult::Done;
            }
            match pauses.next() {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return StepResult::NotSwapped(Remaining::Nothing, cause),
            }
        }
    }

    /// Counts the store's registrations of the events again. None if the list cannot be read.
    async fn count_now(&self) -> Option<usize> {
        let listing = self.session.list().await.ok().filter(|listing| listing.is_known)?;
        Some(count_ours(self.session, self.items, &listing.current.registrations))
    }
}

#[cfg(test)]
mod tests;
