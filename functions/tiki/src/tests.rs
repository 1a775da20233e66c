//! The contract, the documented vectors, and TikiNOW's own rules: keys by topic and events by shape.

use inlet::canonical::Kind;
use inlet::event::DedupScope;
use inlet::proof::{Rejection, Verified, verify};
use inlet::provider::Provider;
use inlet::provider::catalogue::DedupRule;
use inlet::provider::parsed_event::{ParsedEvent, UnknownReason};
use inlet::provider::response::{Outcome, Refusal};
use inlet::received_at::ReceivedAt;
use inlet::request::{Method, Request, Unverified};
use inlet::store::StoreName;
use inlet::tools::sender::hmac_sha1_hex;
use inlet::trust::Trust;
use inlet_testing::contract::{self, Contract};
use serde_json::{Value, json};

use crate::{Credential, Delivery, Tiki};

struct TikiContract;

impl Contract for TikiContract {
    type Provider = Tiki;
    const CREDENTIALS: &'static str = r#"[
        {"order":"Qm7vT2xLk9Rw4ZpB8nYc1HsD6fJg3AeU","stock":"hT5nWq8ZcV2xJ7mKd4LpY9sRb3GfE6Ua",
         "aftersale":"Xk3PzN6vBw9TqL2rMy8HcJ5dSg7FeA4Q"},
        {"order":"the-old-order-key-0000000000000x","stock":"the-old-one-of-both-000000000000",
         "aftersale":"the-old-one-of-both-000000000000"}
    ]"#;
    const OTHER_CREDENTIAL: &'static str = r#"{"order":"the-order-key-of-another-store--","stock":"the-stock-key-of-another-store--","aftersale":"the-ticket-key-of-another-store-"}"#;
    const PROOF: (&'static str, usize) = ("x-signature", 5);
    const COVERS_BODY: bool = true;
    const PROOF_IS_HEX: bool = true;
    const PAYLOADS: &'static [(&'static str, &'static str)] = &[
        ("order.status", ORDER),
        ("order.status", CANCELED),
        ("order.status", include_str!("../payloads/order.status-processing.json")),
        ("stock.changed", STOCK),
        ("stock.changed", include_str!("../payloads/stock.changed-older.json")),
        ("aftersale.cr", CR),
        ("aftersale.fd", FD),
        ("lastmile.shipment", SHIPMENT),
        ("lastmile.shipment", include_str!("../payloads/lastmile.shipment-canceled.json")),
        ("lastmile.fee", FEE),
    ];
}

const ORDER: &str = include_str!("../payloads/order.status.json");
const CANCELED: &str = include_str!("../payloads/order.status-canceled.json");
const STOCK: &str = include_str!("../payloads/stock.changed.json");
const CR: &str = include_str!("../payloads/aftersale.cr.json");
const FD: &str = include_str!("../payloads/aftersale.fd.json");
const SHIPMENT: &str = include_str!("../payloads/lastmile.shipment.json");
const FEE: &str = include_str!("../payloads/lastmile.fee.json");

inlet_testing::contract!(TikiContract);

const ORDER_KEY: &str = "Qm7vT2xLk9Rw4ZpB8nYc1HsD6fJg3AeU";
const STOCK_KEY: &str = "hT5nWq8ZcV2xJ7mKd4LpY9sRb3GfE6Ua";
const AFTERSALE_KEY: &str = "Xk3PzN6vBw9TqL2rMy8HcJ5dSg7FeA4Q";

/// The worked vector of the facts, over [`ORDER`] under [`ORDER_KEY`].
const ORDER_SIGNATURE: &str = "sha1=43d47f412bcb354257c466f19a9f1baf6497142a";

/// The signature of the same JSON with escaped Vietnamese letters, under the same key.
const ESCAPED_SIGNATURE: &str = "sha1=024569f692c86cf54739b8db3c24b07561490cfd";

fn credentials() -> Vec<Credential> {
    serde_json::from_str(TikiContract::CREDENTIALS).unwrap()
}

