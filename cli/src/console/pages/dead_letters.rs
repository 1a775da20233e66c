//! The dead letters: messages that the processor gave up.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use inlet_aws::operate::dead_letters::{DeadLetter, LetterFilter};

use crate::console::pages::{Shell, respond};
use crate::console::state::{Console, Shared, now};
use crate::console::text::{At, Text, ago, in_query};
use crate::credentials::without_credentials;
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
    since: At,
    ago: String,
    ours: Text,
    /// The pages of the event and its entity; `None` for a message that is none of Inlet's.
    href: Option<String>,
    entity_href: Option<String>,
    entity: Text,
    reason: Text,
}

/// Shows the dead letters.
pub(crate) async fn show(State(console): State<Shared>) -> Response {
    let page = read(&console).await;
    respond(&console, page)
}

async fn read(console: &Console) -> Result<DeadLettersPage, Failure> {
    let queue = console.deployment.dead_letters();
    let unreadable = |fault| Failure::Inlet { context: "the dead-letter queue cannot be read", fault };
    let every = LetterFilter::default();
    let (count, peeked) = tokio::join!(queue.count(), queue.peek(&every, LIMIT));
    let (count, peeked) = (count.map_err(unreadable)?, peeked.map_err(unreadable)?);
    Ok(DeadLettersPage {
        shell: Shell::new(console, "dead-letters", "Dead letters"),
        count,
        letters: peeked.letters.iter().map(Row::of).collect(),
    })
}

impl Row {
    fn of(letter: &DeadLetter) -> Self {
        let id = letter.event.as_ref().map(|event| &event.id);
        let ours = letter.event.as_ref().map_or("no message of Inlet", |event| &event.canonical_type);
        Self {
            since: At::of_time(letter.since),
            ago: ago(letter.since, now()),
            ours: Text::line(ours),
            href: id.map(|id| format!("/event?id={}", in_query(id.as_str()))),
            entity_href: id.map(|id| format!("/entity?path={}", in_query(id.entity_path()))),
            entity: Text::line(id.map_or("–", |id| id.entity_path())),
            reason: Text::line(&without_credentials(
                letter.reason.as_deref().unwrap_or("no reason is recorded"),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inlet::received_at::ReceivedAt;

    #[test]
    fn a_letter_that_is_no_message_is_listed_too() {
        let letter = DeadLetter {
            message_id: "5b1f".into(),
            event: None,
            since: ReceivedAt::EPOCH,
            is_whole: false,
            replay: None,
            processed: None,
            reason: Some("<b>x</b>\u{202e}".into()),
            text: String::new(),
        };
        let page = DeadLettersPage { shell: Shell::closed("t"), count: 1, letters: vec![Row::of(&letter)] };
        let html = page.render().unwrap();
        assert!(html.contains("no message of Inlet") && !html.contains("<b>") && !html.contains('\u{202e}'));
    }
}
