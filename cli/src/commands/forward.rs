//! `inlet forward`: posts new events to a program on this machine.
//!
//! It only reads: it writes no receipt and does not use the queue. The events of one entity are posted in order, those of
//! different entities concurrently. Requests are signed as the consumer mode `https` signs them.

mod post;

use std::str::FromStr;
use std::time::Duration;

use inlet::message::Message;
use inlet::process::signature::SigningKey;
use inlet::received_at::ReceivedAt;
use inlet::tools::escape::{escaped, escaped_in_path};
use inlet_aws::client::clock;
use inlet_aws::dynamodb::events::StoredEvent;
use inlet_aws::dynamodb::record::Record;
use inlet_aws::operate::selection::Selection;
use reqwest::Url;
use serde::Serialize;

use self::post::{Job, Post};
use crate::deployment::Deployment;
use crate::deployment::secrets::{signing_keys, signing_parameter};
use crate::events::follow::{Follow, Followed, unless_stopped};
use crate::events::list::{short, short_type};
use crate::failure::Failure;
use crate::http;
use crate::input::event_ids::{EventRef, short_id};
use crate::input::filters::{ContentArgs, Filters, parse_limit};
use crate::input::time_arg::{TimeArg, forever};
use crate::options::DeploymentArgs;
use crate::output::{BAD, GOOD, Output, Page, Report, printable};

/// The arguments of `inlet forward`.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A request without a response, or with status 408, 425, 429 or 5xx, is repeated, and later events of the same entity wait
for it. A program that accepts no connections is waited for until Ctrl-C; with --event, such a request counts as failed,
and is repeated as often as --retries says. Requests are signed by Standard Webhooks with the secrets in the parameter
/inlet-consumer/{stage}, as the consumer mode `https` signs them; without such a parameter they are not signed. A replay
is posted too, with its `replayid`.

Examples:
  inlet forward --to 3000
  inlet forward --to localhost:8080/hook --store zid/riyadh --since 1h
  inlet forward --to 3000 --event 9f2c41d8")]
pub(crate) struct Arguments {
    /// The program: a port, host:port, or a URL; {provider}, {store} and {topic} in it are replaced with those of the event
    #[arg(long, value_name = "URL")]
    to: Target,
    /// Post only these events, and end: ids, or short ids as in `inlet list`
    #[arg(long = "event", value_name = "ID", conflicts_with_all = ["provider", "store", "event_types", "entity", "conditions", "grep", "trust", "origin", "since", "limit"])]
    events: Vec<EventRef>,
    /// Post body and headers as the provider sent them, unsigned; default: the CloudEvents JSON object
    #[arg(long)]
    raw: bool,
    /// Do not sign the requests
    #[arg(long)]
    unsigned: bool,
    /// Do not post replays
    #[arg(long)]
    no_replays: bool,
    /// Print the body of every response; default: of those without a 2xx status
    #[arg(long)]
    response: bool,
    /// Number of times that a failed request is repeated; with --event also one that the program does not accept
    #[arg(long, value_name = "COUNT", default_value_t = 4)]
    retries: u32,
    /// Number of posts in flight, of different entities
    #[arg(long, value_name = "COUNT", default_value_t = 8)]
    concurrency: usize,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    content: ContentArgs,
    /// Start with events received at this time: 15m, 2h30m (ago), yesterday, 2025-06-12T08:01:12Z; default: new events only
    #[arg(long, value_name = "WHEN")]
    since: Option<TimeArg>,
    /// End after this number of events
    #[arg(long, value_name = "COUNT", value_parser = parse_limit)]
    limit: Option<usize>,
}

