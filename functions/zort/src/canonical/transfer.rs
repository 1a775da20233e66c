//! Goods that move between warehouses: developers.zortout.com/api-reference/transfer.

use inlet::canonical::{Canonical, Transfer};
use serde_json::Value;

use super::fields::Fields;
use super::parts::lines;
use super::states::document_state;

/// Reads a transfer. Transfers of the types `Initial` and `Adjust` are corrections of the stock.
pub(crate) fn transfer(payload: &Value) -> Option<Canonical> {
    let fields = Fields::of(payload)?;
    let status: Option<String> = fields.read("status");
    let transfer = Transfer {
        id: fields.read("id"),
        number: fields.read("number"),
        reference: fields.read("reference"),
        type_of_transfer: fields.read("transfertype"),
        state: status.as_deref().and_then(document_state),
        status,
        origin: fields.read("fromwarehousecode"),
        destination: fields.read("towarehousecode"),
        note: fields.read("description"),
        tags: fields.texts("tag"),
        total: fields.money("amount"),
        lines: lines(&fields, &[]),
        sent_at: fields.time("transferdate", "transferdatestring"),
        created_at: fields.time("createdatetime", "createdatetimestring"),
        updated_at: fields.time("updatedatetime", "updatedatetimestring"),
        ..Transfer::default()
    };
    Some(transfer.into())
}
