//! The queue on SQS FIFO: a group for each entity, one message for each event.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata as _;
use aws_sdk_sqs::operation::send_message::builders::SendMessageFluentBuilder;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{MessageAttributeValue, QueueAttributeName};
use inlet::event::Event;
use inlet::fault::Fault;
use inlet::message::{CloudEvent, Message};
use inlet::process::{ConsumeError, Received};
use inlet::proof::Verified;
use inlet::receive::{Queue, WriteToken};
use sha2::{Digest, Sha256};

use crate::client::connect::describe_sdk_error;
use crate::client::timeouts;
use crate::dynamodb::record::{Origin, Record, hex};

/// The largest message, in bytes with its attributes: SQS's limit since August 2025.
const MAX_MESSAGE_LEN: usize = 1_048_576;

/// Longest group and deduplication id, in characters: SQS's limit.
const MAX_ID_LEN: usize = 128;

/// The message attribute that carries a whole event which the journal does not have.
pub const WHOLE: &str = "inlet-whole";

/// The event queue.
#[derive(Clone, Debug)]
pub struct SqsQueue {
    pub(crate) client: Client,
    pub(crate) url: String,
}

/// How many messages the queue has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueDepth {
    /// Those that nobody has received, or that may be received again.
    pub visible: u32,
    /// Those that somebody has received and that are hidden from others: being processed, or held back.
    pub in_flight: u32,
}

impl QueueDepth {
    /// All of them.
    pub fn all(self) -> u32 {
        self.visible.saturating_add(self.in_flight)
    }
}

impl SqsQueue {
    /// The queue at this URL.
    pub fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// What waits on the queue or is being processed, roughly, as SQS counts it.
    ///
    /// # Errors
    /// When the queue does not say.
    pub async fn depth(&self) -> Result<QueueDepth, Fault> {
        let visible = QueueAttributeName::ApproximateNumberOfMessages;
        let in_flight = QueueAttributeName::ApproximateNumberOfMessagesNotVisible;
        let counts = vec![visible.clone(), in_flight.clone()];
        let asked = self.client.get_queue_attributes().queue_url(&self.url);
        let asked = asked.set_attribute_names(Some(counts)).send().await;
        let answer = asked
            .map_err(|error| Fault::new("the queue does not say what waits", describe_sdk_error(&error)))?;
        let attributes = answer.attributes.unwrap_or_default();
        let count = |name| attributes.get(&name).and_then(|count| count.parse::<u32>().ok()).unwrap_or(0);
        Ok(QueueDepth { visible: count(visible), in_flight: count(in_flight) })
    }

    /// Sends a stored event's message, under this deduplication id.
    ///
    /// # Errors
    /// When the queue does not take it: for what it says, or at the moment.
    pub async fn send_message(&self, message: &Message, deduplication: &str) -> Result<(), ConsumeError> {
        let text = escape_noncharacters(message.json().to_owned());
        let text = if text.len() <= MAX_MESSAGE_LEN {
            text
        } else {
            escape_noncharacters(message.without_data().json().to_owned())
        };
        let sent = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_group_id(sqs_id(message.id().entity_path()))
            .message_deduplication_id(sqs_id(deduplication))
            .message_body(text)
            .send()
            .await;
        sent.map(|_| ()).map_err(|error| {
            let fault = send_error(error.code(), describe_sdk_error(&error));
            if fault.context == NEVER {
                ConsumeError::Permanent(fault)
            } else {
                ConsumeError::Transient(fault)
            }
        })
    }

    /// Keeps what was received from being received again for so long.
    ///
    /// # Errors
    /// When the queue does not do it.
    pub async fn hold_back(&self, received: &Received, pause: Duration) -> Result<(), Fault> {
        let change = self.client.change_message_visibility().queue_url(&self.url);
        let change = change.receipt_handle(&received.handle);
        let change = change.visibility_timeout(i32::try_from(pause.as_secs()).unwrap_or(i32::MAX));
        change
            .send()
            .await
            .map(|_| ())
            .map_err(|error| Fault::new("a message cannot be held back", describe_sdk_error(&error)))
    }

    /// Sends a message on as it came, under a deduplication id of its own: the queue remembers that one for five
    /// minutes, and the message may be on its way back from a queue that has it still in mind.
    ///
    /// # Errors
    /// When the queue does not take it.
    pub async fn forward(&self, received: &Received) -> Result<(), Fault> {
        let deduplication = format!("{}/{}", received.deduplication, received.id);
        let message = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_group_id(&received.group)
            .message_deduplication_id(sqs_id(&deduplication))
            .message_body(&received.text);
        let whole = received.whole.clone().map(whole_attribute).transpose()?;
        let message = message.set_message_attributes(whole.map(|whole| [(WHOLE.to_owned(), whole)].into()));
        message
            .send()
            .await
            .map(|_| ())
            .map_err(|error| Fault::new("the message cannot be sent on", describe_sdk_error(&error)))
    }

