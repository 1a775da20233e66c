//! The path of a message: store a carried event, consume, write the receipt. In order within a group; poison messages
//! alone.

mod consumer;
mod received;
mod processing_store;
mod outcome;
mod attempts;
mod step;
pub mod signature;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{join, join_all};

use crate::event::EventId;
use crate::fault::Fault;
use crate::message::Message;
pub use crate::process::attempts::{
    AttemptRecord, Attempts, DEAD_LETTER_AGE, MAX_ATTEMPTS, MAX_BACKOFF, MIN_BACKOFF, backoff,
    delay_asked_for,
};
pub use crate::process::consumer::{ConsumeError, Consumer};
pub use crate::process::outcome::{Disposition, Outcome};
pub use crate::process::processing_store::{ProcessingStore, Stored};
pub use crate::process::received::Received;
use crate::process::step::{ReceiptRead, Step, StepState, fail_all, in_groups, open, same_fault};

/// The processor, with its ports.
#[derive(Debug)]
pub struct Processor<L, C> {
    /// The processing store.
    pub store: L,
    /// The consumer.
    pub consumer: C,
}

/// The delay of messages that were not tried for lack of time: none, because they did not fail.
const NOT_BEGUN: Duration = Duration::ZERO;

impl<L: ProcessingStore, C: Consumer> Processor<L, C> {
    /// Processes a batch. The outcomes are added as they become known, so that a caller whose time runs out knows the
    /// finished ones.
    ///
    /// `has_time` is called with the consumer's time limit. If it returns false, no suspicious message is started, so
    /// when a batch times out, at most one message is unfinished. If the consumer has a time limit, no message is
    /// started then, except the first ones of the batch.
    pub async fn process(
        &self,
        batch: Vec<Received>,
        has_time: impl Fn(Option<Duration>) -> bool + Send + Sync,
        outcomes: &mut Vec<Outcome>,
    ) {
        let limit = self.consumer.time_limit();
        let is_beside = self.consumer.allows_earlier_events_again();
        let has_time = || has_time(limit);
        let mut groups = in_groups(batch);
        if is_beside {
            self.read_receipts(&mut groups).await;
        }
        // The last round's consumed messages: their receipts are written while the next round is consumed.
        let mut consumed = Vec::new();
        let mut is_first = true;
        while !groups.is_empty() {
            let may_overlap = is_beside && groups.iter().filter_map(VecDeque::front).all(Step::may_overlap);
            let is_out_of_time = !is_first && limit.is_some() && !has_time();
            if is_out_of_time || !may_overlap {
                let blocked_groups = self.finish_consumed(std::mem::take(&mut consumed), outcomes).await;
                self.block_groups(&mut groups, &blocked_groups, outcomes).await;
            }
            if is_out_of_time {
                self.block(groups.into_iter().flatten().collect(), NOT_BEGUN, outcomes).await;
                return;
            }
            is_first = false;
            let heads = groups.iter_mut().filter_map(VecDeque::pop_front).collect();
            let blocked_groups = if may_overlap {
                self.process_beside(heads, &mut consumed, &has_time, outcomes).await
            } else {
                self.process_heads(heads, &has_time, outcomes).await
            };
            self.block_groups(&mut groups, &blocked_groups, outcomes).await;
        }
        self.finish_consumed(consumed, outcomes).await;
    }

