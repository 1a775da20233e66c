//! The default consumer: it publishes each event on an EventBridge bus, for rules to pick from.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::error::ProvideErrorMetadata as _;
use aws_sdk_eventbridge::primitives::{DateTime, DateTimeFormat};
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use aws_types::SdkConfig;
use inlet::message::Message;
use inlet::process::{Consumer, Trouble};
use inlet::receive::Fault;
use inlet_aws::connect::told;
use inlet_aws::environment::{Environment, Incomplete};

/// How many entries a request takes.
const MAX_ENTRIES: usize = 10;

/// The largest entry, and the largest request, in bytes: EventBridge's 1 MB since January 2026, less what the
/// envelope adds to what is counted.
const MAX_LEN: usize = 1_000_000;

/// What an entry's time counts, in bytes, by EventBridge's own calculation.
const TIME_LEN: usize = 14;

/// What EventBridge answers to an entry that it will never take. Every other code may pass.
const NEVER: [&str; 4] = ["InvalidArgument", "MalformedDetail", "InvalidDetail", "ValidationException"];

/// The bus.
pub(crate) struct EventBridge {
    client: Client,
    bus: String,
}

/// An entry and what it weighs.
struct Weighed {
    entry: PutEventsRequestEntry,
    len: usize,
}

impl EventBridge {
    /// The bus that the environment names.
    ///
    /// # Errors
    /// [`Incomplete`] when it names none.
    pub(crate) fn new(environment: &Environment, config: &SdkConfig) -> Result<Self, Incomplete> {
        let bus = environment.bus.clone().ok_or_else(|| Incomplete::without("INLET_BUS"))?;
        Ok(Self { client: Client::new(config), bus })
    }

    fn entry(&self, message: &Message) -> Weighed {
        let source = format!("inlet.{}", message.provider());
        let time = DateTime::from_str(message.received_time(), DateTimeFormat::DateTime).ok();
        let beside = TIME_LEN.saturating_add(source.len()).saturating_add(message.canonical_type().len());
        let detail = detail(message, MAX_LEN.saturating_sub(beside));
        let len = beside.saturating_add(detail.len());
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&self.bus)
            .source(source)
            .detail_type(message.canonical_type())
            .set_time(time)
            .detail(detail)
            .build();
        Weighed { entry, len }
    }

    /// One request. Where the bus refuses it whole for what one of its entries says, each is sent alone.
    async fn put(&self, entries: Vec<PutEventsRequestEntry>) -> Vec<Result<(), Trouble>> {
        match self.request(entries.clone()).await {
            Ok(outcomes) => outcomes,
            Err(Trouble::Message(_)) if entries.len() > 1 => {
                let mut outcomes = Vec::new();
                for entry in entries {
                    outcomes.push(self.request(vec![entry]).await.and_then(only));
                }
                outcomes
            }
            Err(trouble) => {
                let story = trouble.fault().story();
                let same = |_: PutEventsRequestEntry| match &trouble {
                    Trouble::Message(_) => Err(Trouble::Message(not_published(story.clone()))),
                    Trouble::Surroundings(_) => Err(Trouble::Surroundings(not_published(story.clone()))),
                };
                entries.into_iter().map(same).collect()
            }
        }
    }

    async fn request(
        &self,
        entries: Vec<PutEventsRequestEntry>,
    ) -> Result<Vec<Result<(), Trouble>>, Trouble> {
        let sent = self.client.put_events().set_entries(Some(entries)).send().await;
        let output = sent.map_err(|error| judged(error.code().unwrap_or_default(), told(&error)))?;
        Ok(output.entries().iter().map(outcome).collect())
    }
}

impl Consumer for EventBridge {
    async fn consume(&self, messages: &[Message]) -> Vec<Result<(), Trouble>> {
        let weighed: Vec<Weighed> = messages.iter().map(|message| self.entry(message)).collect();
        let mut outcomes = Vec::new();
        for request in in_requests(weighed) {
            outcomes.extend(self.put(request).await);
        }
        outcomes
    }
}

/// The message, or where it has more than so many bytes a reference to it.
fn detail(message: &Message, room: usize) -> String {
    if message.json().len() <= room {
        message.json().to_owned()
    } else {
        message.without_data().json().to_owned()
    }
}

/// Entries in as few requests as they fit, in their order.
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

fn outcome(result: &PutEventsResultEntry) -> Result<(), Trouble> {
    match result.error_code() {
        None => Ok(()),
        Some(code) => {
            let message = result.error_message().unwrap_or_default();
            Err(judged(code, format!("{code}: {message}")))
        }
    }
}

fn only(outcomes: Vec<Result<(), Trouble>>) -> Result<(), Trouble> {
    let said_nothing = || Err(Trouble::Surroundings(not_published("it said nothing of the entry".into())));
    outcomes.into_iter().next().unwrap_or_else(said_nothing)
}

/// Whether an error is the message's own or one that passes.
fn judged(code: &str, story: String) -> Trouble {
    let fault = not_published(story);
    if NEVER.contains(&code) { Trouble::Message(fault) } else { Trouble::Surroundings(fault) }
}

fn not_published(story: String) -> Fault {
    Fault::new("the event is not published", story)
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn what_is_too_large_for_an_entry_goes_as_a_reference() {
        let text = r#"{"id":"zid/a/order/1/0123456789abcdef","type":"t","provider":"zid","store":"a","receivedtime":"x","data":"large"}"#;
        let message = Message::parse(text.to_owned()).unwrap();
        assert_eq!(detail(&message, text.len()), text);
        let reference = detail(&message, text.len() - 1);
        assert!(reference.contains(r#""dataref":"zid/a/order/1/0123456789abcdef""#), "{reference}");
        assert!(!reference.contains("large"), "{reference}");
    }

    #[test]
    fn only_what_the_bus_will_never_take_is_the_messages_own_fault() {
        for code in NEVER {
            assert!(matches!(judged(code, String::new()), Trouble::Message(_)), "{code}");
        }
        for code in ["ThrottlingException", "InternalFailure", "NotAuthorizedForSourceException", ""] {
            assert!(matches!(judged(code, String::new()), Trouble::Surroundings(_)), "{code}");
        }
    }
}
