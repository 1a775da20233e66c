//! Redrive: moves messages from the dead-letter queue back to the event queue, once their cause is repaired.

use inlet::fault::Fault;
use inlet::message::Message;
use tokio::sync::watch;

use crate::client::clock;
use crate::client::rate_limit::RateLimiter;
use crate::dynamodb::table::Table;
use crate::sqs::{QueueDepth, SqsQueue};

/// The progress of a redrive, also when it ends in a fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Redriven {
    /// The number of dead letters that were moved to the event queue.
    pub moved: u32,
    /// The number of dead letters that were deleted, because their entity was forgotten.
    pub forgotten: u32,
}

/// Redrives dead letters.
#[derive(Clone, Debug)]
pub struct Redrive {
    /// The dead-letter queue.
    pub dead_letters: SqsQueue,
    /// The event queue.
    pub queue: SqsQueue,
    /// The event table.
    pub table: Table,
}

impl Redrive {
    /// Returns the approximate number of dead letters, as SQS counts them. Moves nothing.
    ///
    /// # Errors
    /// If the call of SQS fails.
    pub async fn count(&self) -> Result<u32, Fault> {
        self.dead_letters.depth().await.map(QueueDepth::all)
    }

    /// Moves as many dead letters as there are at the start, at most `rate` a second. A dead letter that comes back
    /// during the run waits for the next redrive. A letter about an entity that was forgotten since is deleted instead.
    /// `redriven` contains the progress at any time, also after a fault or if the future is dropped.
    ///
    /// An event that the sweeper parked has no dead letter; a replay sends it.
    ///
    /// # Errors
    /// If the table or a queue fails. A letter that was moved may then still be there; moved twice, it is processed
    /// once.
    pub async fn run(&self, rate: u32, redriven: &watch::Sender<Redriven>) -> Result<(), Fault> {
        let limiter = RateLimiter::per_second(rate);
        let mut left = self.count().await?;
        while left > 0 {
            let letters = self.dead_letters.receive(clock::now()).await?;
            if letters.is_empty() {
                break;
            }
            for letter in letters {
                limiter.acquire().await;
                left = left.saturating_sub(1);
                if let Ok(message) = Message::parse(letter.text.clone()) {
                    if self.table.forgotten.includes_message(&message).await? {
                        self.dead_letters.delete(&letter).await?;
                        redriven.send_modify(|sum| sum.forgotten = sum.forgotten.saturating_add(1));
                        continue;
                    }
                    // The parked marker is deleted first: the sweeper would not look after a parked event whose message
                    // is lost.
                    let receipts = &self.table.receipts;
                    receipts.unpark(message.id(), message.received_time(), clock::now()).await?;
                }
                self.queue.forward(&letter).await?;
                self.dead_letters.delete(&letter).await?;
                redriven.send_modify(|sum| sum.moved = sum.moved.saturating_add(1));
            }
        }
        Ok(())
    }
}
