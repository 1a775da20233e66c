//! The contract, the documented examples, and DealPOS's own rules.

use inlet::canonical::Kind;
use inlet::delivery::Delivery;
use inlet::event::DedupScope;
use inlet::proof::{Rejection, Verified, verify};
use inlet::provider::Provider;
use inlet::provider::catalogue::{DedupRule, Documented, find};
use inlet::provider::parsed_event::ParsedEvent;
use inlet::provider::response::{Outcome, Response};
use inlet::received_at::ReceivedAt;
use inlet::request::{Headers, Method, Request, Unverified};
use inlet::store::StoreName;
use inlet::trust::Trust;
use inlet_testing::contract::Contract;
use serde_json::{Value, json};

use crate::{Credential, DealPos, EVENTS, Settings};

struct DealPosContract;

/// The payload files, each under its event's name.
macro_rules! payloads {
    ($($event:literal $(: $file:literal)?),* $(,)?) => {
        &[$( ($event, payloads!(@text $event $($file)?)) ),*]
    };
    (@text $event:literal) => { include_str!(concat!("../payloads/", $event, ".json")) };
    (@text $event:literal $what:literal) => { include_str!(concat!("../payloads/", $event, "-", $what, ".json")) };
}

impl Contract for DealPosContract {
    type Provider = DealPos;
    const CREDENTIALS: &'static str = r#"[
        {"api_key": "demo-dealpos-api-key-4f1d"},
        {"bearer": "an-older-token"},
        {"url_token": "the-oldest/one+of=all"}
    ]"#;
    const OTHER_CREDENTIAL: &'static str = r#"{"api_key": "somebody-else"}"#;
    const PROOF: (&'static str, usize) = ("x-api-key", 0);
    const COVERS_BODY: bool = false;
    const PAYLOADS: &'static [(&'static str, &'static str)] = payloads![
        "productCreated",
        "productCreated": "variants",
        "productUpdated",
        "productVariantUpdated",
        "invoiceCreated",
        "invoiceCreated": "lines",
        "customerCreated",
        "customerDeleted",
        "supplierCreated",
        "supplierDeleted",
        "purchaseOrderCreated",
        "purchaseOrderCreated": "payments",
        "purchaseOrderRestored",
        "transferOrderCreated",
        "outboundLogisticComplete",
        "outboundLogisticComplete": "without-id",
        "inboundLogisticComplete",
        "adjustmentCreated",
        "paymentCreated",
        "paymentDeleted",
        "paymentUpdated",
        "paymentWriteoff",
        "supplierBillPaymentCreated",
        "supplierBillPaymentDeleted",
        "closeShift",
        "closeShift": "without-session",
        "fetchLoyaltyPoints",
        "fetchLoyaltyPoints": "wrapped",
        "loyaltyPointOnOrderComplete",
        "salesOrderCreated",
        "salesOrderUpdated",
        "salesOrderUpdated": "without-id",
        "validateCoupon",
    ];
}

inlet_testing::contract!(DealPosContract);

fn verified(
    topic: Option<&str>,
    query: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Verified<Delivery>, Rejection> {
    let credentials: Vec<Credential> = serde_json::from_str(DealPosContract::CREDENTIALS).unwrap();
    let request = Unverified::new(Request {
        method: Method::Post,
        store: StoreName::parse("demo").unwrap(),
        topic: topic.map(str::to_owned),
        query: query.to_owned(),
        headers: headers.iter().copied().collect::<Headers>(),
        body: body.as_bytes().to_vec(),
    });
    let now = ReceivedAt::from_millis(1_709_610_000_000).unwrap();
    verify::<DealPos>(request, &credentials, now).map_err(|refused| refused.rejection)
}

fn delivered(topic: Option<&str>, body: &str) -> Verified<Delivery> {
    verified(topic, "", &[("X-Api-Key", "demo-dealpos-api-key-4f1d")], body).expect("it verifies")
}

fn read(topic: &str, body: &str) -> ParsedEvent {
    DealPos::parse(&delivered(Some(topic), body))
}

/// Returns the first payload file of an event.
fn payload(event: &str) -> &'static str {
    let (_, text) =
        DealPosContract::PAYLOADS.iter().find(|(name, _)| *name == event).expect("a payload file");
    text
}

fn data(topic: &str, body: &str) -> Value {
    serde_json::to_value(read(topic, body).data).unwrap()
}

fn entity(topic: &str, body: &str) -> Option<String> {
    read(topic, body).entity.map(|parts| parts.join(":"))
}

fn response(topic: &str, body: &str, settings: &Settings) -> Response {
    let delivery = delivered(Some(topic), body);
    let reading = DealPos::parse(&delivery);
    DealPos::respond(&Outcome::Accepted(&delivery.into_event::<DealPos>(reading)), settings)
}

#[test]
fn the_trust_depends_on_the_credentials_channel() {
    for (query, headers, trust) in [
        ("", &[("x-API-key", "demo-dealpos-api-key-4f1d")][..], Trust::SharedSecret),
        ("", &[("Authorization", "bearer  an-older-token")], Trust::SharedSecret),
        ("a=1&token=the-oldest%2Fone%2Bof%3Dall", &[], Trust::UrlToken),
    ] {
        let delivery = verified(Some("paymentCreated"), query, headers, "{}").expect("it verifies");
        assert_eq!(delivery.trust(), trust, "{query} {headers:?}");
    }
}

