//! Redrive: what waits among the dead letters is tried again, once whatever stopped it is mended.

use inlet::fault::Fault;
use inlet::message::Message;
use tokio::sync::watch;

use crate::client::clock;
use crate::client::rate_limit::RateLimiter;
use crate::dynamodb::table::Table;
use crate::sqs::{QueueDepth, SqsQueue};

/// Puts dead letters back on the queue.
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
    /// How many dead letters there are, roughly, as SQS counts them. Moves nothing.
    ///
    /// # Errors
    /// When the queue does not say.
    pub async fn count(&self) -> Result<u32, Fault> {
        self.dead_letters.depth().await.map(QueueDepth::all)
    }

    /// Moves the dead letters that are there now, at most `rate` a second, and no more of them than there are: what
    /// comes back meanwhile waits for the next redrive. `moved` counts them and can be watched; it tells how many it
    /// were however it ends: done, failed, or dropped half-way.
    ///
    /// An event that was parked without a dead letter, because its message was lost again and again, is not
    /// among them; a replay sends it.
    ///
    /// # Errors
    /// When the table or a queue does not do its part. A letter that was moved may then be there still; moved
    /// twice, it is processed once.
    pub async fn run(&self, rate: u32, moved: &watch::Sender<u32>) -> Result<(), Fault> {
        let mut limiter = RateLimiter::per_second(rate);
        let mut left = self.count().await?;
        while left > 0 {
            let letters = self.dead_letters.receive(clock::now()).await?;
            if letters.is_empty() {
                break;
            }
            for letter in letters {
                limiter.acquire().await;
                // The mark goes first: a letter on the queue whose event is marked would count as waiting here.
                if let Ok(message) = Message::parse(letter.text.clone()) {
                    self.table.unpark(message.id(), message.received_time(), clock::now()).await?;
                }
                self.queue.forward(&letter).await?;
                self.dead_letters.delete(&letter).await?;
                moved.send_modify(|moved| *moved = moved.saturating_add(1));
                left = left.saturating_sub(1);
            }
        }
        Ok(())
    }
}
