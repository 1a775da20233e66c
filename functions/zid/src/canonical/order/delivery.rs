//! The delivery of an order: method, waybill, tracking, recipient, address, and the returns.
//!
//! `waybill` and `courier` come as null, as a text or as an object, and as `[]` when they are empty.

use inlet::canonical::{Address, Delivery, Location, Party, ReturnOrder, Words};
use inlet::personal::Personal;
use inlet::value::decimal::Decimal;
use inlet::value::json::{FromJson, field};
use inlet::value::money::Currency;
use inlet::value::time::Time;
use serde_json::Value;

use super::line::{Item, line};
use super::state;
use crate::canonical::time_of;
use crate::canonical::value::{Coded, Text, text, unless_placeholder};

inlet::payload! {
    /// Method and address.
    pub(super) struct Shipping {
        /// The method.
        method: Method = "method",
        /// The method by its code and its name; some bodies have its text alone.
        method_word: Coded = "method",
        /// The address.
        address: Place = "address",
    }
    /// A shipping method.
    pub(super) struct Method {
        /// Translated.
        name: Text = "name",
        /// The code.
        code: Text = "code",
        /// For example `1-3 days`.
        estimated_delivery_time: Text = "estimated_delivery_time",
        /// A text, or an object with a name in two languages.
        courier: Coded = "courier",
        /// For example `Assigned` or `Canceled`.
        order_shipping_status: Text = "order_shipping_status",
        /// The carrier's tracking.
        tracking: Tracking = "tracking",
        /// The label.
        waybill: Waybill = "waybill",
        /// The waybill's number at the carrier.
        waybill_tracking_id: Text = "waybill_tracking_id",
        /// The location that ships.
        inventory_address: StockLocation = "inventory_address",
        /// Parcels.
        packages_count: Decimal = "packages_count",
    }
    /// The carrier's tracking.
    struct Tracking {
        /// The number.
        number: Text = "number",
        /// The carrier's word.
        status: Text = "status",
        /// The carrier's page.
        url: Text = "url",
    }
    /// An address.
    pub(super) struct Place {
        /// The whole address in one text; `N/A` if there is none.
        formatted_address: Personal = "formatted_address",
        /// The street.
        street: Personal = "street",
        /// The district.
        district: Personal = "district",
        /// Degrees north; a number or a text.
        lat: Personal = "lat",
        /// Degrees east; a number or a text.
        lng: Personal = "lng",
        /// The short code of the Saudi national address.
        short_address: Personal = "short_address",
        /// `[]` when it is empty.
        meta: PlaceMeta = "meta",
        /// An object, or a text in the short view.
        city: Coded = "city",
        /// An object, or a text in the short view.
        country: Coded = "country",
    }
    /// More of an address. The field `buyer`, which is not read, repeats the customer.
    struct PlaceMeta {
        /// The postal code.
        postcode: Personal = "postcode",
        /// The number of the building.
        building_number: Personal = "building_number",
        /// The additional number of the Saudi national address.
        additional_number: Personal = "additional_number",
        /// The city.
        city_name: Personal = "city_name",
    }
    /// A location of the merchant that holds stock.
    pub(super) struct StockLocation {
        /// Zid's id.
        id: Text = "id",
        /// In one language or in two.
        name: Words = "name",
        /// The city.
        city: Coded = "city",
        /// The whole address in one text.
        full_address: Personal = "full_address",
        /// The street.
        street: Personal = "street",
        /// The short code of the Saudi national address.
        short_address: Personal = "short_address",
        /// The district.
        district: Personal = "district",
        /// The postal code.
        postal_code: Personal = "postal_code",
        /// Degrees.
        coordinates: Coordinates = "coordinates",
    }
    /// Degrees.
    struct Coordinates {
        /// North.
        lat: Personal = "lat",
        /// East.
        lon: Personal = "lon" | "lng",
    }
}

/// A waybill: the address of its label alone, or an object.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Waybill {
    tracking_number: Option<Text>,
    tracking_url: Option<Text>,
    label_url: Option<Text>,
    status: Option<Text>,
    carrier: Option<Text>,
    service_level: Option<Text>,
}

inlet::outline!(Waybill: tracking_number, tracking_url, label_url, status, carrier, service_level);

impl FromJson for Waybill {
    fn from_json(value: &Value) -> Option<Self> {
        let Value::Object(object) = value else {
            return Text::from_json(value).map(|label| Self { label_url: Some(label), ..Self::default() });
        };
        Some(Self {
            tracking_number: field(object, &["tracking_number"]),
            tracking_url: field(object, &["tracking_url"]),
            label_url: field(object, &["label_url", "label"]),
            status: field(object, &["status"]),
            carrier: field(object, &["carrier", "courier"]),
            service_level: field(object, &["service_level"]),
        })
    }
}

