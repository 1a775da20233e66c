//! Stored events, as lists show them: in their order, with what became of them.

use std::time::Duration;

use inlet::received_at::ReceivedAt;
use inlet_aws::dynamodb::arrivals::Arrival;
use inlet_aws::dynamodb::table::Table;
use inlet_aws::operate::event_status::EventStatus;
use inlet_aws::operate::index_desc::Newest;
use inlet_aws::operate::replay::Selection;
use serde::Serialize;

use crate::failure::Failure;

/// An event in a list.
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    /// When the receiver had it.
    pub(crate) received: String,
    /// The event's id.
    pub(crate) id: String,
    /// The message's type.
    #[serde(rename = "type")]
    pub(crate) canonical_type: String,
    /// The provider's name of it.
    pub(crate) provider_type: String,
    /// How it stands.
    pub(crate) state: State,
    /// When it was last processed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) processed: Option<String>,
    /// Why it is parked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parked_because: Option<String>,
}

/// How an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// It has a receipt.
    Processed,
    /// It is on its way, or will be sent again.
    Waiting,
    /// It was given up on and waits for a person.
    Parked,
}

impl State {
    /// How an event stands with this fate. A mark outweighs a receipt: the last try failed.
    pub(crate) fn of(fate: &EventStatus) -> Self {
        match fate {
            EventStatus { parked: Some(_), .. } => Self::Parked,
            EventStatus { processed: Some(_), .. } => Self::Processed,
            _ => Self::Waiting,
        }
    }

    /// The word for people.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Processed => "processed",
            Self::Waiting => "waiting",
            Self::Parked => "PARKED",
        }
    }
}

impl Listed {
    /// An event with its fate.
    pub(crate) fn new(arrival: Arrival, fate: EventStatus) -> Self {
        Self {
            received: arrival.received,
            id: arrival.id.to_string(),
            canonical_type: arrival.canonical_type,
            provider_type: arrival.event_type,
            state: State::of(&fate),
            processed: fate.processed.map(|at| at.to_string()),
            parked_because: fate.parked.map(|parked| parked.reason),
        }
    }
}

/// How long after its arrival an event was processed, in words.
pub(crate) fn after(received: &str, processed: &str) -> String {
    match (ReceivedAt::parse(received), ReceivedAt::parse(processed)) {
        (Some(received), Some(processed)) => format!("after {}", short(processed.since(received))),
        _ => String::new(),
    }
}

/// A duration as people say it.
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

/// The selected events, newest first, some at a time.
pub(crate) struct NewestFirst<'t> {
    selection: Selection,
    way: Way<'t>,
}

/// The shorter way: an entity's own history where one entity is meant, else the time index.
enum Way<'t> {
    Entity(Option<(&'t Table, String)>),
    Index(Newest<'t>),
}

impl<'t> NewestFirst<'t> {
    /// Those of this selection.
    pub(crate) fn new(table: &'t Table, selection: Selection) -> Self {
        let way = match selection.entity_path() {
            Some(path) => Way::Entity(Some((table, path))),
            None => Way::Index(table.newest(selection.from, selection.until)),
        };
        Self { selection, way }
    }

    /// The next events; an empty list where there were none for a while, nothing at the end. A list never ends
    /// between two events of one millisecond.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Arrival>>, Failure> {
        let (from, until) = (self.selection.from, self.selection.until);
        let listed = match &mut self.way {
            Way::Index(newest) => newest.next().await,
            Way::Entity(asked) => match asked.take() {
                None => return Ok(None),
                Some((table, path)) => table.history(&path, from, until).await.map(|mut arrivals| {
                    arrivals.reverse();
                    Some(arrivals)
                }),
            },
        };
        let listed =
            listed.map_err(|fault| Failure::Inlet { doing: "the events cannot be listed", fault })?;
        Ok(listed.map(|mut arrivals| {
            arrivals.retain(|arrival| self.selection.fits(arrival));
            arrivals
        }))
    }
}
