//! Runs a provider's twin: it changes its objects, sends their webhooks with the chosen faults, and serves its API.

use std::io;
use std::pin::pin;
use std::time::Duration;

use inlet::provider::Provider;
use inlet::provider::catalogue::find;
use inlet::request::Request;
use inlet::store::StoreName;
use inlet::tools::sender::{Sender, delivery};
use inlet_aws::client::clock;
use inlet_twins::any::TwinVisitor;
use inlet_twins::dispatch::{Attempt, Dispatch, Failed, Fate, Way};
use inlet_twins::random::Random;
use inlet_twins::server::TwinServer;
use inlet_twins::{Twin, Webhook};
use jiff::Timestamp;
use reqwest::{Client, Method};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::load::generator::url;
use crate::providers::BoxFuture;

/// The longest time that a webhook takes if webhooks overtake each other.
const REORDER_DELAY: Duration = Duration::from_secs(10);

/// The settings of a twin. It has a secret, so it cannot be formatted.
pub(crate) struct TwinRun {
    /// The port of its API; 0 is a free one.
    pub(crate) port: u16,
    /// The base URL of the receiver. Without one, no webhook is sent.
    pub(crate) to: Option<(String, Client)>,
    /// The store, the second part of each webhook's path.
    pub(crate) store: StoreName,
    /// The credential with which the webhooks are signed; the demo credential if it is absent.
    pub(crate) credential: Option<Value>,
    /// The average time between two changes.
    pub(crate) every: Duration,
    /// Number of changes. Without one, the changes go on.
    pub(crate) count: Option<u64>,
    /// The webhooks that are never sent, of a thousand.
    pub(crate) lost: u64,
    /// The webhooks that are sent twice, of a thousand.
    pub(crate) repeated: u64,
    /// True if webhooks overtake each other.
    pub(crate) reorders: bool,
    /// The time after the start at which the twin becomes silent, and for how long.
    pub(crate) silence: Option<(Duration, Duration)>,
    /// The time after which a URL is enabled again that the circuit breaker has disabled.
    pub(crate) enabled_after: Option<Duration>,
    /// The seed of the random numbers.
    pub(crate) seed: u64,
    /// The messages of the run.
    pub(crate) messages: UnboundedSender<TwinMessage>,
}

/// A message of a running twin.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "message")]
pub(crate) enum TwinMessage {
    /// The twin serves its API.
    Ready {
        /// The address of its API.
        url: String,
        /// The access that its API accepts. The values are the twin's own, and no secrets.
        access: Value,
        /// The demo credential that verifies its webhooks. Absent if the user gave one: that is a secret.
        #[serde(skip_serializing_if = "Option::is_none")]
        credential: Option<Value>,
    },
    /// An object changed.
    Changed {
        /// The provider's name of the event.
        event: &'static str,
        /// The fate of its webhook.
        webhook: WebhookFate,
    },
    /// An attempt to deliver a webhook ended.
    Attempted {
        /// The provider's name of the event.
        event: &'static str,
        /// The number of the attempt, from 1.
        attempt: usize,
        /// The status of the response; absent if there was none.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
    },
    /// The circuit breaker disabled the URL.
    Disabled {
        /// Number of webhooks that were discarded.
        discarded: usize,
    },
    /// The URL is enabled again.
    Enabled,
    /// There are no more changes. The API is served until Ctrl-C.
    Quiet,
}

/// The fate of the webhook of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WebhookFate {
    /// It is sent.
    Sent,
    /// It is sent twice.
    SentTwice,
    /// It is never sent.
    NeverSent,
    /// It is never sent, because the circuit breaker has disabled the URL.
    Disabled,
}

impl TwinVisitor for TwinRun {
    type Output = BoxFuture<'static, io::Result<()>>;

    fn visit<T: Twin + Send + 'static>(self, twin: T) -> Self::Output {
        Box::pin(self.run(twin))
    }
}

/// The state of a run.
struct Running<'a, T: Twin> {
    settings: &'a TwinRun,
    server: TwinServer<T>,
    credential: Value,
    random: Random,
    dispatch: Dispatch,
    begin: Instant,
    next_change: Instant,
    changes: u64,
    enabled_at: Option<Instant>,
    in_flight: JoinSet<(Attempt, Option<u16>)>,
}

impl TwinRun {
    /// Runs a twin until Ctrl-C.
    async fn run<T: Twin + Send + 'static>(self, twin: T) -> io::Result<()> {
        let server = TwinServer::start_on(self.port, twin, timestamp)?;
        let demo = || <T::Provider as Sender>::PROFILE.demo_credential();
        let credential = self.credential.clone().unwrap_or_else(demo);
        self.report(TwinMessage::Ready {
            url: server.url.clone(),
            access: T::access(),
            credential: self.credential.is_none().then(|| credential.clone()),
        });
        let now = Instant::now();
        let mut running = Running {
            settings: &self,
            server,
            credential,
            random: Random::new(self.seed),
            dispatch: Dispatch::default(),
            begin: now,
            next_change: now,
            changes: 0,
            enabled_at: None,
            in_flight: JoinSet::new(),
        };
        let mut stop = pin!(tokio::signal::ctrl_c());
        loop {
            let (changes_at, attempt_at) = (running.changes_at(), running.attempt_at());
            tokio::select! {
                _ = &mut stop => return Ok(()),
                () = until(changes_at) => running.change(),
                () = until(attempt_at) => running.attempt(),
                () = until(running.enabled_at) => running.enable(),
                Some(ended) = running.in_flight.join_next() => {
                    if let Ok((attempt, status)) = ended {
                        running.attempted(attempt, status);
                    }
                }
            }
        }
    }

    /// Sends a message. A receiver that has ended needs none.
    fn report(&self, message: TwinMessage) {
        let _ = self.messages.send(message);
    }
}

