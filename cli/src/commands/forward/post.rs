//! Posts events: those of one entity in order, different entities concurrently.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use inlet::event::EventId;
use inlet::process::signature::headers;
use inlet_aws::client::clock;
use inlet_aws::dynamodb::table::Table;
use reqwest::{Method, Response, StatusCode};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::{Followed, Format, Forwarded, Message, ReceivedAt, StoredEvent, Sum, Target};
use crate::events::follow::is_temporary;
use crate::failure::Failure;
use crate::output::Output;

/// First and longest pause before a repetition, and before the next attempt to connect to the program.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Maximum length of a response's body that is shown, in bytes.
const MAX_RESPONSE_LEN: usize = 4_096;

/// Posts events.
#[derive(Clone)]
pub(super) struct Post {
    pub(super) table: Table,
    pub(super) client: reqwest::Client,
    pub(super) to: Target,
    pub(super) format: Format,
    pub(super) retries: u32,
    /// True if a program that accepts no connections is waited for, and false if that counts as a failed request.
    pub(super) waits_for_program: bool,
}

/// An event to post.
pub(super) struct Job {
    id: EventId,
    replay: Option<String>,
}

impl Job {
    /// Returns the job of an event.
    pub(super) fn of_event(id: EventId) -> Self {
        Self { id, replay: None }
    }

    /// Returns the job of a new event or replay.
    pub(super) fn of(followed: Followed) -> Self {
        match followed {
            Followed::Event(arrival) => Self::of_event(arrival.id),
            Followed::Replay(replay) => Self { id: replay.id, replay: Some(replay.replay) },
        }
    }
}

/// A message from a task that posts events.
enum Progress {
    /// The program does not accept connections, or AWS cannot be read.
    Waiting(String),
    /// An event has its response.
    Ended(Forwarded),
    /// An event cannot be read.
    Failed(Failure),
}

/// The response to one request.
struct Reply {
    status: Option<u16>,
    body: String,
}

impl Reply {
    /// Returns true if the same request may succeed later: the consumer mode `https` repeats the same statuses.
    fn is_temporary(&self) -> bool {
        self.status.is_none_or(|status| matches!(status, 408 | 425 | 429 | 500..=599))
    }
}

impl Post {
    /// Posts the events: those of one entity in order, different entities concurrently.
    pub(super) async fn all(
        &self,
        jobs: Vec<Job>,
        concurrency: usize,
        output: &mut Output,
        sum: &mut Sum,
    ) -> Result<(), Failure> {
        let mut entities: BTreeMap<String, Vec<Job>> = BTreeMap::new();
        for job in jobs {
            entities.entry(job.id.entity_path().to_owned()).or_default().push(job);
        }
        let (sender, mut messages) = mpsc::channel(concurrency.max(1));
        let (mut posting, mut entities) = (JoinSet::new(), entities.into_values());
        for jobs in entities.by_ref().take(concurrency.max(1)) {
            posting.spawn(self.clone().post_in_order(jobs, sender.clone()));
        }
        let mut waits = false;
        while !posting.is_empty() {
            tokio::select! {
                biased;
                message = messages.recv() => match message {
                    Some(Progress::Waiting(why)) if !waits => {
                        waits = true;
                        output.note(format_args!("{why}; trying again"));
                    }
                    Some(Progress::Waiting(_)) | None => {}
                    Some(Progress::Ended(forwarded)) => {
                        waits = false;
                        sum.show(forwarded, output)?;
                    }
                    Some(Progress::Failed(failure)) => return Err(failure),
                },
                Some(_) = posting.join_next() => {
                    if let Some(jobs) = entities.next() {
                        posting.spawn(self.clone().post_in_order(jobs, sender.clone()));
                    }
                }
            }
        }
        // The last messages of the tasks that ended.
        drop(sender);
        while let Some(message) = messages.recv().await {
            match message {
                Progress::Ended(forwarded) => sum.show(forwarded, output)?,
                Progress::Failed(failure) => return Err(failure),
                Progress::Waiting(_) => {}
            }
        }
        Ok(())
    }

