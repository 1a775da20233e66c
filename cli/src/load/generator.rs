//! Sends deliveries over HTTP, concurrently and at a limited rate, and counts the responses.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use indicatif::ProgressBar;
use inlet::request::Request;
use inlet_aws::client::rate_limit::RateLimiter;
use reqwest::{Client, Method};
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::load::simulated_provider::Sequence;
use crate::percentile::percentile;

/// Length of a response body in the output, in characters.
const SHOWN: usize = 200;

/// The target of the deliveries, and the load.
#[derive(Clone, Debug)]
pub(crate) struct LoadGenerator {
    /// The HTTP client.
    pub(crate) client: Client,
    /// The base URL: deliveries go to `{api}/{provider}/{store}/{topic}`.
    pub(crate) api: String,
    /// The provider's name.
    pub(crate) provider: &'static str,
    /// Number of sequences in flight.
    pub(crate) concurrency: usize,
    /// Maximum number of sequences started per second.
    pub(crate) rate: Option<u32>,
}

/// The responses of a run.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    /// The responses by status.
    pub(crate) responses: BTreeMap<u16, StatusCount>,
    /// Number of deliveries without a response, by reason.
    pub(crate) failures: BTreeMap<String, u64>,
    /// The time of each response.
    pub(crate) latencies: Vec<Duration>,
    /// The duration of the run.
    pub(crate) took: Duration,
    /// True if Ctrl-C ended the run early.
    pub(crate) interrupted: bool,
}

/// The responses of one status.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StatusCount {
    /// Their number.
    pub(crate) count: u64,
    /// The body of the first one.
    pub(crate) body: String,
}

/// One response, or the reason why there is none.
struct Reply {
    response: Result<(u16, String), String>,
    latency: Duration,
}

impl Summary {
    /// Returns the number of deliveries sent.
    pub(crate) fn sent(&self) -> u64 {
        let responses = self.responses.values().map(|responses| responses.count);
        responses.chain(self.failures.values().copied()).sum()
    }

    /// Returns the response time that this percentage of responses does not exceed. None without responses. The
    /// latencies are sorted.
    pub(crate) fn percentile(&self, percent: usize) -> Option<Duration> {
        percentile(&self.latencies, percent)
    }

    fn count(&mut self, reply: Reply) {
        match reply.response {
            Ok((status, body)) => {
                let responses = self.responses.entry(status).or_insert(StatusCount { count: 0, body });
                responses.count = responses.count.saturating_add(1);
                self.latencies.push(reply.latency);
            }
            Err(why) => {
                let count = self.failures.entry(why).or_default();
                *count = count.saturating_add(1);
            }
        }
    }
}

impl LoadGenerator {
    /// Sends all sequences, or as many as were started before Ctrl-C. Waits for those in flight.
    pub(crate) async fn run(
        &self,
        sequences: impl Iterator<Item = Sequence>,
        progress: &ProgressBar,
    ) -> Summary {
        let start = Instant::now();
        let mut summary = Summary::default();
        let limiter = self.rate.map(RateLimiter::per_second);
        let mut in_flight: JoinSet<Vec<Reply>> = JoinSet::new();
        let mut interrupt = pin!(tokio::signal::ctrl_c());
        for sequence in sequences {
            if let Some(limiter) = &limiter {
                tokio::select! {
                    () = limiter.acquire() => {}
                    _ = &mut interrupt => { summary.interrupted = true; }
                }
            }
            while !summary.interrupted && in_flight.len() >= self.concurrency {
                tokio::select! {
                    Some(replies) = in_flight.join_next() => summary.add(replies, progress),
                    _ = &mut interrupt => { summary.interrupted = true; }
                }
            }
            if summary.interrupted {
                break;
            }
            let generator = self.clone();
            in_flight.spawn(async move { generator.send_all(sequence).await });
        }
        while let Some(replies) = in_flight.join_next().await {
            summary.add(replies, progress);
        }
        progress.finish_and_clear();
        summary.latencies.sort_unstable();
        summary.took = start.elapsed();
        summary
    }

    async fn send_all(&self, sequence: Sequence) -> Vec<Reply> {
        let mut replies = Vec::with_capacity(sequence.len());
        for delivery in sequence {
            let start = Instant::now();
            let response = self.send(delivery).await.map_err(|error| why(&error));
            replies.push(Reply { response, latency: start.elapsed() });
        }
        replies
    }

    async fn send(&self, delivery: Request) -> Result<(u16, String), reqwest::Error> {
        let url = url(&self.api, self.provider, &delivery);
        let method = Method::from_bytes(delivery.method.as_str().as_bytes()).unwrap_or(Method::POST);
        let headers = delivery.headers.iter();
        let request = headers
            .fold(self.client.request(method, url), |request, (name, value)| request.header(name, value));
        let response = request.body(delivery.body).send().await?;
        let status = response.status().as_u16();
        let body = response.text().await?;
        Ok((status, body.chars().take(SHOWN).collect()))
    }
}

impl Summary {
    fn add(&mut self, replies: Result<Vec<Reply>, tokio::task::JoinError>, progress: &ProgressBar) {
        match replies {
            Ok(replies) => {
                progress.inc(u64::try_from(replies.len()).unwrap_or_default());
                for reply in replies {
                    self.count(reply);
                }
            }
            Err(error) => {
                let count = self.failures.entry(error.to_string()).or_default();
                *count = count.saturating_add(1);
            }
        }
    }
}

/// Returns the URL of a delivery.
pub(crate) fn url(api: &str, provider: &str, delivery: &Request) -> String {
    let topic = delivery.topic.as_ref().map(|topic| format!("/{topic}")).unwrap_or_default();
    let query = if delivery.query.is_empty() { String::new() } else { format!("?{}", delivery.query) };
    format!("{}/{provider}/{}{topic}{query}", api.trim_end_matches('/'), delivery.store)
}

/// Returns the reason of a missing response, without the URL, which may contain a token.
fn why(error: &reqwest::Error) -> String {
    let what = match () {
        () if error.is_timeout() => "timeout",
        () if error.is_connect() => "no connection",
        () if error.is_builder() => "the URL is invalid",
        () => "the connection was lost",
    };
    what.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_measured_response_time() {
        let latencies = (1..=10).map(Duration::from_millis).collect();
        let summary = Summary { latencies, ..Summary::default() };
        let millis = [50, 95, 99, 100].map(|percent| summary.percentile(percent).map(|d| d.as_millis()));
        assert_eq!(millis, [Some(5), Some(10), Some(10), Some(10)]);
        assert_eq!(Summary::default().percentile(50), None);
    }
}
