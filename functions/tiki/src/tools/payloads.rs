//! The bodies in `payloads/`, for tools that play TikiNOW.

use inlet::tools::sender::Payload;

/// Every file of the folder.
pub(crate) const PAYLOADS: &[Payload] = inlet::payloads![
    "aftersale.cr.json",
    "aftersale.fd.json",
    "lastmile.fee.json",
    "lastmile.shipment-canceled.json",
    "lastmile.shipment.json",
    "order.status-canceled.json",
    "order.status-processing.json",
    "order.status.json",
    "stock.changed-older.json",
    "stock.changed.json",
];