    /// Reads the receipts of a batch in one call. The others are read in their rounds: those of messages behind one that
    /// carries a whole event, because storing it can change the receipts of its entity, and those of an event's second
    /// message, because the first one writes the receipt.
    ///
    /// The last message is consumed a whole batch after this read, and an operator may forget its entity meanwhile. The
    /// bus takes all of them within the half minute that forgetting waits. A function or an endpoint may take longer, so
    /// their receipts are read in each round.
    async fn read_receipts(&self, groups: &mut [VecDeque<Step>]) {
        let mut ids = HashSet::new();
        let is_whole = |step: &Step| step.received.whole.is_some();
        let mut asked: Vec<&mut Step> = groups
            .iter_mut()
            .filter(|group| !group.iter().any(is_whole))
            .flatten()
            .filter(|step| step.message().is_some_and(|message| ids.insert(message.id().clone())))
            .collect();
        let messages: Vec<&Message> = asked.iter().filter_map(|step| step.message()).collect();
        if messages.is_empty() {
            return;
        }
        let processed = self.store.processed(&messages).await;
        for step in &mut asked {
            let has_receipt =
                |processed: &HashSet<EventId>| step.id().is_some_and(|id| processed.contains(id));
            step.receipt = match &processed {
                Ok(processed) if has_receipt(processed) => ReceiptRead::Present,
                Ok(_) => ReceiptRead::Absent,
                Err(fault) => ReceiptRead::Failed(same_fault(fault)),
            };
        }
    }

    /// Blocks the rest of the groups whose last head is not done, and removes the groups without messages.
    async fn block_groups(
        &self,
        groups: &mut Vec<VecDeque<Step>>,
        blocked_groups: &HashMap<String, Duration>,
        outcomes: &mut Vec<Outcome>,
    ) {
        for group in groups.iter_mut() {
            let delay = group.front().and_then(|step| blocked_groups.get(&step.received.group));
            if let Some(delay) = delay {
                self.block(group.drain(..).collect(), *delay, outcomes).await;
            }
        }
        groups.retain(|group| !group.is_empty());
    }

    /// Leaves messages on the queue, untouched. They wait no longer than the first message of their group: SQS hands
    /// out no message of a group while another one is hidden.
    async fn block(&self, steps: Vec<Step>, delay: Duration, outcomes: &mut Vec<Outcome>) {
        if delay < MIN_BACKOFF {
            join_all(steps.iter().map(|step| self.store.delay(&step.received, delay))).await;
        }
        outcomes.extend(steps.into_iter().map(Outcome::blocked));
    }

    /// Writes the receipts of the messages that the last round consumed, and at the same time consumes the heads. All
    /// of them are received for the first time, so no crash is attributed to a message whose receipt is not written
    /// yet. Returns the blocked groups, with the delay of their next attempt.
    ///
    /// If the receipts cannot be written, the heads behind them stay on the queue and get no receipt either, so that
    /// they are consumed again after the messages before them. So only a consumer that allows this gets messages this
    /// way.
    async fn process_beside(
        &self,
        mut heads: Vec<Step>,
        consumed: &mut Vec<Step>,
        has_time: &(impl Fn() -> bool + Send + Sync),
        outcomes: &mut Vec<Outcome>,
    ) -> HashMap<String, Duration> {
        self.skip_processed(&mut heads).await;
        let before = std::mem::take(consumed);
        let (mut blocked_groups, ()) =
            join(self.finish_consumed(before, outcomes), self.consume(&mut heads)).await;
        let (behind, heads): (Vec<Step>, Vec<Step>) =
            heads.into_iter().partition(|step| blocked_groups.contains_key(&step.received.group));
        self.block(behind, MIN_BACKOFF, outcomes).await;
        let (suspects, heads): (Vec<Step>, Vec<Step>) = heads.into_iter().partition(Step::is_suspect);
        let (open, done): (Vec<Step>, Vec<Step>) = heads.into_iter().partition(Step::is_open);
        self.finish(done, &mut blocked_groups, outcomes).await;
        if suspects.is_empty() {
            *consumed = open;
            return blocked_groups;
        }
        blocked_groups.extend(self.finish_consumed(open, outcomes).await);
        let suspects = suspects.into_iter().map(Step::reopen).collect();
        self.attempt_alone(suspects, has_time, &mut blocked_groups, outcomes).await;
        blocked_groups
    }

    /// Writes the receipts of consumed messages. Returns the blocked groups, with the delay of their next attempt.
    async fn finish_consumed(
        &self,
        mut consumed: Vec<Step>,
        outcomes: &mut Vec<Outcome>,
    ) -> HashMap<String, Duration> {
        let mut blocked_groups = HashMap::new();
        self.write_receipts(&mut consumed).await;
        self.finish(consumed, &mut blocked_groups, outcomes).await;
        blocked_groups
    }

