//! The list of a provider's stores: read from Parameter Store by one instance, and shared through the event table.
//!
//! An instance that needs a list
//!
//! 1. reads the shared one, and uses it if it is newer than its own and within its lifetime;
//! 2. else claims the next list. The winner reads it from Parameter Store and stores it;
//! 3. the others use their own list while it is within its lifetime. Without one, they look for the winner's after short
//!    pauses, and claim the list themselves when the claim has ended.
//!
//! If the table fails in any way, the instance looks again while its own list is within its lifetime, and then reads
//! Parameter Store itself, as if there were no other instance. All this happens within [`timeouts::STORE_NAMES`].

use std::future::Future;
use std::time::Duration;

use futures_util::future::{Either, select};
use inlet::fault::{Fault, FaultKind};
use inlet::provider::Provider;
use inlet::store::StoreName;

use crate::client::aws_error::{AwsError, AwsErrorKind};
use crate::client::timeouts;
use crate::dynamodb::store_names::{Claimed, NameList, Replacing, Shared};
use crate::secrets::names::Pages;
use crate::secrets::pauses::Pauses;
use crate::secrets::sharing::Sharing;
use crate::secrets::{SsmSecrets, UNREADABLE};
use crate::telemetry::timing::Step;

/// The average pause before an instance without a list looks for the winner's again: a few pages of Parameter Store.
const LOOK_AGAIN: Duration = Duration::from_millis(80);

/// The way to the next list.
enum Next {
    /// Another instance's list is used.
    Adopted,
    /// This instance reads it, for all.
    Claimed,
    /// This instance reads it, for itself: there are too many names to share.
    Unshared,
    /// Another instance is reading it.
    Awaited,
}

impl<P: Provider> SsmSecrets<P> {
    /// Lists the names of the provider's stores, if the list is not current. If there is no time for all pages, or
    /// one cannot be read, a later delivery continues with that page.
    pub(super) async fn list_names(&self) {
        if !self.cache().names.is_due(self.time.instant()) {
            return;
        }
        let listing = async {
            match &self.sharing {
                Some(sharing) => self.list_together(sharing).await,
                None => self.read_pages().await,
            }
        };
        // Without a list, names are looked up one by one, at a limited rate.
        let _ = self.within(timeouts::STORE_NAMES, Step::StoreNames, listing).await;
    }

    /// Gets a list that is shared with the other instances.
    async fn list_together(&self, sharing: &Sharing) -> Result<(), Fault> {
        let began = self.time.instant();
        if self.cache().names.are_begun_under_claim(began) {
            return self.read_for_all(sharing, Replacing::Older).await;
        }
        loop {
            match self.limited(self.next_list(sharing)).await {
                Ok(Next::Adopted) => return Ok(()),
                Ok(Next::Claimed) => return self.read_for_all(sharing, Replacing::Older).await,
                Ok(Next::Unshared) => return self.read_for_itself(sharing).await,
                Ok(Next::Awaited) => {}
                // The first instance that reads a damaged item replaces it.
                Err(fault) if fault.kind == FaultKind::Damaged => {
                    return self.read_for_all(sharing, Replacing::Any).await;
                }
                Err(_) => {
                    let looks_again = self.cache().names.look_again_after_failure(self.time.instant());
                    return if looks_again { Ok(()) } else { self.read_pages().await };
                }
            }
            let now = self.time.instant();
            if self.cache().names.are_current(now) {
                self.cache().names.look_again(now);
                return Ok(());
            }
            let pause = LOOK_AGAIN.mul_f64(0.5 + fastrand::f64());
            let waited = now.saturating_duration_since(began).saturating_add(pause);
            if waited >= timeouts::STORE_NAMES {
                return Err(Fault::transient(UNREADABLE, "another instance lists the names"));
            }
            self.time.sleep(pause).await;
        }
    }

