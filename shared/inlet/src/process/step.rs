//! The state of a message that is being processed.

use std::collections::VecDeque;
use std::time::Duration;

use crate::event::EventId;
use crate::fault::Fault;
use crate::message::Message;
use crate::process::attempts::{
    AttemptRecord, Attempts, DEAD_LETTER_AGE, MAX_ATTEMPTS, MIN_BACKOFF, backoff, delay_asked_for,
};
use crate::process::consumer::ConsumeError;
use crate::process::outcome::{Disposition, Outcome};
use crate::process::received::Received;
use crate::received_at::ReceivedAt;

/// A message at the head of its group that is being processed.
pub(super) struct Step {
    pub(super) received: Received,
    /// `None` if the record of its attempts could not be read.
    pub(super) attempts: Option<Attempts>,
    /// True if the event that it carries is known to be stored.
    pub(super) is_stored: bool,
    pub(super) receipt: ReceiptRead,
    pub(super) state: StepState,
    pub(super) consumer_failed: bool,
    pub(super) processing_delay: Option<Duration>,
}

/// A step's receipt, as the read at the start of the batch found it.
pub(super) enum ReceiptRead {
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
pub(super) enum StepState {
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

impl Step {
    /// Parses a message.
    pub(super) fn new(received: Received) -> Self {
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
    pub(super) fn message(&self) -> Option<&Message> {
        match &self.state {
            StepState::Open(message) | StepState::Suspect(message) => Some(message),
            StepState::Done { .. } => None,
        }
    }

    /// Returns the event's id; `None` if the message could not be parsed.
    pub(super) fn id(&self) -> Option<&EventId> {
        match &self.state {
            StepState::Open(message) | StepState::Suspect(message) => Some(message.id()),
            StepState::Done { id, .. } => id.as_ref(),
        }
    }

    /// Returns the result of a step that is done.
    pub(super) fn disposition(&self) -> Option<&Disposition> {
        match &self.state {
            StepState::Open(_) | StepState::Suspect(_) => None,
            StepState::Done { disposition, .. } => Some(disposition),
        }
    }

    /// Returns true if it may be consumed while the receipts of the round before are written.
    pub(super) fn may_overlap(&self) -> bool {
        let is_read = matches!(self.receipt, ReceiptRead::Absent | ReceiptRead::Present);
        is_read && !self.was_received_before() && self.received.whole.is_none()
    }

    pub(super) fn was_received_before(&self) -> bool {
        self.received.receives > 1
    }

    /// Returns true if the message may have crashed the processor.
    pub(super) fn may_have_crashed_us(&self) -> bool {
        self.message().is_some() && self.attempts.is_some_and(Attempts::are_suspicious)
    }

    /// A message that cannot be parsed names no event, so its attempts cannot be recorded: every receive counts.
    pub(super) fn has_no_attempts_left(&self) -> bool {
        match self.id() {
            Some(_) => self.attempts.is_some_and(Attempts::are_over),
            None => self.received.receives >= MAX_ATTEMPTS,
        }
    }

    /// Returns true if only the queue has the event and will soon delete it.
    pub(super) fn is_about_to_be_lost(&self) -> bool {
        self.received.whole.is_some() && !self.is_stored && self.received.age >= DEAD_LETTER_AGE
    }

    /// Returns the delay until the message's next attempt; `None` if it needs no other attempt.
    pub(super) fn delay(&self) -> Option<Duration> {
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
    pub(super) fn record(
        &self,
        change: impl FnOnce(Attempts) -> Attempts,
        delay: Duration,
    ) -> Option<AttemptRecord> {
        let attempts = change(self.attempts?);
        Some(AttemptRecord { id: self.id()?.clone(), received: self.received.id.clone(), attempts, delay })
    }

    pub(super) fn finish_as(&mut self, disposition: Disposition) {
        self.state = StepState::Done { id: self.id().cloned(), disposition };
    }

    pub(super) fn finish_as_processed(&mut self, at: ReceivedAt) {
        let first_time = self.message().filter(|message| message.replay_id().is_none());
        let arrival = first_time.and_then(|message| ReceivedAt::parse(message.received_time()));
        self.processing_delay = arrival.map(|arrival| at.since(arrival));
        self.finish_as(Disposition::Processed);
    }

    /// The consumer crashed over this message or another one of the same call. The call counts as an attempt, but not
    /// as the last one, because it may be the other message's fault.
    pub(super) fn suspect(&mut self, message: Message) {
        self.attempts = self.attempts.map(|attempts| {
            let begun = attempts.begun();
            if begun.are_over() { attempts } else { begun }
        });
        self.state = StepState::Suspect(message);
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, StepState::Open(_))
    }

    pub(super) fn is_suspect(&self) -> bool {
        matches!(self.state, StepState::Suspect(_))
    }

    /// Reopens a suspicious step, so that its message is tried alone.
    pub(super) fn reopen(self) -> Self {
        match self.state {
            StepState::Suspect(message) => Self { state: StepState::Open(message), ..self },
            state => Self { state, ..self },
        }
    }

    pub(super) fn into_outcome(self) -> Outcome {
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
    pub(super) fn blocked(step: Step) -> Self {
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
pub(super) fn in_groups(batch: Vec<Received>) -> Vec<VecDeque<Step>> {
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
pub(super) fn open(steps: &mut [Step]) -> impl Iterator<Item = &mut Step> {
    steps.iter_mut().filter(|step| step.is_open())
}

/// Finishes steps with a transient fault.
pub(super) fn fail_all(steps: &mut [&mut Step], fault: &Fault) {
    for step in steps {
        step.finish_as(Disposition::Failed(ConsumeError::Transient(same_fault(fault))));
    }
}

/// Returns the same fault for another message: its causes are reduced to their text.
pub(super) fn same_fault(fault: &Fault) -> Fault {
    let chain = fault.chain();
    let causes = chain.strip_prefix(fault.context).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(&chain);
    Fault { kind: fault.kind, context: fault.context, source: causes.into() }
}
