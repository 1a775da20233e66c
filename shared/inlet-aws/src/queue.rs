//! The queue on SQS FIFO: a group for each entity, one message for each event.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::operation::send_message::builders::SendMessageFluentBuilder;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::MessageAttributeValue;
use inlet::event::Event;
use inlet::message::CloudEvent;
use inlet::proof::Verified;
use inlet::receive::{Attempt, Fault, Queue};
use sha2::{Digest, Sha256};

use crate::connect::told;
use crate::deadline;
use crate::record::{Origin, Record, hex};

/// The largest message, in bytes with its attributes: SQS's limit since August 2025.
const MAX_MESSAGE_LEN: usize = 1_048_576;

/// Longest group and deduplication id, in characters: SQS's limit.
const MAX_ID_LEN: usize = 128;

/// The message attribute that carries a whole event which the journal does not have.
pub const WHOLE: &str = "inlet-whole";

/// The event queue.
#[derive(Clone, Debug)]
pub struct SqsQueue {
    client: Client,
    url: String,
}

impl SqsQueue {
    /// The queue at this URL.
    pub fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    fn message(&self, event: &Event, body: String) -> SendMessageFluentBuilder {
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_group_id(fitting(event.id().entity_path()))
            .message_deduplication_id(fitting(event.id().as_str()))
            .message_body(body)
    }
}

impl Queue for SqsQueue {
    async fn send(&self, event: &Verified<Event>) -> Result<(), Fault> {
        sent(self.message(event, text(event, 0))).await
    }

    async fn send_whole(&self, event: &Verified<Event>) -> Result<(), Fault> {
        let record = Record::of(event, &Attempt(String::new()), Origin::Fallback);
        let whole = record.packed(event.delivery().body());
        let body = text(event, whole.len());
        if body.len().saturating_add(whole.len()).saturating_add(ATTRIBUTE_OVERHEAD) > MAX_MESSAGE_LEN {
            return Err(Fault::new("the event cannot be enqueued", "it is too large for a message"));
        }
        let attribute = MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new(whole));
        let attribute =
            attribute.build().map_err(|error| Fault::new("the event cannot be enqueued", error))?;
        sent(self.message(event, body).message_attributes(WHOLE, attribute)).await
    }
}

/// Sends a message, in time.
async fn sent(message: SendMessageFluentBuilder) -> Result<(), Fault> {
    let sending = async {
        message.send().await.map_err(|error| Fault::new("the event cannot be enqueued", told(&error)))
    };
    deadline::within(deadline::QUEUE, "the event cannot be enqueued", sending).await.map(|_| ())
}

/// What an attribute's name and type take of a message, in bytes, generously.
const ATTRIBUTE_OVERHEAD: usize = 64;

/// The message's text, without its data where that would not fit beside `others` bytes.
fn text(event: &Verified<Event>, others: usize) -> String {
    let message = CloudEvent::of(event);
    let text = message.to_json();
    let room = MAX_MESSAGE_LEN.saturating_sub(others).saturating_sub(ATTRIBUTE_OVERHEAD);
    if text.len() <= room { text } else { message.without_data().to_json() }
}

/// An id as SQS takes it: itself, or its digest where it is too long.
fn fitting(id: &str) -> String {
    if id.len() <= MAX_ID_LEN { id.to_owned() } else { hex(&Sha256::digest(id)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_sqs_would_refuse_becomes_its_digest() {
        let short = "zid/riyadh/order/81230457/9f2c41d8a3b7e6f0";
        assert_eq!(fitting(short), short);
        let (one, other) = (fitting(&"a".repeat(129)), fitting(&"b".repeat(129)));
        assert_eq!((one.len(), other.len()), (64, 64));
        assert_ne!(one, other);
    }
}
