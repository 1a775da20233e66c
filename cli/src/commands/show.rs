//! `inlet show`: prints one event, as received and as consumers read it.

use std::collections::BTreeMap;

use anstyle::Style;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use inlet::event::{EventId, Origin};
use inlet::received_at::ReceivedAt;
use inlet_aws::dynamodb::events::StoredEvent;
use inlet_aws::history::entity::{ReplayRecord, replays};
use inlet_aws::history::event_status::{EventStatus, event_statuses};
use serde::Serialize;
use serde_json::Value;

use crate::credentials::{mask_document, masked_document};
use crate::deployment::address::StoreAddress;
use crate::deployment::{Deployment, stores};
use crate::events::list::{State, after};
use crate::events::replayed::Replayed;
use crate::failure::Failure;
use crate::input::event_ids::EventRef;
use crate::options::DeploymentArgs;
use crate::output::json_text::indented;
use crate::output::{BAD, Output, Page, Report, printable};
use crate::providers::ProviderHandle;

/// The arguments of `inlet show`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The event's id, or the short id in `inlet list`
    #[arg(value_name = "ID")]
    id: EventRef,
    /// Print only the body, byte for byte, for the next program in a pipe
    #[arg(long, conflicts_with = "message")]
    raw: bool,
    /// Print only the message: the CloudEvents JSON object that consumers read
    #[arg(long)]
    message: bool,
}

/// Maximum length of a body or message on a page, in characters.
const SHOWN: usize = 64 * 1024;

/// Minimum terminal width for two columns.
const WIDE: usize = 110;

/// Prints the event.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let deployment = Deployment::find(options).await?;
    let id = &arguments.id.resolve(&deployment).await?;
    let table = deployment.table();
    let unreadable = |fault| Failure::Inlet { context: "the event cannot be read", fault };
    let Some(stored) = table.events.get(id).await.map_err(unreadable)? else {
        return Err(not_found(id, &deployment).await);
    };
    if arguments.raw {
        return output.bytes(&stored.body);
    }
    if arguments.message {
        return output.bytes(format!("{}\n", stored.message).as_bytes());
    }
    let received_at = ReceivedAt::parse(&stored.record.received).unwrap_or(ReceivedAt::EPOCH);
    let statuses = event_statuses(&table, &[(id, received_at)]).await.map_err(unreadable)?;
    let status = statuses.into_iter().next().unwrap_or_default();
    let replays = replays(&table, id).await.map_err(unreadable)?;
    let width = output.width().filter(|width| *width >= WIDE);
    output.report(&Shown::new(stored, status, replays, width))
}

/// Returns the failure for an event that is not stored, with a similar store if its store has no secret.
async fn not_found(id: &EventId, deployment: &Deployment) -> Failure {
    let path = id.entity_path();
    if let Some(store) = StoreAddress::of_path(path)
        && let Err(unknown) = stores::check_exists(deployment, &store).await
    {
        return unknown;
    }
    Failure::NotFound {
        what: format!("event {id}"),
        next: format!(
            "list the entity's events with `{} timeline {path}`; events are deleted after {} days",
            deployment.inlet, deployment.retention_days
        ),
    }
}

/// One event.
#[derive(Debug, Serialize)]
struct Shown {
    id: String,
    received: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    #[serde(rename = "type")]
    canonical_type: String,
    provider_type: String,
    inferred: bool,
    origin: Origin,
    trust: String,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    processed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parked_because: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    replays: Vec<Replayed>,
    method: String,
    topic: Option<String>,
    query: String,
    headers: BTreeMap<String, String>,
    /// The body's length in bytes.
    size: usize,
    sha256: String,
    #[serde(flatten)]
    body: Body,
    /// The CloudEvents JSON object.
    message: Value,
    #[serde(skip)]
    message_text: String,
    #[serde(skip)]
    width: Option<usize>,
}

/// The body in JSON output: text, or base64 if it is not UTF-8.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Body {
    Body(String),
    BodyBase64(String),
}

impl Shown {
    fn new(
        stored: StoredEvent,
        status: EventStatus,
        replays: Vec<ReplayRecord>,
        width: Option<usize>,
    ) -> Self {
        let StoredEvent { record, message, body } = stored;
        let body = String::from_utf8(body)
            .map_or_else(|error| Body::BodyBase64(STANDARD.encode(error.as_bytes())), Body::Body);
        Self {
            id: record.id,
            received: record.received,
            time: record.time,
            canonical_type: record.canonical_type,
            provider_type: record.event_type,
            inferred: record.inferred,
            origin: record.origin,
            trust: record.trust,
            state: State::of(&status),
            processed: status.processed.map(|at| at.to_string()),
            parked_because: status.parked.map(|parked| parked.reason),
            replays: replays.into_iter().map(Replayed::of).collect(),
            method: record.method,
            topic: record.topic,
            query: record.query,
            headers: record.headers,
            size: record.size,
            sha256: record.sha256,
            body,
            message: serde_json::from_str(&message).unwrap_or_default(),
            message_text: message,
            width,
        }
    }

