//! Receives and deletes messages of an SQS queue. The functions need neither: Lambda receives for them.

use std::time::Duration;

use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::MessageSystemAttributeName;
use inlet::fault::Fault;
use inlet::process::Received;
use inlet::received_at::ReceivedAt;

use crate::sqs::{SqsQueue, WHOLE, fault};

impl SqsQueue {
    /// Receives up to ten messages; none if the queue is empty. SQS hides them for this long.
    ///
    /// # Errors
    /// If the call of SQS fails.
    pub(crate) async fn receive_for(
        &self,
        now: ReceivedAt,
        hidden: Duration,
    ) -> Result<Vec<Received>, Fault> {
        let hidden_seconds = i32::try_from(hidden.as_secs()).unwrap_or(i32::MAX);
        let asked = self
            .client
            .receive_message()
            .wait_time_seconds(1)
            .visibility_timeout(hidden_seconds)
            .queue_url(&self.url)
            .max_number_of_messages(10)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names(WHOLE)
            .send()
            .await
            .map_err(|error| fault("no message can be received", &error))?;
        Ok(asked.messages.unwrap_or_default().into_iter().map(|message| received(message, now)).collect())
    }

    /// Deletes a received message.
    ///
    /// # Errors
    /// If the call of SQS fails.
    pub(crate) async fn delete(&self, received: &Received) -> Result<(), Fault> {
        let delete = self.client.delete_message().queue_url(&self.url).receipt_handle(&received.handle);
        delete.send().await.map(|_| ()).map_err(|error| fault("a message cannot be deleted", &error))
    }
}

/// A message as the queue's own interface hands it out.
fn received(message: aws_sdk_sqs::types::Message, now: ReceivedAt) -> Received {
    let attributes = message.attributes.unwrap_or_default();
    let attribute = |name| attributes.get(&name).cloned().unwrap_or_default();
    let number = |name| attribute(name).parse::<i64>().ok();
    let first = number(MessageSystemAttributeName::ApproximateFirstReceiveTimestamp);
    let first = first.and_then(ReceivedAt::from_millis).unwrap_or(now);
    let sent_ms = number(MessageSystemAttributeName::SentTimestamp);
    let whole = message.message_attributes.unwrap_or_default().remove(WHOLE);
    Received {
        id: message.message_id.unwrap_or_default(),
        group: attribute(MessageSystemAttributeName::MessageGroupId),
        deduplication: attribute(MessageSystemAttributeName::MessageDeduplicationId),
        handle: message.receipt_handle.unwrap_or_default(),
        receives: attribute(MessageSystemAttributeName::ApproximateReceiveCount).parse().unwrap_or(1),
        failing_for: now.since(first),
        sent_ms: sent_ms.unwrap_or_default(),
        age: now.since(sent_ms.and_then(ReceivedAt::from_millis).unwrap_or(now)),
        text: message.body.unwrap_or_default(),
        whole: whole.and_then(|attribute| attribute.binary_value).map(Blob::into_inner),
    }
}
