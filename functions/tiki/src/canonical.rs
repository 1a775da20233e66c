//! TikiNOW's words to ours. Codes are text that looks like numbers, and are read as either.

use inlet::canonical::{Canonical, Order, ReturnOrder, Stock};
use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson;
use inlet::value::time::Time;
use serde_json::Value;

inlet::payload! {
    /// A fulfilment order that changed its state: order-service/webhook-sync-status.
    pub(crate) struct OrderSent {
        /// When the status changed; ISO 8601 with an offset.
        date: String = "date",
        /// The partner's code of the order.
        ref_code: String = "ref_code",
        /// The provider's code of the order.
        order_code: String = "order_code",
        /// An open set: the complete list is not readable.
        main_state: String = "main_state",
        /// An open set; absent when the order is canceled.
        main_substate: String = "main_substate",
        /// Text, of failed deliveries.
        reason: String = "reason",
        /// An open set, of failed deliveries.
        reason_code: String = "reason_code",
        /// Of canceled orders.
        extra_info: ExtraInfo = "extra_info",
    }

    /// Why an order was canceled.
    pub(crate) struct ExtraInfo {
        /// Digits; `202` is a duplicate order.
        cancel_reason_code: String = "cancel_reason_code",
        /// Text.
        cancel_reason: String = "cancel_reason",
    }

    /// The salable quantity of a product in a warehouse: inventory/webhook-sync-stock.
    pub(crate) struct StockSent {
        /// When the data was pushed.
        date: String = "date",
        /// The provider's code of the product; digits.
        sku: String = "sku",
        /// The provider's code of the warehouse.
        warehouse: String = "warehouse",
        /// The new quantity: a level, not a change (inferred).
        qty_salable: Decimal = "qty_salable",
        /// The seller's code of the product.
        seller_product_code: String = "seller_product_code",
        /// The shop as registered; newer bodies only.
        partner_id: String = "partner_id",
    }

    /// A ticket that changed its status: inventory/webhook-fd-cr.
    pub(crate) struct TicketSent {
        /// When the data was pushed.
        date: String = "date",
        /// The ticket's code.
        ref_code: String = "ref_code",
        /// The provider's code of the order.
        order_code: String = "order_code",
        /// An open set.
        status: String = "status",
        /// `cr` or `fd`.
        of_type: String = "type",
    }
}

/// A fulfilment order.
pub(crate) fn order(payload: &Value) -> Option<Canonical> {
    let sent = OrderSent::from_json(payload)?;
    let cancel = sent.extra_info.unwrap_or_default();
    let order = Order {
        id: sent.order_code,
        reference: sent.ref_code,
        status: sent.main_state,
        substatus: sent.main_substate,
        reason_code: sent.reason_code.or(cancel.cancel_reason_code),
        reason: sent.reason.or(cancel.cancel_reason),
        updated_at: sent.date.as_deref().and_then(time),
        ..Order::default()
    };
    Some(order.into())
}

/// A product in a warehouse. The two codes together are its id; TikiNOW sends no other.
pub(crate) fn stock(payload: &Value) -> Option<Canonical> {
    let sent = StockSent::from_json(payload)?;
    let stock = Stock {
        sku: sent.sku,
        merchant_sku: sent.seller_product_code,
        warehouse: sent.warehouse,
        available: sent.qty_salable,
        partner_id: sent.partner_id,
        counted_at: sent.date.as_deref().and_then(time),
        ..Stock::default()
    };
    Some(stock.into())
}

/// A ticket: goods that come back, wanted by the customer or not delivered.
pub(crate) fn ticket(payload: &Value) -> Option<Canonical> {
    let sent = TicketSent::from_json(payload)?;
    let ticket = ReturnOrder {
        id: sent.ref_code,
        order_id: sent.order_code,
        type_of_return: sent.of_type,
        status: sent.status,
        updated_at: sent.date.as_deref().and_then(time),
        ..ReturnOrder::default()
    };
    Some(ticket.into())
}

/// An instant, as documented; without an offset, the text.
pub(crate) fn time(text: &str) -> Option<Time> {
    Time::parse_rfc3339(text).or_else(|| Time::local(text))
}
