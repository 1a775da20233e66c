//! Changes that the harness itself makes to the table: receipts for events that no processor handles.

use serde_json::json;

use super::capacity::Item;
use super::dynamodb::{Table, key_of};

/// Writes a receipt for every event, as the processor would: a repeated delivery was almost always processed before. It
/// applies to every arrival of this corpus.
pub fn write_receipts(table: &mut Table) {
    let receipts: Vec<Item> = table.items().filter_map(receipt).collect();
    for receipt in receipts {
        table.replace(&key_of(&receipt), receipt);
    }
}

fn receipt(event: &Item) -> Option<Item> {
    let (pk, sk) = key_of(event);
    let digest = sk.strip_prefix("event/")?;
    let later = "2999-12-31T23:59:59.999Z";
    let receipt =
        json!({"pk": {"S": pk}, "sk": {"S": format!("receipt/{digest}")}, "processed": {"S": later}});
    receipt.as_object().cloned()
}
