//! The contract, and what is ZORT's own: the keys, the shapes of a body, the names of a trigger.

use inlet::canonical::Kind;
use inlet::event::DedupScope;
use inlet::proof::{Rejection, Verified, verify};
use inlet::provider::Provider;
use inlet::provider::catalogue::DedupRule;
use inlet::provider::parsed_event::ParsedEvent;
use inlet::provider::response::Outcome;
use inlet::received_at::ReceivedAt;
use inlet::request::{Method, Request, Unverified};
use inlet::store::StoreName;
use inlet::tools::sender::escaped;
use inlet::trust::Trust;
use inlet_testing::contract::{self, Contract};
use serde_json::{Value, json};

use crate::{Credential, Delivery, EVENTS, Zort};

struct ZortContract;

impl Contract for ZortContract {
    type Provider = Zort;
    const CREDENTIALS: &'static str = r#"[
        {"key1":"demo-zort-key-1","key2":"demo-zort-key-2","key3":"demo-zort-key-3"},
        {"key1":"the-old-one"}
    ]"#;
    const STRANGER: &'static str = r#"{"key1":"somebody-else","key2":"x","key3":"y"}"#;
    const PROOF: (&'static str, usize) = ("key1", 0);
    const COVERS_BODY: bool = false;
    const PAYLOADS: &'static [(&'static str, &'static str)] = &[
        ("ADDPRODUCT", include_str!("../payloads/ADDPRODUCT.json")),
        ("UPDATEPRODUCT", include_str!("../payloads/UPDATEPRODUCT.json")),
        ("UPDATEPRODUCTQUANTITY", include_str!("../payloads/UPDATEPRODUCTQUANTITY.json")),
        ("DELETEPRODUCT", include_str!("../payloads/DELETEPRODUCT.json")),
        ("ADDORDER", include_str!("../payloads/ADDORDER.json")),
        ("UPDATEORDER", include_str!("../payloads/UPDATEORDER.json")),
        ("UPDATEORDER", VOIDED),
        ("UPDATEORDER", CODES),
        ("DELETEORDER", include_str!("../payloads/DELETEORDER.json")),
    ];
}

const VOIDED: &str = include_str!("../payloads/UPDATEORDER-voided.json");
const CODES: &str = include_str!("../payloads/UPDATEORDER-codes.json");

inlet_testing::contract!(ZortContract);

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
const JSON: (&str, &str) = ("content-type", "application/json");
const KEY: (&str, &str) = ("key1", "demo-zort-key-1");

fn request(topic: Option<&str>, query: &str, headers: &[(&str, &str)], body: &str) -> Unverified {
    by(Method::Post, topic, query, headers, body)
}

fn by(method: Method, topic: Option<&str>, query: &str, headers: &[(&str, &str)], body: &str) -> Unverified {
    Unverified::new(Request {
        method,
        store: StoreName::parse("demo").unwrap(),
        topic: topic.map(str::to_owned),
        query: query.to_owned(),
        headers: headers.iter().copied().collect(),
        body: body.as_bytes().to_vec(),
    })
}

fn judged(request: Unverified) -> Result<Verified<Delivery>, Rejection> {
    let credentials: Vec<Credential> = serde_json::from_str(ZortContract::CREDENTIALS).unwrap();
    let now = ReceivedAt::from_millis(1_709_600_000_000).unwrap();
    verify::<Zort>(request, &credentials, now).map_err(|refused| refused.rejection)
}

fn read(topic: Option<&str>, query: &str, content_type: (&str, &str), body: &str) -> ParsedEvent {
    Zort::parse(&judged(request(topic, query, &[KEY, content_type], body)).expect("it verifies"))
}

fn data(event: &str, body: &str) -> Value {
    serde_json::to_value(contract::read::<ZortContract>(event, body.as_bytes()).data).unwrap()
}