fn request(topic: Option<&str>, signature: &str, body: &str) -> Unverified {
    Unverified::new(Request {
        method: Method::Post,
        store: StoreName::parse("demo").unwrap(),
        topic: topic.map(str::to_owned),
        query: String::new(),
        headers: [("X-Signature", signature), ("content-type", "application/json")].into_iter().collect(),
        body: body.as_bytes().to_vec(),
    })
}

fn verify_with(credentials: &[Credential], request: Unverified) -> Result<Verified<Delivery>, Rejection> {
    let now = ReceivedAt::from_millis(1_710_729_667_000).unwrap();
    verify::<Tiki>(request, credentials, now).map_err(|refused| refused.rejection)
}

fn signed(topic: Option<&str>, key: &str, body: &str) -> Unverified {
    request(topic, &format!("sha1={}", hmac_sha1_hex(key, body.as_bytes())), body)
}

/// Reads a body that is signed with the key of the URL's topic, or with the key of the body's own topic if the URL
/// names none.
fn read(topic: Option<&str>, body: &str) -> ParsedEvent {
    let own = if body.contains("warehouse") {
        STOCK_KEY
    } else if body.contains(r#""type""#) {
        AFTERSALE_KEY
    } else {
        ORDER_KEY
    };
    let keys = [own, ORDER_KEY, STOCK_KEY, AFTERSALE_KEY];
    let delivery = keys.iter().find_map(|key| verify_with(&credentials(), signed(topic, key, body)).ok());
    Tiki::parse(&delivery.expect("one of the keys verifies"))
}

#[test]
fn the_case_of_a_signatures_digits_is_ignored() {
    let upper = ORDER_SIGNATURE.to_ascii_uppercase().replace("SHA1", "sha1");
    assert_ne!(upper, ORDER_SIGNATURE);
    let delivery = verify_with(&credentials(), request(Some("order"), &upper, ORDER));
    assert_eq!(delivery.map(|delivery| delivery.trust()), Ok(Trust::Signed));
}

#[test]
fn a_topics_key_proves_no_other_topics_body() {
    for (topic, key, body, want) in [
        (Some("stock"), STOCK_KEY, CR, "stock"),
        (Some("order"), ORDER_KEY, FD, "order"),
        (Some("order"), ORDER_KEY, STOCK, "order"),
        (None, STOCK_KEY, CR, "unknown"),
        (None, STOCK_KEY, ORDER, "unknown"),
        (Some("webhooks"), AFTERSALE_KEY, STOCK, "webhooks"),
    ] {
        let delivery = verify_with(&credentials(), signed(topic, key, body)).expect("it verifies");
        let parsed = Tiki::parse(&delivery);
        let read = (parsed.event_type.as_str(), parsed.unknown_reason());
        assert_eq!(read, (want, Some(UnknownReason::Body)), "{topic:?} {body}");
    }
}

#[test]
fn a_key_that_several_topics_share_proves_them_all() {
    let shared: Vec<Credential> =
        serde_json::from_value(json!([{"order": ORDER_KEY, "stock": ORDER_KEY, "aftersale": ORDER_KEY}]))
            .unwrap();
    for (topic, body, kind) in [
        (None, ORDER, Kind::Order),
        (None, STOCK, Kind::Stock),
        (None, CR, Kind::ReturnOrder),
        (Some("webhooks"), FD, Kind::ReturnOrder),
    ] {
        let delivery = verify_with(&shared, signed(topic, ORDER_KEY, body)).expect("it verifies");
        assert_eq!(Tiki::parse(&delivery).kind(), kind, "{topic:?} {body}");
    }
}

fn data(event: &str, body: &str) -> Value {
    serde_json::to_value(contract::read::<TikiContract>(event, body.as_bytes()).data).unwrap()
}

#[test]
fn the_worked_vector_verifies() {
    assert_eq!(ORDER.len(), 237, "the body is not the vector's");
    let delivery = verify_with(&credentials(), request(Some("order"), ORDER_SIGNATURE, ORDER));
    assert_eq!(delivery.map(|delivery| delivery.trust()), Ok(Trust::Signed));
}