    fn message(&self, event: &Event, body: String) -> SendMessageFluentBuilder {
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_group_id(sqs_id(event.id().entity_path()))
            .message_deduplication_id(sqs_id(event.id().as_str()))
            .message_body(body)
    }
}

impl Queue for SqsQueue {
    async fn send(&self, event: &Verified<Event>) -> Result<(), Fault> {
        sent(self.message(event, text(event, 0))).await
    }

    async fn send_with_event(&self, event: &Verified<Event>) -> Result<(), Fault> {
        let record = Record::of(event, &WriteToken(String::new()), Origin::Fallback);
        let whole = record.packed(event.delivery().body());
        let body = text(event, whole.len());
        if body.len().saturating_add(whole.len()).saturating_add(ATTRIBUTE_OVERHEAD) > MAX_MESSAGE_LEN {
            return Err(Fault::new("the event cannot be enqueued", "it is too large for a message"));
        }
        sent(self.message(event, body).message_attributes(WHOLE, whole_attribute(whole)?)).await
    }
}

/// Sends a message, in time.
async fn sent(message: SendMessageFluentBuilder) -> Result<(), Fault> {
    let sending =
        async { message.send().await.map_err(|error| send_error(error.code(), describe_sdk_error(&error))) };
    timeouts::with_timeout(timeouts::QUEUE, "the event cannot be enqueued", sending).await.map(|_| ())
}

fn whole_attribute(whole: Vec<u8>) -> Result<MessageAttributeValue, Fault> {
    let attribute = MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new(whole));
    attribute.build().map_err(|error| Fault::new("the event cannot be enqueued", error))
}

/// What SQS answers to a message that it will never take.
const REFUSES: [&str; 2] = ["InvalidMessageContents", "InvalidParameterValue"];

/// What is said of an event that the queue will not take however often it is sent.
pub const NEVER: &str = "the queue will never take the event";

/// Why a message was not sent, by the code of the queue's answer.
fn send_error(code: Option<&str>, why: String) -> Fault {
    let refused = code.is_some_and(|code| REFUSES.contains(&code));
    Fault::new(if refused { NEVER } else { "the event cannot be enqueued" }, why)
}

/// A JSON text as SQS takes it: it refuses the two characters that are none, and JSON has another way to write
/// them. They can only stand in strings.
fn escape_noncharacters(json: String) -> String {
    if json.contains(['\u{FFFE}', '\u{FFFF}']) {
        json.replace('\u{FFFE}', "\\ufffe").replace('\u{FFFF}', "\\uffff")
    } else {
        json
    }
}

/// What an attribute's name and type take of a message, in bytes, generously.
const ATTRIBUTE_OVERHEAD: usize = 64;

/// The message's text, without its data where that would not fit beside `others` bytes.
fn text(event: &Verified<Event>, others: usize) -> String {
    let message = CloudEvent::of(event);
    let text = escape_noncharacters(message.to_json());
    let room = MAX_MESSAGE_LEN.saturating_sub(others).saturating_sub(ATTRIBUTE_OVERHEAD);
    if text.len() <= room { text } else { escape_noncharacters(message.without_data().to_json()) }
}

/// An id as SQS takes it: itself, or its digest where it is too long.
fn sqs_id(id: &str) -> String {
    if id.len() <= MAX_ID_LEN { id.to_owned() } else { hex(&Sha256::digest(id)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_sqs_refuses_are_written_as_json_writes_them() {
        let json = serde_json::json!({"name": "a\u{FFFF}b\u{FFFE}"}).to_string();
        let sent = escape_noncharacters(json.clone());
        assert_eq!(sent, r#"{"name":"a\uffffb\ufffe"}"#);
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&sent).unwrap(),
            serde_json::from_str::<serde_json::Value>(&json).unwrap()
        );
    }

    #[test]
    fn what_the_queue_finds_fault_with_is_told_from_what_it_cannot_take_now() {
        for (code, what) in [
            (Some("InvalidMessageContents"), NEVER),
            (Some("AWS.SimpleQueueService.NonExistentQueue"), "the event cannot be enqueued"),
            (None, "the event cannot be enqueued"),
        ] {
            assert_eq!(send_error(code, String::new()).context, what, "{code:?}");
        }
    }

    #[test]
    fn an_id_that_sqs_would_refuse_becomes_its_digest() {
        let short = "zid/riyadh/order/81230457/9f2c41d8a3b7e6f0";
        assert_eq!(sqs_id(short), short);
        let (one, other) = (sqs_id(&"a".repeat(129)), sqs_id(&"b".repeat(129)));
        assert_eq!((one.len(), other.len()), (64, 64));
        assert_ne!(one, other);
    }
}