    fn processing(&self, page: &Page) -> String {
        match (&self.processed, &self.parked_because) {
            (_, Some(reason)) => format!("PARKED: {}", printable(reason)),
            (Some(at), None) => format!("{}, {}", page.time_named(at), after(&self.received, at)),
            (None, None) => "not yet".to_owned(),
        }
    }

    fn sent_to(&self) -> String {
        let topic = self.topic.as_ref().map(|topic| format!(" {topic}")).unwrap_or_default();
        let query = if self.query.is_empty() { String::new() } else { format!(" ?{}", self.query) };
        printable(&format!("{}{topic}{query}", self.method))
    }
}

impl Report for Shown {
    fn page(&self, page: &mut Page) {
        page.heading(&self.id);
        let inferred = if self.inferred { " (inferred)" } else { "" };
        let ours = format!("{}{inferred}", printable(&self.canonical_type));
        let origin = format!("{}, {}", self.origin.as_str(), self.trust);
        for (name, value) in [
            ("type", ours.as_str()),
            ("their type", &printable(&self.provider_type)),
            ("happened", self.time.as_deref().unwrap_or("unknown, or without a time zone")),
            ("received", &page.time_named(&self.received)),
            ("processed", &self.processing(page)),
            ("origin", &origin),
            ("sent to", &self.sent_to()),
            ("body", &format!("{} bytes, sha256 {}", self.size, self.sha256)),
        ] {
            let is_parked = name == "processed" && self.state == State::Parked;
            let style = if is_parked { BAD } else { Style::new() };
            page.styled(style, format_args!("{name:<12}{value}"));
        }
        for replayed in &self.replays {
            page.line(format_args!("{:<12}{}", "replay", replayed.to_line(page)));
        }
        for (name, value) in &self.headers {
            page.line(format_args!("{:<12}{}: {}", "header", printable(name), printable(value)));
        }
        let raw = match &self.body {
            Body::Body(text) => without_secrets(&self.id, text),
            Body::BodyBase64(_) => "(not text; --raw writes the bytes)".to_owned(),
        };
        page.line("");
        page.side_by_side(
            ["raw", "canonical"],
            [&raw, &readable(&masked_document(&self.message_text, &[]))],
            self.width,
        );
    }
}

/// Returns a body for a page, with credentials and the provider's secrets masked: a terminal is seen and recorded by others.
fn without_secrets(id: &str, body: &str) -> String {
    let provider = id.split('/').next().and_then(|name| name.parse::<ProviderHandle>().ok());
    let fields = provider.map(|provider| provider.secret_fields).unwrap_or_default();
    match mask_document(body, fields) {
        Some(masked) => {
            format!("{}\n(secrets are masked and fields sorted: --raw writes the bytes)", readable(&masked))
        }
        None => readable(body),
    }
}

/// Returns a text for people: indented JSON, shortened.
fn readable(text: &str) -> String {
    let text = indented(text).unwrap_or_else(|| text.to_owned());
    let mut lines: Vec<String> = Vec::new();
    let mut left = SHOWN;
    for line in text.lines() {
        let line = printable(line);
        let Some(rest) = left.checked_sub(line.len()) else {
            lines.push("… (shortened; --raw and --message write all)".to_owned());
            break;
        };
        left = rest;
        lines.push(line);
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_masks_secrets_and_no_other_field() {
        let body = r#"{"id":1,"products":[{"vouchers":[{"serial_number":"canary","id":7}]}]}"#;
        let page = without_secrets("zid/demo/order/1/0123456789abcdef", body);
        assert!(!page.contains("canary"), "{page}");
        assert!(
            page.contains(r#""serial_number": "***""#)
                && page.contains(r#""id": 7"#)
                && page.contains("--raw"),
            "{page}"
        );
        let page = without_secrets("zip/demo/payment/1/0123456789abcdef", body);
        assert!(page.contains("canary") && !page.contains("--raw"), "a provider without such fields: {page}");
        let page = without_secrets("zip/demo/payment/1/0123456789abcdef", r#"{"apiKey":"canary"}"#);
        assert!(!page.contains("canary") && page.contains("--raw"), "a credential of any provider: {page}");
    }
}
