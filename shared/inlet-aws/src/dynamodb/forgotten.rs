//! Notes that an entity was forgotten, and the deletion of items that arrived before such a note.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use inlet::event::EventId;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;

use crate::client::connect::describe_sdk_error;
use crate::dynamodb::attributes::number;
use crate::dynamodb::table::{FORGOTTEN, Table, key};

impl Table {
    /// Whether the entity of an event was forgotten after the event arrived: it must not come back.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn has_forgotten(&self, id: &EventId, received_ms: i64) -> Result<bool, Fault> {
        let note = self.item(id.entity_path(), FORGOTTEN).await?;
        Ok(note.and_then(|note| number(&note, "forgotten_ms")).is_some_and(|at_ms| received_ms <= at_ms))
    }

    /// Removes an item, unless one that arrived after `until` has taken its place.
    pub(crate) async fn remove_until(&self, pk: &str, sk: &str, until: ReceivedAt) -> Result<(), Fault> {
        let delete = self.client.delete_item().table_name(&self.name);
        let delete = delete
            .set_key(Some(key(pk, sk)))
            .condition_expression("attribute_not_exists(received_ms) OR received_ms <= :until")
            .expression_attribute_values(":until", AttributeValue::N(until.millis().to_string()));
        removed(delete.send().await.map(|_| ()), "an item cannot be removed").map(|_| ())
    }
}

/// Whether an item was removed, and not kept by the condition.
pub(crate) fn removed(
    answer: Result<(), SdkError<DeleteItemError>>,
    what: &'static str,
) -> Result<bool, Fault> {
    match answer {
        Ok(()) => Ok(true),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(DeleteItemError::is_conditional_check_failed_exception) =>
        {
            Ok(false)
        }
        Err(error) => Err(Fault::new(what, describe_sdk_error(&error))),
    }
}