    /// Processes the heads of all groups together: one call each for receipts, for consuming, for writing receipts. But
    /// a message that may have crashed the processor or the consumer is tried alone, after all others. Returns the
    /// blocked groups, with the delay of their next attempt.
    async fn process_heads(
        &self,
        mut steps: Vec<Step>,
        has_time: &(impl Fn() -> bool + Send + Sync),
        outcomes: &mut Vec<Outcome>,
    ) -> HashMap<String, Duration> {
        let mut blocked_groups = HashMap::new();
        self.load_attempts(&mut steps).await;
        self.skip_processed(&mut steps).await;
        let (mut alone, mut together): (Vec<Step>, Vec<Step>) =
            steps.into_iter().partition(Step::may_have_crashed_us);
        self.attempt(&mut together).await;
        let (suspects, together): (Vec<Step>, Vec<Step>) = together.into_iter().partition(Step::is_suspect);
        alone.extend(suspects.into_iter().map(Step::reopen));
        self.finish(together, &mut blocked_groups, outcomes).await;
        self.attempt_alone(alone, has_time, &mut blocked_groups, outcomes).await;
        blocked_groups
    }

    /// Tries suspicious messages one after the other.
    async fn attempt_alone(
        &self,
        alone: Vec<Step>,
        has_time: &(impl Fn() -> bool + Send + Sync),
        blocked_groups: &mut HashMap<String, Duration>,
        outcomes: &mut Vec<Outcome>,
    ) {
        for mut step in alone {
            if has_time() {
                self.attempt(std::slice::from_mut(&mut step)).await;
            } else {
                step.finish_as(Disposition::Blocked);
            }
            self.finish(vec![step], blocked_groups, outcomes).await;
        }
    }

    /// Records the result as soon as it is known: a message that has ended did not crash the processor, independently
    /// of the next ones.
    async fn finish(
        &self,
        mut steps: Vec<Step>,
        blocked_groups: &mut HashMap<String, Duration>,
        outcomes: &mut Vec<Outcome>,
    ) {
        for step in &mut steps {
            self.dead_letter(step).await;
        }
        self.record_and_delay(&steps).await;
        for step in steps {
            let (group, delay) = (step.received.group.clone(), step.delay().unwrap_or(MIN_BACKOFF));
            let outcome = step.into_outcome();
            if !outcome.is_done() {
                blocked_groups.insert(group, delay);
            }
            outcomes.push(outcome);
        }
    }

    /// Loads the attempts of messages that were received before. A message without attempts left is not tried again.
    async fn load_attempts(&self, steps: &mut [Step]) {
        let mut received_before: Vec<&mut Step> =
            open(steps).filter(|step| step.was_received_before()).collect();
        let asked: Vec<(&Received, &Message)> =
            received_before.iter().filter_map(|step| Some((&step.received, step.message()?))).collect();
        if asked.is_empty() {
            return;
        }
        match self.store.load_attempts(&asked).await {
            Ok(attempts) => {
                for step in received_before {
                    let recorded = attempts.get(&step.received.id).copied().unwrap_or_default();
                    step.attempts = Some(recorded);
                    if recorded.are_over() {
                        step.finish_as(Disposition::Failed(ConsumeError::Permanent(no_attempts_left())));
                    }
                }
            }
            Err(fault) => {
                for step in &mut received_before {
                    step.attempts = None;
                }
                fail_all(&mut received_before, &fault);
            }
        }
    }