/// Forwards until Ctrl-C.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let deployment = Deployment::find(options).await?;
    let post = Post {
        table: deployment.table(),
        client: http::direct()?,
        to: arguments.to.clone(),
        format: format(&arguments, &deployment, output).await,
        retries: arguments.retries,
        waits_for_program: arguments.events.is_empty(),
    };
    let mut sum = Sum { show_responses: arguments.response, ..Sum::default() };
    if !arguments.events.is_empty() {
        let mut jobs = Vec::new();
        for event in &arguments.events {
            jobs.push(Job::of_event(event.resolve(&deployment).await?));
        }
        post.all(jobs, arguments.concurrency, output, &mut sum).await?;
        return sum.end(true, output);
    }
    let now = clock::now();
    let table = deployment.table();
    let from = arguments.since.map_or(now, |since| since.before(now, output.zone()));
    let selection =
        arguments.filters.selection(&deployment, from.max(table.time_index.oldest(now)), forever()).await?;
    let selection = Selection { content: arguments.content.filter(), ..selection };
    arguments.filters.check_names(&deployment).await?;
    let follow = match arguments.since {
        Some(_) => Follow::from_start(&table, selection),
        None => Box::pin(Follow::from_now(&table, selection)).await?,
    };
    let mut follow = if arguments.no_replays { follow } else { follow.with_replays(now) };
    output.note("waiting for events; Ctrl-C ends");
    let mut left = arguments.limit.unwrap_or(usize::MAX);
    while left > 0 {
        let Some(new) = Box::pin(unless_stopped(follow.next_or_replay(output))).await else { break };
        let new: Vec<Job> = new?.into_iter().map(Job::of).take(left).collect();
        left = left.saturating_sub(new.len());
        let posting = Box::pin(post.all(new, arguments.concurrency, output, &mut sum));
        match unless_stopped(posting).await {
            Some(posted) => posted?,
            None => break,
        }
    }
    sum.end(arguments.limit.is_some(), output)
}

/// The form of the requests.
#[derive(Clone)]
enum Format {
    /// As the provider sent them.
    Raw,
    /// The CloudEvents JSON object, signed with each of the keys.
    Signed(Vec<SigningKey>),
    /// The CloudEvents JSON object.
    Unsigned,
}

/// Returns the form of the requests. Without readable secrets they are not signed, which a note says.
async fn format(arguments: &Arguments, deployment: &Deployment, output: &mut Output) -> Format {
    match (arguments.raw, arguments.unsigned) {
        (true, _) => return Format::Raw,
        (_, true) => return Format::Unsigned,
        _ => {}
    }
    match signing_keys(deployment).await {
        Ok(Some(keys)) if !keys.is_empty() => return Format::Signed(keys),
        Ok(keys) => {
            let why = without_keys(keys.as_deref(), deployment);
            output.note(format_args!("the requests are not signed: {why}"));
        }
        Err(failure) => output.note(format_args!("the requests are not signed: {failure}")),
    }
    Format::Unsigned
}

/// Returns why there is no key that signs. `keys` is None if the deployment has no parameter of them.
fn without_keys(keys: Option<&[SigningKey]>, deployment: &Deployment) -> String {
    match keys {
        None => "the deployment has no secret for endpoints".to_owned(),
        Some(_) => format!(
            "the secret in {} is unusable; it must be a JSON list of whsec_ and the base64 of 24 to 64 bytes, such as \
             [\"whsec_…\"]",
            signing_parameter(deployment)
        ),
    }
}

/// The numbers of forwarded and failed events.
#[derive(Default)]
struct Sum {
    forwarded: u64,
    failed: u64,
    show_responses: bool,
}

impl Sum {
    /// Prints the numbers. Failed events are a failure of the command only if it ends by itself, as in a script.
    fn end(&self, ends_by_itself: bool, output: &mut Output) -> Result<(), Failure> {
        let Self { forwarded, failed, .. } = self;
        output.note(format_args!("{forwarded} forwarded, {failed} of them without a 2xx response"));
        if ends_by_itself && *failed > 0 {
            return Err(Failure::Refused {
                what: format!("{failed} of {forwarded} events had no 2xx response"),
                next: "correct the program, then forward the events again with --since or --event".to_owned(),
            });
        }
        Ok(())
    }

