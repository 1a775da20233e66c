//! Checks that the job was done: the response is right, the body is stored byte for byte, the queue has the order.
//! The row of a contender that does less is void.

use std::collections::BTreeMap;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde_json::Value;

use crate::backends::Call;
use crate::corpus::Delivery;
use crate::runtime_api::Response;

/// Returns the first fault of the contender's work; `None` if there is none.
pub fn fault(delivery: &Delivery, response: &Response, calls: &[Call]) -> Option<String> {
    if delivery.genuine {
        fault_of_accepted(delivery, response, calls)
    } else {
        fault_of_refused(response, calls)
    }
}

fn fault_of_accepted(delivery: &Delivery, response: &Response, calls: &[Call]) -> Option<String> {
    if !(200..300).contains(&response.status) {
        return Some(format!("responded {} to a genuine delivery", response.status));
    }
    let mut puts = calls.iter().filter(|call| call.operation == "PutItem");
    // The event's own item; chunks of a large body are written before it.
    let Some(put) = puts.find(|put| text(&put.input["Item"], "sk").starts_with("event/")) else {
        return Some("stored nothing".to_owned());
    };
    if !put.input["ConditionExpression"].is_string() {
        return Some("stored without a condition".to_owned());
    }
    if !put.refused && stored(&put.input["Item"], calls).as_deref() != Some(delivery.body.as_slice()) {
        return Some("did not store the body byte for byte".to_owned());
    }
    // A duplicate with a retry window is stored under an id of its own, and gets a receipt at once.
    let is_receipt = |call: &Call| text(&call.input["Item"], "sk").starts_with("receipt/") && !call.refused;
    let is_duplicate = put.refused || calls.iter().any(is_receipt);
    let sent = calls.iter().find(|call| call.operation == "SendMessage");
    let sent = sent.and_then(|send| send.input["MessageBody"].as_str());
    match sent {
        None if is_duplicate => None,
        Some(text) if text.contains(&delivery.order) => None,
        Some(_) => Some("sent a message without the order".to_owned()),
        None => Some("sent nothing".to_owned()),
    }
}

fn fault_of_refused(response: &Response, calls: &[Call]) -> Option<String> {
    if response.status != 401 {
        return Some(format!("responded {} to a forged delivery", response.status));
    }
    // Quarantining it is allowed, making an event of it is not.
    let made = calls
        .iter()
        .any(|call| call.operation == "SendMessage" || call.input["Item"].get("sha256").is_some());
    made.then(|| "made an event of a forged delivery".to_owned())
}

/// Returns the raw body of an item, or of the chunks that it names. A peer stores the body alone; a receiver stores body
/// and message as one gzip stream.
fn stored(item: &Value, calls: &[Call]) -> Option<Vec<u8>> {
    let bytes = match item["gzip_chunk_key"]["S"].as_str() {
        Some(key) => chunks(text(item, "pk"), key, calls),
        None => {
            let inline = [&item["gzip"]["B"], &item["body"]["B"]];
            STANDARD.decode(inline.into_iter().find_map(Value::as_str)?).ok()?
        }
    };
    if item["body"]["B"].is_string() && item["body_encoding"]["S"] != "gzip" {
        return Some(bytes);
    }
    let mut body = Vec::new();
    GzDecoder::new(bytes.as_slice()).read_to_end(&mut body).ok()?;
    if item["body"]["B"].is_null() {
        body.truncate(item["size"]["N"].as_str()?.parse().ok()?);
    }
    Some(body)
}

fn chunks(entity: &str, key: &str, calls: &[Call]) -> Vec<u8> {
    let prefix = format!("chunk/{entity}/");
    let number = |item: &Value| {
        let number = text(item, "pk").strip_prefix(&prefix)?.parse::<usize>().ok();
        number.filter(|_| text(item, "sk") == key)
    };
    let put = |call: &Call| {
        let item = &call.input["Item"];
        Some((number(item)?, STANDARD.decode(item["piece"]["B"].as_str()?).ok()?))
    };
    let chunks: BTreeMap<usize, Vec<u8>> = calls.iter().filter_map(put).collect();
    chunks.into_values().flatten().collect()
}

fn text<'i>(item: &'i Value, name: &str) -> &'i str {
    item[name]["S"].as_str().unwrap_or_default()
}