    /// Uses the shared list, or claims the next one.
    async fn next_list(&self, sharing: &Sharing) -> Result<Next, Fault> {
        let Sharing { names, claimant } = sharing;
        let seen = names.read().await?;
        if seen.is_too_large {
            return Ok(Next::Unshared);
        }
        if self.adopt(&seen) {
            return Ok(Next::Adopted);
        }
        let now = self.time.now();
        if seen.is_claimed_by_other(claimant, now) {
            return Ok(Next::Awaited);
        }
        // The read may lack the newest list and claim; the condition of a write does not.
        match names.claim(&seen, claimant, now).await? {
            Claimed::Won => {
                self.cache().names.note_claim(self.time.instant());
                Ok(Next::Claimed)
            }
            Claimed::Lost(newer) => Ok(if self.adopt(&newer) { Next::Adopted } else { Next::Awaited }),
        }
    }

    /// Uses a shared list, if it is newer than the own one and within its lifetime.
    fn adopt(&self, shared: &Shared) -> bool {
        let current = shared.current(self.time.now());
        current.is_some_and(|(list, age)| self.cache().names.adopt(list, age, self.time.instant()))
    }

    /// Reads a list and shares it. If it cannot be shared, only this instance has it.
    async fn read_for_all(&self, sharing: &Sharing, replacing: Replacing) -> Result<(), Fault> {
        self.read_pages().await?;
        if let Some(list) = self.last_list() {
            let _ = self.limited(sharing.names.publish(&list, replacing, self.time.now())).await;
        }
        Ok(())
    }

    /// Reads a list that was too large to be shared, and shares it if it is not any more.
    async fn read_for_itself(&self, sharing: &Sharing) -> Result<(), Fault> {
        self.read_pages().await?;
        if let Some(list) = self.last_list().filter(|list| !list.is_too_large()) {
            let _ = self.limited(sharing.names.publish(&list, Replacing::Older, self.time.now())).await;
        }
        Ok(())
    }

    fn last_list(&self) -> Option<NameList> {
        self.cache().names.last_list().cloned()
    }

    /// Reads the pages of the list that are not read yet.
    async fn read_pages(&self) -> Result<(), Fault> {
        let mut pauses = Pauses::new();
        loop {
            let pages = self.cache().names.begun.clone().unwrap_or_default();
            match self.next_page(pages).await {
                Ok(pages) if pages.next.is_some() => self.cache().names.proceed(pages),
                Ok(pages) => {
                    self.cache().names.complete(pages, self.time.instant());
                    return Ok(());
                }
                Err(error) => self.pause_or_give_up(error, &mut pauses).await?,
            }
        }
    }

    /// Waits after a page that could not be read, if it was throttled and there is no list yet. An older list serves
    /// until a later attempt.
    ///
    /// # Errors
    /// If another attempt is of no use now.
    async fn pause_or_give_up(&self, error: AwsError, pauses: &mut Pauses) -> Result<(), Fault> {
        let has_list = self.cache().names.last_list().is_some();
        match error.kind {
            AwsErrorKind::Throttled if !has_list => {
                self.time.sleep(pauses.next()).await;
                return Ok(());
            }
            AwsErrorKind::Throttled | AwsErrorKind::Unreachable => {}
            // A page's token may be too old.
            _ => self.cache().names.begun = None,
        }
        Err(Fault::transient(UNREADABLE, error))
    }

    /// Reads the next page of names.
    async fn next_page(&self, mut pages: Pages) -> Result<Pages, AwsError> {
        pages.began = pages.began.or_else(|| Some((self.time.instant(), self.time.now())));
        let request = self.client.get_parameters_by_path().path(&self.path).max_results(10);
        let page = request.set_next_token(pages.next.take()).send().await;
        let page = page.map_err(|error| AwsError::of(&error))?;
        let last_part = |path: &str| StoreName::parse(path.rsplit('/').next()?).ok();
        pages.names.extend(page.parameters().iter().filter_map(|parameter| last_part(parameter.name()?)));
        pages.count = pages.count.saturating_add(1);
        pages.next = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        Ok(pages)
    }

    /// Limits the time of calls for the shared names: if the table is slow, there must be time to list the names without it.
    async fn limited<T>(&self, call: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        // Boxed, because the futures of the SDK's calls are large.
        match select(Box::pin(call), self.time.sleep(timeouts::SHARED_NAMES)).await {
            Either::Left((result, _)) => result,
            Either::Right(_) => Err(Fault::transient(UNREADABLE, "the table is slow")),
        }
    }
}

#[cfg(test)]
mod tests;
