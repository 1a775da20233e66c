//! `inlet forward`: follows the stored events and posts each to a program on this machine.
//!
//! It only reads: no receipt, no queue, nothing that the deployment would notice. Of one thing the events arrive in
//! their order; of different things at once.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::{Duration, Instant};

use inlet::tools::sender::escaped;
use inlet_aws::client::clock;
use inlet_aws::dynamodb::arrivals::Arrival;
use inlet_aws::dynamodb::journal::StoredEvent;
use inlet_aws::dynamodb::table::Table;
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

/// What can be said to `inlet forward`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The program's URL; {provider}, {store} and {topic} in it stand for the event's
    #[arg(long, value_name = "URL")]
    to: Target,
    /// The body and the headers as the provider sent them, where otherwise the CloudEvents JSON object is posted
    #[arg(long)]
    raw: bool,
    /// How many are on their way at once, each of another thing
    #[arg(long, value_name = "COUNT", default_value_t = 8)]
    concurrency: usize,
    #[command(flatten)]
    filters: Filters,
    /// Begin with what was received since then: 15m, 24h (ago), 2025-06-12T08:01:12Z
    #[arg(long, value_name = "WHEN")]
    since: Option<TimeArg>,
    /// End after so many
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
}

/// How long is waited at first before a program is tried again that does not listen, and at most.
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
    let from = arguments.since.map_or(now, |since| since.before(now)).max(table.oldest(now));
    let selection = arguments.filters.selection(from, forever())?;
    let mut follow = match arguments.since {
        Some(_) => Follow::from_its_beginning(&table, selection),
        None => Follow::from_now(&table, selection).await?,
    };
    let post = Post { table: table.clone(), client: http::direct()?, to: arguments.to, raw: arguments.raw };
    output.note("waiting for events, Ctrl-C ends");
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
    sum.told(arguments.limit.is_some(), output)
}

/// How many were forwarded, and how many of them not well.
#[derive(Default)]
struct Sum {
    forwarded: u64,
    failed: u64,
}

impl Sum {
    /// Says how it went. A failure of the program is one of the command where the end was foreseen, as in a script.
    fn told(&self, foreseen: bool, output: &mut Output) -> Result<(), Failure> {
        let Self { forwarded, failed } = self;
        output.note(format_args!("{forwarded} forwarded, {failed} of them not answered 2xx"));
        if foreseen && *failed > 0 {
            return Err(Failure::Refused {
                what: format!("{failed} of {forwarded} events were not answered 2xx"),
                next: "mend the program and forward them again with --since".to_owned(),
            });
        }
        Ok(())
    }
}

/// What is posted, and where.
#[derive(Clone)]
struct Post {
    table: Table,
    client: reqwest::Client,
    to: Target,
    raw: bool,
}

/// What a poster tells.
enum Progress {
    /// Nobody listens there.
    Waiting(String),
    /// An event has its answer.
    Ended(Forwarded),
    /// An event cannot be read.
    Failed(Failure),
}

impl Post {
    /// Posts these: those of one thing one after the other, different things at once.
    async fn all(
        &self,
        arrivals: Vec<Arrival>,
        concurrency: usize,
        output: &mut Output,
        sum: &mut Sum,
    ) -> Result<(), Failure> {
        let mut things: BTreeMap<String, Vec<Arrival>> = BTreeMap::new();
        for arrival in arrivals {
            things.entry(arrival.id.entity_path().to_owned()).or_default().push(arrival);
        }
        let (tell, mut heard) = mpsc::channel(concurrency.max(1));
        let (mut posting, mut things) = (JoinSet::new(), things.into_values());
        for events in things.by_ref().take(concurrency.max(1)) {
            posting.spawn(self.clone().one_thing(events, tell.clone()));
        }
        let mut waits = false;
        while !posting.is_empty() {
            tokio::select! {
                biased;
                told = heard.recv() => match told {
                    Some(Progress::Waiting(why)) if !waits => {
                        waits = true;
                        output.note(format_args!("{why}; trying again until it does"));
                    }
                    Some(Progress::Waiting(_)) | None => {}
                    Some(Progress::Ended(forwarded)) => {
                        waits = false;
                        sum.count(&forwarded);
                        output.item(&forwarded)?;
                    }
                    Some(Progress::Failed(failure)) => return Err(failure),
                },
                Some(_) = posting.join_next() => {
                    if let Some(events) = things.next() {
                        posting.spawn(self.clone().one_thing(events, tell.clone()));
                    }
                }
            }
        }
        // The last words of those that ended.
        drop(tell);
        while let Some(told) = heard.recv().await {
            match told {
                Progress::Ended(forwarded) => {
                    sum.count(&forwarded);
                    output.item(&forwarded)?;
                }
                Progress::Failed(failure) => return Err(failure),
                Progress::Waiting(_) => {}
            }
        }
        Ok(())
    }

