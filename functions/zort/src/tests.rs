//! The contract, and ZORT's own tests: the keys, the shapes of a body, the names of a trigger.

use inlet::canonical::Kind;
use inlet::event::DedupScope;
use inlet::proof::{Rejection, Verified, verify};
use inlet::provider::Provider;
use inlet::provider::catalogue::DedupRule;
use inlet::provider::parsed_event::{ParsedEvent, UnknownReason};
use inlet::provider::response::Outcome;
use inlet::received_at::ReceivedAt;
use inlet::request::{Method, Request, Unverified};
use inlet::store::StoreName;
use inlet::tools::escape::escaped;
use inlet::tools::sender::Sender as _;
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
    const OTHER_CREDENTIAL: &'static str = r#"{"key1":"somebody-else","key2":"x","key3":"y"}"#;
    const PROOF: (&'static str, usize) = ("key1", 0);
    const COVERS_BODY: bool = false;
    const PAYLOADS: &'static [(&'static str, &'static str)] = &[
        ("ADDPRODUCT", include_str!("../payloads/ADDPRODUCT.json")),
        ("UPDATEPRODUCT", include_str!("../payloads/UPDATEPRODUCT.json")),
        ("UPDATEPRODUCTQUANTITY", include_str!("../payloads/UPDATEPRODUCTQUANTITY.json")),
        ("DELETEPRODUCT", include_str!("../payloads/DELETEPRODUCT.json")),
        ("ADDORDER", include_str!("../payloads/ADDORDER.json")),
        ("ADDORDER", include_str!("../payloads/ADDORDER-marketplace.json")),
        ("UPDATEORDER", include_str!("../payloads/UPDATEORDER.json")),
        ("UPDATEORDER", include_str!("../payloads/UPDATEORDER-codes.json")),
        ("UPDATEORDER", include_str!("../payloads/UPDATEORDER-shipped.json")),
        ("UPDATEORDER", include_str!("../payloads/UPDATEORDER-text.json")),
        ("UPDATEORDER", include_str!("../payloads/UPDATEORDER-voided.json")),
        ("UPDATEORDERPAYMENT", include_str!("../payloads/UPDATEORDERPAYMENT.json")),
        ("UPDATEORDERPAYMENT", include_str!("../payloads/UPDATEORDERPAYMENT-voided.json")),
        ("UPDATEORDERTRACKING", include_str!("../payloads/UPDATEORDERTRACKING.json")),
        ("DELETEORDER", include_str!("../payloads/DELETEORDER.json")),
        ("ADDPURCHASEORDER", include_str!("../payloads/ADDPURCHASEORDER.json")),
        ("UPDATEPURCHASEORDER", include_str!("../payloads/UPDATEPURCHASEORDER.json")),
        ("UPDATEPURCHASEORDER", include_str!("../payloads/UPDATEPURCHASEORDER-voided.json")),
        ("UPDATEPURCHASEORDERPAYMENT", include_str!("../payloads/UPDATEPURCHASEORDERPAYMENT.json")),
        ("DELETEPURCHASEORDER", include_str!("../payloads/DELETEPURCHASEORDER.json")),
        ("ADDRETURNORDER", include_str!("../payloads/ADDRETURNORDER.json")),
        ("UPDATERETURNORDER", include_str!("../payloads/UPDATERETURNORDER.json")),
        ("UPDATERETURNORDERPAYMENT", include_str!("../payloads/UPDATERETURNORDERPAYMENT.json")),
        ("DELETERETURNORDER", include_str!("../payloads/DELETERETURNORDER.json")),
        ("ADDRETURNPURCHASEORDER", include_str!("../payloads/ADDRETURNPURCHASEORDER.json")),
        ("UPDATERETURNPURCHASEORDER", include_str!("../payloads/UPDATERETURNPURCHASEORDER.json")),
        (
            "UPDATERETURNPURCHASEORDERPAYMENT",
            include_str!("../payloads/UPDATERETURNPURCHASEORDERPAYMENT.json"),
        ),
        ("DELETERETURNPURCHASEORDER", include_str!("../payloads/DELETERETURNPURCHASEORDER.json")),
        ("ADDTRANSFER", include_str!("../payloads/ADDTRANSFER.json")),
        ("ADDTRANSFER", include_str!("../payloads/ADDTRANSFER-adjust.json")),
        ("UPDATETRANSFER", include_str!("../payloads/UPDATETRANSFER.json")),
    ];
}

