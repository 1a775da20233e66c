//! The queue on SQS FIFO: a message group for each entity, a message for each event.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::operation::send_message::builders::SendMessageFluentBuilder;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{MessageAttributeValue, QueueAttributeName};
use inlet::event::Event;
use inlet::fault::Fault;
use inlet::message::{CloudEvent, Message};
use inlet::process::Received;
use inlet::proof::Verified;
use inlet::receive::{Queue, WriteToken};
use sha2::{Digest, Sha256};

use crate::client::aws_error::AwsError;
use crate::dynamodb::record::{Origin, Record, hex};
use crate::telemetry::timing::{Step, with_timeout};

/// Maximum length of a message with its attributes, in bytes: SQS's limit since August 2025.
const MAX_MESSAGE_LEN: usize = 1_048_576;

/// Maximum length of a group id and of a deduplication id, in characters: SQS's limit.
const MAX_ID_LEN: usize = 128;

/// The size of a message attribute's name and type in bytes, with a margin.
const ATTRIBUTE_OVERHEAD: usize = 64;

/// The error codes of a message that SQS never accepts.
const REJECTIONS: [&str; 2] = ["InvalidMessageContents", "InvalidParameterValue"];

/// The message attribute with a whole event, for an event that is not in the table. Messages on the queue have it: the
/// value must stay.
pub const WHOLE: &str = "inlet-whole";

const NOT_ENQUEUED: &str = "the event cannot be enqueued";

/// The event queue or its dead-letter queue.
#[derive(Clone, Debug)]
pub struct SqsQueue {
    pub(crate) client: Client,
    pub(crate) url: String,
}

/// The approximate number of messages in a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueDepth {
    /// Messages that can be received.
    pub visible: u32,
    /// Messages that were received and are hidden: they are being processed, or delayed after a failure.
    pub in_flight: u32,
}

impl QueueDepth {
    /// Returns the number of all messages.
    pub fn total(self) -> u32 {
        self.visible.saturating_add(self.in_flight)
    }
}

impl Queue for SqsQueue {
    async fn send(&self, event: &Verified<Event>) -> Result<(), Fault> {
        send_in_time(self.message(event, message_text(event, 0))).await
    }

    async fn send_with_event(&self, event: &Verified<Event>) -> Result<(), Fault> {
        let record = Record::of(event, &WriteToken(String::new()), Origin::Fallback);
        let whole = record.packed(event.delivery().body());
        let body = message_text(event, whole.len());
        if body.len().saturating_add(whole.len()).saturating_add(ATTRIBUTE_OVERHEAD) > MAX_MESSAGE_LEN {
            return Err(Fault::permanent(NOT_ENQUEUED, "it is too large for a message"));
        }
        send_in_time(self.message(event, body).message_attributes(WHOLE, whole_attribute(whole)?)).await
    }
}

impl SqsQueue {
    /// The queue at this URL.
    pub fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// Returns the approximate number of messages, as SQS counts them.
    ///
    /// # Errors
    /// If the call of SQS fails.
    pub async fn depth(&self) -> Result<QueueDepth, Fault> {
        let visible = QueueAttributeName::ApproximateNumberOfMessages;
        let in_flight = QueueAttributeName::ApproximateNumberOfMessagesNotVisible;
        let names = vec![visible.clone(), in_flight.clone()];
        let get = self.client.get_queue_attributes().queue_url(&self.url).set_attribute_names(Some(names));
        let output = get.send().await.map_err(|error| fault("the queue's depth is unknown", &error))?;
        let attributes = output.attributes.unwrap_or_default();
        let count = |name| attributes.get(&name).and_then(|count| count.parse::<u32>().ok()).unwrap_or(0);
        Ok(QueueDepth { visible: count(visible), in_flight: count(in_flight) })
    }

    /// Sends the message of a stored event under this deduplication id, without its data if it is too large.
    ///
    /// # Errors
    /// If SQS does not accept it: permanent if it never will.
    pub async fn send_message(&self, message: &Message, deduplication: &str) -> Result<(), Fault> {
        let mut text = escape_noncharacters(message.json().to_owned());
        if text.len() > MAX_MESSAGE_LEN {
            text = escape_noncharacters(message.without_data().json().to_owned());
        }
        let send = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_group_id(sqs_id(message.id().entity_path()))
            .message_deduplication_id(sqs_id(deduplication))
            .message_body(text);
        send.send().await.map(|_| ()).map_err(|error| fault(NOT_ENQUEUED, &error))
    }

    /// Hides a received message for this long.
    ///
    /// # Errors
    /// If the call of SQS fails.
    pub async fn delay(&self, received: &Received, delay: Duration) -> Result<(), Fault> {
        let change = self.client.change_message_visibility().queue_url(&self.url);
        let change = change.receipt_handle(&received.handle);
        let change = change.visibility_timeout(i32::try_from(delay.as_secs()).unwrap_or(i32::MAX));
        change.send().await.map(|_| ()).map_err(|error| fault("a message cannot be delayed", &error))
    }

