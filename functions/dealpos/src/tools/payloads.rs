//! The bodies in `payloads/`, for whoever plays DealPOS.

use inlet::tools::sender::Payload;

/// Every file of the folder.
pub(crate) const PAYLOADS: &[Payload] = inlet::payloads![
    "adjustmentCreated.json",
    "closeShift-without-session.json",
    "closeShift.json",
    "customerCreated.json",
    "customerDeleted.json",
    "fetchLoyaltyPoints-wrapped.json",
    "fetchLoyaltyPoints.json",
    "inboundLogisticComplete.json",
    "invoiceCreated.json",
    "loyaltyPointOnOrderComplete.json",
    "outboundLogisticComplete-without-id.json",
    "outboundLogisticComplete.json",
    "paymentCreated.json",
    "paymentDeleted.json",
    "paymentUpdated.json",
    "paymentWriteoff.json",
    "productCreated.json",
    "productUpdated.json",
    "productVariantUpdated.json",
    "purchaseOrderCreated.json",
    "purchaseOrderRestored.json",
    "salesOrderCreated.json",
    "salesOrderUpdated-without-id.json",
    "salesOrderUpdated.json",
    "supplierBillPaymentCreated.json",
    "supplierBillPaymentDeleted.json",
    "supplierCreated.json",
    "supplierDeleted.json",
    "transferOrderCreated.json",
    "validateCoupon.json",
];
