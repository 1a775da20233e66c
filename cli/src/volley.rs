//! Sends deliveries over HTTP, many at once and no faster than asked for, and keeps count of the answers.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use indicatif::ProgressBar;
use inlet::request::Request;
use inlet_aws::pace::RateLimiter;
use reqwest::{Client, Method};
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::deliveries::Sequence;
use crate::percentile::percentile;

/// How much of an answer's body is shown, in characters.
const SHOWN: usize = 200;

/// Where deliveries go, and how fast.
#[derive(Clone, Debug)]
pub(crate) struct Volley {
    /// What sends.
    pub(crate) client: Client,
    /// The API: deliveries go to `{api}/{provider}/{store}/{topic}`.
    pub(crate) api: String,
    /// The provider's name.
    pub(crate) provider: &'static str,
    /// How many sequences are sent at once.
    pub(crate) concurrency: usize,
    /// How many sequences are begun a second, at the most.
    pub(crate) rate: Option<u32>,
}

/// What came back.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// The answers by status.
    pub(crate) answers: BTreeMap<u16, Answers>,
    /// Those that were not answered at all, by the reason.
    pub(crate) unanswered: BTreeMap<String, u64>,
    /// How long each answer took.
    pub(crate) latencies: Vec<Duration>,
    /// How long all of it took.
    pub(crate) took: Duration,
    /// Whether somebody ended it early.
    pub(crate) interrupted: bool,
}

/// Answers of one status.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Answers {
    /// How many.
    pub(crate) count: u64,
    /// The first one's body.
    pub(crate) body: String,
}

/// One answer, or none.
struct Heard {
    answer: Result<(u16, String), String>,
    latency: Duration,
}

impl Tally {
    /// How many were sent.
    pub(crate) fn sent(&self) -> u64 {
        let answered = self.answers.values().map(|answers| answers.count);
        answered.chain(self.unanswered.values().copied()).sum()
    }

    /// How long the answer took that is slower than so many of a hundred; nothing without answers. Sorted before.
    pub(crate) fn percentile(&self, percent: usize) -> Option<Duration> {
        percentile(&self.latencies, percent)
    }

    fn note(&mut self, heard: Heard) {
        match heard.answer {
            Ok((status, body)) => {
                let answers = self.answers.entry(status).or_insert(Answers { count: 0, body });
                answers.count = answers.count.saturating_add(1);
                self.latencies.push(heard.latency);
            }
            Err(why) => {
                let count = self.unanswered.entry(why).or_default();
                *count = count.saturating_add(1);
            }
        }
    }
}

impl Volley {
    /// Sends everything, or what goes until Ctrl-C: what is on its way then is waited for.
    pub(crate) async fn fire(
        &self,
        sequences: impl Iterator<Item = Sequence>,
        progress: &ProgressBar,
    ) -> Tally {
        let start = Instant::now();
        let mut tally = Tally::default();
        let mut limiter = self.rate.map(RateLimiter::per_second);
        let mut flying: JoinSet<Vec<Heard>> = JoinSet::new();
        let mut enough = pin!(tokio::signal::ctrl_c());
        for sequence in sequences {
            if let Some(limiter) = &mut limiter {
                tokio::select! {
                    () = limiter.acquire() => {}
                    _ = &mut enough => { tally.interrupted = true; }
                }
            }
            while !tally.interrupted && flying.len() >= self.concurrency {
                tokio::select! {
                    Some(heard) = flying.join_next() => tally.add(heard, progress),
                    _ = &mut enough => { tally.interrupted = true; }
                }
            }
            if tally.interrupted {
                break;
            }
            let volley = self.clone();
            flying.spawn(async move { volley.all_of(sequence).await });
        }
        while let Some(heard) = flying.join_next().await {
            tally.add(heard, progress);
        }
        progress.finish_and_clear();
        tally.latencies.sort_unstable();
        tally.took = start.elapsed();
        tally
    }

    async fn all_of(&self, sequence: Sequence) -> Vec<Heard> {
        let mut heard = Vec::with_capacity(sequence.len());
        for delivery in sequence {
            let start = Instant::now();
            let answer = self.send(delivery).await.map_err(|error| why(&error));
            heard.push(Heard { answer, latency: start.elapsed() });
        }
        heard
    }

    async fn send(&self, delivery: Request) -> Result<(u16, String), reqwest::Error> {
        let url = url(&self.api, self.provider, &delivery);
        let method = Method::from_bytes(delivery.method.as_str().as_bytes()).unwrap_or(Method::POST);
        let headers = delivery.headers.iter();
        let request = headers
            .fold(self.client.request(method, url), |request, (name, value)| request.header(name, value));
        let answer = request.body(delivery.body).send().await?;
        let status = answer.status().as_u16();
        let body = answer.text().await?;
        Ok((status, body.chars().take(SHOWN).collect()))
    }
}

impl Tally {
    fn add(&mut self, heard: Result<Vec<Heard>, tokio::task::JoinError>, progress: &ProgressBar) {
        match heard {
            Ok(heard) => {
                progress.inc(u64::try_from(heard.len()).unwrap_or_default());
                for heard in heard {
                    self.note(heard);
                }
            }
            Err(error) => {
                let count = self.unanswered.entry(error.to_string()).or_default();
                *count = count.saturating_add(1);
            }
        }
    }
}

/// Where a delivery goes.
pub(crate) fn url(api: &str, provider: &str, delivery: &Request) -> String {
    let topic = delivery.topic.as_ref().map(|topic| format!("/{topic}")).unwrap_or_default();
    let query = if delivery.query.is_empty() { String::new() } else { format!("?{}", delivery.query) };
    format!("{}/{provider}/{}{topic}{query}", api.trim_end_matches('/'), delivery.store)
}

/// Why there is no answer, without the URL, which may carry a token.
fn why(error: &reqwest::Error) -> String {
    let what = match () {
        () if error.is_timeout() => "no answer in time",
        () if error.is_connect() => "no connection",
        () if error.is_builder() => "the URL is of no use",
        () => "the connection broke",
    };
    what.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_answers_that_came() {
        let latencies = (1..=10).map(Duration::from_millis).collect();
        let tally = Tally { latencies, ..Tally::default() };
        let told = [50, 95, 99, 100].map(|percent| tally.percentile(percent).map(|d| d.as_millis()));
        assert_eq!(told, [Some(5), Some(10), Some(10), Some(10)]);
        assert_eq!(Tally::default().percentile(50), None);
    }
}