    /// Sends a message unchanged to this queue. The deduplication id gets the message's SQS id as a suffix: SQS
    /// remembers ids for five minutes, and this queue may have had the message before.
    ///
    /// # Errors
    /// If SQS does not accept it.
    pub async fn forward(&self, received: &Received) -> Result<(), Fault> {
        let deduplication = format!("{}/{}", received.deduplication, received.id);
        let send = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_group_id(&received.group)
            .message_deduplication_id(sqs_id(&deduplication))
            .message_body(&received.text);
        let whole = received.whole.clone().map(whole_attribute).transpose()?;
        let send = send.set_message_attributes(whole.map(|whole| [(WHOLE.to_owned(), whole)].into()));
        send.send().await.map(|_| ()).map_err(|error| fault("a message cannot be forwarded", &error))
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

/// Sends a message within the receiver's time limit.
fn send_in_time(message: SendMessageFluentBuilder) -> impl Future<Output = Result<(), Fault>> {
    let sending = async { message.send().await.map(|_| ()).map_err(|error| fault(NOT_ENQUEUED, &error)) };
    with_timeout(Step::Queue, NOT_ENQUEUED, sending)
}

fn whole_attribute(whole: Vec<u8>) -> Result<MessageAttributeValue, Fault> {
    let attribute = MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new(whole));
    attribute.build().map_err(|error| Fault::permanent(NOT_ENQUEUED, error))
}

/// Returns the fault of a failed call: permanent if SQS rejects the message's content, else transient.
pub(crate) fn fault<E: ProvideErrorMetadata, R>(context: &'static str, error: &SdkError<E, R>) -> Fault {
    if error.code().is_some_and(|code| REJECTIONS.contains(&code)) {
        Fault::permanent(context, AwsError::of(error))
    } else {
        Fault::transient(context, AwsError::of(error))
    }
}

/// Returns a JSON text in a form that SQS accepts: SQS rejects U+FFFE and U+FFFF, which JSON can also write as an
/// escape. They occur only in strings.
fn escape_noncharacters(json: String) -> String {
    // Both begin with this byte in UTF-8, and few other characters do.
    if json.as_bytes().contains(&0xEF) {
        json.replace('\u{FFFE}', "\\ufffe").replace('\u{FFFF}', "\\uffff")
    } else {
        json
    }
}

/// Returns an event's message, without its data if both it and `others` bytes do not fit.
fn message_text(event: &Verified<Event>, others: usize) -> String {
    let text = escape_noncharacters(CloudEvent::text_of(event).to_owned());
    let room = MAX_MESSAGE_LEN.saturating_sub(others).saturating_sub(ATTRIBUTE_OVERHEAD);
    if text.len() <= room {
        text
    } else {
        escape_noncharacters(CloudEvent::of(event).without_data().to_json())
    }
}

/// Returns an id as SQS takes it: the id itself, or its SHA-256 if it is too long.
fn sqs_id(id: &str) -> String {
    if id.len() <= MAX_ID_LEN { id.to_owned() } else { hex(&Sha256::digest(id)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    use aws_sdk_sqs::error::ErrorMetadata;
    use aws_sdk_sqs::operation::send_message::SendMessageError;
    use inlet::fault::FaultKind;

    #[test]
    fn characters_that_sqs_rejects_are_escaped() {
        let json = serde_json::json!({"name": "a\u{FFFF}b\u{FFFE}"}).to_string();
        let sent = escape_noncharacters(json.clone());
        assert_eq!(sent, r#"{"name":"a\uffffb\ufffe"}"#);
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&sent).unwrap(),
            serde_json::from_str::<serde_json::Value>(&json).unwrap()
        );
    }

    #[test]
    fn a_message_that_sqs_rejects_is_a_permanent_fault() {
        for (code, kind) in [
            (Some("InvalidMessageContents"), FaultKind::Permanent),
            (Some("AWS.SimpleQueueService.NonExistentQueue"), FaultKind::Transient),
            (None, FaultKind::Transient),
        ] {
            let metadata = ErrorMetadata::builder().message("no");
            let metadata = code.iter().fold(metadata, |metadata, code| metadata.code(*code));
            let error: SdkError<SendMessageError, ()> =
                SdkError::service_error(SendMessageError::generic(metadata.build()), ());
            assert_eq!(fault(NOT_ENQUEUED, &error).kind, kind, "{code:?}");
        }
    }

    #[test]
    fn an_id_that_is_too_long_for_sqs_becomes_its_digest() {
        let short = "zid/riyadh/order/81230457/9f2c41d8a3b7e6f0";
        assert_eq!(sqs_id(short), short);
        let (one, other) = (sqs_id(&"a".repeat(129)), sqs_id(&"b".repeat(129)));
        assert_eq!((one.len(), other.len()), (64, 64));
        assert_ne!(one, other);
    }
}
