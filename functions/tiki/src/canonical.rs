//! Maps TikiNOW's words to the canonical ones. Codes are text of digits; numbers are accepted too.

use inlet::canonical::{Canonical, Charge, Driver, Order, ReturnOrder, Shipment, State, StateWords, Stock};
use inlet::personal::Personal;
use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson;
use inlet::value::money::Money;
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

    /// A last-mile shipment that changed its status: lastmile-service/webhooks. Flat, without `data` around it.
    pub(crate) struct ShipmentSent {
        /// The provider's code of the shipment.
        tracking_id: String = "tracking_id",
        /// The partner's code of the order.
        client_order_id: String = "client_order_id",
        /// The shop on the partner's platform; empty where it is not linked.
        partner_shop_id: String = "partner_shop_id",
        /// The list is not documented.
        service_code: String = "service_code",
        /// The carrier.
        partner_code: String = "partner_code",
        /// A number, without a currency.
        shipping_fee: Decimal = "shipping_fee",
        /// When the status changed; RFC 3339 in UTC.
        timestamp: String = "timestamp",
        /// One of thirteen words.
        status: String = "status",
        /// An open set; may be empty.
        reason_code: String = "reason_code",
        /// The reason in words; may be empty.
        description: String = "description",
        /// The driver; missing in some states.
        driver: DriverSent = "driver",
        /// The public page.
        tracking_url: String = "tracking_url",
    }

    /// The driver of a last-mile shipment.
    pub(crate) struct DriverSent {
        /// The driver's id.
        id: Personal = "id",
        /// The name.
        name: Personal = "name",
        /// The telephone number.
        phone: Personal = "phone",
        /// The number plate.
        license_plate: Personal = "license_plate",
        /// A picture.
        photo_url: Personal = "photo_url",
        /// The last known place; zeros mean unknown (inferred).
        current_coordinates: Coordinates = "current_coordinates",
    }

    /// A position on the map.
    pub(crate) struct Coordinates {
        /// Degrees north.
        latitude: Personal = "latitude",
        /// Degrees east.
        longitude: Personal = "longitude",
    }

    /// A fee of a last-mile order: lastmile-service/webhooks.
    pub(crate) struct FeeSent {
        /// The provider's order.
        tnsl_order_id: String = "tnsl_order_id",
        /// The partner's code of the order.
        client_order_id: String = "client_order_id",
        /// The shop on the partner's platform.
        partner_shop_id: String = "partner_shop_id",
        /// The kind of fee; the list is incomplete.
        fee_key: String = "fee_key",
        /// A number, without a currency. No page shows the sign of a refund.
        fee_amount: Decimal = "fee_amount",
    }
}

/// A fulfilment order's `main_state`, as far as the pages show it.
const ORDER_STATES: StateWords = &[
    ("new", State::Open),
    ("awaiting_confirmation", State::Open),
    ("processing", State::InProgress),
    ("shipping", State::InTransit),
    ("canceled", State::Cancelled),
    ("cancelled", State::Cancelled),
];

/// A ticket's `status`.
const TICKET_STATES: StateWords = &[
    ("waiting_for_approve", State::Open),
    ("approved", State::InProgress),
    ("pickup_successful", State::InTransit),
    ("arrived_at_aftersales", State::InProgress),
    ("arrived_at_destination", State::InProgress),
    ("resolution_in_progress", State::InProgress),
    ("resolution_approved", State::InProgress),
    ("multiple_resolution", State::InProgress),
    ("refunded", State::Refunded),
    ("replaced", State::Fulfilled),
    ("warranted", State::Fulfilled),
    ("multiple_completion", State::Fulfilled),
    ("rejected", State::Declined),
    ("canceled", State::Cancelled),
    ("cancelled", State::Cancelled),
];

/// A last-mile shipment's `status`.
const SHIPMENT_STATES: StateWords = &[
    ("new", State::Open),
    ("allocating", State::Open),
    ("picking", State::InProgress),
    ("picked", State::InTransit),
    ("storing", State::InTransit),
    ("delivering", State::InTransit),
    ("delivery_failed", State::InTransit),
    ("successful_delivery", State::Fulfilled),
    ("failed_shipment", State::Failed),
    ("canceled", State::Cancelled),
    ("cancelled", State::Cancelled),
    ("returning", State::Returned),
    ("returned", State::Returned),
    ("return_failed", State::Failed),
];

