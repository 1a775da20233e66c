//! A replay of an event, as the pages of an event and of an entity show it.

use std::fmt;

use inlet_aws::operate::history::ReplayRecord;
use serde::Serialize;

/// A replay of an event.
#[derive(Debug, Serialize)]
pub(crate) struct Replayed {
    at: String,
    replay: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    processed: Option<String>,
}

impl Replayed {
    pub(crate) fn of(record: ReplayRecord) -> Self {
        let ReplayRecord { at, replay, processed } = record;
        Self { at: at.to_string(), replay, processed: processed.map(|at| at.to_string()) }
    }
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "replayed {} as {}", self.at, self.replay)?;
        match &self.processed {
            Some(at) => write!(f, ", processed {at}"),
            None => write!(f, ", not processed yet"),
        }
    }
}
