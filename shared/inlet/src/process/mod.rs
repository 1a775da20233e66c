//! The path of a message: store a carried event, consume, write the receipt. In order within a group; poison messages
//! alone.

mod attempts;
pub mod signature;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{join, join_all};

use crate::event::EventId;
use crate::fault::{Fault, FaultKind};
use crate::message::Message;
pub use crate::process::attempts::{
    AttemptRecord, Attempts, DEAD_LETTER_AGE, MAX_ATTEMPTS, MAX_BACKOFF, MIN_BACKOFF, backoff,
    delay_asked_for,
};
use crate::received_at::ReceivedAt;

/// A consumer of events: the place for your own logic.
///
/// An event may come more than once, for instance when the processor dies before its receipt is written; its
/// id is the same each time.
pub trait Consumer: Send + Sync {
    /// Processes each message and returns the results in the same order.
    ///
    /// No two of the messages are about the same entity, so they may be handled one after the other, all at
    /// once, or in one call of another service. An entity's next message comes when this one succeeded.
    fn consume(&self, messages: &[Message]) -> impl Future<Output = Vec<Result<(), ConsumeError>>> + Send;

    /// Returns the time limit of one call of [`Consumer::consume`]; `None` if it is unknown. No call begins for
    /// which less time is left, because an interrupted one may still be running when the next message comes.
    fn time_limit(&self) -> Option<Duration> {
        None
    }

    /// Returns true if an event may come again after a later one of its entity, because the consumer keeps no order
    /// anyway. Then an entity's next message is consumed while the receipt of this one is written, which takes half of
    /// the time; if the receipt cannot be written, both come again.
    fn allows_earlier_events_again(&self) -> bool {
        false
    }
}