inlet::payload! {
    /// A return of the order's goods: the request for a label.
    pub(super) struct Reverse {
        /// Zid's id.
        id: Text = "id",
        /// The order.
        order_id: Text = "order_id",
        /// True if some goods stay with the customer.
        is_partial: bool = "is_partial",
        /// The state; its words are not documented.
        status: Text = "status",
        /// Texts, or objects with a name.
        reason: Vec<Coded> = "reason",
        /// The person who sends the goods back.
        consignee_name: Personal = "consignee_name",
        /// The mobile telephone number of that person.
        consignee_mobile: Personal = "consignee_mobile",
        /// The city of that person.
        consignee_city: Coded = "consignee_city",
        /// The street of that person.
        consignee_address_1: Personal = "consignee_address_1",
        /// More of the street.
        consignee_address_2: Personal = "consignee_address_2",
        /// The location that the goods go back to.
        inventory: StockLocation = "inventory",
        /// The id of that location, if it is alone.
        inventory_address_id: Text = "inventory_address_id" | "inventory_location_id",
        /// The method.
        shipping_method: Coded = "shipping_method",
        /// The label.
        waybill: Waybill = "waybill",
        /// The goods. The form of an element is not documented; it is read like a line of the order.
        products: Vec<Item> = "products",
        /// UTC, without a zone.
        created_at: Text = "created_at",
    }
}

/// Maps the delivery. `short_method` is the one in the short view of an order.
pub(super) fn delivery(
    method: Method,
    short_method: Option<&Coded>,
    place: Option<Place>,
    consignee: Option<Party>,
    delivered_at: Option<Time>,
) -> Option<Delivery> {
    let tracking = method.tracking.unwrap_or_default();
    let waybill = method.waybill.unwrap_or_default();
    let courier = method.courier.as_ref().and_then(Coded::name);
    let status = method.order_shipping_status.or(tracking.status).or(waybill.status);
    let delivery = Delivery {
        method: text(method.name).or_else(|| short_method.and_then(Coded::name)),
        method_code: text(method.code).or_else(|| short_method.and_then(Coded::code)),
        carrier: courier.or_else(|| text(waybill.carrier)),
        state: status.as_ref().and_then(|status| state::of_shipment(status.as_str())),
        status: text(status),
        tracking_number: text(tracking.number.or(waybill.tracking_number).or(method.waybill_tracking_id)),
        tracking_url: text(tracking.url.or(waybill.tracking_url)),
        label_url: text(waybill.label_url),
        recipient: consignee,
        address: place.and_then(address),
        packages: method.packages_count,
        estimate: text(method.estimated_delivery_time),
        delivered_at,
        ..Delivery::default()
    };
    delivery.known()
}

/// Maps an address.
fn address(place: Place) -> Option<Address> {
    let meta = place.meta.unwrap_or_default();
    let address = Address {
        text: unless_placeholder(place.formatted_address),
        line1: place.street,
        building_number: meta.building_number,
        additional_number: meta.additional_number,
        short_address: place.short_address,
        district: place.district,
        city: place.city.and_then(|city| city.name()).map(Personal::new).or(meta.city_name),
        postal_code: meta.postcode,
        country: place.country.and_then(|country| country.code()),
        latitude: place.lat,
        longitude: place.lng,
        ..Address::default()
    };
    address.known()
}

/// Maps a location of the merchant.
pub(super) fn location(location: StockLocation) -> Option<Location> {
    let degrees = location.coordinates.unwrap_or_default();
    let address = Address {
        text: unless_placeholder(location.full_address),
        line1: location.street,
        short_address: location.short_address,
        district: location.district,
        city: location.city.and_then(|city| city.name()).map(Personal::new),
        postal_code: location.postal_code,
        latitude: degrees.lat,
        longitude: degrees.lon,
        ..Address::default()
    };
    let location = Location {
        id: text(location.id),
        name: location.name,
        address: address.known(),
        ..Location::default()
    };
    location.known()
}

/// Maps a return.
pub(super) fn returned(reverse: Reverse, currency: Option<&Currency>) -> Option<ReturnOrder> {
    let waybill = reverse.waybill.unwrap_or_default();
    let reasons: Vec<String> =
        reverse.reason.into_iter().flatten().filter_map(|reason| reason.name()).collect();
    let address = Address {
        line1: reverse.consignee_address_1,
        line2: reverse.consignee_address_2,
        city: reverse.consignee_city.and_then(|city| city.name()).map(Personal::new),
        ..Address::default()
    };
    let customer = Party {
        name: reverse.consignee_name,
        mobile: reverse.consignee_mobile,
        address: address.known(),
        ..Party::default()
    };
    let delivery = Delivery {
        method: reverse.shipping_method.and_then(|method| method.name()),
        carrier: text(waybill.carrier),
        service: text(waybill.service_level),
        status: text(waybill.status),
        tracking_number: text(waybill.tracking_number),
        tracking_url: text(waybill.tracking_url),
        label_url: text(waybill.label_url),
        ..Delivery::default()
    };
    let depot_id = text(reverse.inventory_address_id);
    let place = reverse.inventory.and_then(location).unwrap_or_default();
    let place = Location { id: place.id.or(depot_id), ..place };
    let return_order = ReturnOrder {
        id: text(reverse.id),
        order_id: text(reverse.order_id),
        partial: reverse.is_partial,
        status: text(reverse.status),
        reason: (!reasons.is_empty()).then(|| reasons.join(", ")),
        location: place.known(),
        customer: customer.known(),
        lines: reverse.products.map(|items| items.into_iter().map(|item| line(item, currency)).collect()),
        delivery: delivery.known(),
        created_at: time_of(reverse.created_at.as_ref()),
        ..ReturnOrder::default()
    };
    return_order.known()
}
