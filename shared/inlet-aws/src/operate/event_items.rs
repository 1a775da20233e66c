//! All event items of a table, read without the time index: an event that the index has lost is among them.

use std::pin::Pin;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::stream::{self, Stream, StreamExt as _};
use inlet::event::EventId;
use inlet::fault::Fault;

use crate::dynamodb::attributes::{Item, number_value, text, text_value};
use crate::dynamodb::dynamo::{Dynamo, UNREADABLE, fault};
use crate::dynamodb::keys::EVENT_PREFIX;
use crate::dynamodb::record_item;
use crate::dynamodb::time_index::Arrival;
use crate::operate::selection::Selection;

/// The parts of a table that are scanned concurrently.
const SEGMENTS: i32 = 4;

/// Pages of items.
pub(crate) type Pages = Pin<Box<dyn Stream<Item = Result<Vec<Item>, Fault>> + Send>>;

/// Returns the items of the events of a selection, in pages: the partition of one entity, else a scan of the table.
pub(crate) fn event_items(dynamo: &Dynamo, selection: &Selection) -> Pages {
    let selected = selection.clone();
    let pages: Pages = if let Some(path) = selection.entity_path() {
        Box::pin(stream::once(entity_items(dynamo.clone(), path)))
    } else {
        let segments = (0..SEGMENTS).map(|segment| segment_pages(dynamo, selection, segment));
        Box::pin(stream::select_all(segments))
    };
    Box::pin(pages.map(move |page| {
        page.map(|mut items| {
            items.retain(|item| arrival_of(item).is_none_or(|arrival| is_selected(&selected, &arrival)));
            items
        })
    }))
}

/// Returns the event of an item, with its own time of arrival where the time index has none; `None` if its key is that
/// of no event.
pub(crate) fn arrival_of(item: &Item) -> Option<Arrival> {
    let digest = text(item, "sk")?.strip_prefix(EVENT_PREFIX)?;
    Some(Arrival {
        id: EventId::parse(&format!("{}/{digest}", text(item, "pk")?)).ok()?,
        received: record_item::received(item)
            .or_else(|| text(item, "arrival").map(str::to_owned))
            .unwrap_or_default(),
        event_type: text(item, "type").unwrap_or_default().to_owned(),
        canonical_type: text(item, "canonical_type").unwrap_or_default().to_owned(),
    })
}

/// Returns true if an event is selected. One whose arrival cannot be read is.
fn is_selected(selection: &Selection, arrival: &Arrival) -> bool {
    let received = inlet::received_at::ReceivedAt::parse(&arrival.received);
    selection.fits(arrival) && received.is_none_or(|at| selection.from <= at && at < selection.until)
}

async fn entity_items(dynamo: Dynamo, path: String) -> Result<Vec<Item>, Fault> {
    let query = dynamo
        .query()
        .key_condition_expression("pk = :entity AND begins_with(sk, :event)")
        .expression_attribute_values(":entity", text_value(&path))
        .expression_attribute_values(":event", text_value(EVENT_PREFIX))
        .consistent_read(true);
    dynamo.all(query, UNREADABLE).await
}

fn segment_pages(dynamo: &Dynamo, selection: &Selection, segment: i32) -> Pages {
    let prefix = match (&selection.provider, &selection.store) {
        (Some(provider), Some(store)) => format!("{provider}/{store}/"),
        (Some(provider), None) => format!("{provider}/"),
        (None, _) => String::new(),
    };
    // DynamoDB takes no empty text to compare with.
    let (filter, prefix) = if prefix.is_empty() {
        (EVENTS, None)
    } else {
        (EVENTS_OF_PREFIX, Some((":prefix".to_owned(), AttributeValue::S(prefix))))
    };
    let scan = dynamo
        .client
        .scan()
        .table_name(&*dynamo.table)
        .segment(segment)
        .total_segments(SEGMENTS)
        .filter_expression(filter)
        .set_expression_attribute_values(prefix.map(|pair| [pair].into()))
        .expression_attribute_values(":event", text_value(EVENT_PREFIX))
        .expression_attribute_values(":from", number_value(selection.from.millis()))
        .expression_attribute_values(":until", number_value(selection.until.millis()));
    let pages = stream::try_unfold(Some(None), move |start: Option<Option<Item>>| {
        let scan = scan.clone();
        async move {
            let Some(start) = start else { return Ok(None) };
            let output = scan.set_exclusive_start_key(start).send().await;
            let output = output.map_err(|error| fault(UNREADABLE, &error))?;
            let next = output.last_evaluated_key.map(Some);
            Ok(Some((output.items.unwrap_or_default(), next)))
        }
    });
    Box::pin(pages)
}

/// Events that arrived in time, and those whose arrival is lost.
const EVENTS: &str =
    "begins_with(sk, :event) AND (received_ms BETWEEN :from AND :until OR attribute_not_exists(received_ms))";
const EVENTS_OF_PREFIX: &str = "begins_with(pk, :prefix) AND begins_with(sk, :event) AND \
    (received_ms BETWEEN :from AND :until OR attribute_not_exists(received_ms))";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamodb::dynamo::Key;

    #[test]
    fn items_beside_the_events_are_not_verified_or_restored() {
        let is_event = |pk: &str, sk: &str| arrival_of(&Key::new(pk, sk).into_item()).is_some();
        assert!(is_event("zort/bangkok/product/7", "event/0123456789abcdef"));
        for (pk, sk) in [
            ("zort/bangkok/product/7", "receipt/0123456789abcdef"),
            ("zort/_stores", "names"),
            ("zort/_pending", "2025-06-12T09:00:00.000Z/zort/bangkok/product/7/0123456789abcdef"),
            ("sweeper", "walk"),
        ] {
            assert!(!is_event(pk, sk), "{pk} {sk}");
        }
    }
}