    /// Skips messages whose event was processed, and replays of a forgotten event.
    async fn skip_processed(&self, steps: &mut [Step]) {
        for step in open(steps) {
            match &step.receipt {
                ReceiptRead::Later | ReceiptRead::Absent => {}
                ReceiptRead::Present => step.finish_as(Disposition::Duplicate),
                ReceiptRead::Failed(fault) => {
                    let fault = same_fault(fault);
                    step.finish_as(Disposition::Failed(ConsumeError::Transient(fault)));
                }
            }
        }
        let is_unread = |step: &&mut Step| matches!(step.receipt, ReceiptRead::Later);
        let mut asked: Vec<&mut Step> = open(steps).filter(is_unread).collect();
        let messages: Vec<&Message> = asked.iter().filter_map(|step| step.message()).collect();
        if messages.is_empty() {
            return;
        }
        match self.store.processed(&messages).await {
            Ok(processed) => {
                let has_receipt = |step: &Step| step.message().is_some_and(|m| processed.contains(m.id()));
                for step in asked.into_iter().filter(|step| has_receipt(step)) {
                    step.finish_as(Disposition::Duplicate);
                }
            }
            Err(fault) => fail_all(&mut asked, &fault),
        }
    }

    /// Records the attempts, stores carried events, consumes, writes the receipts.
    async fn attempt(&self, steps: &mut [Step]) {
        self.record_start(steps).await;
        for step in open(steps) {
            self.store_carried_event(step).await;
        }
        self.consume(steps).await;
        self.write_receipts(steps).await;
    }

    /// Records the start of an attempt, so that it counts even if the processor dies. A message that is received for
    /// the first time is exempt: it rarely needs a second attempt.
    async fn record_start(&self, steps: &mut [Step]) {
        let mut received_before: Vec<&mut Step> =
            open(steps).filter(|step| step.was_received_before()).collect();
        let started: Vec<AttemptRecord> =
            received_before.iter().filter_map(|step| step.record(Attempts::begun, MIN_BACKOFF)).collect();
        if started.is_empty() {
            return;
        }
        if let Err(fault) = self.store.record_attempts(&started).await {
            fail_all(&mut received_before, &fault);
        }
    }

    /// Stores the event that a message carries. This is part of the attempt: its bytes may crash the processor.
    async fn store_carried_event(&self, step: &mut Step) {
        let (StepState::Open(message), Some(_)) = (&step.state, &step.received.whole) else {
            return;
        };
        match catch_panic(self.store.store_event(&step.received, message)).await {
            Some(Ok(Stored::Now)) => step.is_stored = true,
            Some(Ok(Stored::AsDuplicate | Stored::EntityForgotten)) => step.finish_as(Disposition::Duplicate),
            Some(Err(error)) => step.finish_as(Disposition::Failed(error)),
            None => {
                let fault = Fault::permanent("the event cannot be stored", "storing it panicked");
                step.finish_as(Disposition::Failed(ConsumeError::Permanent(fault)));
            }
        }
    }

    async fn consume(&self, steps: &mut [Step]) {
        let (mut asked, messages): (Vec<&mut Step>, Vec<Message>) =
            open(steps).filter_map(|step| step.message().cloned().map(|message| (step, message))).unzip();
        if messages.is_empty() {
            return;
        }
        let is_shared = messages.len() > 1;
        let mut outcomes = self.consumed(&messages).await.into_iter();
        for (step, message) in asked.iter_mut().zip(messages) {
            // A missing result is not a success.
            let Err(error) = outcomes.next().unwrap_or_else(|| Err(no_result())) else { continue };
            step.consumer_failed = true;
            match error {
                ConsumeError::Crashed(_) if is_shared => step.suspect(message),
                error => step.finish_as(Disposition::Failed(error)),
            }
        }
    }

    /// Returns the consumer's results. After a panic it is called for each message alone, so that only the message that
    /// causes the panic fails.
    async fn consumed(&self, messages: &[Message]) -> Vec<Result<(), ConsumeError>> {
        if let Some(outcomes) = catch_panic(self.consumer.consume(messages)).await {
            return outcomes;
        }
        let mut outcomes = Vec::new();
        for message in messages {
            let alone = catch_panic(self.consumer.consume(std::slice::from_ref(message))).await;
            outcomes.push(match alone {
                Some(results) => results.into_iter().next().unwrap_or_else(|| Err(no_result())),
                None => Err(ConsumeError::Permanent(Fault::permanent("the consumer failed", "it panicked"))),
            });
        }
        outcomes
    }

