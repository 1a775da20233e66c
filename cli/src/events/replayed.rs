//! A replay of an event, as the pages of an event and of an entity show it.

use inlet_aws::history::entity::ReplayRecord;
use serde::Serialize;

use crate::output::Page;

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

impl Replayed {
    /// Returns the replay as text for a page.
    pub(crate) fn to_line(&self, page: &Page) -> String {
        let processed = match &self.processed {
            Some(at) => format!("processed {}", page.time(at)),
            None => "not processed yet".to_owned(),
        };
        format!("replayed {} as {}, {processed}", page.time(&self.at), self.replay)
    }
}