    async fn one_thing(self, events: Vec<Arrival>, tell: mpsc::Sender<Progress>) {
        for arrival in events {
            let told = match self.table.stored_event(&arrival.id).await {
                Ok(Some(kept)) => Progress::Ended(self.until_it_is_taken(arrival, &kept, &tell).await),
                // Its time was up since it was listed.
                Ok(None) => continue,
                Err(fault) => Progress::Failed(Failure::Inlet { doing: "an event cannot be read", fault }),
            };
            // Nobody listens any more: the command is at its end.
            if tell.send(told).await.is_err() {
                break;
            }
        }
    }

    async fn until_it_is_taken(
        &self,
        arrival: Arrival,
        kept: &StoredEvent,
        tell: &mpsc::Sender<Progress>,
    ) -> Forwarded {
        let mut wait = FIRST_WAIT;
        loop {
            let start = Instant::now();
            let answer = self.request(kept).send().await;
            let took = start.elapsed();
            match answer {
                Err(error) if error.is_connect() => {
                    let why = format!("{} does not take connections", self.to);
                    if tell.send(Progress::Waiting(why)).await.is_err() {
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

    fn request(&self, kept: &StoredEvent) -> reqwest::RequestBuilder {
        let record = &kept.record;
        let mut url = self.to.of(record);
        if !self.raw {
            let request = self.client.post(url).header("content-type", "application/cloudevents+json");
            return request.body(kept.message.clone());
        }
        if !record.query.is_empty() {
            let query = [url.query().unwrap_or_default(), &record.query].join("&");
            url.set_query(Some(query.trim_start_matches('&')));
        }
        let method = Method::from_bytes(record.method.as_bytes()).unwrap_or(Method::POST);
        let request = self.client.request(method, url).body(kept.body.clone());
        record.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }
}

impl Sum {
    fn count(&mut self, forwarded: &Forwarded) {
        self.forwarded = self.forwarded.saturating_add(1);
        self.failed = self.failed.saturating_add(u64::from(!forwarded.is_well()));
    }
}

/// Where events are posted, with or without places for what they are.
#[derive(Clone, Debug)]
struct Target(String);

/// The text is no such place.
#[derive(Debug, thiserror::Error)]
#[error("it is no URL that begins with http:// or https://")]
struct NotATarget;

impl Target {
    /// The URL for an event.
    fn of(&self, record: &inlet_aws::dynamodb::record::Record) -> Url {
        let mut path = record.id.split('/');
        let (provider, store) = (path.next().unwrap_or_default(), path.next().unwrap_or_default());
        let url = self.with(provider, store, record.topic.as_deref().unwrap_or_default());
        #[expect(
            clippy::expect_used,
            reason = "read before with other words in the same places, all of them escaped"
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
        // A place stands in the path or behind it, never in the host's name.
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
    /// What the program answered; nothing where it broke off or took too long.
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

    fn is_well(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

impl Report for Forwarded {
    fn page(&self, page: &mut Page) {
        let status = self.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        let (ours, took) = (printable(&self.canonical_type), short(self.duration));
        page.line(format_args!("{}  {status:<9}  {took:>8}  {ours:<32}  {}", self.received, self.id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_place_on_the_web() {
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
    fn what_an_event_is_stands_in_its_place_escaped() {
        let target: Target = "http://localhost/{provider}/{store}/{topic}".parse().unwrap();
        let url = target.with("zid", "riyadh", "../a b?").unwrap();
        assert_eq!(url.as_str(), "http://localhost/zid/riyadh/%2E%2E%2Fa%20b%3F");
    }
}
