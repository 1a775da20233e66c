//! The consumers against a server that accepts, refuses, hangs and closes connections.

mod endpoint;
mod function;
mod matrix;
mod stand_in;

use inlet::message::Message;
use inlet::process::ConsumeError;

/// Returns the `n`th event of an entity.
fn message(entity: &str, n: usize) -> Message {
    message_with(entity, n, "small")
}

fn message_with(entity: &str, n: usize, data: &str) -> Message {
    let id = format!("zid/a/order/{entity}/{n:0>16}");
    let text = format!(
        r#"{{"specversion":"1.0","id":"{id}","type":"commerce.order.created","provider":"zid","store":"a","receivedtime":"2025-06-12T08:01:12.345Z","data":"{data}"}}"#
    );
    Message::parse(text).unwrap()
}

/// Describes an outcome in one word.
fn word(outcome: &Result<(), ConsumeError>) -> String {
    match outcome {
        Ok(()) => "processed".to_owned(),
        Err(ConsumeError::Permanent(_)) => "permanent".to_owned(),
        Err(ConsumeError::Transient(_)) => "transient".to_owned(),
        Err(ConsumeError::RetryAfter(_, after)) => format!("after {} s", after.as_secs()),
        Err(ConsumeError::Crashed(_)) => "crashed".to_owned(),
        Err(ConsumeError::TimedOut(_)) => "late".to_owned(),
    }
}

fn words(outcomes: &[Result<(), ConsumeError>]) -> Vec<String> {
    outcomes.iter().map(word).collect()
}

/// Returns the whole reason of a failure, as a log line contains it.
fn reason(outcome: &Result<(), ConsumeError>) -> String {
    outcome.as_ref().map_or_else(|error| error.fault().chain(), |()| String::new())
}
