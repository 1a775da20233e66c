//! The toy provider's words to ours.

use inlet::canonical::{Canonical, Order};
use inlet::value::json::FromJson;
use serde_json::Value;

inlet::payload! {
    /// An order.
    pub(crate) struct ToyOrder {
        /// Its number.
        id: String = "id",
        /// The time of the event.
        at: String = "at",
        /// Where the order was placed.
        channel: String = "channel",
    }
}

/// An order in each of its states.
pub(crate) fn order(payload: &Value) -> Option<Canonical> {
    let order = ToyOrder::from_json(payload)?;
    if order == ToyOrder::default() {
        return None;
    }
    Some(Order { id: order.id, channel: order.channel, ..Order::default() }.into())
}
