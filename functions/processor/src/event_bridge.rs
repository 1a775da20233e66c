//! The default consumer: it publishes each event on an EventBridge bus, where rules select events.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::error::ProvideErrorMetadata as _;
use aws_sdk_eventbridge::primitives::{DateTime, DateTimeFormat};
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use aws_types::SdkConfig;
use inlet::fault::Fault;
use inlet::message::Message;
use inlet::process::{ConsumeError, Consumer};
use inlet_aws::client::config::{Config, ConfigError};
use inlet_aws::client::connect::describe_sdk_error;

/// Maximum number of entries in a request.
const MAX_ENTRIES: usize = 10;

/// Maximum length of an entry and of a request, in bytes: EventBridge's 1 MB since January 2026, less what the
/// envelope adds to the counted size.
const MAX_LEN: usize = 1_000_000;

/// Size of an entry's time, in bytes, by EventBridge's own calculation.
const TIME_LEN: usize = 14;

/// EventBridge's error codes for entries that it never accepts. Every other error is transient.
const NEVER: [&str; 4] = ["InvalidArgument", "MalformedDetail", "InvalidDetail", "ValidationException"];

/// The bus.
pub(crate) struct EventBridge {
    client: Client,
    bus: String,
}

/// An entry and its size.
struct Weighed {
    entry: PutEventsRequestEntry,
    len: usize,
}

impl EventBridge {
    /// Returns the bus that the environment names.
    ///
    /// # Errors
    /// [`ConfigError`] if the environment names no bus.
    pub(crate) fn new(environment: &Config, config: &SdkConfig) -> Result<Self, ConfigError> {
        let bus = environment.bus.clone().ok_or_else(|| ConfigError::without("INLET_BUS"))?;
        Ok(Self { client: Client::new(config), bus })
    }

    fn weighed(&self, message: &Message) -> Weighed {
        let source = source(message);
        let envelope_len =
            TIME_LEN.saturating_add(source.len()).saturating_add(message.canonical_type().len());
        let detail = detail(message, MAX_LEN.saturating_sub(envelope_len));
        let len = envelope_len.saturating_add(detail.len());
        Weighed { entry: self.entry(message, detail), len }
    }

    fn entry(&self, message: &Message, detail: String) -> PutEventsRequestEntry {
        let time = DateTime::from_str(message.received_time(), DateTimeFormat::DateTime).ok();
        PutEventsRequestEntry::builder()
            .event_bus_name(&self.bus)
            .source(source(message))
            .detail_type(message.canonical_type())
            .set_time(time)
            .detail(detail)
            .build()
    }

    /// Sends one request. If the bus refuses it because of one entry, each entry is sent alone.
    async fn put(
        &self,
        messages: &[&Message],
        entries: Vec<PutEventsRequestEntry>,
    ) -> Vec<Result<(), ConsumeError>> {
        match (self.request(entries.clone()).await, messages) {
            (Ok(outcomes), _) => outcomes,
            (Err(ConsumeError::Permanent(fault)), [message]) => {
                let was_reference =
                    entries.iter().any(|entry| entry.detail() == Some(message.without_data().json()));
                vec![if was_reference {
                    Err(ConsumeError::Permanent(fault))
                } else {
                    self.put_reference(message).await
                }]
            }
            (Err(ConsumeError::Permanent(_)), _) => {
                let mut outcomes = Vec::new();
                for (message, entry) in messages.iter().zip(entries) {
                    outcomes.extend(Box::pin(self.put(&[message], vec![entry])).await);
                }
                outcomes
            }
            (Err(error), _) => {
                let story = error.fault().chain();
                let same = |_: &&Message| Err(ConsumeError::Transient(not_published(story.clone())));
                messages.iter().map(same).collect()
            }
        }
    }

    /// Sends a message without its data, after the bus refused it. On a bus with the smaller limit, an entry that
    /// [`MAX_LEN`] allows is too large, and the error is the same as for any invalid entry.
    async fn put_reference(&self, message: &Message) -> Result<(), ConsumeError> {
        let entry = self.entry(message, message.without_data().json().to_owned());
        self.request(vec![entry]).await?.into_iter().collect()
    }

    /// Sends one request and returns an outcome per entry. If the number of results differs from the number of entries,
    /// no entry counts as published, because the results cannot be assigned to entries.
    async fn request(
        &self,
        entries: Vec<PutEventsRequestEntry>,
    ) -> Result<Vec<Result<(), ConsumeError>>, ConsumeError> {
        let requested = entries.len();
        let sent = self.client.put_events().set_entries(Some(entries)).send().await;
        let output =
            sent.map_err(|error| error_of(error.code().unwrap_or_default(), describe_sdk_error(&error)))?;
        let outcomes: Vec<_> = output.entries().iter().map(outcome).collect();
        if outcomes.len() == requested {
            return Ok(outcomes);
        }
        let returned = outcomes.len();
        Err(not_published(format!("the bus returned {returned} results for {requested} entries")).into())
    }
}