/// The reason that a message was not processed. It decides what happens next.
#[derive(Debug, thiserror::Error)]
pub enum ConsumeError {
    /// The message itself cannot be processed. After [`MAX_ATTEMPTS`] attempts of its own it goes to the dead-letter
    /// queue, so that later messages of its group are processed.
    #[error("the message cannot be processed")]
    Permanent(#[source] Fault),
    /// Something that processing depends on is down. The message is tried until it succeeds.
    #[error("processing is not possible now")]
    Transient(#[source] Fault),
    /// The same, and what is down names the time until the next attempt.
    #[error("processing is not possible for a while")]
    RetryAfter(#[source] Fault, Duration),
    /// The call failed as a whole: this message, or another one of the same call, crashed the consumer. It counts as an
    /// attempt of each, and each is then tried alone.
    #[error("the consumer crashed")]
    Crashed(#[source] Fault),
    /// The call had no result in time, because of this message, of another one of the same call, or of what processing
    /// depends on. The message is tried until it succeeds, and alone from its next receive on: not before, because the
    /// call may still be running.
    #[error("the consumer did not end in time")]
    TimedOut(#[source] Fault),
}

impl From<Fault> for ConsumeError {
    /// A permanent fault and damaged data are the message's own fault.
    fn from(fault: Fault) -> Self {
        match fault.kind {
            FaultKind::Transient => Self::Transient(fault),
            FaultKind::Permanent | FaultKind::Damaged => Self::Permanent(fault),
        }
    }
}

impl ConsumeError {
    /// The fault.
    pub fn fault(&self) -> &Fault {
        match self {
            Self::Permanent(fault)
            | Self::Transient(fault)
            | Self::RetryAfter(fault, _)
            | Self::Crashed(fault)
            | Self::TimedOut(fault) => fault,
        }
    }
}

/// A received message.
#[derive(Clone, PartialEq, Eq)]
pub struct Received {
    /// The queue's own id of it.
    pub id: String,
    /// Its group: within one, order holds.
    pub group: String,
    /// Its deduplication id.
    pub deduplication: String,
    /// The receipt handle of this receive.
    pub handle: String,
    /// Number of receives, this one included.
    pub receives: u32,
    /// Time since the first receive.
    pub failing_for: Duration,
    /// When it was sent, in milliseconds since 1970 UTC.
    pub sent_ms: i64,
    /// Time since then.
    pub age: Duration,
    /// The text.
    pub text: String,
    /// The whole event, if the journal did not take it.
    pub whole: Option<Vec<u8>>,
}

/// The store of processed events and attempts.
pub trait ProcessingStore: Send + Sync {
    /// Stores the whole event that a message carries, unless it is there.
    fn store_event(
        &self,
        received: &Received,
        message: &Message,
    ) -> impl Future<Output = Result<Stored, ConsumeError>> + Send;

    /// Returns the ids of these messages' events that are not to be consumed: those that have a receipt, and for a
    /// replay, which is consumed again on purpose, those that were forgotten.
    fn processed(
        &self,
        messages: &[&Message],
    ) -> impl Future<Output = Result<HashSet<EventId>, Fault>> + Send;

    /// Writes a receipt for the event of each consumed message, and deletes the attempts of `received_before`: the
    /// events whose messages were received before. Returns the time of the receipts. An event that has a receipt keeps
    /// it, so that a replay does not change when the event was processed first.
    fn receipt(
        &self,
        consumed: &[&Message],
        received_before: &[EventId],
    ) -> impl Future<Output = Result<ReceivedAt, Fault>> + Send;

    /// Returns the recorded attempts of these messages, by the queue's message ids.
    fn load_attempts(
        &self,
        messages: &[(&Received, &Message)],
    ) -> impl Future<Output = Result<HashMap<String, Attempts>, Fault>> + Send;

    /// Records the attempts of these messages, and how long their entities wait for them.
    fn record_attempts(&self, records: &[AttemptRecord]) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Delays the next receive of a message.
    fn delay(&self, received: &Received, delay: Duration) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Sends a message to the dead-letter queue, and marks its event, if it is named, as parked.
    fn dead_letter(
        &self,
        received: &Received,
        id: Option<&EventId>,
        why: &Fault,
    ) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// The result of storing a message's whole event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is stored under its id.
    Now,
    /// It is a duplicate of an event that is stored under another id and has a message of its own.
    AsDuplicate,
    /// Its entity was forgotten since it arrived: it is not stored again.
    EntityForgotten,
}

/// The outcome of a message.
#[derive(Debug)]
pub struct Outcome {
    /// The queue's own id of it.
    pub received: String,
    /// The event's id, if the message could be read.
    pub id: Option<EventId>,
    /// Its disposition.
    pub disposition: Disposition,
    /// True if the consumer received it and did not process it.
    pub consumer_failed: bool,
    /// Time from the event's arrival to its receipt; `None` for a replay, and if it was not processed.
    pub processing_delay: Option<Duration>,
}

/// The disposition of a message.
#[derive(Debug)]
pub enum Disposition {
    /// It was consumed and has its receipt.
    Processed,
    /// Its event was processed before.
    Duplicate,
    /// It could not be processed and is in the dead-letter queue.
    DeadLettered(Fault),
    /// It stays on the queue.
    Failed(ConsumeError),
    /// It stays on the queue, untouched: an earlier one of its group stays.
    Blocked,
}

impl Outcome {
    /// Returns true if the message can be deleted from the queue.
    pub fn is_done(&self) -> bool {
        match self.disposition {
            Disposition::Processed | Disposition::Duplicate | Disposition::DeadLettered(_) => true,
            Disposition::Failed(_) | Disposition::Blocked => false,
        }
    }
}

/// The processor, with its ports.
#[derive(Debug)]
pub struct Processor<L, C> {
    /// The processing store.
    pub store: L,
    /// The consumer.
    pub consumer: C,
}

/// A message at the head of its group that is being processed.
struct Step {
    received: Received,
    /// `None` if the record of its attempts could not be read.
    attempts: Option<Attempts>,
    /// True if the event that it carries is known to be stored.
    is_stored: bool,
    receipt: ReceiptRead,
    state: StepState,
    consumer_failed: bool,
    processing_delay: Option<Duration>,
}

/// A step's receipt, as the read at the start of the batch found it.
enum ReceiptRead {
    /// It was not read then: it is read when the message is the first of its group.
    Later,
    /// There is none.
    Absent,
    /// There is one: the message is not consumed.
    Present,
    /// The read failed.
    Failed(Fault),
}

/// The state of a step. A step that is done never opens again.
enum StepState {
    /// Processing continues with this message.
    Open(Message),
    /// The consumer crashed over this message or another one of the same call. It is tried alone.
    Suspect(Message),
    /// The result is known.
    Done {
        /// The event's id; `None` if the message could not be parsed.
        id: Option<EventId>,
        disposition: Disposition,
    },
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

impl Step {
    /// Parses a message.
    fn new(received: Received) -> Self {
        let state = match Message::parse(received.text.clone()) {
            Ok(message) => StepState::Open(message),
            Err(why) => {
                let fault = Fault::permanent("the message cannot be read", why);
                StepState::Done { id: None, disposition: Disposition::Failed(ConsumeError::Permanent(fault)) }
            }
        };
        let attempts = Some(Attempts::default());
        let receipt = ReceiptRead::Later;
        let (is_stored, consumer_failed) = (false, false);
        Self { received, attempts, is_stored, receipt, state, consumer_failed, processing_delay: None }
    }

    /// Returns the message of a step that is not done.
    fn message(&self) -> Option<&Message> {
        match &self.state {
            StepState::Open(message) | StepState::Suspect(message) => Some(message),
            StepState::Done { .. } => None,
        }
    }

    /// Returns the event's id; `None` if the message could not be parsed.
    fn id(&self) -> Option<&EventId> {
        match &self.state {
            StepState::Open(message) | StepState::Suspect(message) => Some(message.id()),
            StepState::Done { id, .. } => id.as_ref(),
        }
    }

    /// Returns the result of a step that is done.
    fn disposition(&self) -> Option<&Disposition> {
        match &self.state {
            StepState::Open(_) | StepState::Suspect(_) => None,
            StepState::Done { disposition, .. } => Some(disposition),
        }
    }

    /// Returns true if it may be consumed while the receipts of the round before are written.
    fn may_overlap(&self) -> bool {
        let is_read = matches!(self.receipt, ReceiptRead::Absent | ReceiptRead::Present);
        is_read && !self.was_received_before() && self.received.whole.is_none()
    }

    fn was_received_before(&self) -> bool {
        self.received.receives > 1
    }

    /// Returns true if the message may have crashed the processor.
    fn may_have_crashed_us(&self) -> bool {
        self.message().is_some() && self.attempts.is_some_and(Attempts::are_suspicious)
    }

    /// A message that cannot be parsed names no event, so its attempts cannot be recorded: every receive counts.
    fn has_no_attempts_left(&self) -> bool {
        match self.id() {
            Some(_) => self.attempts.is_some_and(Attempts::are_over),
            None => self.received.receives >= MAX_ATTEMPTS,
        }
    }

    /// Returns true if only the queue has the event and will soon delete it.
    fn is_about_to_be_lost(&self) -> bool {
        self.received.whole.is_some() && !self.is_stored && self.received.age >= DEAD_LETTER_AGE
    }

    /// Returns the delay until the message's next attempt; `None` if it needs no other attempt.
    fn delay(&self) -> Option<Duration> {
        match self.disposition()? {
            Disposition::Failed(ConsumeError::Permanent(_) | ConsumeError::Crashed(_))
            | Disposition::Blocked => Some(MIN_BACKOFF),
            Disposition::Failed(ConsumeError::Transient(_) | ConsumeError::TimedOut(_)) => {
                Some(backoff(self.received.failing_for))
            }
            Disposition::Failed(ConsumeError::RetryAfter(_, asked)) => {
                Some(delay_asked_for(*asked, self.received.failing_for))
            }
            Disposition::Processed | Disposition::Duplicate | Disposition::DeadLettered(_) => None,
        }
    }

    /// Returns the record of the attempts after this change. `None` if they are unknown, because the record would
    /// start again from zero, or if the message names no event.
    fn record(&self, change: impl FnOnce(Attempts) -> Attempts, delay: Duration) -> Option<AttemptRecord> {
        let attempts = change(self.attempts?);
        Some(AttemptRecord { id: self.id()?.clone(), received: self.received.id.clone(), attempts, delay })
    }

    fn finish_as(&mut self, disposition: Disposition) {
        self.state = StepState::Done { id: self.id().cloned(), disposition };
    }

    fn finish_as_processed(&mut self, at: ReceivedAt) {
        let first_time = self.message().filter(|message| message.replay_id().is_none());
        let arrival = first_time.and_then(|message| ReceivedAt::parse(message.received_time()));
        self.processing_delay = arrival.map(|arrival| at.since(arrival));
        self.finish_as(Disposition::Processed);
    }

    /// The consumer crashed over this message or another one of the same call. The call counts as an attempt, but not
    /// as the last one, because it may be the other message's fault.
    fn suspect(&mut self, message: Message) {
        self.attempts = self.attempts.map(|attempts| {
            let begun = attempts.begun();
            if begun.are_over() { attempts } else { begun }
        });
        self.state = StepState::Suspect(message);
    }

    fn is_open(&self) -> bool {
        matches!(self.state, StepState::Open(_))
    }

    fn is_suspect(&self) -> bool {
        matches!(self.state, StepState::Suspect(_))
    }

    /// Reopens a suspicious step, so that its message is tried alone.
    fn reopen(self) -> Self {
        match self.state {
            StepState::Suspect(message) => Self { state: StepState::Open(message), ..self },
            state => Self { state, ..self },
        }
    }

    fn into_outcome(self) -> Outcome {
        let (id, disposition) = match self.state {
            StepState::Done { id, disposition } => (id, disposition),
            // Every step of a round is finished. If one were not, its message would stay on the queue.
            StepState::Open(message) | StepState::Suspect(message) => {
                (Some(message.id().clone()), Disposition::Blocked)
            }
        };
        Outcome {
            received: self.received.id,
            id,
            disposition,
            consumer_failed: self.consumer_failed,
            processing_delay: self.processing_delay,
        }
    }
}

impl Outcome {
    fn blocked(step: Step) -> Self {
        Self {
            received: step.received.id,
            id: None,
            disposition: Disposition::Blocked,
            consumer_failed: step.consumer_failed,
            processing_delay: None,
        }
    }
}

/// Returns the messages of each group in their order, the groups in the order of their first messages.
fn in_groups(batch: Vec<Received>) -> Vec<VecDeque<Step>> {
    let mut groups: Vec<VecDeque<Step>> = Vec::new();
    for step in batch.into_iter().map(Step::new) {
        let same = |group: &&mut VecDeque<Step>| {
            group.front().is_some_and(|first| first.received.group == step.received.group)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push_back(step),
            None => groups.push(VecDeque::from([step])),
        }
    }
    groups
}

/// Returns the steps that are not done.
fn open(steps: &mut [Step]) -> impl Iterator<Item = &mut Step> {
    steps.iter_mut().filter(|step| step.is_open())
}

/// Finishes steps with a transient fault.
fn fail_all(steps: &mut [&mut Step], fault: &Fault) {
    for step in steps {
        step.finish_as(Disposition::Failed(ConsumeError::Transient(same_fault(fault))));
    }
}

/// Returns the same fault for another message: its causes are reduced to their text.
fn same_fault(fault: &Fault) -> Fault {
    let chain = fault.chain();
    let causes = chain.strip_prefix(fault.context).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(&chain);
    Fault { kind: fault.kind, context: fault.context, source: causes.into() }
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
