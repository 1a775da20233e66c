//! The processor, with one batch.

use super::flaw::Flaw;
use super::protocol::Protocol;
use crate::services::Failed;
use crate::world::{Id, Ids};

/// The processor's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Processor {
    /// It has no batch.
    Idle,
    /// It reads the receipts of its messages.
    Reading,
    /// It works on a round.
    Working(Round),
}

/// A round: the head is consumed, and the receipt of the message before it is written at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Round {
    /// The messages that had a receipt when the batch began.
    pub known: Ids,
    /// The messages that are done.
    pub done: Ids,
    /// The first message that is in no round yet.
    pub next: Id,
    /// The message whose receipt is being written.
    pub writing: Option<Id>,
    /// The head.
    pub head: Option<Id>,
    /// True while the consumer has the head.
    pub is_consuming: bool,
    /// True if the consumer took the head.
    pub is_consumed: bool,
    /// True if a call of this round failed.
    pub is_blocked: bool,
}

impl Round {
    /// Returns the first round of a batch that begins with this message.
    pub fn first(protocol: &Protocol, known: Ids, next: Id) -> Self {
        let round = Self {
            known,
            done: Ids::default(),
            next,
            writing: None,
            head: None,
            is_consuming: false,
            is_consumed: false,
            is_blocked: false,
        };
        round.with_head(protocol)
    }

    /// Returns the round after the consumer's response.
    #[must_use]
    pub fn after_consumer(self, protocol: &Protocol, result: Result<(), Failed>) -> Self {
        let is_blocked = result.is_err() && !protocol.has(Flaw::ConsumedBehindFailed);
        Self {
            is_consuming: false,
            is_consumed: result.is_ok(),
            is_blocked: self.is_blocked || is_blocked,
            ..self
        }
    }

    /// Returns the round after the table's response to the receipt.
    #[must_use]
    pub fn after_table(mut self, protocol: &Protocol, result: Result<(), Failed>) -> Self {
        if let Some(id) = self.writing.take() {
            if result.is_ok() || protocol.has(Flaw::DoneWithoutReceipt) {
                self.done.put(id);
            } else {
                self.is_blocked |= !protocol.has(Flaw::ReceiptBehindMissing);
            }
        }
        self
    }

    /// Returns true if both calls have ended.
    pub fn has_ended(self) -> bool {
        self.writing.is_none() && !self.is_consuming
    }

    /// Returns the round that follows.
    ///
    /// # Errors
    /// The messages that are done, at the end of the batch.
    pub fn following(mut self, protocol: &Protocol) -> Result<Self, Ids> {
        let is_known = self.head.is_some_and(|head| self.known.has(head));
        if let Some(head) = self.head.take() {
            let skips = is_known && !self.is_blocked;
            if skips || (self.is_consumed && self.is_blocked && protocol.has(Flaw::DoneBehindFailed)) {
                self.done.put(head);
            } else if self.is_consumed && !self.is_blocked {
                self.writing = Some(head);
            }
        }
        if self.is_blocked {
            return Err(self.done);
        }
        let round = Self { is_consumed: false, ..self }.with_head(protocol);
        if round.writing.is_none() && round.head.is_none() { Err(round.done) } else { Ok(round) }
    }

    /// Takes the next message of the batch as the head. A consumer that keeps the order gets none while a receipt is
    /// written.
    fn with_head(self, protocol: &Protocol) -> Self {
        let is_beside = protocol.scenario.is_beside || protocol.has(Flaw::BesideInOrder);
        if !is_beside && self.writing.is_some() {
            return self;
        }
        let head = (self.next < protocol.scenario.messages).then_some(self.next);
        let is_consuming = head.is_some_and(|head| !self.known.has(head));
        let is_early = is_consuming && protocol.has(Flaw::ReceiptTooEarly);
        let writing = if is_early { head } else { self.writing };
        Self { head, is_consuming, writing, next: self.next + 1, ..self }
    }
}