#[test]
fn a_secret_in_the_place_of_another_does_not_verify() {
    for (query, headers, rejection) in [
        ("token=demo-dealpos-api-key-4f1d", &[][..], Rejection::Mismatch),
        ("", &[("x-api-key", "an-older-token")], Rejection::Mismatch),
        ("", &[("authorization", "Bearer demo-dealpos-api-key-4f1d")], Rejection::Mismatch),
        (
            "",
            &[("authorization", "Basic an-older-token")],
            Rejection::Missing { expected: "token in the URL" },
        ),
        ("", &[("authorization", "an-older-token")], Rejection::Missing { expected: "token in the URL" }),
        ("token=", &[], Rejection::Mismatch),
        ("", &[], Rejection::Missing { expected: "token in the URL" }),
    ] {
        let verified = verified(Some("paymentCreated"), query, headers, "{}");
        assert_eq!(verified.err(), Some(rejection), "{query} {headers:?}");
    }
}

#[test]
fn a_token_with_one_changed_character_does_not_verify() {
    for (secret, bearer) in [("an-older-token", true), ("the-oldest/one+of=all", false)] {
        for at in 0..secret.len() {
            let mut bytes = secret.as_bytes().to_vec();
            bytes[at] ^= 1;
            let changed = String::from_utf8(bytes).unwrap();
            let header = format!("Bearer {changed}");
            let query = format!("token={}", inlet::tools::escape::escaped(&changed));
            let verified = if bearer {
                verified(Some("closeShift"), "", &[("authorization", &header)], "{}")
            } else {
                verified(Some("closeShift"), &query, &[], "{}")
            };
            assert_eq!(verified.err(), Some(Rejection::Mismatch), "{changed}");
        }
    }
}

#[test]
fn the_token_of_the_url_is_not_kept() {
    let query = "a=1&token=the-oldest%2Fone%2Bof%3Dall&b=2";
    let delivery = verified(Some("paymentCreated"), query, &[], "{}").expect("it verifies");
    assert_eq!(delivery.query(), "a=1&b=2");
}

#[test]
fn a_credential_is_one_secret_and_never_empty() {
    for text in [
        "{}",
        r#"{"api_key":""}"#,
        r#"{"api_key":"a","bearer":"b"}"#,
        r#"{"key":"a"}"#,
        r#"{"bearer":420815}"#,
    ] {
        let error = serde_json::from_str::<Credential>(text).expect_err(text).to_string();
        assert!(!error.contains("420815"), "{text}: {error}");
    }
}