#[test]
fn the_keys_prove_the_sender_as_documented() {
    for (headers, want) in [
        (&[("KEY1", "demo-zort-key-1")][..], Ok(Trust::SharedSecret)),
        (&[("Authorization", "Basic demo-zort-key-1")], Ok(Trust::SharedSecret)),
        (&[("key1", ""), ("authorization", "basic demo-zort-key-1")], Ok(Trust::SharedSecret)),
        (&[KEY, ("key2", "demo-zort-key-2"), ("key3", "demo-zort-key-3")], Ok(Trust::SharedSecret)),
        (&[KEY, ("key2", "")], Ok(Trust::SharedSecret)),
        // The other live credential has no key2 that could be wrong.
        (&[("key1", "the-old-one"), ("key2", "anything")], Ok(Trust::SharedSecret)),
        (&[KEY, ("key2", "demo-zort-key-3")], Err(Rejection::Mismatch)),
        (&[KEY, ("key3", "demo-zort-key-2")], Err(Rejection::Mismatch)),
        (&[("key1", "demo-zort-key-2")], Err(Rejection::Mismatch)),
        // The literal text, not RFC 7617: this is the same key in base64.
        (&[("authorization", "Basic ZGVtby16b3J0LWtleS0x")], Err(Rejection::Mismatch)),
        (&[("authorization", "Bearer demo-zort-key-1")], Err(Rejection::Missing { expected: "key1" })),
        (&[("authorization", "demo-zort-key-1")], Err(Rejection::Missing { expected: "key1" })),
        (&[("key2", "demo-zort-key-2")], Err(Rejection::Missing { expected: "key1" })),
    ] {
        let judged = judged(request(None, "method=ADDORDER", headers, "{}"));
        assert_eq!(judged.map(|delivery| delivery.trust()), want, "{headers:?}");
    }
}

#[test]
fn only_an_empty_request_tries_the_url() {
    for (method, topic, query, body, probe) in [
        (Method::Get, None, "method=ADDORDER&id=1", "", true),
        (Method::Head, None, "", "", true),
        (Method::Post, None, "", "", true),
        (Method::Post, Some("ADDORDER"), "", "", true),
        (Method::Post, None, "method=&version=4", "", true),
        (Method::Post, None, "METHOD=ADDORDER", "", false),
        (Method::Post, Some("ADDORDER"), "orderid=5", "", false),
        (Method::Post, None, "productid=5", "", false),
        (Method::Post, None, "id=5", "", false),
        (Method::Post, None, "payload=%7B%7D", "", false),
        (Method::Post, None, "", "{}", false),
        (Method::Other, None, "", "", false),
    ] {
        let request = by(method, topic, query, &[], body);
        assert_eq!(Zort::is_probe(&request), probe, "{method:?} {topic:?} {query:?} {body:?}");
    }
}

