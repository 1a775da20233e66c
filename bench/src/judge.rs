//! Whether the job was done: the answer is right, the body is stored byte for byte, the queue was told of the order.
//! A row whose contender does less is void.

use std::collections::BTreeMap;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde_json::Value;

use crate::backends::{Call, batched};
use crate::corpus::Delivery;
use crate::runtime_api::Answer;

/// What is wrong with what was done; nothing when all is well.
pub fn fault(delivery: &Delivery, answer: &Answer, calls: &[Call]) -> Option<String> {
    if delivery.genuine {
        fault_of_accepted(delivery, answer, calls)
    } else {
        fault_of_refused(answer, calls)
    }
}

fn fault_of_accepted(delivery: &Delivery, answer: &Answer, calls: &[Call]) -> Option<String> {
    if answer.status != 200 {
        return Some(format!("answered {} to a genuine delivery", answer.status));
    }
    let of = |operation: &str| calls.iter().find(|call| call.operation == operation);
    let Some(put) = of("PutItem") else {
        return Some("stored nothing".to_owned());
    };
    if !put.asked["ConditionExpression"].is_string() {
        return Some("stored without a condition".to_owned());
    }
    if !put.refused && stored(&put.asked["Item"], calls).as_deref() != Some(delivery.body.as_slice()) {
        return Some("did not store the body byte for byte".to_owned());
    }
    let sent = of("SendMessage").and_then(|send| send.asked["MessageBody"].as_str());
    match sent {
        None if put.refused => None,
        Some(text) if text.contains(&delivery.order) => None,
        Some(_) => Some("sent a message without the order".to_owned()),
        None => Some("sent nothing".to_owned()),
    }
}

fn fault_of_refused(answer: &Answer, calls: &[Call]) -> Option<String> {
    if answer.status != 401 {
        return Some(format!("answered {} to a forged delivery", answer.status));
    }
    // Setting it aside is allowed, making an event of it is not.
    let made = calls
        .iter()
        .any(|call| call.operation == "SendMessage" || call.asked["Item"].get("sha256").is_some());
    made.then(|| "made an event of a forged delivery".to_owned())
}

/// The raw body in an item, or in the pieces that it names.
fn stored(item: &Value, calls: &[Call]) -> Option<Vec<u8>> {
    let bytes = match item["body_digest"]["S"].as_str() {
        None => STANDARD.decode(item["body"]["B"].as_str()?).ok()?,
        Some(digest) => pieces(digest, calls),
    };
    if item["body_encoding"]["S"] != "gzip" {
        return Some(bytes);
    }
    let mut body = Vec::new();
    GzDecoder::new(bytes.as_slice()).read_to_end(&mut body).ok()?;
    Some(body)
}

fn pieces(digest: &str, calls: &[Call]) -> Vec<u8> {
    let prefix = format!("part/{digest}/");
    let number = |item: &Value| item["pk"]["S"].as_str()?.strip_prefix(&prefix)?.parse::<usize>().ok();
    let pieces = calls.iter().flat_map(|call| batched(&call.asked));
    let pieces: BTreeMap<usize, &str> =
        pieces.filter_map(|item| Some((number(item)?, item["piece"]["B"].as_str()?))).collect();
    pieces.values().flat_map(|piece| STANDARD.decode(piece).unwrap_or_default()).collect()
}