/// Maps a fulfilment order.
pub(crate) fn order(payload: &Value) -> Option<Canonical> {
    let sent = OrderSent::from_json(payload)?;
    let cancel = sent.extra_info.unwrap_or_default();
    let order = Order {
        id: sent.order_code,
        reference: sent.ref_code,
        state: state(ORDER_STATES, sent.main_state.as_deref()),
        status: sent.main_state,
        substatus: sent.main_substate,
        reason_code: sent.reason_code.or(cancel.cancel_reason_code),
        reason: sent.reason.or(cancel.cancel_reason),
        updated_at: sent.date.as_deref().and_then(time),
        ..Order::default()
    };
    Some(order.into())
}

/// Maps a product in a warehouse. The two codes together are its id; TikiNOW sends no other.
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

/// Maps a ticket: goods that come back because the customer returns them or because they could not be delivered.
pub(crate) fn ticket(payload: &Value) -> Option<Canonical> {
    let sent = TicketSent::from_json(payload)?;
    let ticket = ReturnOrder {
        id: sent.ref_code,
        order_id: sent.order_code,
        type_of_return: given(sent.of_type),
        state: state(TICKET_STATES, sent.status.as_deref()),
        status: sent.status,
        updated_at: sent.date.as_deref().and_then(time),
        ..ReturnOrder::default()
    };
    Some(ticket.into())
}

/// Maps a last-mile shipment.
pub(crate) fn shipment(payload: &Value) -> Option<Canonical> {
    let sent = ShipmentSent::from_json(payload)?;
    let shipment = Shipment {
        id: sent.tracking_id.clone(),
        tracking_number: sent.tracking_id,
        state: state(SHIPMENT_STATES, sent.status.as_deref()),
        status: sent.status,
        reason_code: given(sent.reason_code),
        reason: given(sent.description),
        order_id: sent.client_order_id,
        shop_id: given(sent.partner_shop_id),
        carrier: sent.partner_code,
        service: sent.service_code,
        tracking_url: given(sent.tracking_url),
        driver: sent.driver.and_then(driver),
        fee: Money::of(sent.shipping_fee, None),
        updated_at: sent.timestamp.as_deref().and_then(time),
        ..Shipment::default()
    };
    Some(shipment.into())
}

fn driver(sent: DriverSent) -> Option<Driver> {
    let DriverSent { id, name, phone, license_plate, photo_url, current_coordinates } = sent;
    let zero = [Some(Personal::new("0")), Some(Personal::new("0.0"))];
    let is_unknown = |place: &Coordinates| zero.contains(&place.latitude) && zero.contains(&place.longitude);
    let place = current_coordinates.filter(|place| !is_unknown(place)).unwrap_or_default();
    let Coordinates { latitude, longitude } = place;
    Driver { id, name, phone, plate: license_plate, photo_url, latitude, longitude }.known()
}

/// Maps a fee of a last-mile order, as a shipment with this one charge.
pub(crate) fn fee(payload: &Value) -> Option<Canonical> {
    let sent = FeeSent::from_json(payload)?;
    let charge = Charge { code: sent.fee_key, amount: Money::of(sent.fee_amount, None), ..Charge::default() };
    let shipment = Shipment {
        order_id: sent.client_order_id,
        provider_order_id: sent.tnsl_order_id,
        shop_id: sent.partner_shop_id.filter(|id| !id.trim().is_empty()),
        charges: charge.known().map(|charge| vec![charge]),
        ..Shipment::default()
    };
    Some(shipment.into())
}

/// Returns the text, unless it is empty.
fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// Returns the state that a word means; `None` for words that no page explains.
fn state(states: StateWords, word: Option<&str>) -> Option<State> {
    State::of_word(states, word?)
}

/// Parses a time: an instant, as documented; without an offset, a local time.
pub(crate) fn time(text: &str) -> Option<Time> {
    Time::parse_rfc3339(text).or_else(|| Time::local(text))
}