#[test]
fn an_order_is_read_out_of_every_shape() {
    let order = r#"{"id": 551020, "number": "SO-2403-0117", "Status": "Packed", "amount": "458.00"}"#;
    let text = serde_json::to_string(order).unwrap();
    let field = format!("payload={}", escaped(order));
    for (query, content_type, body) in [
        ("method=UPDATEORDER", JSON, order.to_owned()),
        ("method=UPDATEORDER", FORM, order.to_owned()),
        ("method=UPDATEORDER", JSON, format!(r#"{{"payload":{order}}}"#)),
        ("method=UPDATEORDER", JSON, format!(r#"{{"Payload":{text}}}"#)),
        ("method=UPDATEORDER", FORM, field.clone()),
        ("", FORM, format!("Method=updateorder&{field}")),
        ("", JSON, format!(r#"{{"method":"UpdateOrder","payload":{order}}}"#)),
        ("", JSON, order.replacen('{', r#"{"method":"UPDATEORDER","#, 1)),
        ("", JSON, format!(r#"{{"payload":{}}}"#, order.replacen('{', r#"{"method":"UPDATEORDER","#, 1))),
        (&format!("method=UPDATEORDER&{field}"), JSON, String::new()),
        (
            "method=UPDATEORDER",
            FORM,
            "id=551020&number=SO-2403-0117&status=Packed&amount=458.00&orderid=".into(),
        ),
        ("", FORM, "method=UPDATEORDER&id=551020&number=SO-2403-0117&status=5&amount=458.00".into()),
        ("method=UPDATEORDER&id=551020&number=SO-2403-0117&status=5&amount=458.00", JSON, String::new()),
    ] {
        let reading = read(None, query, content_type, &body);
        let named = (reading.event_type.as_str(), reading.verb, reading.entity.as_deref());
        assert_eq!(
            named,
            ("UPDATEORDER", "updated", Some(&["551020".to_owned()][..])),
            "{query:?} {content_type:?} {body}"
        );
        let want = json!({
            "id": "551020", "number": "SO-2403-0117", "status": "Packed", "voided": false,
            "total": {"amount": "458.00", "currency": null},
        });
        assert_eq!(serde_json::to_value(&reading.data).unwrap(), want, "{query:?} {content_type:?} {body}");
    }
}

#[test]
fn the_trigger_is_named_by_the_query_then_the_body_then_the_topic() {
    for (topic, query, body, want, kind) in [
        (
            Some("DELETEORDER"),
            "method=addorder",
            r#"{"method":"UPDATEORDER","id":1}"#,
            "ADDORDER",
            Kind::Order,
        ),
        (Some("DELETEORDER"), "", r#"{"method":"updateORDER","id":1}"#, "UPDATEORDER", Kind::Order),
        (Some("deleteorder"), "method=%20", r#"{"method":"","id":1}"#, "DELETEORDER", Kind::Order),
        (None, "method=UPDATEQUANTITY", r#"{"id":1}"#, "UPDATEPRODUCTQUANTITY", Kind::Stock),
        (None, "METHOD=+AddTransfer+", r#"{"id":1}"#, "ADDTRANSFER", Kind::Transfer),
        (Some("ADDORDER"), "method=ADDCONTACT", r#"{"id":1}"#, "ADDCONTACT", Kind::Unknown),
        (Some("contacts"), "", r#"{"id":1}"#, "contacts", Kind::Unknown),
        (None, "", r#"{"id":1}"#, "VERIFY", Kind::Unknown),
        (None, "id=1", "", "VERIFY", Kind::Unknown),
    ] {
        let reading = read(topic, query, JSON, body);
        let read = (reading.event_type.as_str(), reading.kind(), reading.entity.as_deref());
        assert_eq!(read, (want, kind, Some(&["1".to_owned()][..])), "{topic:?} {query:?} {body}");
    }
}

#[test]
fn every_trigger_has_its_kind_and_verb() {
    let told: Vec<_> = EVENTS
        .iter()
        .map(|row| format!("{} {}.{}", row.event, row.kind, row.verb_for(&Value::Null)))
        .collect();
    let want = [
        "ADDPRODUCT product.created",
        "UPDATEPRODUCT product.updated",
        "UPDATEPRODUCTQUANTITY stock.changed",
        "DELETEPRODUCT product.deleted",
        "ADDORDER order.created",
        "UPDATEORDER order.updated",
        "UPDATEORDERPAYMENT order.payment_updated",
        "UPDATEORDERTRACKING order.tracking_updated",
        "DELETEORDER order.deleted",
        "ADDPURCHASEORDER purchase_order.created",
        "UPDATEPURCHASEORDER purchase_order.updated",
        "UPDATEPURCHASEORDERPAYMENT purchase_order.payment_updated",
        "DELETEPURCHASEORDER purchase_order.deleted",
        "ADDRETURNORDER return_order.created",
        "UPDATERETURNORDER return_order.updated",
        "UPDATERETURNORDERPAYMENT return_order.payment_updated",
        "DELETERETURNORDER return_order.deleted",
        "ADDRETURNPURCHASEORDER return_purchase_order.created",
        "UPDATERETURNPURCHASEORDER return_purchase_order.updated",
        "UPDATERETURNPURCHASEORDERPAYMENT return_purchase_order.payment_updated",
        "DELETERETURNPURCHASEORDER return_purchase_order.deleted",
        "ADDTRANSFER transfer.created",
        "UPDATETRANSFER transfer.updated",
    ];
    assert_eq!(told, want);
}

#[test]
fn an_entity_is_found_under_any_of_its_names() {
    for (event, body, want) in [
        ("ADDORDER", r#"{"id":"551020","orderid":9}"#, Some("551020")),
        ("ADDORDER", r#"{"OrderId":551020,"number":"SO-1"}"#, Some("551020")),
        ("DELETEORDER", r#"{"id":null,"number":"SO-1"}"#, Some("SO-1")),
        ("ADDORDER", r#"{"sku":"TEA"}"#, None),
        ("ADDPRODUCT", r#"{"productid":"88213","sku":"TEA"}"#, Some("88213")),
        ("UPDATEQUANTITY", r#"{"SKU":"TEA"}"#, Some("TEA")),
        ("ADDPURCHASEORDER", r#"{"number":"PO-1"}"#, Some("PO-1")),
        ("UPDATETRANSFER", r#"{"id":7,"number":"TF-1"}"#, Some("7")),
        ("ADDCONTACT", r#"{"name":"x","id":7}"#, Some("7")),
        ("ADDCONTACT", r#"{"sku":"TEA"}"#, Some("TEA")),
    ] {
        let reading = read(None, &format!("method={event}"), JSON, body);
        assert_eq!(reading.entity, want.map(|id| vec![id.to_owned()]), "{event} {body}");
    }
}

#[test]
fn a_voided_order_is_an_update_that_says_so() {
    for (status, verb, told, voided) in [
        (r#""voided""#, "voided", json!("voided"), json!(true)),
        (r#""Voided""#, "voided", json!("Voided"), json!(true)),
        ("2", "voided", json!("Voided"), json!(true)),
        (r#""2""#, "voided", json!("Voided"), json!(true)),
        (r#""Packed""#, "updated", json!("Packed"), json!(false)),
        ("null", "updated", Value::Null, Value::Null),
    ] {
        let body = format!(r#"{{"id":1,"status":{status}}}"#);
        let reading = contract::read::<ZortContract>("UPDATEORDER", body.as_bytes());
        let data = data("UPDATEORDER", &body);
        assert_eq!((reading.verb, &data["status"], &data["voided"]), (verb, &told, &voided), "{status}");
    }
    assert_eq!(contract::read::<ZortContract>("UPDATEORDER", VOIDED.as_bytes()).verb, "voided");
}

#[test]
fn a_status_code_is_told_as_its_word_and_anything_else_as_sent() {
    for (field, told, cases) in [
        (
            "status",
            "status",
            &[
                ("0", "Pending"),
                ("1", "Success"),
                ("3", "Waiting"),
                ("4", "Returned"),
                ("5", "Packed"),
                ("6", "Shipping"),
                ("7", "Failed Shipment"),
                ("8", "8"),
                (r#""packed""#, "packed"),
                (r#""In Transit""#, "In Transit"),
            ][..],
        ),
        (
            "paymentstatus",
            "payment_status",
            &[
                ("0", "Pending"),
                ("1", "Paid"),
                ("2", "Voided"),
                ("3", "Partial"),
                ("4", "Overpaid"),
                ("5", "5"),
                (r#""Paid""#, "Paid"),
            ],
        ),
    ] {
        for (sent, want) in cases {
            let data = data("ADDORDER", &format!(r#"{{"id":1,"{field}":{sent}}}"#));
            assert_eq!(data[told], *want, "{field} {sent}");
        }
    }
    let data = data("UPDATEORDER", CODES);
    assert_eq!((&data["status"], &data["payment_status"]), (&json!("Packed"), &json!("Paid")));
}

#[test]
fn a_date_keeps_its_bangkok_day() {
    for (sent, want) in [
        // The documented pair: a UTC reading would be a day early.
        (
            r#""orderdate":"/Date(1644944400000)/","orderdateString":"2022-02-16""#,
            json!("2022-02-16T00:00:00+07:00"),
        ),
        (r#""orderdate":"\/Date(1709571600000)\/""#, json!("2024-03-05T00:00:00+07:00")),
        (r#""orderdate":"/Date(-1000)/""#, json!("1970-01-01T06:59:59+07:00")),
        (r#""orderdate":"2024-03-05T10:11:12+07:00""#, json!("2024-03-05T10:11:12+07:00")),
        (r#""orderdate":"2024-03-05T10:11:12""#, json!({"local": "2024-03-05T10:11:12", "zone": null})),
        (r#""orderdate":null,"orderdateString":"2024-03-05""#, json!({"local": "2024-03-05", "zone": null})),
        (r#""orderdate":" ","OrderDateString":"2024-03-05""#, json!({"local": "2024-03-05", "zone": null})),
        (r#""orderdate":"/Date(x)/""#, json!({"local": "/Date(x)/", "zone": null})),
        (r#""orderdate":"""#, Value::Null),
    ] {
        assert_eq!(data("ADDORDER", &format!(r#"{{"id":1,{sent}}}"#))["placed_at"], want, "{sent}");
    }
}

#[test]
fn a_product_keeps_its_digits_and_its_quantities() {
    let product = data("ADDPRODUCT", include_str!("../payloads/ADDPRODUCT.json"));
    let want = json!({
        "id": "88213", "sku": "TEA-GRN-250", "barcode": "8850123456789", "name": "Green tea 250 g",
        "category": "Tea", "price": {"amount": "129.50", "currency": null},
        "cost": {"amount": "74.00", "currency": null}, "unit": "Bag", "weight": "265",
    });
    assert_eq!(product, want);
    let stock = data("UPDATEQUANTITY", include_str!("../payloads/UPDATEPRODUCTQUANTITY.json"));
    let want = json!({
        "id": "88213", "sku": "TEA-GRN-250", "name": "Green tea 250 g", "on_hand": "42.00", "available": "37.00",
    });
    assert_eq!(stock, want);
}

#[test]
fn amounts_are_read_from_text_and_from_numbers() {
    let added = data("ADDORDER", include_str!("../payloads/ADDORDER.json"));
    assert_eq!((&added["total"]["amount"], &added["paid"]["amount"]), (&json!("458.00"), &json!("0.00")));
    let updated = data("UPDATEORDER", include_str!("../payloads/UPDATEORDER.json"));
    assert_eq!((&updated["total"]["amount"], &updated["paid"]["amount"]), (&json!("458.0"), &json!("458.0")));
    let customer = json!({
        "id": "7781", "name": "Somying Jaidee", "email": "somying@example.com", "phone": "0812223344",
    });
    assert_eq!(added["customer"], customer);
}

#[test]
fn the_rest_orders_fields_are_read_should_the_webhook_have_them() {
    let body = r#"{
        "id": 551020, "reference": "R-1", "saleschannel": "Shop", "description": "ring twice",
        "sharelink": "https://zort.example/o/1", "vatamount": "29.97", "discountamount": 10,
        "shippingamount": "40", "marketplaceshippingstatus": "READY", "shippingchannel": "Post",
        "trackingno": "TH01", "shippingstreetAddress": "9 Sukhumvit", "shippingprovince": "Bangkok",
        "shippingdistrict": "Watthana", "shippingpostcode": "10110", "customercode": "C1",
        "createdatetime": "/Date(1709571600000)/", "updatedatetimeString": "2024-03-06",
        "list": [{"id": 1, "productid": 88213, "sku": "TEA", "name": "Green tea", "number": 2, "pricepernumber": "129.50",
                  "discount": "10%", "totalprice": 233.10, "bundleCode": "B"}]
    }"#;
    let money = |amount: &str| json!({"amount": amount, "currency": null});
    let want = json!({
        "id": "551020", "reference": "R-1", "channel": "Shop", "note": "ring twice",
        "url": "https://zort.example/o/1", "tax": money("29.97"), "discount": money("10"),
        "shipping_fee": money("40"), "delivery_status": "READY", "customer": {"code": "C1"},
        "delivery": {
            "method": "Post", "tracking_number": "TH01",
            "address": {
                "line1": "9 Sukhumvit", "district": "Watthana", "state": "Bangkok", "postal_code": "10110",
            },
        },
        "lines": [{
            "id": "1", "product_id": "88213", "sku": "TEA", "name": "Green tea", "quantity": "2",
            "unit_price": money("129.50"), "discount": {"unit": "percent", "value": "10"}, "total": money("233.10"),
        }],
        "created_at": "2024-03-05T00:00:00+07:00",
        "updated_at": {"local": "2024-03-06", "zone": null},
    });
    assert_eq!(data("ADDORDER", body), want);
}

#[test]
fn a_body_that_is_no_object_is_kept_as_unreadable() {
    for (event, content_type, body, kind) in [
        ("ADDORDER", JSON, "not json", Kind::Unknown),
        ("ADDORDER", JSON, "[]", Kind::Unknown),
        ("ADDORDER", JSON, "", Kind::Unknown),
        ("ADDORDER", FORM, "&&", Kind::Unknown),
        // Nothing is documented of it, so nothing can be missing.
        ("ADDTRANSFER", JSON, "not json", Kind::Transfer),
    ] {
        let reading = read(None, &format!("method={event}"), content_type, body);
        assert_eq!((reading.event_type.as_str(), reading.kind()), (event, kind), "{content_type:?} {body:?}");
    }
}

#[test]
fn equal_bodies_are_one_event_only_within_the_retry_window() {
    for row in EVENTS {
        let body =
            br#"{"id":1,"orderdate":"/Date(1709571600000)/","updatedatetime":"/Date(1709571600000)/"}"#;
        let reading = contract::read::<ZortContract>(row.event, body);
        assert_eq!((reading.dedup, reading.time), (DedupRule::RetryWindow, None), "{}", row.event);
    }
    let delivery = judged(request(None, "method=ADDORDER", &[KEY], r#"{"id":1}"#)).unwrap();
    let reading = Zort::parse(&delivery);
    let event = delivery.into_event::<Zort>(reading);
    assert_eq!(event.dedup_scope(), DedupScope::Within(std::time::Duration::from_mins(1)));
}

#[test]
fn a_delivery_and_a_probe_are_answered_200() {
    let delivery = judged(request(None, "", &[KEY], "{}")).unwrap();
    let reading = Zort::parse(&delivery);
    let event = delivery.into_event::<Zort>(reading);
    for outcome in [Outcome::Accepted(&event), Outcome::Probed] {
        let answer = Zort::respond(&outcome, &());
        assert_eq!((answer.status, answer.body), (200, json!({"received": true})), "{outcome:?}");
    }
}
