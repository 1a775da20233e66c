//! The services other than DynamoDB: SQS, Parameter Store, EventBridge, Lambda and a consumer's endpoint. They accept
//! everything.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use serde_json::{Value, json};

use crate::corpus;

/// Returns the status and the response to a call; `None` if no service has such an operation.
pub fn respond(operation: &str, input: &Value) -> Option<(u16, Value)> {
    let response = match operation {
        "SendMessage" => sent(input),
        "SendMessageBatch" => {
            let entries = input["Entries"].as_array().into_iter().flatten();
            let sent = entries.map(|entry| {
                let mut sent = sent(entry);
                sent["Id"] = entry["Id"].clone();
                sent
            });
            json!({"Successful": sent.collect::<Vec<_>>(), "Failed": []})
        }
        // The processor is as fast as the receivers, so the queue is empty.
        "GetQueueAttributes" => {
            json!({"Attributes": {"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0"}})
        }
        "PutEvents" => published(input),
        "Invoke" => Value::Null,
        "Deliver" => return Some((204, Value::Null)),
        "GetParameter" => json!({"Parameter": parameter(input["Name"].as_str())}),
        "GetParameters" => {
            let names = input["Names"].as_array().into_iter().flatten();
            let found: Vec<Value> = names.filter_map(|name| parameter(name.as_str())).collect();
            json!({"Parameters": found, "InvalidParameters": []})
        }
        "GetParametersByPath" => {
            let path = input["Path"].as_str().unwrap_or_default();
            let stores = [corpus::STORE, corpus::CROWDED_STORE];
            let stores = stores.map(|store| parameter(Some(&format!("{path}/{store}"))));
            json!({"Parameters": stores})
        }
        _ => return None,
    };
    Some((200, response))
}

fn sent(input: &Value) -> Value {
    let digest = Md5::digest(input["MessageBody"].as_str().unwrap_or_default());
    let digest = digest.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"));
    json!({
        "MD5OfMessageBody": digest,
        "MessageId": "00000000-0000-4000-8000-000000000001",
        "SequenceNumber": "18850000000000000000"
    })
}

fn published(input: &Value) -> Value {
    let entries = input["Entries"].as_array().map_or(0, Vec::len);
    json!({"FailedEntryCount": 0, "Entries": vec![json!({"EventId": "1"}); entries]})
}

/// Returns a store's parameter, `/inlet/{stage}/{provider}/{store}`, or the secrets that sign requests to the endpoint. No
/// store has settings.
fn parameter(name: Option<&str>) -> Option<Value> {
    let name = name?;
    if name.starts_with("/inlet-consumer/") {
        let value = json!([format!("whsec_{}", STANDARD.encode([7; 32]))]).to_string();
        return Some(json!({"Name": name, "Type": "SecureString", "Value": value, "Version": 1}));
    }
    let mut parts = name.rsplit('/');
    let (store, provider) = (parts.next()?, parts.next()?);
    let value = corpus::credentials(provider, store)?;
    Some(json!({"Name": name, "Type": "SecureString", "Value": value, "Version": 1}))
}
