//! The bodies in `payloads/`, for whoever plays ZORT.

use inlet::tools::sender::Payload;

/// Every file of the folder.
pub(crate) const PAYLOADS: &[Payload] = inlet::payloads![
    "ADDORDER.json",
    "ADDPRODUCT.json",
    "DELETEORDER.json",
    "DELETEPRODUCT.json",
    "UPDATEORDER-codes.json",
    "UPDATEORDER-voided.json",
    "UPDATEORDER.json",
    "UPDATEPRODUCT.json",
    "UPDATEPRODUCTQUANTITY.json",
];