#[test]
fn the_raw_bytes_are_signed_and_not_the_json() {
    let escaped = ORDER.chars().fold(String::new(), |text, c| match c {
        ' '..='~' => text + &c.to_string(),
        other => text + &format!("\\u{:04x}", u32::from(other)),
    });
    let same = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(same(&escaped), same(ORDER));
    for (signature, body, want) in [
        (ORDER_SIGNATURE, escaped.as_str(), Err(Rejection::Mismatch)),
        (ESCAPED_SIGNATURE, &escaped, Ok(Trust::Signed)),
        (ESCAPED_SIGNATURE, ORDER, Err(Rejection::Mismatch)),
    ] {
        let verified = verify_with(&credentials(), request(Some("order"), signature, body));
        assert_eq!(verified.map(|delivery| delivery.trust()), want, "{signature} {body}");
    }
}

#[test]
fn a_signature_has_exactly_the_documented_form() {
    let malformed = Rejection::Malformed { what: "x-signature" };
    for (signature, want) in [
        ("43d47f412bcb354257c466f19a9f1baf6497142a", malformed),
        ("SHA1=43d47f412bcb354257c466f19a9f1baf6497142a", malformed),
        ("sha2=43d47f412bcb354257c466f19a9f1baf6497142a", malformed),
        ("sha256=43d47f412bcb354257c466f19a9f1baf6497142a", malformed),
        ("sha1=43d47f412bcb354257c466f19a9f1baf6497142", malformed),
        ("sha1=43d47f412bcb354257c466f19a9f1baf6497142a0", malformed),
        ("sha1= 43d47f412bcb354257c466f19a9f1baf6497142a", malformed),
        ("sha1=+3d47f412bcb354257c466f19a9f1baf6497142a", malformed),
        ("sha1=é3d47f412bcb354257c466f19a9f1baf6497142", malformed),
        ("sha1=", malformed),
        ("", malformed),
        // The documentation prints it for two different bodies.
        ("sha1=d929b12836ce52528db1bc25797186c86b13b4ee", Rejection::Mismatch),
    ] {
        let verified = verify_with(&credentials(), request(Some("order"), signature, ORDER));
        assert_eq!(verified.err(), Some(want), "{signature:?}");
    }
}

#[test]
fn the_urls_topic_picks_the_key() {
    for (topic, key, want) in [
        (Some("order"), ORDER_KEY, Ok(Trust::Signed)),
        (Some("Stock"), STOCK_KEY, Ok(Trust::Signed)),
        (Some("aftersale"), AFTERSALE_KEY, Ok(Trust::Signed)),
        (Some("order"), STOCK_KEY, Err(Rejection::Mismatch)),
        (Some("stock"), AFTERSALE_KEY, Err(Rejection::Mismatch)),
        (Some("aftersale"), ORDER_KEY, Err(Rejection::Mismatch)),
        (None, ORDER_KEY, Ok(Trust::Signed)),
        (None, STOCK_KEY, Ok(Trust::Signed)),
        (Some("webhooks"), AFTERSALE_KEY, Ok(Trust::Signed)),
        (None, "somebody-else", Err(Rejection::Mismatch)),
        (Some("webhooks"), "somebody-else", Err(Rejection::Mismatch)),
    ] {
        let verified = verify_with(&credentials(), signed(topic, key, ORDER));
        assert_eq!(verified.map(|delivery| delivery.trust()), want, "{topic:?} {key}");
    }
}

#[test]
fn a_topic_without_its_key_is_refused() {
    let only_order: Vec<Credential> =
        serde_json::from_value(json!([{"order": ORDER_KEY, "stock": null}])).unwrap();
    for (store, topic, want) in [
        (&only_order, Some("order"), Ok(Trust::Signed)),
        (&only_order, None, Ok(Trust::Signed)),
        (&only_order, Some("stock"), Err(Rejection::NoCredentialForTopic)),
        (&only_order, Some("aftersale"), Err(Rejection::NoCredentialForTopic)),
    ] {
        let verified = verify_with(store, signed(topic, ORDER_KEY, ORDER));
        assert_eq!(verified.map(|delivery| delivery.trust()), want, "{topic:?} {store:?}");
    }
}

