//! The queues: messages in their order, of which a receive hides some.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The messages of each queue, by the last part of its URL.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    messages: BTreeMap<String, Vec<Queued>>,
    sent: usize,
}

#[derive(Debug)]
struct Queued {
    id: String,
    input: Value,
    is_hidden: bool,
}

impl Queues {
    /// Returns the deduplication ids of a queue's messages, in their order.
    pub(crate) fn deduplication_ids(&self, queue: &str) -> Vec<String> {
        let id =
            |queued: &Queued| queued.input["MessageDeduplicationId"].as_str().unwrap_or_default().to_owned();
        self.messages.get(queue).into_iter().flatten().map(id).collect()
    }

    /// Returns the number of a queue's messages that a receive hides.
    pub(crate) fn hidden(&self, queue: &str) -> usize {
        self.messages.get(queue).into_iter().flatten().filter(|queued| queued.is_hidden).count()
    }

    /// Returns the status and the body of the response to a call.
    pub(crate) fn respond(&mut self, operation: &str, input: &Value) -> (u16, Value) {
        let name = input["QueueUrl"].as_str().and_then(|url| url.rsplit('/').next()).expect("a queue");
        let messages = self.messages.entry(name.to_owned()).or_default();
        let handle = input["ReceiptHandle"].as_str().unwrap_or_default();
        let response = match operation {
            "SendMessage" => {
                self.sent = self.sent.saturating_add(1);
                let id = format!("m-{}", self.sent);
                messages.push(Queued { id: id.clone(), input: input.clone(), is_hidden: false });
                json!({"MessageId": id, "MD5OfMessageBody": "x"})
            }
            "GetQueueAttributes" => {
                let hidden = messages.iter().filter(|queued| queued.is_hidden).count();
                let visible = messages.len().saturating_sub(hidden);
                json!({"Attributes": {
                    "ApproximateNumberOfMessages": visible.to_string(),
                    "ApproximateNumberOfMessagesNotVisible": hidden.to_string(),
                }})
            }
            "ReceiveMessage" => {
                let received = messages.iter_mut().filter(|queued| !queued.is_hidden).take(10);
                json!({"Messages": received.map(receive).collect::<Vec<Value>>()})
            }
            "DeleteMessage" => {
                messages.retain(|queued| queued.id != handle);
                json!({})
            }
            "ChangeMessageVisibility" => {
                for queued in messages.iter_mut().filter(|queued| queued.id == handle) {
                    queued.is_hidden = input["VisibilityTimeout"] != json!(0);
                }
                json!({})
            }
            _ => panic!("a call that is not understood: {operation}"),
        };
        (200, response)
    }
}

/// Hides a message, and returns it as a receive does.
fn receive(queued: &mut Queued) -> Value {
    queued.is_hidden = true;
    json!({
        "MessageId": queued.id,
        "ReceiptHandle": queued.id,
        "Body": queued.input["MessageBody"],
        "Attributes": {
            "MessageGroupId": queued.input["MessageGroupId"],
            "MessageDeduplicationId": queued.input["MessageDeduplicationId"],
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1749718800000",
        },
    })
}