impl Consumer for EventBridge {
    async fn consume(&self, messages: &[Message]) -> Vec<Result<(), ConsumeError>> {
        let weighed: Vec<Weighed> = messages.iter().map(|message| self.weighed(message)).collect();
        let mut unsent = messages.iter();
        let mut outcomes = Vec::new();
        for request in in_requests(weighed) {
            let these: Vec<&Message> = unsent.by_ref().take(request.len()).collect();
            outcomes.extend(self.put(&these, request).await);
        }
        outcomes
    }

    /// EventBridge keeps no order, so its consumers compare `receivedtime`.
    fn allows_earlier_events_again(&self) -> bool {
        true
    }
}

fn source(message: &Message) -> String {
    format!("inlet.{}", message.provider())
}

/// Returns the message, or a reference to it if it has more than this number of bytes.
fn detail(message: &Message, room: usize) -> String {
    if message.json().len() <= room {
        message.json().to_owned()
    } else {
        message.without_data().json().to_owned()
    }
}

/// Groups entries into as few requests as possible, in order.
fn in_requests(weighed: Vec<Weighed>) -> Vec<Vec<PutEventsRequestEntry>> {
    let mut requests: Vec<Vec<PutEventsRequestEntry>> = Vec::new();
    let mut room = 0_usize;
    for Weighed { entry, len } in weighed {
        match requests.last_mut() {
            Some(last) if last.len() < MAX_ENTRIES && len <= room => {
                room = room.saturating_sub(len);
                last.push(entry);
            }
            _ => {
                room = MAX_LEN.saturating_sub(len);
                requests.push(vec![entry]);
            }
        }
    }
    requests
}

/// Returns the result of an entry: the bus has accepted it if the result has an id.
fn outcome(result: &PutEventsResultEntry) -> Result<(), ConsumeError> {
    match (result.error_code(), result.event_id()) {
        (Some(code), _) => {
            let message = result.error_message().unwrap_or_default();
            Err(error_of(code, format!("{code}: {message}")))
        }
        (None, Some(_)) => Ok(()),
        (None, None) => {
            Err(not_published("the bus returned neither an id nor an error for the event".into()).into())
        }
    }
}

/// Returns the error of a refused request or entry: permanent or transient by its code.
fn error_of(code: &str, story: String) -> ConsumeError {
    if NEVER.contains(&code) {
        Fault::permanent(NOT_PUBLISHED, story).into()
    } else {
        Fault::transient(NOT_PUBLISHED, story).into()
    }
}

const NOT_PUBLISHED: &str = "the event is not published";