    async fn post_in_order(self, jobs: Vec<Job>, sender: mpsc::Sender<Progress>) {
        for job in jobs {
            let message = match self.read(&job.id, &sender).await {
                Ok(Some(stored)) => match self.post_until_done(job, stored, &sender).await {
                    Some(forwarded) => Progress::Ended(forwarded),
                    None => break,
                },
                // It has expired since it was listed.
                Ok(None) => continue,
                Err(failure) => Progress::Failed(failure),
            };
            // The receiver of the messages is gone: the command ends.
            if sender.send(message).await.is_err() {
                break;
            }
        }
    }

    /// Reads a stored event. Survives lost connections to AWS.
    async fn read(
        &self,
        id: &EventId,
        sender: &mpsc::Sender<Progress>,
    ) -> Result<Option<StoredEvent>, Failure> {
        let mut wait = FIRST_WAIT;
        loop {
            let read = self.table.events.get(id).await;
            let failure = match read {
                Ok(stored) => return Ok(stored),
                Err(fault) => Failure::Inlet { context: "an event cannot be read", fault },
            };
            if !is_temporary(&failure) || sender.send(Progress::Waiting(failure.to_string())).await.is_err() {
                return Err(failure);
            }
            tokio::time::sleep(wait).await;
            wait = wait.saturating_mul(2).min(LONGEST_WAIT);
        }
    }

    /// Posts an event until it has a final response, or the repetitions are used up. A program that accepts no
    /// connections is waited for if `waits_for_program`. None if the command ends.
    async fn post_until_done(
        &self,
        job: Job,
        stored: StoredEvent,
        sender: &mpsc::Sender<Progress>,
    ) -> Option<Forwarded> {
        let (mut wait, mut attempts) = (FIRST_WAIT, 0_u32);
        loop {
            let start = Instant::now();
            let reply = match self.request(&stored, job.replay.as_deref()).send().await {
                Err(error) if error.is_connect() && self.waits_for_program => {
                    let why = format!("{} accepts no connections", self.to);
                    sender.send(Progress::Waiting(why)).await.ok()?;
                    tokio::time::sleep(wait).await;
                    wait = wait.saturating_mul(2).min(LONGEST_WAIT);
                    continue;
                }
                Err(_) => Reply { status: None, body: String::new() },
                Ok(response) => read_reply(response).await,
            };
            let duration = start.elapsed();
            attempts = attempts.saturating_add(1);
            if reply.is_temporary() && attempts <= self.retries {
                tokio::time::sleep(wait).await;
                wait = wait.saturating_mul(2).min(LONGEST_WAIT);
                continue;
            }
            return Some(Forwarded {
                received: stored.record.received,
                id: job.id.to_string(),
                canonical_type: stored.record.canonical_type,
                replay: job.replay,
                status: reply.status,
                response: reply.body,
                attempts,
                duration_ms: duration.as_millis(),
                duration,
                shows_response: false,
            });
        }
    }

    fn request(&self, stored: &StoredEvent, replay: Option<&str>) -> reqwest::RequestBuilder {
        let record = &stored.record;
        let mut url = self.to.event_url(record);
        if !matches!(self.format, Format::Raw) {
            return self.message_request(url, &stored.message, replay);
        }
        if !record.query.is_empty() {
            let query = [url.query().unwrap_or_default(), &record.query].join("&");
            url.set_query(Some(query.trim_start_matches('&')));
        }
        let method = Method::from_bytes(record.method.as_bytes()).unwrap_or(Method::POST);
        let request = self.client.request(method, url).body(stored.body.clone());
        record.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    /// Returns the request with a message, as the consumer mode `https` sends it.
    fn message_request(
        &self,
        url: reqwest::Url,
        text: &str,
        replay: Option<&str>,
    ) -> reqwest::RequestBuilder {
        let agent = concat!("Inlet/", env!("CARGO_PKG_VERSION"));
        let request = self.client.post(url).header("user-agent", agent);
        let Ok(message) = Message::parse(text.to_owned()) else {
            return request.body(text.to_owned());
        };
        let message = replay.map_or(message.clone(), |replay| message.replayed(replay));
        let keys = match &self.format {
            Format::Signed(keys) => keys.as_slice(),
            Format::Raw | Format::Unsigned => &[],
        };
        let seconds = clock::now().max(ReceivedAt::EPOCH).millis().div_euclid(1_000);
        let headers = headers(&message, keys, seconds).into_iter();
        // Without a key there is no signature, and a header without one would look like a wrong one.
        let headers = headers.filter(|(name, _)| !keys.is_empty() || *name != "webhook-signature");
        let request = headers.fold(request, |request, (name, value)| request.header(name, value));
        request.body(message.json().to_owned())
    }
}

/// Reads the beginning of a response.
async fn read_reply(mut response: Response) -> Reply {
    let status = response.status();
    let mut body = Vec::new();
    while body.len() < MAX_RESPONSE_LEN && status != StatusCode::NO_CONTENT {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            _ => break,
        }
    }
    body.truncate(MAX_RESPONSE_LEN);
    Reply { status: Some(status.as_u16()), body: String::from_utf8_lossy(&body).into_owned() }
}

