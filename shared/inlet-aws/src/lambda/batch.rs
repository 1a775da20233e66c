//! Lambda's batch of SQS messages, and its partial batch response.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use inlet::process::{Outcome, Received};
use inlet::received_at::ReceivedAt;
use serde::{Deserialize, Serialize};

use crate::sqs::WHOLE;

/// The part of a batch that the processor needs. It has no `Debug`, because it contains personal data.
#[derive(Default, Deserialize)]
pub struct Batch {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    message_id: String,
    #[serde(default)]
    receipt_handle: String,
    body: String,
    #[serde(default)]
    attributes: Attributes,
    #[serde(default)]
    message_attributes: BTreeMap<String, MessageAttribute>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Attributes {
    approximate_receive_count: String,
    approximate_first_receive_timestamp: String,
    sent_timestamp: String,
    message_group_id: String,
    message_deduplication_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MessageAttribute {
    binary_value: Option<String>,
}

/// The partial batch response: the messages that stay on the queue. Lambda deletes all others.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    batch_item_failures: Vec<Item>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    item_identifier: String,
}

impl Batch {
    /// Returns the messages, in the queue's order.
    pub fn into_messages(self, now: ReceivedAt) -> Vec<Received> {
        self.records.into_iter().map(|record| record.into_received(now)).collect()
    }
}

impl BatchResponse {
    /// Returns the response for these messages. A message that no outcome reports as done stays on the queue.
    pub fn of<'m>(messages: impl IntoIterator<Item = &'m str>, outcomes: &[Outcome]) -> Self {
        let done = |id: &str| outcomes.iter().any(|outcome| outcome.received == id && outcome.is_done());
        let remaining = messages.into_iter().filter(|id| !done(id));
        Self { batch_item_failures: remaining.map(|id| Item { item_identifier: id.to_owned() }).collect() }
    }
}

impl Record {
    fn into_received(self, now: ReceivedAt) -> Received {
        let Self { message_id, receipt_handle, body, attributes, mut message_attributes } = self;
        // Bytes that are not base64 become an empty record, which is damaged as well.
        let whole = message_attributes.remove(WHOLE).and_then(|attribute| attribute.binary_value);
        let whole = whole.map(|text| STANDARD.decode(text).unwrap_or_default());
        let first_ms = attributes.approximate_first_receive_timestamp.parse().ok();
        let first = first_ms.and_then(ReceivedAt::from_millis).unwrap_or(now);
        let sent_ms = attributes.sent_timestamp.parse().unwrap_or_default();
        let sent = ReceivedAt::from_millis(sent_ms).filter(|_| sent_ms > 0).unwrap_or(now);
        Received {
            id: message_id,
            group: attributes.message_group_id,
            deduplication: attributes.message_deduplication_id,
            handle: receipt_handle,
            receives: attributes.approximate_receive_count.parse().unwrap_or(1),
            failing_for: now.since(first),
            sent_ms,
            age: now.since(sent),
            text: body,
            whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use inlet::process::Disposition;
    use serde_json::json;

    #[test]
    fn reads_a_batch_as_lambda_sends_it() {
        let batch: Batch = serde_json::from_value(json!({"Records": [{
            "messageId": "m-1",
            "receiptHandle": "h",
            "body": "{}",
            "attributes": {
                "ApproximateReceiveCount": "3",
                "SentTimestamp": "1749715272345",
                "SequenceNumber": "18849496460467696128",
                "MessageGroupId": "zid/a/order/1",
                "SenderId": "x",
                "MessageDeduplicationId": "zid/a/order/1/0123456789abcdef",
                "ApproximateFirstReceiveTimestamp": "1749715272346",
            },
            "messageAttributes": {
                "inlet-whole": {"binaryValue": "AAE=", "stringListValues": [], "dataType": "Binary"},
                "another": {"stringValue": "x", "dataType": "String"},
            },
            "md5OfBody": "x",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:q.fifo",
            "awsRegion": "eu-central-1",
        }]}))
        .unwrap();
        let received = Received {
            id: "m-1".into(),
            group: "zid/a/order/1".into(),
            deduplication: "zid/a/order/1/0123456789abcdef".into(),
            handle: "h".into(),
            receives: 3,
            failing_for: Duration::from_mins(1),
            sent_ms: 1_749_715_272_345,
            age: Duration::from_millis(60_001),
            text: "{}".into(),
            whole: Some(vec![0, 1]),
        };
        let now = ReceivedAt::from_millis(1_749_715_332_346).unwrap();
        assert!(batch.into_messages(now) == [received]);
    }

    #[test]
    fn a_message_without_an_outcome_stays_on_the_queue() {
        let outcome = |received: &str, disposition| Outcome {
            received: received.into(),
            id: None,
            disposition,
            consumer_failed: false,
            processing_delay: None,
        };
        let outcomes = [outcome("done", Disposition::Processed), outcome("behind", Disposition::Blocked)];
        let remaining = BatchResponse::of(["done", "behind", "unheard-of"], &outcomes);
        assert_eq!(
            serde_json::to_value(remaining).unwrap(),
            json!({"batchItemFailures": [{"itemIdentifier": "behind"}, {"itemIdentifier": "unheard-of"}]})
        );
    }
}
