//! The letters that SQS hides because this process received them. They are given back however the work on them ends:
//! done, failed, or cancelled in the middle of a call.
//!
//! 1. [`ReceivedLetters`] is the only receiver of the dead-letter queue, and owns what it received.
//! 2. Work that ends calls [`give_back`](ReceivedLetters::give_back).
//! 3. If the work is dropped before, a task of the runtime gives back, also what a receive under way still brings.
//! 4. A process that ends waits for [`HeldLetters::given_back`]. If it is killed, SQS gives the letters back after
//!    `HIDDEN`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};
use inlet::fault::Fault;
use inlet::process::Received;
use tokio::sync::watch;

use crate::client::clock;
use crate::sqs::SqsQueue;

/// The time that a letter is hidden while it is held.
const HIDDEN: Duration = Duration::from_mins(2);

/// Letters that are given back at once.
const RETURNS_AT_ONCE: usize = 16;

/// Knows if any work of the process still holds letters. Its clones know the same.
#[derive(Clone, Debug)]
pub struct HeldLetters {
    /// The number of works that may hold letters.
    holders: Arc<watch::Sender<usize>>,
}

impl Default for HeldLetters {
    fn default() -> Self {
        Self { holders: Arc::new(watch::Sender::new(0)) }
    }
}

impl HeldLetters {
    /// Waits until no work holds letters. The caller ends or drops the work before.
    pub async fn given_back(&self) {
        // It cannot fail: this value has a sender.
        let _ = self.holders.subscribe().wait_for(|holders| *holders == 0).await;
    }

    fn hold(&self) -> Holder {
        self.holders.send_modify(|holders| *holders = holders.saturating_add(1));
        Holder(Arc::clone(&self.holders))
    }
}

/// Counts one work for as long as it exists.
struct Holder(Arc<watch::Sender<usize>>);

impl Drop for Holder {
    fn drop(&mut self) {
        self.0.send_modify(|holders| *holders = holders.saturating_sub(1));
    }
}

/// A receive that is under way. It owns what it needs, so that it can outlive the work that began it.
type Receiving = BoxFuture<'static, Result<Vec<Received>, Fault>>;

/// The letters that one work received and neither deleted nor gave back.
pub(super) struct ReceivedLetters {
    queue: SqsQueue,
    /// The letters by their ids at SQS. A letter that is handed out twice has its latest handle.
    letters: BTreeMap<String, Received>,
    receiving: Option<Receiving>,
    returning: Option<BoxFuture<'static, ()>>,
    holder: Option<Holder>,
}

impl ReceivedLetters {
    /// Returns the owner of what it will receive from this queue.
    pub(super) fn new(queue: &SqsQueue, held: &HeldLetters) -> Self {
        let (letters, holder) = (BTreeMap::new(), Some(held.hold()));
        Self { queue: queue.clone(), letters, receiving: None, returning: None, holder }
    }

    /// Receives up to ten letters, and returns those that are not held yet.
    ///
    /// # Errors
    /// If the call of SQS fails.
    pub(super) async fn receive(&mut self) -> Result<Vec<Received>, Fault> {
        let queue = self.queue.clone();
        let begin =
            || -> Receiving { Box::pin(async move { queue.receive_for(clock::now(), HIDDEN).await }) };
        let received = self.receiving.get_or_insert_with(begin).await;
        self.receiving = None;
        let is_held = |letter: &Received| self.letters.contains_key(&letter.id);
        let (again, new): (Vec<Received>, Vec<Received>) = received?.into_iter().partition(is_held);
        self.letters.extend(again.into_iter().chain(new.clone()).map(|letter| (letter.id.clone(), letter)));
        Ok(new)
    }

    /// Forgets a letter that is deleted.
    pub(super) fn forget(&mut self, letter: &Received) {
        self.letters.remove(&letter.id);
    }

    /// Gives back the letters that are held.
    pub(super) async fn give_back(mut self) {
        let returns = self.returns();
        self.returning.insert(returns).await;
        self.returning = None;
    }

    /// Returns the work that gives back all that is held, and what a receive under way brings.
    fn returns(&mut self) -> BoxFuture<'static, ()> {
        let (queue, mut letters) = (self.queue.clone(), std::mem::take(&mut self.letters));
        let receiving = self.receiving.take();
        Box::pin(async move {
            if let Some(receiving) = receiving {
                let received = receiving.await.unwrap_or_default();
                letters.extend(received.into_iter().map(|letter| (letter.id.clone(), letter)));
            }
            let returns = letters.into_values().map(|letter| {
                let queue = &queue;
                async move {
                    // If it fails, SQS gives the letter back after its time.
                    let _ = queue.delay(&letter, Duration::ZERO).await;
                }
            });
            stream::iter(returns).buffer_unordered(RETURNS_AT_ONCE).collect::<Vec<()>>().await;
        })
    }

    fn is_done(&self) -> bool {
        self.letters.is_empty() && self.receiving.is_none() && self.returning.is_none()
    }
}

/// Gives back what is held, if the work was dropped before its end.
impl Drop for ReceivedLetters {
    fn drop(&mut self) {
        if self.is_done() {
            return;
        }
        let holder = self.holder.take();
        let returns = match self.returning.take() {
            Some(returning) => returning,
            None => self.returns(),
        };
        // Without a runtime no call of SQS is possible.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                returns.await;
                drop(holder);
            });
        }
    }
}