    fn count(&mut self, forwarded: &Forwarded) {
        self.forwarded = self.forwarded.saturating_add(1);
        self.failed = self.failed.saturating_add(u64::from(!forwarded.is_success()));
    }
}

/// The URL of the program, with or without placeholders.
#[derive(Clone, Debug)]
struct Target(String);

/// The text is not a URL of a program.
#[derive(Debug, thiserror::Error)]
enum NotATarget {
    /// It is no URL.
    #[error(
        "it is not a port such as 3000, a host with a port, or a URL that begins with http:// or https://"
    )]
    Form,
    /// It has a placeholder that no event fills.
    #[error("{{{0}}} is not a placeholder; the placeholders are {{provider}}, {{store}} and {{topic}}")]
    Placeholder(String),
}

impl Target {
    /// Returns the URL for an event.
    fn event_url(&self, record: &Record) -> Url {
        let mut path = record.id.split('/');
        let (provider, store) = (path.next().unwrap_or_default(), path.next().unwrap_or_default());
        let url = self.fill(provider, store, record.topic.as_deref().unwrap_or_default());
        #[expect(
            clippy::expect_used,
            reason = "parsing checked it with other values, and all values are escaped"
        )]
        url.expect("a URL")
    }

    /// Returns the first name in braces that is no placeholder.
    fn unknown_placeholder(&self) -> Option<String> {
        let is_known =
            |rest: &&str| ["provider}", "store}", "topic}"].iter().any(|name| rest.starts_with(name));
        let unknown = self.0.split('{').skip(1).find(|rest| !is_known(rest))?;
        Some(unknown.split('}').next().unwrap_or_default().to_owned())
    }

    fn fill(&self, provider: &str, store: &str, topic: &str) -> Option<Url> {
        let (path, query) =
            self.0.split_once('?').map_or((self.0.as_str(), None), |(path, query)| (path, Some(query)));
        let filled = |text: &str, topic: String| {
            text.replace("{provider}", provider).replace("{store}", store).replace("{topic}", &topic)
        };
        let path = filled(path, escaped_in_path(topic));
        let query = query.map(|query| format!("?{}", filled(query, escaped(topic)))).unwrap_or_default();
        Url::parse(&(path + &query)).ok()
    }
}

/// Returns a port or a host with a port as a URL. Another text stays.
fn with_scheme(text: &str) -> String {
    let (authority, _) = text.split_once(['/', '?']).unwrap_or((text, ""));
    let is_number = |text: &str| text.parse::<u16>().is_ok();
    let has_port = authority.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && is_number(port));
    if is_number(authority) {
        return format!("http://localhost:{text}");
    }
    if has_port && !text.contains("://") { format!("http://{text}") } else { text.to_owned() }
}

impl FromStr for Target {
    type Err = NotATarget;