#[test]
fn a_key_that_is_blank_or_too_short_is_not_used() {
    let (short, blank) = (&ORDER_KEY[..31], " ".repeat(32));
    for keys in [
        json!({}),
        json!({"order": short}),
        json!({"order": blank, "stock": ""}),
        json!({"order": short, "stock": short, "aftersale": null}),
        json!({"order": 7}),
    ] {
        assert!(serde_json::from_value::<Credential>(keys.clone()).is_err(), "{keys}");
    }
    let partly: Vec<Credential> =
        serde_json::from_value(json!([{"order": ORDER_KEY, "stock": &STOCK_KEY[..31]}])).unwrap();
    let verified =
        |topic, key| verify_with(&partly, signed(topic, key, ORDER)).map(|delivery| delivery.trust());
    assert_eq!(verified(Some("order"), ORDER_KEY), Ok(Trust::Signed));
    assert_eq!(verified(Some("stock"), &STOCK_KEY[..31]), Err(Rejection::NoCredentialForTopic));
    assert_eq!(verified(None, &STOCK_KEY[..31]), Err(Rejection::Mismatch));
}

#[test]
fn topic_then_type_then_shape_determine_the_event() {
    let sku = r#"{"data":{"sku":"8812045573321","warehouse":"tbn1"}}"#;
    let either = r#"{"data":{"main_state":"new","qty_salable":1,"type":"cr","status":"x"}}"#;
    let other = r#"{"data":{"ref_code":"XX1","order_code":"5","status":"x","type":"xx"}}"#;
    for (topic, body, want, kind) in [
        (Some("order"), ORDER, "order.status", Kind::Order),
        (Some("ORDER"), STOCK, "ORDER", Kind::Unknown),
        (Some("stock"), STOCK, "stock.changed", Kind::Stock),
        (Some("stock"), either, "stock.changed", Kind::Stock),
        (Some("aftersale"), CR, "aftersale.cr", Kind::ReturnOrder),
        (Some("aftersale"), FD, "aftersale.fd", Kind::ReturnOrder),
        (Some("aftersale"), r#"{"data":{"type":" FD ","ref_code":"F1"}}"#, "aftersale.fd", Kind::ReturnOrder),
        (Some("aftersale"), other, "aftersale.xx", Kind::ReturnOrder),
        (Some("aftersale"), r#"{"data":{"type":""}}"#, "aftersale", Kind::Unknown),
        (Some("aftersale"), ORDER, "aftersale", Kind::Unknown),
        (Some("order"), SHIPMENT, "lastmile.shipment", Kind::Shipment),
        (None, SHIPMENT, "lastmile.shipment", Kind::Shipment),
        (Some("lastmile"), FEE, "lastmile.fee", Kind::Shipment),
        (Some("order"), r#"{"timestamp":"x"}"#, "order.status", Kind::Unknown),
        (None, ORDER, "order.status", Kind::Order),
        (None, sku, "stock.changed", Kind::Stock),
        (Some("webhooks"), STOCK, "stock.changed", Kind::Stock),
        (Some("webhooks"), CR, "aftersale.cr", Kind::ReturnOrder),
        (None, FD, "aftersale.fd", Kind::ReturnOrder),
        (None, other, "aftersale.xx", Kind::ReturnOrder),
        (Some("webhooks"), r#"{"type":"x"}"#, "webhooks", Kind::Unknown),
        (Some(" "), "{}", "unknown", Kind::Unknown),
        (None, "not json", "unknown", Kind::Unknown),
        (Some("order"), "not json", "order.status", Kind::Unknown),
        (Some("aftersale"), "[]", "aftersale", Kind::Unknown),
    ] {
        let reading = read(topic, body);
        assert_eq!((reading.event_type.as_str(), reading.kind()), (want, kind), "{topic:?} {body}");
    }
}

#[test]
fn an_unknown_delivery_has_its_reason() {
    for (topic, body, want) in [
        ("webhooks", r#"{"data":{"type":"xx"}}"#, "unknown_event"),
        ("order", r#"{"data":{"qty":"xx"}}"#, "nothing_read"),
        ("aftersale", "not json", "unreadable_body"),
        ("stock", "not json", "unreadable_body"),
    ] {
        let data = serde_json::to_value(read(Some(topic), body).data).unwrap();
        assert_eq!(data, json!({"reason": want}), "{topic} {body}");
    }
}

#[test]
fn an_entity_is_the_order_the_stock_line_or_the_ticket() {
    for (topic, body, want) in [
        (Some("order"), ORDER, &["512044876"][..]),
        (Some("order"), r#"{"data":{"order_code":512044876}}"#, &["512044876"]),
        (Some("stock"), STOCK, &["8812045573321", "tbn1"]),
        (Some("aftersale"), CR, &["CR24127700155"]),
        (Some("aftersale"), FD, &["FD24127700391"]),
        (Some("aftersale"), r#"{"data":{"ref_code":"XX1","order_code":"5","type":"xx"}}"#, &["XX1"]),
        (None, r#"{"data":{"order_code":"5"}}"#, &["5"]),
    ] {
        let want = want.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
        assert_eq!(read(topic, body).entity, Some(want), "{topic:?} {body}");
    }
}

#[test]
fn a_canceled_order_has_a_verb_of_its_own() {
    for (state, want) in [
        ("canceled", "cancelled"),
        ("Canceled", "cancelled"),
        ("shipping", "status_changed"),
        ("cancelled", "cancelled"),
        ("awaiting_confirmation", "status_changed"),
    ] {
        let body = format!(r#"{{"data":{{"order_code":"5","main_state":"{state}"}}}}"#);
        assert_eq!(read(Some("order"), &body).verb, want, "{state}");
    }
    for (topic, body, want) in [
        ("stock", STOCK, "changed"),
        ("aftersale", CR, "status_changed"),
        ("aftersale", FD, "status_changed"),
    ] {
        assert_eq!(read(Some(topic), body).verb, want, "{topic}");
    }
}

#[test]
fn every_documented_field_is_mapped() {
    for (event, body, want) in [
        (
            "order",
            ORDER,
            json!({
                "id": "512044876", "reference": "SO-20240318-0042", "status": "shipping", "state": "in_transit",
                "substatus": "delivery_failed_2", "reason_code": "receiver_reschedule",
                "reason": "Khách hàng hẹn giao lại", "updated_at": "2024-03-18T09:41:07+07:00",
            }),
        ),
        (
            "order",
            CANCELED,
            json!({
                "id": "512045120", "reference": "SO-20240318-0051", "status": "canceled", "state": "cancelled",
                "reason_code": "202", "reason": "Đặt trùng", "updated_at": "2024-03-19T15:02:40+07:00",
            }),
        ),
        (
            "stock",
            STOCK,
            json!({
                "sku": "8812045573321", "merchant_sku": "MUG-RED-02", "warehouse": "tbn1",
                "available": "35", "partner_id": "700455", "counted_at": "2024-04-02T11:20:15+07:00",
            }),
        ),
        (
            "aftersale.cr",
            CR,
            json!({
                "id": "CR24127700155", "order_id": "512044876", "type_of_return": "cr",
                "status": "approved", "state": "in_progress", "updated_at": "2024-05-06T10:05:33+07:00",
            }),
        ),
        (
            "aftersale.fd",
            FD,
            json!({
                "id": "FD24127700391", "order_id": "512045999", "type_of_return": "fd",
                "status": "unlisted_status", "updated_at": "2024-05-07T18:44:09+07:00",
            }),
        ),
    ] {
        assert_eq!(data(event, body), want, "{event}");
    }
}

#[test]
fn codes_and_quantities_are_read_from_text_and_from_numbers() {
    let body = r#"{"date":"2024-04-02 11:20","sku":8812045573321,"warehouse":"tbn1","qty_salable":"35",
                   "seller_product_code":7,"partner_id":700455}"#;
    let want = json!({
        "sku": "8812045573321", "merchant_sku": "7", "warehouse": "tbn1", "available": "35",
        "partner_id": "700455", "counted_at": {"local": "2024-04-02T11:20:00", "zone": null},
    });
    assert_eq!(data("stock", body), want, "without its wrapper, too");
    let body = r#"{"data":{"order_code":5,"main_substate":[],"extra_info":{"cancel_reason_code":202}}}"#;
    assert_eq!(data("order", body), json!({"id": "5", "reason_code": "202"}));
    let body = r#"{"data":{"order_code":5,"extra_info":[]}}"#;
    assert_eq!(data("order", body), json!({"id": "5"}));
}

#[test]
fn equal_bodies_with_a_date_are_one_event_forever() {
    for (event, payload) in TikiContract::PAYLOADS {
        let undated = payload.replace("\"date\"", "\"dated\"");
        if *event == "lastmile.fee" {
            continue; // It has no time of its own.
        }
        let undated = undated.replace("\"timestamp\"", "\"timestamped\"");
        for (body, rule) in [(*payload, DedupRule::Timestamp), (&undated, DedupRule::RetryWindow)] {
            let reading = contract::read::<TikiContract>(event, body.as_bytes());
            assert_eq!((reading.event_type.as_str(), reading.dedup), (*event, rule), "{body}");
        }
    }
}

#[test]
fn a_delivery_and_a_probe_get_the_documented_response() {
    let delivery = verify_with(&credentials(), request(Some("order"), ORDER_SIGNATURE, ORDER)).unwrap();
    let reading = Tiki::parse(&delivery);
    let event = delivery.into_event::<Tiki>(reading);
    assert_eq!(event.dedup_scope(), DedupScope::Forever);
    for outcome in [Outcome::Accepted(&event), Outcome::Probed] {
        let response = Tiki::respond(&outcome, &());
        assert_eq!((response.status, response.body), (200, json!({"success": true})), "{outcome:?}");
    }
}

#[test]
fn a_refusal_is_the_documented_error_object() {
    for (refusal, code) in [
        (Refusal::Malformed, "MALFORMED"),
        (Refusal::Unauthenticated, "UNAUTHENTICATED"),
        (Refusal::MethodNotAllowed, "METHOD_NOT_ALLOWED"),
        (Refusal::TooLarge, "TOO_LARGE"),
        (Refusal::Unavailable, "UNAVAILABLE"),
    ] {
        let want = json!({"success": false, "error": {"code": code, "message": refusal.message()}});
        assert_eq!(Tiki::error_response(refusal).body, want, "{refusal:?}");
    }
}

#[test]
fn a_last_mile_shipment_has_its_carrier_driver_and_state() {
    assert_eq!(
        data("lastmile.shipment", SHIPMENT),
        json!({
            "id": "HTC800000001A0", "status": "delivery_failed", "state": "in_transit",
            "reason_code": "receiver_reschedule", "reason": "Khách hàng hẹn giao lại",
            "order_id": "SO-20240318-0042", "shop_id": "700455", "carrier": "TNSL", "service": "hns_standard",
            "tracking_number": "HTC800000001A0", "tracking_url": "https://track.example.com/HTC800000001A0",
            "driver": {
                "id": "DRV-77", "name": "Trần Văn B", "phone": "0900000001", "plate": "59X1-00000",
                "photo_url": "https://cdn.example.com/d/1.jpg", "latitude": "10.776", "longitude": "106.7",
            },
            "fee": {"amount": "31000", "currency": null},
            "updated_at": "2024-03-18T01:10:00.120000Z",
        })
    );
    let canceled = read(Some("order"), include_str!("../payloads/lastmile.shipment-canceled.json"));
    assert_eq!(canceled.verb, "cancelled");
}

#[test]
fn coordinates_of_zero_are_absent() {
    let driver = json!({"name": "B", "current_coordinates": {"latitude": 0, "longitude": 0.0}});
    let body = json!({"tracking_id": "1", "status": "new", "driver": driver}).to_string();
    assert_eq!(data("lastmile.shipment", &body)["driver"], json!({"name": "B"}));
}

#[test]
fn every_leaf_of_every_body_is_mapped_or_left_out() {
    use inlet_testing::coverage::LeftOut::Because;
    inlet_testing::coverage::every_leaf_is_mapped_or_left_out::<TikiContract>(&[(
        "shipment",
        "tnsl_seller_id",
        Because("the merchant's own account at TikiNOW, the same in every event"),
    )]);
}