inlet_testing::contract!(ZortContract);

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
const JSON: (&str, &str) = ("content-type", "application/json");
const KEY: (&str, &str) = ("key1", "demo-zort-key-1");

fn request(topic: Option<&str>, query: &str, headers: &[(&str, &str)], body: &str) -> Unverified {
    request_by(Method::Post, topic, query, headers, body)
}

fn request_by(
    method: Method,
    topic: Option<&str>,
    query: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Unverified {
    Unverified::new(Request {
        method,
        store: StoreName::parse("demo").unwrap(),
        topic: topic.map(str::to_owned),
        query: query.to_owned(),
        headers: headers.iter().copied().collect(),
        body: body.as_bytes().to_vec(),
    })
}

fn verified(request: Unverified) -> Result<Verified<Delivery>, Rejection> {
    let credentials: Vec<Credential> = serde_json::from_str(ZortContract::CREDENTIALS).unwrap();
    let now = ReceivedAt::from_millis(1_709_600_000_000).unwrap();
    verify::<Zort>(request, &credentials, now).map_err(|refused| refused.rejection)
}

fn read(topic: Option<&str>, query: &str, content_type: (&str, &str), body: &str) -> ParsedEvent {
    Zort::parse(&verified(request(topic, query, &[KEY, content_type], body)).expect("it verifies"))
}

/// Returns the canonical object of a JSON body that arrives under this trigger's name.
pub(crate) fn data(event: &str, body: &str) -> Value {
    let parsed = read(None, &format!("method={event}"), JSON, body);
    serde_json::to_value(parsed.data).unwrap()
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
        let verified = verified(request(None, "method=ADDORDER", headers, "{}"));
        assert_eq!(verified.map(|delivery| delivery.trust()), want, "{headers:?}");
    }
}

#[test]
fn only_a_post_without_key_and_content_is_a_probe() {
    let none: &[(&str, &str)] = &[];
    let basic = ("authorization", "Basic demo-zort-key-1");
    for (method, topic, query, headers, body, probe) in [
        (Method::Get, None, "method=ADDORDER&id=1", none, "", true),
        (Method::Head, None, "", none, "", true),
        (Method::Get, None, "", &[KEY][..], "", true),
        (Method::Post, None, "", none, "", true),
        (Method::Post, Some("ADDORDER"), "", none, "", true),
        (Method::Post, None, "method=&version=4", none, "", true),
        (Method::Post, None, "", &[("key1", "")], "", true),
        (Method::Post, None, "", &[("user-agent", "x"), ("authorization", "Bearer x")], "", true),
        (Method::Post, None, "", &[KEY], "", false),
        (Method::Post, None, "", &[("key1", "of-another-store")], "", false),
        (Method::Post, Some("ADDORDER"), "", &[basic], "", false),
        (Method::Post, None, "METHOD=ADDORDER", none, "", false),
        (Method::Post, Some("ADDORDER"), "orderid=5", none, "", false),
        (Method::Post, None, "productid=5", none, "", false),
        (Method::Post, None, "id=5", none, "", false),
        (Method::Post, None, "payload=%7B%7D", none, "", false),
        (Method::Post, None, "", none, "{}", false),
        (Method::Other, None, "", none, "", false),
    ] {
        let request = request_by(method, topic, query, headers, body);
        assert_eq!(Zort::is_probe(&request), probe, "{method:?} {topic:?} {query:?} {headers:?} {body:?}");
    }
}

#[test]
fn a_post_with_its_key_and_without_a_body_is_kept() {
    for (topic, query, event) in [
        (None, "", "VERIFY"),
        (Some("ADDORDER"), "", "ADDORDER"),
        (None, "method=UPDATEORDER", "UPDATEORDER"),
        (Some("coupons"), "", "coupons"),
    ] {
        let parsed = read(topic, query, JSON, "");
        let read = (parsed.event_type.as_str(), parsed.kind(), parsed.entity);
        assert_eq!(read, (event, Kind::Unknown, None), "{topic:?} {query:?}");
    }
}