    fn from_str(text: &str) -> Result<Self, NotATarget> {
        let target = Self(with_scheme(text));
        if let Some(name) = target.unknown_placeholder() {
            return Err(NotATarget::Placeholder(name));
        }
        // A placeholder may be in the path or the query, but not in the host or port.
        let bare = target.fill("", "", "").ok_or(NotATarget::Form)?;
        let url =
            target.fill("a", "b", "c").filter(|url| url.host() == bare.host() && url.port() == bare.port());
        // No program listens on port 0.
        let web = url.filter(|url| {
            matches!(url.scheme(), "http" | "https") && url.has_host() && url.port() != Some(0)
        });
        web.map(|_| target).ok_or(NotATarget::Form)
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// An event that was posted.
#[derive(Debug, Serialize)]
struct Forwarded {
    received: String,
    id: String,
    #[serde(rename = "type")]
    canonical_type: String,
    /// The replay that the event was posted for.
    #[serde(skip_serializing_if = "Option::is_none")]
    replay: Option<String>,
    /// The response's status. None if the connection was lost or timed out.
    status: Option<u16>,
    /// The beginning of the response's body.
    response: String,
    /// Number of requests, repetitions included.
    attempts: u32,
    duration_ms: u128,
    #[serde(skip)]
    duration: Duration,
    #[serde(skip)]
    shows_response: bool,
}

impl Forwarded {
    fn is_success(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// Maximum number of lines of a response on a page.
const RESPONSE_LINES: usize = 10;

impl Report for Forwarded {
    fn page(&self, page: &mut Page) {
        let status = self.status.map_or_else(|| "no response".to_owned(), |status| status.to_string());
        let repeated = if self.attempts > 1 { format!(", attempt {}", self.attempts) } else { String::new() };
        let replay = self.replay.as_ref().map(|replay| format!("  replay {replay}")).unwrap_or_default();
        let took = short(self.duration);
        let line = if page.width().is_some() {
            let (time, id, ours) =
                (page.clock(&self.received), short_id(&self.id), short_type(&self.canonical_type));
            let entity = self.id.rsplit_once('/').map_or("", |(entity, _)| entity);
            format!("{time}  {status:<9}  {took:>8}  {id}  {ours:<20}  {entity}{replay}{repeated}")
        } else {
            let (time, ours) = (page.time(&self.received), printable(&self.canonical_type));
            format!("{time}  {status:<9}  {took:>8}  {ours:<32}  {}{replay}{repeated}", self.id)
        };
        let line = page.fit(&line);
        page.styled(if self.is_success() { GOOD } else { BAD }, line);
        if self.shows_response || !self.is_success() {
            for line in self.response.lines().filter(|line| !line.trim().is_empty()).take(RESPONSE_LINES) {
                page.fitted_line(format_args!("    {line}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_an_http_url() {
        for (text, is) in [
            ("http://localhost:8080/hook", true),
            ("https://example.test/{provider}/{store}?t={topic}", true),
            ("3000", true),
            ("3000/hook?a=b", true),
            ("localhost:8080", true),
            ("127.0.0.1:8080/{topic}", true),
            ("localhost", false),
            ("99999", false),
            ("file:///etc/passwd", false),
            ("http://{store}.test/", false),
            ("0", false),
            ("localhost:0/hook", false),
            ("http://127.0.0.1:3000/{nosuch}", false),
            ("3000/{store}/{Topic}", false),
            ("3000/{store", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<Target>().is_ok(), is, "{text:?}");
        }
    }

    #[test]
    fn an_unknown_placeholder_is_named() {
        let error = "3000/{store}/{nosuch}".parse::<Target>().unwrap_err().to_string();
        assert!(error.starts_with("{nosuch} is not a placeholder") && error.contains("{topic}"), "{error}");
    }

    #[test]
    fn unusable_secrets_are_not_missing_ones() {
        let deployment = Deployment::unreachable();
        assert!(without_keys(None, &deployment).contains("has no secret"));
        let unusable = without_keys(Some(&[]), &deployment);
        assert!(unusable.contains("/inlet-consumer/canary-stage is unusable"), "{unusable}");
    }

    #[test]
    fn placeholders_are_replaced_and_escaped() {
        for (to, topic, url) in [
            (
                "http://localhost/{provider}/{store}/{topic}",
                "order.create",
                "http://localhost/zid/riyadh/order.create",
            ),
            ("3000/{topic}", "../a b?", "http://localhost:3000/..%2Fa%20b%3F"),
            ("3000/x/{topic}", "..", "http://localhost:3000/x/%252E%252E"),
            ("localhost:3000/?topic={topic}", "a&b.c", "http://localhost:3000/?topic=a%26b%2Ec"),
        ] {
            let target: Target = to.parse().unwrap();
            assert_eq!(target.fill("zid", "riyadh", topic).unwrap().as_str(), url);
        }
    }
}
