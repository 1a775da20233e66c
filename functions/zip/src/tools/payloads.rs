//! The bodies in `payloads/`, for tools that play Zip.

use inlet::tools::sender::Payload;

/// Every file of the folder.
pub(crate) const PAYLOADS: &[Payload] = inlet::payloads![
    "authorize.json",
    "capture.json",
    "confirm.json",
    "redirect.form",
    "refund.json",
    "void.json",
];
