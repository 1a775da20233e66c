//! The messages of the dead-letter queue, as an operator may see them. A look at the queue moves nothing.

use std::time::Duration;

use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::message::Message;
use inlet::received_at::ReceivedAt;

use crate::client::clock;
use crate::sqs::SqsQueue;

/// The time that SQS hides a letter while the others are received, in seconds: without it, SQS returns the same
/// letters again.
const LOOK_SECONDS: i32 = 20;

/// A dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The event; `None` if the message is none of Inlet's.
    pub event: Option<LetterEvent>,
    /// The group of the message: the entity's path.
    pub group: String,
    /// When the message was sent to the dead-letter queue.
    pub sent: Option<ReceivedAt>,
    /// Number of receives from the dead-letter queue, looks included.
    pub receives: u32,
}

/// The event of a dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterEvent {
    /// The event's id.
    pub id: EventId,
    /// The message's type.
    pub canonical_type: String,
    /// The time of arrival.
    pub received: ReceivedAt,
}

/// Returns up to `limit` dead letters, and puts each back at once. SQS returns them in no order that means something,
/// and may leave some out.
///
/// # Errors
/// If a call of SQS fails. SQS then shows the letters again after 20 seconds.
pub async fn dead_letters(queue: &SqsQueue, limit: usize) -> Result<Vec<DeadLetter>, Fault> {
    let mut seen = Vec::new();
    let failed = loop {
        if seen.len() >= limit {
            break None;
        }
        match queue.look(clock::now(), LOOK_SECONDS).await {
            Ok(some) if some.is_empty() => break None,
            Ok(some) => seen.extend(some),
            Err(fault) => break Some(fault),
        }
    };
    for letter in &seen {
        queue.delay(letter, Duration::ZERO).await?;
    }
    if let Some(fault) = failed {
        return Err(fault);
    }
    let letters = seen.into_iter().map(|letter| DeadLetter {
        event: Message::parse(letter.text).ok().map(|message| LetterEvent {
            id: message.id().clone(),
            canonical_type: message.canonical_type().to_owned(),
            received: ReceivedAt::parse(message.received_time()).unwrap_or(ReceivedAt::EPOCH),
        }),
        group: letter.group,
        sent: ReceivedAt::from_millis(letter.sent_ms),
        receives: letter.receives,
    });
    Ok(letters.take(limit).collect())
}