impl Sum {
    fn show(&mut self, mut forwarded: Forwarded, output: &mut Output) -> Result<(), Failure> {
        self.count(&forwarded);
        forwarded.shows_response = self.show_responses;
        output.item(&forwarded)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::deployment::Deployment;

    fn stored() -> StoredEvent {
        let record = json!({
            "id": "zid/riyadh/order/8/0123456789abcdef", "type": "order.create",
            "canonical_type": "commerce.order.created", "inferred": false, "time": null, "received_ms": 0,
            "received": "1970-01-01T00:00:00.000Z", "origin": "webhook", "trust": "signed", "attempt": "",
            "content": "", "window_ms": null, "method": "POST", "topic": null, "query": "", "headers": {},
            "size": 2, "sha256": ""
        });
        let record = serde_json::from_value(record).unwrap();
        StoredEvent { record, message: "{}".to_owned(), body: b"{}".to_vec() }
    }

    fn post(to: &str, retries: u32, waits_for_program: bool) -> Post {
        Post {
            table: Deployment::unreachable().table(),
            client: crate::http::direct().unwrap(),
            to: to.parse().unwrap(),
            format: Format::Unsigned,
            retries,
            waits_for_program,
        }
    }

    fn job() -> Job {
        Job::of_event(EventId::parse("zid/riyadh/order/8/0123456789abcdef").unwrap())
    }

    #[tokio::test]
    async fn a_program_that_is_not_up_is_waited_for() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let (sender, mut messages) = mpsc::channel(8);
        let waiting = async {
            let said = messages.recv().await;
            assert!(
                matches!(&said, Some(Progress::Waiting(why)) if *why == format!("http://{address} accepts no connections")),
                "the address is named"
            );
            let listener = tokio::net::TcpListener::bind(address).await.unwrap();
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            assert!(stream.read(&mut request).await.unwrap() > 0);
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
            // Messages of later attempts.
            while messages.recv().await.is_some() {}
        };
        let posting = async {
            let to = address.to_string();
            let forwarded = post(&to, 0, true).post_until_done(job(), stored(), &sender).await;
            drop(sender);
            forwarded
        };
        let both = async { tokio::join!(posting, waiting).0 };
        let forwarded = tokio::time::timeout(Duration::from_secs(20), both).await.expect("an end").unwrap();
        assert_eq!((forwarded.status, forwarded.attempts), (Some(204), 1), "no attempt was lost on waiting");
    }

    #[tokio::test]
    async fn a_named_event_ends_after_its_retries_without_program() {
        // The port of a listener that is gone.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let to = listener.local_addr().unwrap().to_string();
        drop(listener);
        let post = post(&to, 1, false);
        let (sender, _messages) = mpsc::channel(8);
        let posting = post.post_until_done(job(), stored(), &sender);
        let ended = tokio::time::timeout(Duration::from_secs(20), posting).await;
        let forwarded = ended.expect("an end").unwrap();
        assert_eq!((forwarded.status, forwarded.attempts), (None, 2));
        let mut sum = Sum::default();
        sum.count(&forwarded);
        let output = crate::options::OutputArgs::quiet();
        let failure = sum.end(true, &mut Output::new(&output)).unwrap_err();
        assert_eq!(failure.exit_code(), 4, "{failure}");
    }
}
