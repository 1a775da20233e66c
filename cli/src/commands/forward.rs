//! `inlet forward`: posts new events to a program on this machine.
//!
//! It only reads the table: it writes no receipt and does not use the queue. The events of one entity are posted in
//! order, those of different entities concurrently.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::{Duration, Instant};

use inlet::tools::sender::escaped;
use inlet_aws::client::clock;
use inlet_aws::dynamodb::events::StoredEvent;
use inlet_aws::dynamodb::table::Table;
use inlet_aws::dynamodb::time_index::Arrival;
use reqwest::{Method, Url};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::deployment::Deployment;
use crate::events::follow::{Follow, unless_stopped};
use crate::events::list::short;
use crate::failure::Failure;
use crate::http;
use crate::input::filters::Filters;
use crate::input::time_arg::{TimeArg, forever};
use crate::options::DeploymentArgs;
use crate::output::{Output, Page, Report, printable};

/// The arguments of `inlet forward`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// URL of the program; {provider}, {store} and {topic} in it are replaced with those of the event
    #[arg(long, value_name = "URL")]
    to: Target,
    /// Post body and headers as the provider sent them; default: the CloudEvents JSON object
    #[arg(long)]
    raw: bool,
    /// Number of posts in flight, of different entities
    #[arg(long, value_name = "COUNT", default_value_t = 8)]
    concurrency: usize,
    #[command(flatten)]
    filters: Filters,
    /// Start with events received at this time: 15m, 24h (ago), 2025-06-12T08:01:12Z; default: new events only
    #[arg(long, value_name = "WHEN")]
    since: Option<TimeArg>,
    /// End after this number of events
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
}

/// First and longest pause before the next attempt to connect to the program.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Forwards until Ctrl-C.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let deployment = Deployment::find(options).await?;
    let now = clock::now();
    let table = deployment.table();
    let from = arguments.since.map_or(now, |since| since.before(now)).max(table.time_index.oldest(now));
    let selection = arguments.filters.selection(from, forever())?;
    let mut follow = match arguments.since {
        Some(_) => Follow::from_start(&table, selection),
        None => Follow::from_now(&table, selection).await?,
    };
    let post = Post { table: table.clone(), client: http::direct()?, to: arguments.to, raw: arguments.raw };
    output.note("waiting for events; Ctrl-C ends");
    let (mut left, mut sum) = (arguments.limit.unwrap_or(usize::MAX), Sum::default());
    while left > 0 {
        let Some(new) = unless_stopped(follow.next()).await else { break };
        let new: Vec<Arrival> = new?.into_iter().take(left).collect();
        left = left.saturating_sub(new.len());
        let posting = post.all(new, arguments.concurrency, output, &mut sum);
        match unless_stopped(posting).await {
            Some(posted) => posted?,
            None => break,
        }
    }
    sum.end(arguments.limit.is_some(), output)
}

/// The numbers of forwarded and failed events.
#[derive(Default)]
struct Sum {
    forwarded: u64,
    failed: u64,
}

impl Sum {
    /// Prints the numbers. Failed events are a failure of the command only with --limit, as in a script.
    fn end(&self, has_limit: bool, output: &mut Output) -> Result<(), Failure> {
        let Self { forwarded, failed } = self;
        output.note(format_args!("{forwarded} forwarded, {failed} of them without a 2xx response"));
        if has_limit && *failed > 0 {
            return Err(Failure::Refused {
                what: format!("{failed} of {forwarded} events had no 2xx response"),
                next: "correct the program, then forward the events again with --since".to_owned(),
            });
        }
        Ok(())
    }
}

/// Posts events.
#[derive(Clone)]
struct Post {
    table: Table,
    client: reqwest::Client,
    to: Target,
    raw: bool,
}

/// A message from a task that posts events.
enum Message {
    /// The program does not accept connections.
    Waiting(String),
    /// An event has its response.
    Ended(Forwarded),
    /// An event cannot be read.
    Failed(Failure),
}

impl Post {
    /// Posts the events: those of one entity in order, different entities concurrently.
    async fn all(
        &self,
        arrivals: Vec<Arrival>,
        concurrency: usize,
        output: &mut Output,
        sum: &mut Sum,
    ) -> Result<(), Failure> {
        let mut entities: BTreeMap<String, Vec<Arrival>> = BTreeMap::new();
        for arrival in arrivals {
            entities.entry(arrival.id.entity_path().to_owned()).or_default().push(arrival);
        }
        let (sender, mut messages) = mpsc::channel(concurrency.max(1));
        let (mut posting, mut entities) = (JoinSet::new(), entities.into_values());
        for events in entities.by_ref().take(concurrency.max(1)) {
            posting.spawn(self.clone().post_in_order(events, sender.clone()));
        }
        let mut waits = false;
        while !posting.is_empty() {
            tokio::select! {
                biased;
                message = messages.recv() => match message {
                    Some(Message::Waiting(why)) if !waits => {
                        waits = true;
                        output.note(format_args!("{why}; trying again"));
                    }
                    Some(Message::Waiting(_)) | None => {}
                    Some(Message::Ended(forwarded)) => {
                        waits = false;
                        sum.count(&forwarded);
                        output.item(&forwarded)?;
                    }
                    Some(Message::Failed(failure)) => return Err(failure),
                },
                Some(_) = posting.join_next() => {
                    if let Some(events) = entities.next() {
                        posting.spawn(self.clone().post_in_order(events, sender.clone()));
                    }
                }
            }
        }
        // The last messages of the tasks that ended.
        drop(sender);
        while let Some(message) = messages.recv().await {
            match message {
                Message::Ended(forwarded) => {
                    sum.count(&forwarded);
                    output.item(&forwarded)?;
                }
                Message::Failed(failure) => return Err(failure),
                Message::Waiting(_) => {}
            }
        }
        Ok(())
    }

