//! Stored events in lists, newest first, with their states.

use std::time::Duration;

use anstyle::Style;
use inlet::event::EventId;
use inlet::received_at::ReceivedAt;
use inlet_aws::dynamodb::table::Table;
use inlet_aws::dynamodb::time_index::Arrival;
use inlet_aws::history::event_status::EventStatus;
use inlet_aws::operate::index_desc;
use inlet_aws::operate::selection::Selection;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::{BAD, GOOD, OPEN};

/// An event in a list.
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    /// The time of arrival at the receiver.
    pub(crate) received: String,
    /// The event's id.
    pub(crate) id: String,
    /// The message's type.
    #[serde(rename = "type")]
    pub(crate) canonical_type: String,
    /// The provider's name of the event.
    pub(crate) provider_type: String,
    /// The state.
    pub(crate) state: State,
    /// The time of the last processing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) processed: Option<String>,
    /// The reason why the event is parked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parked_because: Option<String>,
}

/// The state of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// The event has a receipt.
    Processed,
    /// The event is queued, or will be sent again.
    Waiting,
    /// The processor gave up. The event waits for a redrive or a replay.
    Parked,
}

impl State {
    /// Returns the state. A parked event with a receipt is parked, because its last attempt failed.
    pub(crate) fn of(status: &EventStatus) -> Self {
        match status {
            EventStatus { parked: Some(_), .. } => Self::Parked,
            EventStatus { processed: Some(_), .. } => Self::Processed,
            _ => Self::Waiting,
        }
    }

    /// Returns the style in tables.
    pub(crate) fn style(self) -> Style {
        match self {
            Self::Processed => GOOD,
            Self::Waiting => OPEN,
            Self::Parked => BAD,
        }
    }

    /// Returns the word in tables.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Processed => "processed",
            Self::Waiting => "waiting",
            Self::Parked => "PARKED",
        }
    }
}

impl Listed {
    /// Returns the event without its state; `None` if the row has no event's id.
    pub(crate) fn into_arrival(self) -> Option<Arrival> {
        Some(Arrival {
            id: EventId::parse(&self.id).ok()?,
            received: self.received,
            event_type: self.provider_type,
            canonical_type: self.canonical_type,
        })
    }

    /// Returns a row of an event.
    pub(crate) fn new(arrival: Arrival, status: EventStatus) -> Self {
        Self {
            received: arrival.received,
            id: arrival.id.to_string(),
            canonical_type: arrival.canonical_type,
            provider_type: arrival.event_type,
            state: State::of(&status),
            processed: status.processed.map(|at| at.to_string()),
            parked_because: status.parked.map(|parked| parked.reason),
        }
    }
}

/// Returns the time between arrival and processing as text.
pub(crate) fn after(received: &str, processed: &str) -> String {
    match (ReceivedAt::parse(received), ReceivedAt::parse(processed)) {
        (Some(received), Some(processed)) => format!("after {}", short(processed.since(received))),
        _ => String::new(),
    }
}

/// Returns the time since an arrival in its largest unit, for a narrow column: `3m`.
pub(crate) fn age(received: &str, now: ReceivedAt) -> String {
    let Some(received) = ReceivedAt::parse(received) else { return "?".to_owned() };
    let seconds = now.since(received).as_secs();
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds.div_euclid(60)),
        7_200..172_800 => format!("{}h", seconds.div_euclid(3_600)),
        _ => format!("{}d", seconds.div_euclid(86_400)),
    }
}

/// Returns the type of a message without the prefix that most have.
pub(crate) fn short_type(canonical_type: &str) -> &str {
    canonical_type.strip_prefix("commerce.").unwrap_or(canonical_type)
}

/// Returns the store and the entity of an event's id: `zid/riyadh` and `order/81230457`.
pub(crate) fn store_and_entity(id: &str) -> (String, String) {
    let mut parts = id.split('/');
    let mut pair = || [parts.next().unwrap_or_default(), parts.next().unwrap_or_default()].join("/");
    (pair(), pair())
}

/// Returns a duration as text, in its largest unit.
pub(crate) fn short(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        1..60 => format!("{:.1} s", duration.as_secs_f64()),
        60..3_600 => format!("{} min", seconds.div_euclid(60)),
        3_600..172_800 => format!("{} h", seconds.div_euclid(3_600)),
        _ => format!("{} d", seconds.div_euclid(86_400)),
    }
}

/// The selected events, newest first, page by page.
pub(crate) struct NewestFirst<'t> {
    table: &'t Table,
    selection: Selection,
    pages: Pages,
}

/// The source of the pages: the entity's partition if the selection names an entity, else the time index.
enum Pages {
    /// The path of the entity. None after its only page.
    Entity(Option<String>),
    Index(index_desc::NewestFirst),
}

impl<'t> NewestFirst<'t> {
    /// Returns the pages of a selection: only of the hours in which its store has events, if it names one.
    pub(crate) async fn new(table: &'t Table, selection: Selection) -> Self {
        let pages = match selection.entity_path() {
            Some(path) => Pages::Entity(Some(path)),
            None if selection.is_narrow() => {
                let hours = selection.hours_to_read(table).await;
                Pages::Index(index_desc::NewestFirst::searching(
                    table,
                    selection.from,
                    selection.until,
                    hours,
                ))
            }
            None => Pages::Index(index_desc::NewestFirst::new(table, selection.from, selection.until)),
        };
        Self { table, selection, pages }
    }

    /// Returns the next page. It may be empty; None after the last page. A page never ends between two events of the
    /// same millisecond.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Arrival>>, Failure> {
        let (from, until) = (self.selection.from, self.selection.until);
        let listed = match &mut self.pages {
            Pages::Index(newest) => newest.next().await,
            Pages::Entity(asked) => match asked.take() {
                None => return Ok(None),
                Some(path) => {
                    self.table.time_index.of_entity(&path, from, until).await.map(|mut arrivals| {
                        arrivals.reverse();
                        Some(arrivals)
                    })
                }
            },
        };
        let unreadable = |fault| Failure::Inlet { context: "the events cannot be listed", fault };
        match listed.map_err(unreadable)? {
            Some(arrivals) => self.selection.retain(self.table, arrivals).await.map(Some).map_err(unreadable),
            None => Ok(None),
        }
    }
}