#[test]
fn every_event_of_the_pages_has_its_kind_and_its_verb() {
    let table = [
        ("productCreated", "product.created", Documented::Partial),
        ("productUpdated", "product.updated", Documented::Partial),
        ("productDeleted", "product.deleted", Documented::NameOnly),
        ("productVariantCreated", "product.created", Documented::NameOnly),
        ("productVariantUpdated", "product.updated", Documented::Full),
        ("invoiceCreated", "order.created", Documented::Partial),
        ("invoiceDeleted", "order.deleted", Documented::NameOnly),
        ("invoiceErased", "order.erased", Documented::NameOnly),
        ("customerCreated", "customer.created", Documented::Full),
        ("customerDeleted", "customer.deleted", Documented::Partial),
        ("supplierCreated", "supplier.created", Documented::Full),
        ("supplierDeleted", "supplier.deleted", Documented::Full),
        ("purchaseOrderCreated", "purchase_order.created", Documented::Partial),
        ("purchaseOrderRestored", "purchase_order.restored", Documented::Partial),
        ("transferOrderCreated", "transfer.completed", Documented::Full),
        ("transferOrderDeleted", "transfer.deleted", Documented::NameOnly),
        ("outboundLogisticComplete", "shipment.completed", Documented::Partial),
        ("inboundLogisticComplete", "shipment.completed", Documented::Partial),
        ("adjustmentCreated", "adjustment.created", Documented::Partial),
        ("paymentCreated", "payment.created", Documented::Full),
        ("paymentDeleted", "payment.deleted", Documented::Full),
        ("paymentUpdated", "payment.updated", Documented::Full),
        ("paymentWriteoff", "payment.written_off", Documented::Full),
        ("supplierBillPaymentCreated", "payment.created", Documented::Full),
        ("supplierBillPaymentDeleted", "payment.deleted", Documented::Partial),
        ("closeShift", "shift.closed", Documented::Full),
        ("fetchLoyaltyPoints", "loyalty.requested", Documented::Full),
        ("loyaltyPointOnOrderComplete", "loyalty.order_completed", Documented::Partial),
        ("salesOrderCreated", "order.converted", Documented::Partial),
        ("salesOrderUpdated", "order.updated", Documented::Partial),
        ("validateCoupon", "coupon.validation_requested", Documented::Partial),
    ];
    assert_eq!(EVENTS.iter().map(|row| row.event).collect::<Vec<_>>(), table.map(|(event, ..)| event));
    for (event, what, documented) in table {
        let reading = read(event, r#"{"ID": "1", "Code": "C", "Number": "2", "Outlet": "Dago"}"#);
        assert_eq!(format!("{}.{}", reading.kind(), reading.verb), what, "{event}");
        assert_eq!(find(EVENTS, event).unwrap().documented, documented, "{event}");
        assert!(!reading.inferred, "{event} is documented");
    }
}

#[test]
fn the_topic_names_the_event_in_any_case() {
    for topic in ["paymentWriteoff", "PAYMENTWRITEOFF", "paymentWriteOff"] {
        let reading = read(topic, payload("paymentWriteoff"));
        assert_eq!(
            (reading.event_type.as_str(), reading.verb),
            ("paymentWriteoff", "written_off"),
            "{topic}"
        );
    }
    assert_eq!(read("CashierShiftClosed", payload("closeShift")).event_type.as_str(), "closeShift");
}

#[test]
fn an_undocumented_event_is_inferred_from_its_name() {
    for (topic, what) in [
        ("outletCreated", "outlet.created"),
        ("OUTLETUPDATED", "outlet.updated"),
        ("invoiceRestored", "order.restored"),
        ("invoiceRe", "order.received"),
        ("invoiceWriteOff", "payment.written_off"),
        ("invoiceWriteOffDeleted", "payment.deleted"),
        ("supplierBillWriteOffCreated", "payment.created"),
        ("supplierBillPaymentUpdated", "payment.updated"),
        ("supplierBillUpdated", "purchase_order.updated"),
        ("supplierUpdated", "supplier.updated"),
        ("billPaymentErased", "payment.erased"),
        ("productVariantDeleted", "product.deleted"),
        ("customerUpdated", "customer.updated"),
        ("purchaseOrderErased", "purchase_order.erased"),
        ("transferOrderCompleted", "transfer.completed"),
        ("outboundLogisticDeleted", "shipment.deleted"),
        ("inboundLogisticDeleted", "shipment.deleted"),
        ("adjustmentDeleted", "adjustment.deleted"),
        ("paymentRestored", "payment.restored"),
        ("shiftOpened", "shift.opened"),
        ("openShift", "shift.opened"),
        ("invoiceVoided", "order.cancelled"),
        ("customerAddressUpdated", "customer.updated"),
        ("shiftClosed", "shift.closed"),
        ("salesOrderDeleted", "order.deleted"),
        ("loyaltyPointUpdated", "loyalty.updated"),
        ("couponUpdated", "coupon.updated"),
        ("product", "product.received"),
    ] {
        let reading = read(topic, r#"{"ID": "7"}"#);
        assert_eq!(format!("{}.{}", reading.kind(), reading.verb), what, "{topic}");
        assert!(reading.inferred, "{topic}");
        assert_eq!(reading.event_type.as_str(), topic);
        assert_eq!(serde_json::to_value(&reading.data).unwrap()["id"], "7", "{topic}");
    }
}

#[test]
fn an_event_of_no_known_family_keeps_its_entity() {
    for (topic, body, id) in [
        (Some("taxChanged"), r#"{"ID": "t-1"}"#, Some("t-1")),
        (Some("ünvoiceCreated"), r#"{"Code": 17}"#, Some("17")),
        (Some(""), "{}", None),
        (None, payload("invoiceCreated"), Some("0d9a4c1e-7f2b-4a0b-8f4c-5f0b6b8d9a77")),
    ] {
        let reading = DealPos::parse(&delivered(topic, body));
        assert_eq!(reading.kind(), Kind::Unknown, "{topic:?}");
        assert_eq!(reading.entity.map(|parts| parts.join(":")).as_deref(), id, "{topic:?} {body}");
        let name = topic.filter(|topic| !topic.is_empty()).unwrap_or("unknown");
        assert_eq!(reading.event_type.as_str(), name, "{topic:?}");
        assert!(!reading.inferred, "{topic:?}");
    }
}

#[test]
fn a_body_that_is_not_json_is_unknown_under_its_events_name() {
    for (topic, body, event) in [
        ("INVOICECREATED", "not json", "invoiceCreated"),
        ("productDeleted", "", "productDeleted"),
        ("outletCreated", "ID=7", "outletCreated"),
        ("paymentCreated", "[]", "paymentCreated"),
    ] {
        let reading = read(topic, body);
        assert_eq!((reading.kind(), reading.event_type.as_str()), (Kind::Unknown, event), "{topic} {body:?}");
        assert_eq!(
            reading.data,
            ParsedEvent::unknown("", inlet::provider::parsed_event::UnknownReason::Body, None).data,
            "{topic}"
        );
    }
}

#[test]
fn an_entity_is_the_id_or_its_documented_substitute() {
    for (event, body, want) in [
        ("paymentCreated", r#"{"ID": "p-1", "InvoiceID": "i-1"}"#, Some("p-1")),
        ("customerCreated", payload("customerCreated"), Some("C0107")),
        ("customerCreated", r#"{"Code": "", "Outlet": "Bandung"}"#, None),
        ("supplierDeleted", payload("supplierDeleted"), Some("S0042")),
        ("transferOrderCreated", payload("transferOrderCreated"), Some("Bandung:24.03.00003")),
        ("transferOrderDeleted", r#"{"Number": "24.03.00003"}"#, Some("24.03.00003")),
        ("inboundLogisticComplete", payload("inboundLogisticComplete"), Some("Bandung:24.03.00007")),
        (
            "outboundLogisticComplete",
            payload("outboundLogisticComplete"),
            Some("77aa88bb-99cc-4ddd-8eee-ff0011223344"),
        ),
        (
            "closeShift",
            r#"{"ID": null, "Outlet": "Bandung", "Number": "/03/24/5"}"#,
            Some("Bandung:/03/24/5"),
        ),
        ("validateCoupon", payload("validateCoupon"), Some("LUAR-55")),
        ("fetchLoyaltyPoints", payload("fetchLoyaltyPoints"), Some("C0042")),
        (
            "fetchLoyaltyPoints",
            r#"{"Phone": "+628120001111", "Email": "sari@example.com", "Code": ""}"#,
            None,
        ),
    ] {
        assert_eq!(entity(event, body).as_deref(), want, "{event} {body}");
    }
}

#[test]
fn an_older_page_without_the_id_is_read_too() {
    let text = include_str!("../payloads/outboundLogisticComplete-without-id.json");
    assert_eq!(entity("outboundLogisticComplete", text).as_deref(), Some("Bandung:24.03.00042"));
    let text = include_str!("../payloads/salesOrderUpdated-without-id.json");
    assert_eq!(entity("salesOrderUpdated", text).as_deref(), Some("Bandung:24.03.00050"));
    let sale = data("salesOrderUpdated", text);
    assert_eq!((&sale["customer"], &sale["total"], &sale["tax"]), (&Value::Null, &Value::Null, &Value::Null));
    let text = include_str!("../payloads/closeShift-without-session.json");
    let (without, with) = (data("closeShift", text), data("closeShift", payload("closeShift")));
    assert!(without.as_object().unwrap().iter().all(|(field, value)| with[field] == *value), "{with}");
    assert_eq!((&without["register_id"], &with["net"]["amount"]), (&Value::Null, &json!("4208000")));
}

#[test]
fn every_spelling_of_a_time_is_an_instant_only_with_its_offset() {
    for (sent, want) in [
        ("2024-03-05", json!({"local": "2024-03-05", "zone": null})),
        ("2024-03-05T10:11:12", json!({"local": "2024-03-05T10:11:12", "zone": null})),
        ("2024-03-05T10:11:12.9", json!({"local": "2024-03-05T10:11:12.9", "zone": null})),
        ("2024-03-05T10:11:12.33", json!({"local": "2024-03-05T10:11:12.33", "zone": null})),
        ("2024-03-05T10:11:12.327", json!({"local": "2024-03-05T10:11:12.327", "zone": null})),
        ("2024-03-05T10:11:12.6691072", json!({"local": "2024-03-05T10:11:12.6691072", "zone": null})),
        ("2024-03-05T21:10:59.608095+07:00", json!("2024-03-05T21:10:59.608095+07:00")),
        ("01 Sep 2020 00:00", json!({"local": "2020-09-01T00:00:00", "zone": null})),
        ("0001-01-01T00:00:00", Value::Null),
        ("", Value::Null),
    ] {
        for (event, field, ours) in [
            ("invoiceCreated", "DueDate", "due_at"),
            ("purchaseOrderCreated", "DueDate", "due_at"),
            ("paymentCreated", "Created", "created_at"),
            ("transferOrderCreated", "ReceivedDate", "arrived_at"),
            ("closeShift", "Close", "closed_at"),
        ] {
            let mut body: Value = serde_json::from_str(payload(event)).unwrap();
            body[field] = json!(sent);
            // A session repeats the shift's times.
            body["Session"] = Value::Null;
            assert_eq!(data(event, &body.to_string())[ours], want, "{event} {field} {sent:?}");
        }
    }
}

#[test]
fn a_shift_mixes_two_spellings() {
    let shift = data("closeShift", payload("closeShift"));
    assert_eq!(shift["opened_at"], json!({"local": "2024-03-05T08:00:00.283", "zone": null}));
    assert_eq!(shift["closed_at"], "2024-03-05T21:10:59.608095+07:00");
    let time = read("closeShift", payload("closeShift")).time;
    assert!(time.is_some_and(|time| time.as_instant().is_some()), "it has an instant");
}

#[test]
fn equal_bodies_are_one_event_forever_only_with_an_own_time() {
    for row in EVENTS {
        let has_own_time = ["invoiceCreated", "closeShift"].contains(&row.event);
        let want = if has_own_time { DedupRule::Timestamp } else { DedupRule::RetryWindow };
        assert_eq!(row.dedup, want, "{}", row.event);
        if let Some((_, text)) = DealPosContract::PAYLOADS.iter().find(|(event, _)| row.is_named(event)) {
            assert_eq!(read(row.event, text).dedup, want, "{}", row.event);
        }
    }
}

#[test]
fn a_time_that_may_be_a_date_keeps_the_retry_window() {
    for sent in [
        json!("2024-03-05T00:00:00"),
        json!("2024-03-05"),
        json!("05 Mar 2024 08:30"),
        json!("0001-01-01T00:00:00.0"),
        json!(""),
        Value::Null,
        json!({}),
    ] {
        for (event, field) in [("invoiceCreated", "Created"), ("closeShift", "Close")] {
            let mut body: Value = serde_json::from_str(payload(event)).unwrap();
            body[field] = sent.clone();
            let reading = read(event, &body.to_string());
            assert_eq!(reading.dedup, DedupRule::RetryWindow, "{event} {sent}");
        }
    }
}

#[test]
fn the_retry_window_covers_the_time_limit_and_the_pause() {
    let delivery = delivered(Some("productUpdated"), payload("productUpdated"));
    let reading = DealPos::parse(&delivery);
    let DedupScope::Within(window) = delivery.into_event::<DealPos>(reading).dedup_scope() else {
        panic!("it has no time of its own")
    };
    assert!(window.as_secs() >= 30 + 7, "{window:?}");
}

#[test]
fn an_invoice_is_an_order_with_its_sums() {
    assert_eq!(
        data("invoiceCreated", payload("invoiceCreated")),
        json!({
            "id": "0d9a4c1e-7f2b-4a0b-8f4c-5f0b6b8d9a77",
            "number": "24.03.00042",
            "reference": "WA-981",
            "state": "open",
            "delivery_status": "Unsent",
            "delivery_state": "open",
            "voided": false,
            "channel": "Whatsapp",
            "outlet": "Bandung",
            "customer": {
                "id": "f2b1c0de-1111-4222-8333-944455566677",
                "code": "C0042",
                "name": "Sari",
                "email": "sari@example.com",
                "phone": "0221234567",
                "mobile": "08120001111",
                "address": {"text": "Jl. Contoh 7"},
            },
            "creator": {"id": "9e8d7c6b-5a49-4837-a615-0403020100ff"},
            "subtotal": {"amount": "250000", "currency": null},
            "discount": {"amount": "25000", "currency": null},
            "discounts": [{"unit": "percent", "value": "10"}],
            "net": {"amount": "225000", "currency": null},
            "tax": {"amount": "0", "currency": null},
            "tax_rate": "0",
            "tax_name": "No Tax",
            "tax_included": false,
            "surcharge": {"amount": "0", "currency": null},
            "total": {"amount": "225000", "currency": null},
            "coupon": {"code": "MARET10"},
            "points": {"used": "0", "earned": "22"},
            "note": "gift wrap",
            "placed_at": {"local": "2024-03-05T00:00:00", "zone": null},
            "created_at": {"local": "2024-03-05T10:11:12.4", "zone": null},
        })
    );
}

#[test]
fn words_and_numbers_are_read_in_any_type() {
    for (void, want) in [
        (json!("Yes"), json!(true)),
        (json!("No"), json!(false)),
        (json!(true), json!(true)),
        (json!("Maybe"), Value::Null),
        (json!([]), Value::Null),
    ] {
        assert_eq!(data("invoiceCreated", &json!({"Void": void}).to_string())["voided"], want, "{void}");
    }
    for (sent, want) in
        [("4208000", "4208000"), ("4208000.50", "4208000.50"), (r#""4208000.50""#, "4208000.50")]
    {
        let body = format!(r#"{{"SalesNTax": {sent}}}"#);
        assert_eq!(data("closeShift", &body)["sales"], json!({"amount": want, "currency": null}), "{sent}");
    }
    for (event, gender, want) in [
        ("customerCreated", json!(0), "0"),
        ("supplierCreated", json!("Male"), "Male"),
        ("customerCreated", json!("1"), "1"),
    ] {
        assert_eq!(
            data(event, &json!({"Gender": gender}).to_string())["party"]["gender"],
            want,
            "{event} {gender}"
        );
    }
}

/// An order as a public receiver parses it: no id, a coupon and payments as objects, a member code.
const RECEIVED: &str = r#"{
    "Outlet": "Kemang", "Number": "26.11.00031", "Date": "2026-11-28T00:00:00",
    "Created": "2026-11-28T13:05:09.37", "Gross": 310000, "DiscountTotal": 15500, "Tax": 32395,
    "SalesNTax": 326895, "Coupon": {"Code": "NOV5", "Amount": 15500},
    "Customer": {"Name": "Ibu Rani", "MemberCode": "M-00781"},
    "Variants": [{
        "Code": "KPI-250", "Quantity": 2, "Price": 147250, "PriceOriginal": 155000, "Discount": 5,
        "DiscountAmount": 0, "NettPrice": 147250, "Note": "giling halus"
    }],
    "Payments": [
        {"Amount": 200000, "Method": "QRIS", "PaymentCode": "INV-9", "PaymentNote": ""},
        {"Amount": 126895, "Method": "Cash"}
    ]
}"#;

#[test]
fn an_invoice_has_lines_payments_a_coupon_and_a_member_code() {
    let money = |amount: &str| json!({"amount": amount, "currency": null});
    let order = data("invoiceCreated", RECEIVED);
    assert_eq!(
        order["lines"],
        json!([{
            "sku": "KPI-250", "quantity": "2", "unit_price": money("147250"), "original_price": money("155000"),
            "net_price": money("147250"), "discount": {"unit": "percent", "value": "5"}, "note": "giling halus",
        }])
    );
    assert_eq!(
        order["payments"],
        json!([
            {"reference": "INV-9", "direction": "in", "purpose": "payment", "amount": money("200000"), "method": "QRIS"},
            {"direction": "in", "purpose": "payment", "amount": money("126895"), "method": "Cash"},
        ])
    );
    let coupon = json!({"code": "NOV5", "unit": "amount", "value": "15500", "amount": money("15500")});
    assert_eq!((&order["coupon"], &order["customer"]["code"]), (&coupon, &json!("M-00781")));
    assert_eq!(entity("invoiceCreated", RECEIVED).as_deref(), Some("Kemang:26.11.00031"));
}

#[test]
fn a_coupon_is_text_a_number_or_an_object() {
    for (sent, want) in [
        (json!("MARET10"), json!({"code": "MARET10"})),
        (json!(1208), json!({"code": "1208"})),
        (json!({"Name": "March"}), json!({"name": "March"})),
        (
            json!({"Code": "M", "Type": "Percentage", "Amount": 10}),
            json!({"code": "M", "unit": "percent", "value": "10"}),
        ),
        (Value::Null, Value::Null),
        (json!({}), Value::Null),
    ] {
        let order = data("invoiceCreated", &json!({"ID": "1", "Coupon": sent}).to_string());
        assert_eq!(order["coupon"], want, "{sent}");
    }
}

#[test]
fn a_customer_is_an_object_or_a_name() {
    for (sent, want) in [
        (json!({"Customer": "Sari", "CustomerID": "c-1"}), json!({"id": "c-1", "name": "Sari"})),
        (
            json!({"Customer": {"ID": "c-2", "Code": "C1", "MemberCode": "M1"}}),
            json!({"id": "c-2", "code": "C1"}),
        ),
        (json!({"CustomerID": "c-3"}), json!({"id": "c-3"})),
        (json!({"Customer": {}}), Value::Null),
    ] {
        let mut body = sent.clone();
        body["ID"] = json!("1");
        assert_eq!(data("invoiceCreated", &body.to_string())["customer"], want, "{sent}");
    }
}

#[test]
fn state_words_map_to_the_common_vocabulary() {
    for (event, body, field, want) in [
        ("invoiceCreated", json!({"Void": "Yes", "Delivery": "Sent"}), "state", json!("cancelled")),
        ("invoiceCreated", json!({"Delivery": "Sent"}), "state", json!("fulfilled")),
        ("salesOrderUpdated", json!({"Delivery": "AwaitingCollection"}), "state", json!("open")),
        ("salesOrderUpdated", json!({"Delivery": "Partial"}), "delivery_state", json!("partially_fulfilled")),
        ("salesOrderUpdated", json!({"Delivery": "On a horse"}), "state", Value::Null),
        (
            "loyaltyPointOnOrderComplete",
            json!({"Payment": "Partial"}),
            "payment_state",
            json!("partially_paid"),
        ),
        ("transferOrderCreated", json!({"State": "Dispatched"}), "state", json!("in_transit")),
        ("purchaseOrderCreated", json!({"Delivery": "Waiting"}), "state", json!("open")),
    ] {
        let mut sent = body.clone();
        sent["ID"] = json!("1");
        assert_eq!(data(event, &sent.to_string())[field], want, "{event} {body}");
    }
}

#[test]
fn only_a_paid_sale_has_a_paid_amount() {
    for (payment, paid) in [("Paid", json!("90")), ("Partial", Value::Null), ("Unpaid", Value::Null)] {
        let sale = json!({"ID": "1", "Payment": payment, "SalesNTax": 90}).to_string();
        assert_eq!(data("loyaltyPointOnOrderComplete", &sale)["paid"]["amount"], paid, "{payment}");
    }
}

#[test]
fn tax_is_added_or_included() {
    for (word, want) in [("Add", json!(false)), ("include", json!(true)), ("Sometimes", Value::Null)] {
        let sale = json!({"ID": "1", "TaxCalculation": word}).to_string();
        assert_eq!(data("invoiceCreated", &sale)["tax_included"], want, "{word}");
    }
}

#[test]
fn a_write_off_is_not_a_payment() {
    let written_off = data("paymentWriteoff", payload("paymentWriteoff"));
    assert_eq!(
        (&written_off["purpose"], &written_off["direction"], &written_off["paid_at"]),
        (&json!("write_off"), &Value::Null, &Value::Null)
    );
    assert_eq!(written_off["reason_id"], "99990000-aaaa-4bbb-8ccc-ddddeeeeffff");
    assert_eq!(written_off["creator"]["name"], "Rina");
    for (event, direction) in [("paymentCreated", "in"), ("supplierBillPaymentCreated", "out")] {
        let payment = data(event, payload(event));
        assert_eq!(
            (&payment["purpose"], &payment["direction"]),
            (&json!("payment"), &json!(direction)),
            "{event}"
        );
        assert!(!payment["paid_at"].is_null(), "{event}");
    }
}

#[test]
fn an_undocumented_body_is_read_like_its_kinds_documented_ones() {
    let order = data("invoiceDeleted", payload("invoiceCreated"));
    assert_eq!(order, data("invoiceCreated", payload("invoiceCreated")));
    let restored = data("invoiceRestored", payload("invoiceCreated"));
    assert_eq!(restored, order);
    let written_off = r#"{"Number": "7", "Amount": 5, "CreatedBy": "Rina", "Reason": "lost"}"#;
    let written_off = data("supplierBillWriteOffCreated", written_off);
    assert_eq!(
        (&written_off["reason"], &written_off["purpose"], &written_off["creator"]["name"]),
        (&json!("lost"), &json!("write_off"), &json!("Rina"))
    );
    let outlet =
        data("outletUpdated", r#"{"ID": "o-1", "Outlet": "Dago", "Code": "DG", "Suspended": false}"#);
    assert_eq!(outlet, json!({"id": "o-1", "code": "DG", "name": "Dago", "suspended": false}));
}

#[test]
fn an_empty_value_is_absent() {
    let sale = data(
        "salesOrderCreated",
        r#"{"ID": "1", "Coupon": null, "Note": " ", "Customer": {}, "Variants": []}"#,
    );
    assert_eq!(sale, json!({"id": "1"}));
    let customer =
        data("customerCreated", r#"{"FirstName": "Budi", "Birthdate": "0001-01-01T00:00:00", "Code": ""}"#);
    assert_eq!(customer, json!({"party": {"first_name": "Budi"}}));
}

#[test]
fn a_tax_that_may_be_a_percentage_is_left_out() {
    assert_eq!(data("purchaseOrderCreated", r#"{"ID": "1", "Tax": 11}"#), json!({"id": "1"}));
    let restored = data("purchaseOrderRestored", payload("purchaseOrderRestored"));
    assert_eq!(restored["tax"], json!({"amount": "132000", "currency": null}));
}

#[test]
fn goods_have_their_lines() {
    let money = |amount: &str| json!({"amount": amount, "currency": null});
    let common = json!({
        "product_id": "b7c1a9de-52f4-4d0e-8f0c-2f1f6a7e3d90", "sku": "SNK-01-42", "name": "Canvas Sneaker 42",
    });
    for (event, own) in [
        ("purchaseOrderCreated", json!({"quantity": "10", "unit_price": money("120000")})),
        (
            "transferOrderCreated",
            json!({
                "quantity": "4", "unit_price": money("249000"), "unit_cost": money("120000"),
                "discount": {"value": "0"},
            }),
        ),
        (
            "outboundLogisticComplete",
            json!({"quantity": "1", "unit_price": money("225000"), "original_price": money("249000")}),
        ),
        (
            "inboundLogisticComplete",
            json!({
                "quantity": "10", "unit_price": money("120000"), "discount": {"unit": "percent", "value": "0"},
            }),
        ),
        (
            "adjustmentCreated",
            json!({
                "quantity": "-1", "unit_price": money("249000"), "original_price": money("249000"),
                "unit_cost": money("120000"), "total_cost": money("-120000"), "total": money("-249000"),
            }),
        ),
    ] {
        let mut want = common.clone();
        want.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        assert_eq!(data(event, payload(event))["lines"], json!([want]), "{event}");
    }
}

#[test]
fn a_shipment_is_outbound_or_inbound() {
    let out = data("outboundLogisticComplete", payload("outboundLogisticComplete"));
    assert_eq!((&out["direction"], &out["customer"]["gender"]), (&json!("outbound"), &json!("Female")));
    assert_eq!(out["shipped_at"]["local"], "2024-03-05T00:00:00");
    let come = data("inboundLogisticComplete", payload("inboundLogisticComplete"));
    assert_eq!((&come["direction"], &come["supplier"]["code"]), (&json!("inbound"), &json!("S0042")));
    assert_eq!(
        (&come["shipped_at"], &come["arrived_at"]["local"]),
        (&Value::Null, &json!("2024-03-06T00:00:00"))
    );
}

#[test]
fn a_payment_names_the_invoice_or_the_bill_that_it_pays() {
    for (event, paid, amount) in [
        ("paymentCreated", "0d9a4c1e-7f2b-4a0b-8f4c-5f0b6b8d9a77", "225000"),
        ("paymentWriteoff", "0d9a4c1e-7f2b-4a0b-8f4c-5f0b6b8d9a77", "5000"),
        ("supplierBillPaymentCreated", "aa10bb20-cc30-4d40-8e50-ff6070809010", "1200000"),
        ("supplierBillPaymentDeleted", "aa10bb20-cc30-4d40-8e50-ff6070809010", "1200000"),
    ] {
        let payment = data(event, payload(event));
        assert_eq!(payment["order_id"], paid, "{event}");
        assert_eq!(payment["amount"], json!({"amount": amount, "currency": null}), "{event}");
    }
}

#[test]
fn a_variant_names_its_product() {
    assert_eq!(
        data("productVariantUpdated", payload("productVariantUpdated")),
        json!({
            "id": "b7c1a9de-52f4-4d0e-8f0c-2f1f6a7e3d90",
            "sku": "SNK-01-42",
            "name": "Canvas Sneaker 42",
            "parent": "Canvas Sneaker",
            "variant": "42",
            "category": "Footwear",
            "price": {"amount": "249000", "currency": null},
            "order_price": {"amount": "180000", "currency": null},
            "cost": {"amount": "120000", "currency": null},
            "outlet_prices": [{
                "outlet": "Bandung",
                "price": {"amount": "245000", "currency": null},
                "extra_cost": {"amount": "0", "currency": null},
            }],
            "components": [{"sku": "LC-1", "name": "Lace", "quantity": "2"}],
            "type_of_product": "Standard",
            "weight": "0.8",
            "discontinued": false,
            "taxable": true,
            "earns_points": true,
        })
    );
}

#[test]
fn the_wrapper_of_an_example_is_taken_off() {
    let flat = data("fetchLoyaltyPoints", payload("fetchLoyaltyPoints"));
    assert_eq!(
        flat,
        json!({
            "outlet": "Bandung",
            "customer": {"code": "C0042", "email": "sari@example.com", "phone": "+628120001111"},
        })
    );
    for wrapper in ["example", "example-1"] {
        let wrapped = format!(r#"{{"{wrapper}": {}}}"#, payload("fetchLoyaltyPoints"));
        assert_eq!(data("fetchLoyaltyPoints", &wrapped), flat, "{wrapper}");
    }
}

#[test]
fn a_coupon_question_has_its_customer_and_cart_total() {
    assert_eq!(
        data("validateCoupon", payload("validateCoupon")),
        json!({
            "code": "LUAR-55",
            "outlet": "Bandung",
            "customer": {"email": "sari@example.com", "phone": "8120001111"},
            "cart_total": {"amount": "150000", "currency": null},
        })
    );
}

#[test]
fn the_till_gets_a_safe_response_or_the_configured_one() {
    let none = Settings::default();
    let invalid = json!({"Type": "Amount", "Amount": 0, "Notification": "This coupon is not valid."});
    for (topic, body, want) in [
        ("fetchLoyaltyPoints", payload("fetchLoyaltyPoints"), json!({"Point": 0})),
        ("FETCHLOYALTYPOINTS", "not json", json!({"Point": 0})),
        ("validateCoupon", payload("validateCoupon"), invalid.clone()),
        ("validateCoupon", "[]", invalid.clone()),
        ("loyaltyPointOnOrderComplete", payload("loyaltyPointOnOrderComplete"), json!({"status": "success"})),
        ("closeShift", payload("closeShift"), json!({"status": "success"})),
        ("outletCreated", "{}", json!({"status": "success"})),
        ("taxChanged", "not json", json!({"status": "success"})),
    ] {
        assert_eq!(response(topic, body, &none), Response::ok(want), "{topic}");
    }

    let set: Settings = serde_json::from_str(
        r#"{"loyalty_points": 1208.50, "coupon": {"type": "Percentage", "amount": 10, "notification": "10% off"}}"#,
    )
    .unwrap();
    assert_eq!(response("fetchLoyaltyPoints", "{}", &set).body.to_string(), r#"{"Point":1208.50}"#);
    let coupon = json!({"Type": "Percentage", "Amount": 10, "Notification": "10% off"});
    assert_eq!(response("validateCoupon", "{}", &set).body, coupon);
    assert_eq!(response("paymentCreated", "{}", &set).body, json!({"status": "success"}));
}

#[test]
fn settings_are_each_optional_and_a_coupon_is_set_as_a_whole() {
    for text in ["{}", r#"{"loyalty_points": 0}"#] {
        assert_eq!(serde_json::from_str::<Settings>(text).unwrap(), Settings::default(), "{text}");
    }
    for (text, reason) in [
        (r#"{"coupon": {"type": "Amount", "amount": 5}}"#, "missing field `notification`"),
        (r#"{"coupon": {"type": "Gift", "amount": 5, "notification": ""}}"#, "unknown variant `Gift`"),
    ] {
        let error = serde_json::from_str::<Settings>(text).expect_err(text).to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
}

#[test]
fn a_probe_of_the_url_succeeds() {
    let response = DealPos::respond(&Outcome::Probed, &Settings::default());
    assert_eq!(response, Response::ok(json!({"status": "success"})));
}

#[test]
fn only_our_own_failures_are_known_to_be_retried() {
    for (status, again) in [(401, false), (408, true), (413, false), (429, true), (503, true)] {
        assert_eq!(DealPos::RETRY_POLICY.retries_after(status), again, "{status}");
    }
    assert!(DealPos::RETRY_WINDOW.as_secs() >= 30 + 7, "{:?}", DealPos::RETRY_WINDOW);
}

#[test]
fn every_leaf_of_every_body_is_mapped_or_left_out() {
    use inlet_testing::coverage::LeftOut::Because;
    inlet_testing::coverage::every_leaf_is_mapped_or_left_out::<DealPosContract>(&[
        ("loyalty", "SalesType", Because("the older name of Tag")),
        ("product", "BrandName", Because("the same as Brand")),
        ("purchase_order", "Tax", Because("an amount or a percentage, by its page")),
        ("shift", "Session.ID", Because("the same as ID")),
        ("shift", "Session.Number", Because("the same as Number")),
        ("shift", "Session.Start", Because("the same as Open")),
        ("shift", "Session.End", Because("the same as Close")),
        ("shift", "Session.RegisterName", Because("the same as Register")),
        ("shift", "Session.UserName", Because("the same as Cashier")),
        ("shift", "Session.Invoice_Count", Because("the same as TotalInvoice")),
        ("shift", "Session.Visitors", Because("the same as Visitor")),
        ("shift", "Session.EntityID", Because("no page explains it; it may be the outlet's id")),
        ("shift", "Session.InvoiceDateTypeID", Because("a setting that no page explains")),
        ("shift", "Session.Bin", Because("no page explains it")),
        ("shift", "Session.ModifierID", Because("empty in the example: a closed shift is not changed")),
        ("shift", "Session.ModifierName", Because("empty in the example: a closed shift is not changed")),
        ("shift", "Session.Modified", Because("the year one in the example: a closed shift is not changed")),
    ]);
}
