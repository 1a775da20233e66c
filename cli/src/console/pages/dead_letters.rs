//! The dead letters: messages that the processor gave up.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use inlet::event::EventId;
use inlet_aws::operate::dead_letter_list::{DeadLetter, LetterEvent, dead_letters};
use inlet_aws::operate::event_status::event_statuses;
use inlet_aws::sqs::SqsQueue;

use crate::console::pages::{Shell, answer};
use crate::console::state::{Console, Shared, now};
use crate::console::text::{At, Text, ago, in_query};
use crate::failure::Failure;

/// Letters of the page. SQS has no pages: the others are counted.
const LIMIT: usize = 50;

#[derive(Template)]
#[template(path = "console/dead_letters.html")]
struct DeadLettersPage {
    shell: Shell,
    count: u32,
    letters: Vec<Row>,
}

struct Row {
    sent: Option<At>,
    ago: String,
    ours: Text,
    /// The event's page; `None` for a message that is none of Inlet's.
    href: Option<String>,
    entity: Text,
    entity_href: Option<String>,
    reason: Text,
}

/// Shows the dead letters.
pub(crate) async fn show(State(console): State<Shared>) -> Response {
    let page = read(&console).await;
    answer(&console, page)
}

async fn read(console: &Console) -> Result<DeadLettersPage, Failure> {
    let deployment = &console.deployment;
    let queue = SqsQueue::new(deployment.clients().sqs, deployment.dead_letter_queue_url.clone());
    let unreadable = |fault| Failure::Inlet { context: "the dead-letter queue cannot be read", fault };
    let count = queue.depth().await.map_err(unreadable)?.all();
    let letters =
        if count == 0 { Vec::new() } else { dead_letters(&queue, LIMIT).await.map_err(unreadable)? };
    let events: Vec<&LetterEvent> = letters.iter().filter_map(|letter| letter.event.as_ref()).collect();
    let keys: Vec<(&EventId, _)> = events.iter().map(|event| (&event.id, event.received)).collect();
    let statuses = event_statuses(&deployment.table(), &keys).await;
    let statuses =
        statuses.map_err(|fault| Failure::Inlet { context: "the receipts cannot be read", fault })?;
    let parked = keys
        .iter()
        .zip(statuses)
        .filter_map(|((id, _), status)| Some(((*id).clone(), status.parked?.reason)));
    let reasons: HashMap<EventId, String> = parked.collect();
    let rows = letters.iter().map(|letter| Row::of(letter, &reasons)).collect();
    Ok(DeadLettersPage { shell: Shell::new(console, "dead-letters", "Dead letters"), count, letters: rows })
}

impl Row {
    fn of(letter: &DeadLetter, reasons: &HashMap<EventId, String>) -> Self {
        let reason = letter.event.as_ref().and_then(|event| reasons.get(&event.id));
        let event = letter.event.as_ref();
        Self {
            sent: letter.sent.map(At::of_time),
            ago: letter.sent.map(|at| ago(at, now())).unwrap_or_default(),
            ours: Text::line(event.map_or("no message of Inlet", |event| &event.canonical_type)),
            href: event.map(|event| format!("/event?id={}", in_query(event.id.as_str()))),
            entity: Text::line(event.map_or(&letter.group, |event| event.id.entity_path())),
            entity_href: event.map(|event| format!("/entity?path={}", in_query(event.id.entity_path()))),
            reason: Text::line(reason.map_or("no reason is recorded", String::as_str)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_that_is_no_message_is_listed_too() {
        let evil = "<b>x</b>\u{202e}";
        let letter = DeadLetter { event: None, group: evil.to_owned(), sent: None, receives: 1 };
        let page = DeadLettersPage {
            shell: Shell::closed("t"),
            count: 1,
            letters: vec![Row::of(&letter, &HashMap::new())],
        };
        let html = page.render().unwrap();
        assert!(html.contains("no message of Inlet") && !html.contains("<b>") && !html.contains('\u{202e}'));
    }
}