    async fn post_in_order(self, events: Vec<Arrival>, sender: mpsc::Sender<Message>) {
        for arrival in events {
            let message = match self.table.events.get(&arrival.id).await {
                Ok(Some(stored)) => {
                    Message::Ended(self.post_until_connected(arrival, &stored, &sender).await)
                }
                // It has expired since it was listed.
                Ok(None) => continue,
                Err(fault) => Message::Failed(Failure::Inlet { context: "an event cannot be read", fault }),
            };
            // The receiver of the messages is gone: the command ends.
            if sender.send(message).await.is_err() {
                break;
            }
        }
    }

    async fn post_until_connected(
        &self,
        arrival: Arrival,
        stored: &StoredEvent,
        sender: &mpsc::Sender<Message>,
    ) -> Forwarded {
        let mut wait = FIRST_WAIT;
        loop {
            let start = Instant::now();
            let answer = self.request(stored).send().await;
            let took = start.elapsed();
            match answer {
                Err(error) if error.is_connect() => {
                    let why = format!("{} accepts no connections", self.to);
                    if sender.send(Message::Waiting(why)).await.is_err() {
                        return Forwarded::new(arrival, None, took);
                    }
                    tokio::time::sleep(wait).await;
                    wait = wait.saturating_mul(2).min(LONGEST_WAIT);
                }
                Err(_) => return Forwarded::new(arrival, None, took),
                Ok(answer) => return Forwarded::new(arrival, Some(answer.status().as_u16()), took),
            }
        }
    }

    fn request(&self, stored: &StoredEvent) -> reqwest::RequestBuilder {
        let record = &stored.record;
        let mut url = self.to.of(record);
        if !self.raw {
            let request = self.client.post(url).header("content-type", "application/cloudevents+json");
            return request.body(stored.message.clone());
        }
        if !record.query.is_empty() {
            let query = [url.query().unwrap_or_default(), &record.query].join("&");
            url.set_query(Some(query.trim_start_matches('&')));
        }
        let method = Method::from_bytes(record.method.as_bytes()).unwrap_or(Method::POST);
        let request = self.client.request(method, url).body(stored.body.clone());
        record.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }
}

impl Sum {
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
#[error("it is not a URL that begins with http:// or https://")]
struct NotATarget;

impl Target {
    /// Returns the URL for an event.
    fn of(&self, record: &inlet_aws::dynamodb::record::Record) -> Url {
        let mut path = record.id.split('/');
        let (provider, store) = (path.next().unwrap_or_default(), path.next().unwrap_or_default());
        let url = self.with(provider, store, record.topic.as_deref().unwrap_or_default());
        #[expect(
            clippy::expect_used,
            reason = "parsing checked it with other values, and all values are escaped"
        )]
        url.expect("a URL")
    }

    fn with(&self, provider: &str, store: &str, topic: &str) -> Option<Url> {
        let text = self.0.replace("{provider}", provider).replace("{store}", store);
        Url::parse(&text.replace("{topic}", &escaped(topic))).ok()
    }
}

impl FromStr for Target {
    type Err = NotATarget;

    fn from_str(text: &str) -> Result<Self, NotATarget> {
        let target = Self(text.to_owned());
        // A placeholder may be in the path or the query, but not in the host or port.
        let bare = target.with("", "", "").ok_or(NotATarget)?;
        let url =
            target.with("a", "b", "c").filter(|url| url.host() == bare.host() && url.port() == bare.port());
        let web = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        web.map(|_| target).ok_or(NotATarget)
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
    /// The response's status. None if the connection was lost or timed out.
    status: Option<u16>,
    duration_ms: u128,
    #[serde(skip)]
    duration: Duration,
}

impl Forwarded {
    fn new(arrival: Arrival, status: Option<u16>, duration: Duration) -> Self {
        Self {
            received: arrival.received,
            id: arrival.id.to_string(),
            canonical_type: arrival.canonical_type,
            status,
            duration_ms: duration.as_millis(),
            duration,
        }
    }

    fn is_success(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

impl Report for Forwarded {
    fn page(&self, page: &mut Page) {
        let status = self.status.map_or_else(|| "no response".to_owned(), |status| status.to_string());
        let (ours, took) = (printable(&self.canonical_type), short(self.duration));
        page.line(format_args!("{}  {status:<9}  {took:>8}  {ours:<32}  {}", self.received, self.id));
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
            ("localhost:8080", false),
            ("file:///etc/passwd", false),
            ("http://{store}.test/", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<Target>().is_ok(), is, "{text:?}");
        }
    }

    #[test]
    fn placeholders_are_replaced_and_escaped() {
        let target: Target = "http://localhost/{provider}/{store}/{topic}".parse().unwrap();
        let url = target.with("zid", "riyadh", "../a b?").unwrap();
        assert_eq!(url.as_str(), "http://localhost/zid/riyadh/%2E%2E%2Fa%20b%3F");
    }
}
