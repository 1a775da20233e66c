//! The bodies in `payloads/`.

use inlet::tools::sender::Payload;

/// Every file of the folder.
pub(crate) const PAYLOADS: &[Payload] = inlet::payloads!["order.created.json", "order.cancelled.json"];