fn not_published(story: String) -> Fault {
    Fault::transient(NOT_PUBLISHED, story)
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::collections::VecDeque;
    use std::sync::{Arc, Mutex};

    use aws_sdk_eventbridge::config::retry::RetryConfig;
    use aws_sdk_eventbridge::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
    use aws_smithy_runtime_api::client::http::{
        HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
    };
    use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
    use aws_smithy_types::body::SdkBody;
    use serde_json::Value;

    fn entries(lens: &[usize]) -> Vec<usize> {
        let weighed =
            lens.iter().map(|len| Weighed { entry: PutEventsRequestEntry::builder().build(), len: *len });
        in_requests(weighed.collect()).iter().map(Vec::len).collect()
    }

    #[test]
    fn a_request_holds_ten_entries_and_a_megabyte() {
        assert_eq!(entries(&[]), [0; 0]);
        assert_eq!(entries(&[1; 23]), [10, 10, 3]);
        assert_eq!(entries(&[400_000, 600_000, 1, 999_999, 1_000_000]), [2, 2, 1]);
    }

    #[test]
    fn a_message_too_large_for_an_entry_becomes_a_reference() {
        let text = r#"{"id":"zid/a/order/1/0123456789abcdef","type":"t","provider":"zid","store":"a","receivedtime":"x","data":"large"}"#;
        let message = Message::parse(text.to_owned()).unwrap();
        assert_eq!(detail(&message, text.len()), text);
        let reference = detail(&message, text.len() - 1);
        assert!(reference.contains(r#""dataref":"zid/a/order/1/0123456789abcdef""#), "{reference}");
        assert!(!reference.contains("large"), "{reference}");
    }

    /// Returns a bus with these responses, one per request, and the details of the entries that it receives.
    fn bus(responses: &[(u16, &str)]) -> (EventBridge, Arc<Mutex<Vec<Vec<String>>>>) {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let responses = responses.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
        let bus =
            SharedHttpConnector::new(Bus { responses: Mutex::new(responses), requests: requests.clone() });
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("eu-central-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                "x", "x", None, None, "test",
            )))
            .http_client(http_client_fn(move |_, _| bus.clone()))
            .retry_config(RetryConfig::disabled())
            .build();
        (EventBridge { client: Client::new(&config), bus: "bus".into() }, requests)
    }

    #[derive(Debug)]
    struct Bus {
        responses: Mutex<VecDeque<(u16, String)>>,
        requests: Arc<Mutex<Vec<Vec<String>>>>,
    }

    impl HttpConnector for Bus {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
            let details = body["Entries"].as_array().unwrap().iter();
            let details = details.map(|entry| entry["Detail"].as_str().unwrap().to_owned()).collect();
            self.requests.lock().unwrap().push(details);
            let (status, body) =
                self.responses.lock().unwrap().pop_front().expect("a response for each request");
            let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
            response.headers_mut().insert("content-type", "application/x-amz-json-1.1");
            HttpConnectorFuture::ready(Ok(response))
        }
    }

    const TOO_LARGE: &str = r#"{"__type":"ValidationException","message":"Total size of the entries in the request is over the limit."}"#;
    const ONE: &str = r#"{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}"#;

    fn messages(count: usize) -> Vec<Message> {
        let message = |n| {
            let id = format!("zid/a/order/{n}/0123456789abcdef");
            let text = format!(
                r#"{{"id":"{id}","type":"t","provider":"zid","store":"a","receivedtime":"x","data":"large"}}"#
            );
            Message::parse(text).unwrap()
        };
        (0..count).map(message).collect()
    }

    /// Returns each outcome in a word.
    fn words(outcomes: Vec<Result<(), ConsumeError>>) -> Vec<&'static str> {
        let word = |outcome| match outcome {
            Ok(()) => "published",
            Err(ConsumeError::Permanent(_)) => "its own fault",
            Err(_) => "again",
        };
        outcomes.into_iter().map(word).collect()
    }

    #[tokio::test]
    async fn a_response_with_missing_entries_confirms_none() {
        // Eleven entries make two requests: a result that the first response lacks must not be filled by the second.
        let ten = r#"{"EventId":"1"},"#.repeat(9);
        let nine_results = format!(r#"{{"FailedEntryCount":0,"Entries":[{}]}}"#, ten.trim_end_matches(','));
        let (bus, _) = bus(&[(200, &nine_results), (200, ONE)]);
        let words = words(bus.consume(&messages(11)).await);
        assert_eq!(
            words,
            [vec!["again"; 10], vec!["published"]].concat(),
            "a receipt would be for another event"
        );
    }

    #[tokio::test]
    async fn an_entry_without_an_id_is_not_published() {
        let (bus, _) = bus(&[(200, r#"{"FailedEntryCount":0,"Entries":[{},{"EventId":"1"}]}"#)]);
        assert_eq!(words(bus.consume(&messages(2)).await), ["again", "published"]);
    }

    #[tokio::test]
    async fn an_entry_that_the_bus_finds_too_large_becomes_a_reference() {
        let (bus, requests) = bus(&[(400, TOO_LARGE), (200, ONE), (400, TOO_LARGE), (200, ONE)]);
        assert_eq!(words(bus.consume(&messages(2)).await), ["published", "published"], "{requests:?}");
        let requests = requests.lock().unwrap();
        let counts: Vec<usize> = requests.iter().map(Vec::len).collect();
        assert_eq!(counts, [2, 1, 1, 1], "both, each alone, and the second as a reference: {requests:?}");
        assert!(requests[2][0].contains(r#""data":"large""#), "{requests:?}");
        assert!(requests[3][0].contains(r#""dataref":"zid/a/order/1/0123456789abcdef""#), "{requests:?}");
        assert!(!requests[3][0].contains("large"), "{requests:?}");
    }

    #[tokio::test]
    async fn a_reference_that_the_bus_rejects_is_a_permanent_fault() {
        let (bus, requests) = bus(&[(400, TOO_LARGE), (400, TOO_LARGE)]);
        assert_eq!(words(bus.consume(&messages(1)).await), ["its own fault"]);
        assert_eq!(requests.lock().unwrap().len(), 2, "once as it is and once as a reference");
    }

    #[test]
    fn only_a_final_rejection_by_the_bus_is_a_permanent_fault() {
        for code in NEVER {
            assert!(matches!(error_of(code, String::new()), ConsumeError::Permanent(_)), "{code}");
        }
        for code in ["ThrottlingException", "InternalFailure", "NotAuthorizedForSourceException", ""] {
            assert!(matches!(error_of(code, String::new()), ConsumeError::Transient(_)), "{code}");
        }
    }
}
