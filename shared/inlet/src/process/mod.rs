//! The path of a message: store a carried event, consume, write the receipt. In order within a group; poison messages
//! alone.

mod attempts;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet, VecDeque};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use crate::event::EventId;
use crate::fault::{Fault, FaultKind};
use crate::message::Message;
pub use crate::process::attempts::{
    AttemptRecord, Attempts, DEAD_LETTER_AGE, MAX_BACKOFF, MAX_TRIES, MIN_BACKOFF, backoff,
};

/// A consumer of events: the place for your own logic.
///
/// An event may come more than once, for instance when the processor dies before its receipt is written; its
/// id is the same each time.
pub trait Consumer: Send + Sync {
    /// Processes each message and returns the results in the same order.
    ///
    /// No two of the messages are about the same entity, so they may be handled one after the other, all at
    /// once, or in one call to somewhere else. An entity's next message comes when this one succeeded.
    fn consume(&self, messages: &[Message]) -> impl Future<Output = Vec<Result<(), ConsumeError>>> + Send;
}

/// The reason that a message was not processed, which decides what happens to it.
#[derive(Debug, thiserror::Error)]
pub enum ConsumeError {
    /// The message itself cannot be processed. After [`MAX_TRIES`] attempts of its own it goes to the dead-letter
    /// queue, so that later messages of its group go on.
    #[error("the message cannot be processed")]
    Permanent(#[source] Fault),
    /// Something that processing depends on is down. The message is tried until it succeeds.
    #[error("processing is not possible now")]
    Transient(#[source] Fault),
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
            Self::Permanent(fault) | Self::Transient(fault) => fault,
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

    /// Writes a receipt for the event of each of these messages, and deletes the attempts of `tried`.
    fn receipt(
        &self,
        consumed: &[&Message],
        tried: &[EventId],
    ) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Returns the recorded attempts of these messages, by the queue's message ids.
    fn load_attempts(
        &self,
        messages: &[(&Received, &Message)],
    ) -> impl Future<Output = Result<HashMap<String, Attempts>, Fault>> + Send;

    /// Records the attempts of these messages, and how long their entities wait for them.
    fn record_attempts(&self, tried: &[AttemptRecord]) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Delays the next receive of a message by this time.
    fn delay(&self, received: &Received, pause: Duration) -> impl Future<Output = Result<(), Fault>> + Send;

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
    /// It repeats an event that is stored under another id, and that has a message of its own.
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
    message: Option<Message>,
    tries: Attempts,
    /// True if the number of attempts is known: false if the record could not be read.
    tries_are_known: bool,
    /// True if the event that it carries is known to be stored.
    is_stored: bool,
    disposition: Option<Disposition>,
}

impl<L: ProcessingStore, C: Consumer> Processor<L, C> {
    /// Processes a batch. The outcomes are added as they become known, so that a caller whose time runs
    /// out knows the finished ones. If `has_time` returns false, no suspicious message is started. So when a batch
    /// times out, at most one message is unfinished.
    pub async fn process(
        &self,
        batch: Vec<Received>,
        has_time: impl Fn() -> bool + Send + Sync,
        outcomes: &mut Vec<Outcome>,
    ) {
        let mut groups = in_groups(batch);
        while !groups.is_empty() {
            let heads = groups.iter_mut().filter_map(VecDeque::pop_front).map(Step::new).collect();
            let blocked_groups = self.process_heads(heads, &has_time, outcomes).await;
            let is_stuck =
                |group: &VecDeque<Received>| group.front().is_some_and(|f| blocked_groups.contains(&f.group));
            for group in groups.iter_mut().filter(|group| is_stuck(group)) {
                outcomes.extend(group.drain(..).map(Outcome::blocked));
            }
            groups.retain(|group| !group.is_empty());
        }
    }

    /// Processes the heads of all groups together: one call each for receipts, for consuming, for writing receipts. But
    /// a message that may have crashed the processor is tried alone, after all others. Returns the groups that do not
    /// go on.
    async fn process_heads(
        &self,
        mut steps: Vec<Step>,
        has_time: &(impl Fn() -> bool + Send + Sync),
        outcomes: &mut Vec<Outcome>,
    ) -> HashSet<String> {
        let mut blocked_groups = HashSet::new();
        self.load_attempts(&mut steps).await;
        self.skip_processed(&mut steps).await;
        let (alone, mut together): (Vec<Step>, Vec<Step>) =
            steps.into_iter().partition(Step::may_have_crashed_us);
        self.attempt(&mut together).await;
        self.finish(together, &mut blocked_groups, outcomes).await;
        for mut step in alone {
            if has_time() {
                self.attempt(std::slice::from_mut(&mut step)).await;
            } else {
                step.end_as(Disposition::Blocked);
            }
            self.finish(vec![step], &mut blocked_groups, outcomes).await;
        }
        blocked_groups
    }

    /// Records the result as soon as it is known: a message that has ended did not crash the processor, independently
    /// of the next ones.
    async fn finish(
        &self,
        mut steps: Vec<Step>,
        blocked_groups: &mut HashSet<String>,
        outcomes: &mut Vec<Outcome>,
    ) {
        for step in &mut steps {
            self.dead_letter(step).await;
        }
        self.record_and_delay(&steps).await;
        for step in steps {
            let group = step.received.group.clone();
            let outcome = step.end();
            if !outcome.is_done() {
                blocked_groups.insert(group);
            }
            outcomes.push(outcome);
        }
    }

    /// Loads the attempts of messages that were received before. A message without attempts left is not tried again.
    async fn load_attempts(&self, steps: &mut [Step]) {
        let mut known: Vec<&mut Step> = open(steps).filter(|step| step.was_received_before()).collect();
        let asked: Vec<(&Received, &Message)> =
            known.iter().filter_map(|step| Some((&step.received, step.message()?))).collect();
        if asked.is_empty() {
            return;
        }
        match self.store.load_attempts(&asked).await {
            Ok(tries) => {
                for step in known {
                    step.tries = tries.get(&step.received.id).copied().unwrap_or_default();
                    if step.tries.are_over() {
                        step.end_as(Disposition::Failed(ConsumeError::Permanent(has_had_its_tries())));
                    }
                }
            }
            Err(fault) => {
                for step in &mut known {
                    step.tries_are_known = false;
                }
                fail_all(&mut known, &fault);
            }
        }
    }

    /// Skips messages whose event was processed, and replays of an event that was forgotten.
    async fn skip_processed(&self, steps: &mut [Step]) {
        let mut asked: Vec<&mut Step> = open(steps).filter(|step| step.message().is_some()).collect();
        let messages: Vec<&Message> = asked.iter().filter_map(|step| step.message()).collect();
        if messages.is_empty() {
            return;
        }
        match self.store.processed(&messages).await {
            Ok(processed) => {
                let has_receipt = |step: &Step| step.message().is_some_and(|m| processed.contains(m.id()));
                for step in asked.into_iter().filter(|step| has_receipt(step)) {
                    step.end_as(Disposition::Duplicate);
                }
            }
            Err(fault) => fail_all(&mut asked, &fault),
        }
    }

    /// Records the attempts, stores carried events, consumes, writes the receipts.
    async fn attempt(&self, steps: &mut [Step]) {
        self.note_begun(steps).await;
        for step in steps.iter_mut() {
            self.store_carried_event(step).await;
        }
        self.consume(steps).await;
        self.write_receipts(steps).await;
    }

    /// Records the start of an attempt, so that it counts even if the processor dies. A message that is received for
    /// the first time is exempt: it rarely needs a second attempt.
    async fn note_begun(&self, steps: &mut [Step]) {
        let mut known: Vec<&mut Step> = open(steps).filter(|step| step.was_received_before()).collect();
        let begun: Vec<AttemptRecord> =
            known.iter().filter_map(|step| step.tried(step.tries.begun(), MIN_BACKOFF)).collect();
        if begun.is_empty() {
            return;
        }
        if let Err(fault) = self.store.record_attempts(&begun).await {
            fail_all(&mut known, &fault);
        }
    }

    /// Stores the event that a message carries. This is part of the attempt: its bytes may crash the processor.
    async fn store_carried_event(&self, step: &mut Step) {
        let (None, Some(message), Some(_)) = (&step.disposition, &step.message, &step.received.whole) else {
            return;
        };
        match catch_panic(self.store.store_event(&step.received, message)).await {
            Some(Ok(Stored::Now)) => step.is_stored = true,
            Some(Ok(Stored::AsDuplicate | Stored::EntityForgotten)) => step.end_as(Disposition::Duplicate),
            Some(Err(trouble)) => step.end_as(Disposition::Failed(trouble)),
            None => {
                let fault = Fault::permanent("the event cannot be stored", "storing it panicked");
                step.end_as(Disposition::Failed(ConsumeError::Permanent(fault)));
            }
        }
    }

    async fn consume(&self, steps: &mut [Step]) {
        let (mut asked, messages): (Vec<&mut Step>, Vec<Message>) =
            open(steps).filter_map(|step| step.message().cloned().map(|message| (step, message))).unzip();
        if messages.is_empty() {
            return;
        }
        let mut outcomes = self.consumed(&messages).await.into_iter();
        for step in &mut asked {
            // A missing result is not a success.
            let outcome = outcomes.next().unwrap_or_else(|| Err(no_result()));
            if let Err(trouble) = outcome {
                step.end_as(Disposition::Failed(trouble));
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
                Some(said) => said.into_iter().next().unwrap_or_else(|| Err(no_result())),
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
        let tried: Vec<EventId> = consumed.iter().filter_map(|step| step.id_if_received_before()).collect();
        let messages: Vec<&Message> = consumed.iter().filter_map(|step| step.message()).collect();
        match self.store.receipt(&messages, &tried).await {
            Ok(()) => consumed.into_iter().for_each(|step| step.end_as(Disposition::Processed)),
            Err(fault) => fail_all(&mut consumed, &fault),
        }
    }

    /// Sends a message to the dead-letter queue that failed for its own reasons and has no attempts left, or that SQS
    /// is about to delete although only the queue has its event.
    async fn dead_letter(&self, step: &mut Step) {
        let (why, id) = match &step.disposition {
            Some(Disposition::Failed(ConsumeError::Permanent(why))) => {
                if !step.tries.are_over() {
                    step.tries = step.tries.ended_by_itself();
                }
                if !step.has_had_its_tries() {
                    return;
                }
                (why, step.message().map(Message::id))
            }
            // No event is stored that could be marked, and the table may take no mark either.
            Some(Disposition::Failed(ConsumeError::Transient(why))) if step.is_about_to_be_lost() => {
                (why, None)
            }
            _ => return,
        };
        step.disposition = Some(match self.store.dead_letter(&step.received, id, why).await {
            Ok(()) => Disposition::DeadLettered(same_fault(why)),
            Err(fault) => Disposition::Failed(ConsumeError::Transient(fault)),
        });
    }

    /// Records failures and delays: the longer an outage lasts, the longer the delay. Messages that were not started
    /// wait as well. A record that cannot be written costs one more attempt, and a message that cannot be delayed
    /// comes earlier: neither is a reason to fail.
    async fn record_and_delay(&self, steps: &[Step]) {
        let tried: Vec<AttemptRecord> = steps
            .iter()
            .filter_map(|step| match &step.disposition {
                Some(Disposition::Failed(_)) => step.tried(step.tries.ended(), step.pause()?),
                Some(Disposition::Blocked) => step.tried(step.tries, step.pause()?),
                _ => None,
            })
            .collect();
        if !tried.is_empty() {
            self.store.record_attempts(&tried).await.ok();
        }
        let held_back = steps.iter().filter_map(|step| {
            let pause = step.pause().filter(|pause| *pause > MIN_BACKOFF)?;
            Some(self.store.delay(&step.received, pause))
        });
        join_all(held_back).await;
    }
}

impl Step {
    /// Parses a message.
    fn new(received: Received) -> Self {
        let (message, disposition) = match Message::parse(received.text.clone()) {
            Ok(message) => (Some(message), None),
            Err(why) => {
                let fault = Fault::permanent("the message cannot be read", why);
                (None, Some(Disposition::Failed(ConsumeError::Permanent(fault))))
            }
        };
        Self {
            received,
            message,
            tries: Attempts::default(),
            tries_are_known: true,
            is_stored: false,
            disposition,
        }
    }

    fn message(&self) -> Option<&Message> {
        self.message.as_ref()
    }

    fn was_received_before(&self) -> bool {
        self.received.receives > 1
    }

    fn id_if_received_before(&self) -> Option<EventId> {
        self.message().filter(|_| self.was_received_before()).map(|message| message.id().clone())
    }

    /// Returns true if the message may have crashed the processor.
    fn may_have_crashed_us(&self) -> bool {
        self.disposition.is_none() && self.tries.are_suspicious()
    }

    /// If a text names no event, no attempts can be recorded: then every receive counts.
    fn has_had_its_tries(&self) -> bool {
        match self.message {
            Some(_) => self.tries.are_over(),
            None => self.received.receives >= MAX_TRIES,
        }
    }

    /// Returns true if only the queue has the event and will soon delete it.
    fn is_about_to_be_lost(&self) -> bool {
        self.received.whole.is_some() && !self.is_stored && self.received.age >= DEAD_LETTER_AGE
    }

    /// Returns the delay until its next attempt; `None` if it has none.
    fn pause(&self) -> Option<Duration> {
        match &self.disposition {
            Some(Disposition::Failed(ConsumeError::Permanent(_)) | Disposition::Blocked) => Some(MIN_BACKOFF),
            Some(Disposition::Failed(ConsumeError::Transient(_))) => Some(backoff(&self.received)),
            _ => None,
        }
    }

    /// Returns the attempts to record. `None` if the current record is unknown: it would start from zero.
    fn tried(&self, tries: Attempts, pause: Duration) -> Option<AttemptRecord> {
        if !self.tries_are_known {
            return None;
        }
        let id = self.message()?.id().clone();
        Some(AttemptRecord { id, received: self.received.id.clone(), tries, pause })
    }

    fn end_as(&mut self, disposition: Disposition) {
        self.disposition = Some(disposition);
    }

    fn end(self) -> Outcome {
        Outcome {
            received: self.received.id,
            id: self.message.map(|message| message.id().clone()),
            // Every step of a round ends; an unfinished one would stay on the queue.
            disposition: self.disposition.unwrap_or(Disposition::Blocked),
        }
    }
}

impl Outcome {
    fn blocked(received: Received) -> Self {
        Self { received: received.id, id: None, disposition: Disposition::Blocked }
    }
}

/// Returns the messages of each group in their order, the groups in the order of their first messages.
fn in_groups(batch: Vec<Received>) -> Vec<VecDeque<Received>> {
    let mut groups: Vec<VecDeque<Received>> = Vec::new();
    for received in batch {
        let same = |group: &&mut VecDeque<Received>| group.front().is_some_and(|f| f.group == received.group);
        match groups.iter_mut().find(same) {
            Some(group) => group.push_back(received),
            None => groups.push(VecDeque::from([received])),
        }
    }
    groups
}

/// Returns the steps that have not ended.
fn open(steps: &mut [Step]) -> impl Iterator<Item = &mut Step> {
    steps.iter_mut().filter(|step| step.disposition.is_none())
}

fn fail_all(steps: &mut [&mut Step], fault: &Fault) {
    for step in steps {
        step.end_as(Disposition::Failed(ConsumeError::Transient(same_fault(fault))));
    }
}

/// Returns the same fault for another message: its causes are reduced to their text.
fn same_fault(fault: &Fault) -> Fault {
    let story = fault.chain();
    let causes = story.strip_prefix(fault.context).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(&story);
    Fault { kind: fault.kind, context: fault.context, source: causes.into() }
}

fn has_had_its_tries() -> Fault {
    Fault::permanent("the message cannot be processed", "it has had its tries")
}

fn no_result() -> ConsumeError {
    ConsumeError::Transient(Fault::transient("the consumer failed", "it said nothing of this message"))
}

/// Waits for all futures at once.
async fn join_all<F: Future>(futures: impl Iterator<Item = F>) {
    let mut pending: Vec<Pin<Box<F>>> = futures.map(Box::pin).collect();
    poll_fn(|context| {
        pending.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if pending.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Returns the future's output; `None` if it panics.
async fn catch_panic<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(output)) => Poll::Ready(Some(output)),
        Err(_) => Poll::Ready(None),
    })
    .await
}