impl<T: Twin + Send + 'static> Running<'_, T> {
    /// Returns the time of the next change.
    fn changes_at(&self) -> Option<Instant> {
        self.settings.count.is_none_or(|count| self.changes < count).then_some(self.next_change)
    }

    /// Returns the time of the next attempt to deliver a webhook.
    fn attempt_at(&self) -> Option<Instant> {
        let wait = self.dispatch.next_at()?.saturating_sub(self.millis());
        Some(later(Instant::now(), Duration::from_millis(u64::try_from(wait).unwrap_or(0))))
    }

    /// Returns the milliseconds since the begin.
    fn millis(&self) -> i64 {
        i64::try_from(self.begin.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    fn way(&self) -> Way {
        let since = self.begin.elapsed();
        let is_silent = self
            .settings
            .silence
            .is_some_and(|(from, length)| since >= from && since < from.saturating_add(length));
        let TwinRun { lost, repeated, reorders, .. } = *self.settings;
        let delay = if reorders { REORDER_DELAY } else { Duration::ZERO };
        Way { lost, repeated, delay, is_silent, is_down: false }
    }

    /// Changes an object, and takes its webhook on its way.
    fn change(&mut self) {
        let Self { server, random, .. } = self;
        let webhook = server.twin(|twin| twin.change(random, timestamp()));
        let (way, now) = (self.way(), self.millis());
        let fate = match &self.settings.to {
            Some(_) => self.dispatch.send(&webhook, way, &mut self.random, now),
            None => Fate::NeverSent,
        };
        let fate = match fate {
            Fate::Sent => WebhookFate::Sent,
            Fate::SentTwice => WebhookFate::SentTwice,
            Fate::NeverSent => WebhookFate::NeverSent,
            Fate::Disabled => WebhookFate::Disabled,
        };
        self.settings.report(TwinMessage::Changed { event: webhook.event, webhook: fate });
        self.changes = self.changes.saturating_add(1);
        let average = u64::try_from(self.settings.every.as_millis()).unwrap_or(u64::MAX);
        let wait = self.random.below(average.saturating_mul(2).max(1));
        self.next_change = later(self.next_change, Duration::from_millis(wait));
        if self.changes_at().is_none() {
            self.settings.report(TwinMessage::Quiet);
        }
    }

    /// Begins the next attempt.
    fn attempt(&mut self) {
        let Some((_, attempt)) = self.dispatch.due(self.millis()) else { return };
        let Some((to, client)) = &self.settings.to else { return };
        let Some(request) = self.request(&attempt.webhook) else { return };
        let url = url(to, <T::Provider as Provider>::NAME, &request);
        let client = client.clone();
        self.in_flight.spawn(async move { (attempt, posted(&client, url, request).await) });
    }

    /// Returns the signed request of a webhook.
    fn request(&self, webhook: &Webhook) -> Option<Request> {
        let event = find(<T::Provider as Sender>::EVENTS, webhook.event)?;
        let store = self.settings.store.clone();
        Some(delivery::<T::Provider>(store, event, webhook.body.clone(), &self.credential))
    }

    fn attempted(&mut self, attempt: Attempt, status: Option<u16>) {
        let (event, number) = (attempt.webhook.event, attempt.number.saturating_add(1));
        self.settings.report(TwinMessage::Attempted { event, attempt: number, status });
        if status.is_some_and(|status| (200..300).contains(&status)) {
            self.dispatch.succeed();
            return;
        }
        let (way, now) = (self.way(), self.millis());
        let policy = <T::Provider as Provider>::RETRY_POLICY;
        match self.dispatch.fail(attempt, status, &policy, way, &mut self.random, now) {
            Failed::Again | Failed::GivenUp => {}
            Failed::Disabled(discarded) => {
                self.enabled_at = self.settings.enabled_after.map(|wait| later(Instant::now(), wait));
                self.settings.report(TwinMessage::Disabled { discarded });
            }
        }
    }

    fn enable(&mut self) {
        self.enabled_at = None;
        self.dispatch.enable();
        self.settings.report(TwinMessage::Enabled);
    }
}

/// Sends a webhook. Returns the status of the response.
async fn posted(client: &Client, url: String, request: Request) -> Option<u16> {
    let method = Method::from_bytes(request.method.as_str().as_bytes()).unwrap_or(Method::POST);
    let post = client.request(method, url);
    let post = request.headers.iter().fold(post, |post, (name, value)| post.header(name, value));
    post.body(request.body).send().await.ok().map(|response| response.status().as_u16())
}

/// Waits until then; for ever if there is no time.
async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

fn later(at: Instant, by: Duration) -> Instant {
    at.checked_add(by).unwrap_or(at)
}

/// Returns the time, as the twin's API has it.
fn timestamp() -> Timestamp {
    Timestamp::from_millisecond(clock::now().millis()).unwrap_or(Timestamp::MIN)
}