#[test]
fn an_order_is_read_out_of_every_shape() {
    let order = r#"{"id": 551020, "number": "SO-2403-0117", "Status": "Packed", "amount": "458.00"}"#;
    let text = serde_json::to_string(order).unwrap();
    let list_text = serde_json::to_string(&format!("[{order}]")).unwrap();
    let field = format!("payload={}", escaped(order));
    let method = "method=UPDATEORDER";
    for (query, content_type, body) in [
        (method, JSON, order.to_owned()),
        (method, FORM, order.to_owned()),
        (method, JSON, format!("[{order}]")),
        (method, JSON, format!(r#"{{"payload":{order}}}"#)),
        (method, JSON, format!(r#"{{"Payload":{text}}}"#)),
        (method, JSON, format!(r#"{{"payload":[{order}]}}"#)),
        (method, JSON, format!(r#"{{"payload":{list_text}}}"#)),
        // The id of an envelope is not the order's.
        (method, JSON, format!(r#"{{"id":9,"payload":{order}}}"#)),
        (method, JSON, format!(r#"{{"res":{{"resCode":"200"}},"Detail":{order}}}"#)),
        (method, FORM, field.clone()),
        (method, FORM, format!("payload={}", escaped(&format!("[{order}]")))),
        ("", FORM, format!("Method=updateorder&{field}")),
        ("", JSON, format!(r#"{{"method":"UpdateOrder","payload":{order}}}"#)),
        ("", JSON, order.replacen('{', r#"{"method":"UPDATEORDER","#, 1)),
        ("", JSON, format!(r#"{{"payload":{}}}"#, order.replacen('{', r#"{"method":"UPDATEORDER","#, 1))),
        (&format!("{method}&{field}"), JSON, String::new()),
        (&format!("{method}&{field}"), JSON, "{}".to_owned()),
        (method, FORM, "id=551020&number=SO-2403-0117&status=Packed&amount=458.00&orderid=".into()),
        ("", FORM, "method=UPDATEORDER&id=551020&number=SO-2403-0117&status=5&amount=458.00".into()),
        ("method=UPDATEORDER&id=551020&number=SO-2403-0117&status=5&amount=458.00", JSON, String::new()),
        (
            "method=UPDATEORDER&id=551020&status=5",
            JSON,
            r#"{"number":"SO-2403-0117","amount":"458.00"}"#.into(),
        ),
        ("method=UPDATEORDER&orderid=551020", FORM, "number=SO-2403-0117&status=Packed&amount=458.00".into()),
    ] {
        let parsed = read(None, query, content_type, &body);
        let named = (parsed.event_type.as_str(), parsed.verb, parsed.entity.as_deref());
        assert_eq!(
            named,
            ("UPDATEORDER", "updated", Some(&["551020".to_owned()][..])),
            "{query:?} {content_type:?} {body}"
        );
        let want = json!({
            "id": "551020", "number": "SO-2403-0117", "status": "Packed", "state": "in_progress",
            "voided": false, "total": {"amount": "458.00", "currency": null},
        });
        assert_eq!(serde_json::to_value(&parsed.data).unwrap(), want, "{query:?} {content_type:?} {body}");
    }
}

#[test]
fn every_form_file_is_read_as_an_order() {
    let forms: Vec<_> = Zort::PAYLOADS.iter().filter(|payload| payload.is_form()).collect();
    assert_eq!(forms.len(), 3);
    for form in forms {
        let parsed = contract::read::<ZortContract>(form.event(), form.body);
        let data = serde_json::to_value(&parsed.data).unwrap();
        assert_eq!((parsed.kind(), &data["status"]), (Kind::Order, &json!("Packed")), "{}", form.file);
        assert!(parsed.entity.is_some(), "{}", form.file);
    }
}

#[test]
fn a_byte_order_mark_changes_nothing() {
    let order = r#"{"id": 551020, "status": "Packed"}"#;
    let marked = format!("\u{feff}{order}");
    for (content_type, body) in [
        (JSON, marked.clone()),
        (FORM, marked.clone()),
        (JSON, json!({"payload": &marked}).to_string()),
        (FORM, format!("payload={}", escaped(&marked))),
        (FORM, format!("\u{feff}payload={}", escaped(order))),
        (FORM, "\u{feff}id=551020&status=Packed".to_owned()),
        (FORM, "%EF%BB%BFid=551020&status=Packed".to_owned()),
    ] {
        let parsed = read(None, "method=UPDATEORDER", content_type, &body);
        let want = json!({"id": "551020", "status": "Packed", "state": "in_progress", "voided": false});
        assert_eq!(serde_json::to_value(&parsed.data).unwrap(), want, "{content_type:?} {body:?}");
        assert_eq!(parsed.entity, Some(vec!["551020".to_owned()]), "{content_type:?} {body:?}");
    }
}

#[test]
fn the_query_completes_a_body_and_changes_nothing_in_it() {
    for (query, body, entity, status) in [
        ("id=881003&status=5&paymentstatus=1", "{}", Some("881003"), Some("Packed")),
        ("orderid=881005", r#"{"status":"Packed"}"#, Some("881005"), Some("Packed")),
        ("id=1&status=2", r#"{"id":7,"status":"Packed"}"#, Some("7"), Some("Packed")),
        // A body's own id of any name counts, not the query's.
        ("id=1", r#"{"orderid":7}"#, Some("7"), None),
        ("id=7&status=", r#"{"id":null,"status":" "}"#, Some("7"), None),
        ("number=SO-1", r#"{"status":"Packed"}"#, Some("SO-1"), Some("Packed")),
        ("sku=TEA", r#"{"status":"Packed"}"#, None, Some("Packed")),
    ] {
        let parsed = read(None, &format!("method=UPDATEORDER&{query}"), JSON, body);
        let data = serde_json::to_value(&parsed.data).unwrap();
        assert_eq!(parsed.entity, entity.map(|id| vec![id.to_owned()]), "{query} {body}");
        assert_eq!(data.get("status").and_then(Value::as_str), status, "{query} {body}");
    }
}

#[test]
fn several_objects_and_bodies_without_a_field_are_unknown() {
    let two = r#"[{"id": 1}, {"id": 2}]"#;
    let in_text = json!({"payload": two}).to_string();
    for body in
        [two, &in_text, &format!(r#"{{"payload":{two}}}"#), r#"{"payload":[]}"#, "{}", r#"{"hello":1}"#]
    {
        let parsed = read(None, "method=UPDATEORDER", JSON, body);
        assert_eq!((parsed.event_type.as_str(), parsed.kind()), ("UPDATEORDER", Kind::Unknown), "{body}");
    }
}

#[test]
fn query_body_and_topic_name_the_trigger_in_this_order() {
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
        (Some("ADDORDER"), "method=ADDCOUPON", r#"{"id":1}"#, "ADDCOUPON", Kind::Unknown),
        (Some("coupons"), "", r#"{"id":1}"#, "coupons", Kind::Unknown),
        (None, "", r#"{"id":1}"#, "VERIFY", Kind::Unknown),
        (None, "id=1", "", "VERIFY", Kind::Unknown),
    ] {
        let parsed = read(topic, query, JSON, body);
        let read = (parsed.event_type.as_str(), parsed.kind(), parsed.entity.as_deref());
        assert_eq!(read, (want, kind, Some(&["1".to_owned()][..])), "{topic:?} {query:?} {body}");
    }
}

#[test]
fn a_trigger_that_no_page_names_is_inferred_from_its_words() {
    for (name, want) in [
        ("ADDCONTACT", Some((Kind::Customer, "created"))),
        ("deleteContact", Some((Kind::Customer, "deleted"))),
        ("UPDATEWAREHOUSE", Some((Kind::Outlet, "updated"))),
        ("ADDBUNDLE", Some((Kind::Product, "created"))),
        ("VOIDORDER", Some((Kind::Order, "cancelled"))),
        ("order.cancelled", Some((Kind::Order, "cancelled"))),
        ("UPDATEORDERSTATUS", Some((Kind::Order, "status_changed"))),
        ("ADDORDERPAYMENT", Some((Kind::Order, "payment_updated"))),
        ("UPDATEORDERLABEL", Some((Kind::Order, "updated"))),
        ("UPDATEPURCHASE", Some((Kind::PurchaseOrder, "updated"))),
        ("DELETERETURNPURCHASE", Some((Kind::ReturnPurchaseOrder, "deleted"))),
        ("UPDATERETURNORDERTRACKING", Some((Kind::ReturnOrder, "tracking_updated"))),
        ("DELETETRANSFER", Some((Kind::Transfer, "deleted"))),
        ("UPDATEPRODUCTSTOCK", Some((Kind::Stock, "updated"))),
        ("UPDATESTOCK", Some((Kind::Stock, "updated"))),
        ("orders", Some((Kind::Order, "received"))),
        ("ADDCOUPON", None),
        ("ADDMOVEMENTRETURNORDER", None),
        ("REORDER", None),
        ("ADD", None),
    ] {
        let parsed = read(None, &format!("method={name}"), JSON, r#"{"id":7,"name":"x","number":"y"}"#);
        let read = parsed.inferred.then_some((parsed.kind(), parsed.verb));
        assert_eq!((read, parsed.event_type.as_str()), (want, name));
        assert_eq!(parsed.entity, Some(vec!["7".to_owned()]), "{name}");
    }
}

#[test]
fn every_trigger_has_its_kind_and_verb() {
    let specs: Vec<_> = EVENTS
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
    assert_eq!(specs, want);
}

#[test]
fn an_entity_is_found_under_any_of_its_names() {
    for (event, body, want) in [
        ("ADDORDER", r#"{"id":"551020","orderid":9}"#, Some("551020")),
        ("ADDORDER", r#"{"OrderId":551020,"number":"SO-1"}"#, Some("551020")),
        ("DELETEORDER", r#"{"id":null,"number":"SO-1"}"#, Some("SO-1")),
        ("ADDORDER", r#"{"sku":"TEA","status":"Packed"}"#, None),
        ("ADDPRODUCT", r#"{"productid":"88213","sku":"TEA"}"#, Some("88213")),
        ("UPDATEQUANTITY", r#"{"SKU":"TEA"}"#, Some("TEA")),
        ("ADDPURCHASEORDER", r#"{"number":"PO-1"}"#, Some("PO-1")),
        ("UPDATETRANSFER", r#"{"id":7,"number":"TF-1"}"#, Some("7")),
        ("ADDCONTACT", r#"{"name":"x","code":"C-7"}"#, Some("C-7")),
        ("ADDCOUPON", r#"{"sku":"TEA"}"#, Some("TEA")),
    ] {
        let parsed = read(None, &format!("method={event}"), JSON, body);
        assert_eq!(parsed.entity, want.map(|id| vec![id.to_owned()]), "{event} {body}");
    }
}

#[test]
fn a_voided_document_is_a_cancelled_one() {
    for (event, status, verb, word) in [
        ("UPDATEORDER", r#""voided""#, "cancelled", "voided"),
        ("UPDATEORDER", r#""Voided""#, "cancelled", "Voided"),
        ("UPDATEORDER", "2", "cancelled", "Voided"),
        ("UPDATEORDER", r#""2""#, "cancelled", "Voided"),
        ("UPDATEORDERPAYMENT", "2", "payment_updated", "Voided"),
        ("ADDORDER", "2", "created", "Voided"),
        ("UPDATEPURCHASEORDER", r#""Voided""#, "cancelled", "Voided"),
        ("UPDATERETURNORDER", r#""Voided""#, "cancelled", "Voided"),
        ("UPDATERETURNPURCHASEORDER", r#""Voided""#, "cancelled", "Voided"),
    ] {
        let body = format!(r#"{{"id":1,"status":{status}}}"#);
        let parsed = read(None, &format!("method={event}"), JSON, &body);
        let data = serde_json::to_value(&parsed.data).unwrap();
        let want = json!({"id": "1", "status": word, "state": "cancelled", "voided": true});
        let data = if event == "UPDATEPURCHASEORDER" { without_delivery(data) } else { data };
        assert_eq!((parsed.verb, data), (verb, want), "{event} {status}");
    }
    for status in [r#""Packed""#, "5", "null"] {
        let parsed = read(None, "method=UPDATEORDER", JSON, &format!(r#"{{"id":1,"status":{status}}}"#));
        assert_eq!(parsed.verb, "updated", "{status}");
    }
}

/// Removes the state of the goods: a purchase has its status twice, as its own and as that of its goods.
fn without_delivery(mut data: Value) -> Value {
    let object = data.as_object_mut().unwrap();
    let goods = [object.remove("delivery_status"), object.remove("delivery_state")];
    assert_eq!(goods, [object.get("status").cloned(), object.get("state").cloned()]);
    data
}

#[test]
fn a_body_without_an_object_is_unknown_with_its_id() {
    for (event, content_type, body) in [
        ("ADDORDER", JSON, "not json"),
        ("ADDORDER", JSON, "[]"),
        ("ADDORDER", JSON, ""),
        ("ADDORDER", FORM, "&&"),
        ("ADDTRANSFER", JSON, "not json"),
        ("ADDCONTACT", JSON, "not json"),
    ] {
        let parsed = read(None, &format!("method={event}"), content_type, body);
        let read = (parsed.event_type.as_str(), parsed.kind(), parsed.unknown_reason());
        assert_eq!(read, (event, Kind::Unknown, Some(UnknownReason::Body)), "{content_type:?} {body:?}");
    }
    let parsed = read(None, "method=ADDORDER&id=7", JSON, "not json");
    let read = (parsed.kind(), parsed.entity);
    assert_eq!(read, (Kind::Unknown, Some(vec!["7".to_owned()])), "the query has the id");
}

#[test]
fn equal_bodies_are_one_event_only_within_the_retry_window() {
    for row in EVENTS {
        let body =
            br#"{"id":1,"orderdate":"/Date(1709571600000)/","updatedatetime":"/Date(1709571600000)/"}"#;
        let reading = contract::read::<ZortContract>(row.event, body);
        assert_eq!((reading.dedup, reading.time), (DedupRule::RetryWindow, None), "{}", row.event);
    }
    let delivery = verified(request(None, "method=ADDORDER", &[KEY], r#"{"id":1}"#)).unwrap();
    let reading = Zort::parse(&delivery);
    let event = delivery.into_event::<Zort>(reading);
    assert_eq!(event.dedup_scope(), DedupScope::Within(std::time::Duration::from_mins(1)));
}

#[test]
fn a_delivery_and_a_probe_get_the_status_200() {
    let delivery = verified(request(None, "", &[KEY], "{}")).unwrap();
    let reading = Zort::parse(&delivery);
    let event = delivery.into_event::<Zort>(reading);
    for outcome in [Outcome::Accepted(&event), Outcome::Probed] {
        let response = Zort::respond(&outcome, &());
        assert_eq!((response.status, response.body), (200, json!({"received": true})), "{outcome:?}");
    }
}

#[test]
fn every_leaf_of_every_body_is_mapped_or_left_out() {
    use inlet_testing::coverage::LeftOut::{self, Because};

    const TWIN: LeftOut = Because("the same time as text, read where the field before it has none");
    const SPLIT: LeftOut = Because("a sum before VAT or its VAT, whose whole and other part are mapped");
    inlet_testing::coverage::every_leaf_is_mapped_or_left_out::<ZortContract>(&[
        ("*", "createdatetimeString", TWIN),
        ("*", "updatedatetimeString", TWIN),
        ("order", "orderdateString", TWIN),
        ("order", "expiredateString", TWIN),
        ("order", "shippingdateString", TWIN),
        ("order", "payments[].paymentdatetimeString", TWIN),
        ("purchase_order", "purchaseorderdateString", TWIN),
        ("return_order", "returnorderdateString", TWIN),
        ("return_purchase_order", "returnpurchaseorderdateString", TWIN),
        ("transfer", "transferdateString", TWIN),
        ("order", "createdby", Because("the name of the person; the name of the user is read")),
        ("order", "paymentdate", Because("the date of a voided payment: no money moved then")),
        ("order", "shippingamount_pretax", SPLIT),
        ("order", "shippingamount_vat", Because("the same as shippingvat, read where that is missing")),
        ("order", "platformdiscount_pretax", SPLIT),
        ("order", "platformdiscount_vat", SPLIT),
        ("order", "list[].pricepernumber_vat", SPLIT),
        (
            "order",
            "list[].purchase_vat_status",
            Because("the VAT of buying the product, in a line of a sale"),
        ),
        ("order", "list[].skutype", Because("no page explains its codes")),
        (
            "order",
            "payments[].verifySlip",
            Because("the result of a check of the slip; no page shows its fields"),
        ),
        ("order", "receivedate", Because("no page explains it")),
        ("order", "receivedateString", Because("no page explains it")),
    ]);
}