    async fn write_receipts(&self, steps: &mut [Step]) {
        let mut consumed: Vec<&mut Step> = open(steps).collect();
        if consumed.is_empty() {
            return;
        }
        let received_before = consumed.iter().filter(|step| step.was_received_before());
        let received_before: Vec<EventId> = received_before.filter_map(|step| step.id().cloned()).collect();
        let messages: Vec<&Message> = consumed.iter().filter_map(|step| step.message()).collect();
        match self.store.receipt(&messages, &received_before).await {
            Ok(at) => consumed.into_iter().for_each(|step| step.finish_as_processed(at)),
            Err(fault) => fail_all(&mut consumed, &fault),
        }
    }

    /// Sends a message to the dead-letter queue that failed by its own fault and has no attempts left, or that SQS
    /// is about to delete although only the queue has its event.
    async fn dead_letter(&self, step: &mut Step) {
        let (fault, id) = match &step.state {
            StepState::Done { id, disposition: Disposition::Failed(ConsumeError::Permanent(fault)) } => {
                if !step.has_no_attempts_left() {
                    step.attempts = step.attempts.map(Attempts::ended_by_itself);
                }
                if !step.has_no_attempts_left() {
                    return;
                }
                (fault, id.as_ref())
            }
            StepState::Done { id, disposition: Disposition::Failed(ConsumeError::Crashed(fault)) } => {
                step.attempts = step.attempts.map(Attempts::begun);
                if !step.has_no_attempts_left() {
                    return;
                }
                (fault, id.as_ref())
            }
            // No event is stored that could be marked, and the table may not be writable either.
            StepState::Done {
                disposition:
                    Disposition::Failed(
                        ConsumeError::Transient(fault)
                        | ConsumeError::RetryAfter(fault, _)
                        | ConsumeError::TimedOut(fault),
                    ),
                ..
            } if step.is_about_to_be_lost() => (fault, None),
            _ => return,
        };
        let disposition = match self.store.dead_letter(&step.received, id, fault).await {
            Ok(()) => Disposition::DeadLettered(same_fault(fault)),
            Err(fault) => Disposition::Failed(ConsumeError::Transient(fault)),
        };
        step.finish_as(disposition);
    }

    /// Records failures and delays: the longer an outage lasts, the longer the delay. Messages that were not started
    /// wait as well. A record that cannot be written costs one more attempt, and a message that cannot be delayed
    /// comes earlier: neither is a reason to fail.
    async fn record_and_delay(&self, steps: &[Step]) {
        let records: Vec<AttemptRecord> = steps
            .iter()
            .filter_map(|step| match step.disposition()? {
                // It stays suspicious.
                Disposition::Failed(ConsumeError::Crashed(_)) => {
                    step.record(|attempts| attempts, step.delay()?)
                }
                Disposition::Failed(ConsumeError::TimedOut(_)) => {
                    step.record(Attempts::timed_out, step.delay()?)
                }
                Disposition::Failed(_) => step.record(Attempts::ended, step.delay()?),
                Disposition::Blocked => step.record(|attempts| attempts, step.delay()?),
                Disposition::Processed | Disposition::Duplicate | Disposition::DeadLettered(_) => None,
            })
            .collect();
        if !records.is_empty() {
            self.store.record_attempts(&records).await.ok();
        }
        let delays = steps.iter().filter_map(|step| {
            // The queue's own visibility timeout is this long.
            let delay = step.delay().filter(|delay| *delay != MIN_BACKOFF)?;
            Some(self.store.delay(&step.received, delay))
        });
        join_all(delays).await;
    }
}

fn no_attempts_left() -> Fault {
    Fault::permanent("the message cannot be processed", "no attempts are left")
}

fn no_result() -> ConsumeError {
    ConsumeError::Transient(Fault::transient("the consumer failed", "it returned no result for this message"))
}

/// Returns the future's output; `None` if it panics.
async fn catch_panic<F: Future>(future: F) -> Option<F::Output> {
    AssertUnwindSafe(future).catch_unwind().await.ok()
}
