//! The contract, the vectors of the facts, and what is Zip's own.

use inlet::canonical::Canonical;
use inlet::proof::{Rejection, Verified, verify};
use inlet::provider::Provider;
use inlet::provider::parsed_event::ParsedEvent;
use inlet::provider::response::Outcome;
use inlet::received_at::ReceivedAt;
use inlet::request::{Headers, Method, Request, Unverified};
use inlet::store::StoreName;
use inlet_testing::contract::Contract;
use serde_json::json;

use crate::{Credential, Delivery, Settings, Zip};

struct ZipContract;

impl Contract for ZipContract {
    type Provider = Zip;
    const CREDENTIALS: &'static str =
        r#"[{"secret":"demo-zip-shared-secret-7f1c"},{"secret":"the-old-one"}]"#;
    const STRANGER: &'static str = r#"{"secret":"somebody-else"}"#;
    const PROOF: (&'static str, usize) = ("x-qp-signature", 0);
    const COVERS_BODY: bool = true;
    const PAYLOADS: &'static [(&'static str, &'static str)] = &[
        ("authorize", include_str!("../payloads/authorize.json")),
        ("capture", include_str!("../payloads/capture.json")),
        ("refund", include_str!("../payloads/refund.json")),
        ("void", include_str!("../payloads/void.json")),
        ("confirm", include_str!("../payloads/confirm.json")),
        ("redirect", include_str!("../payloads/redirect.form")),
    ];
}

inlet_testing::contract!(ZipContract);

fn credentials() -> Vec<Credential> {
    serde_json::from_str(ZipContract::CREDENTIALS).unwrap()
}

fn request(method: Method, topic: &str, query: &str, headers: &[(&str, &str)], body: &str) -> Unverified {
    Unverified::new(Request {
        method,
        store: StoreName::parse("demo").unwrap(),
        topic: Some(topic.to_owned()),
        query: query.to_owned(),
        headers: headers.iter().copied().collect::<Headers>(),
        body: body.as_bytes().to_vec(),
    })
}

fn judged(request: Unverified) -> Result<Verified<Delivery>, Rejection> {
    let now = ReceivedAt::from_millis(1_715_274_201_000).unwrap();
    verify::<Zip>(request, &credentials(), now).map_err(|refused| refused.rejection)
}

fn read(request: Unverified) -> ParsedEvent {
    Zip::parse(&judged(request).expect("it verifies"))
}

/// Vector 1 of the facts: computed by the rules, as Zip publishes none.
const CAPTURE: &str = r#"{"timestamp":"2024-05-09T17:03:21.481920Z","merchantId":"0b7a1f52-6c0e-4c1b-9a53-2f6c8e4d9a10","orderId":"5d2c9f1e-8b34-4f0a-a6d7-91e3c05b7f42","currency":"USD","amount":86.40,"merchantReference":"WEB-100482","operation":"CaptureOrder","test":true,"success":true,"metadata":{"channel":"web"}}"#;
const CAPTURE_SIGNATURE: &str = "APUpZCp883aS583jUTC8UPlcs7UAtFqXljjGvN0IQfg=";

/// Vector 2 of the facts, without its signature.
const REDIRECT_QUERY: &str = include_str!("../payloads/redirect.form");
const REDIRECT_SIGNATURE: &str = "63EpUr+bdjnj5qfp+q0AUvp7UbOFmSYxyXPwMt6SD1s=";

#[test]
fn the_vector_of_a_json_callback_verifies() {
    let reading =
        read(request(Method::Post, "capture", "", &[("X-QP-SIGNATURE", CAPTURE_SIGNATURE)], CAPTURE));
    assert_eq!(reading.event_type.as_str(), "CaptureOrder");
    assert_eq!(reading.verb, "captured");
}

#[test]
fn the_digits_of_an_amount_survive() {
    let reading =
        read(request(Method::Post, "capture", "", &[("x-qp-signature", CAPTURE_SIGNATURE)], CAPTURE));
    let data = serde_json::to_value(&reading.data).unwrap();
    assert_eq!(data["amount"], json!({"amount": "86.40", "currency": "USD"}));
    assert_eq!(data["metadata"], json!({"channel": "web"}));
    assert_eq!(data["paid_at"], "2024-05-09T17:03:21.481920Z");
}

#[test]
fn a_reserialised_amount_does_not_verify() {
    let other = CAPTURE.replace("86.40", "86.4");
    let judged =
        judged(request(Method::Post, "capture", "", &[("x-qp-signature", CAPTURE_SIGNATURE)], &other));
    assert_eq!(judged.err(), Some(Rejection::Mismatch));
}

#[test]
fn the_vector_of_the_redirect_verifies_with_its_signature_escaped_or_not() {
    for signature in [inlet::tools::sender::escaped(REDIRECT_SIGNATURE), REDIRECT_SIGNATURE.to_owned()] {
        let query = format!("{REDIRECT_QUERY}&X-QP-Signature={signature}");
        let reading = read(request(Method::Get, "redirect", &query, &[], ""));
        assert_eq!((reading.event_type.as_str(), reading.verb), ("redirect", "redirect_confirmed"));
        let data = serde_json::to_value(&reading.data).unwrap();
        assert_eq!(data["amount"]["amount"], "86.40");
        assert_eq!(data["customer"]["phone"], "+15550102030");
        assert_eq!(data["customer"]["address"]["line1"], "9 Elm St");
        assert_eq!(data["paid_at"], json!({"local": "05/09/2024 17:03:21", "zone": null}));
        assert_eq!(reading.entity.as_deref(), Some(&["5d2c9f1e-8b34-4f0a-a6d7-91e3c05b7f42".to_owned()][..]));
    }
}

#[test]
fn any_changed_field_of_the_redirect_does_not_verify() {
    for (from, to) in
        [("86.40", "86.41"), ("success=True", "success=true"), ("customer.firstName", "customer.firstname")]
    {
        let query = format!(
            "{}&X-QP-Signature={}",
            REDIRECT_QUERY.replace(from, to),
            inlet::tools::sender::escaped(REDIRECT_SIGNATURE)
        );
        assert_eq!(
            judged(request(Method::Get, "redirect", &query, &[], "")).err(),
            Some(Rejection::Mismatch),
            "{from}"
        );
    }
}

#[test]
fn a_form_is_signed_like_the_redirect() {
    let form = [
        ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
        ("x-qp-signature", REDIRECT_SIGNATURE),
    ];
    let reading = read(request(Method::Post, "authorize", "", &form, REDIRECT_QUERY));
    assert_eq!((reading.event_type.as_str(), reading.verb), ("authorize", "authorized"));

    let field =
        format!("{REDIRECT_QUERY}&X-QP-Signature={}", inlet::tools::sender::escaped(REDIRECT_SIGNATURE));
    let reading = read(request(Method::Post, "authorize", "", &form[..1], &field));
    assert_eq!(reading.verb, "authorized");
}

#[test]
fn nothing_of_the_signature_is_kept() {
    let query =
        format!("{REDIRECT_QUERY}&X-QP-Signature={}", inlet::tools::sender::escaped(REDIRECT_SIGNATURE));
    let delivery = judged(request(Method::Get, "redirect", &query, &[], "")).unwrap();
    assert_eq!(delivery.query(), REDIRECT_QUERY);
}

#[test]
fn both_casings_read_the_same() {
    let pascal =
        inlet_testing::contract::read::<ZipContract>("refund", include_bytes!("../payloads/refund.json"));
    assert_eq!((pascal.event_type.as_str(), pascal.verb), ("RefundOrder", "refund_failed"));
    let data = serde_json::to_value(&pascal.data).unwrap();
    assert_eq!(data["message"], "Amount to be refunded is greater than the amount available.");
    assert_eq!(data["amount"]["amount"], "120.0");
    assert_eq!(data["success"], false);
}

#[test]
fn the_operation_in_the_body_counts_more_than_the_url() {
    let reading = inlet_testing::contract::read::<ZipContract>("void", CAPTURE.as_bytes());
    assert_eq!(reading.event_type.as_str(), "CaptureOrder");
}

#[test]
fn an_operation_that_nobody_documents_is_unknown_and_keeps_its_order() {
    let signature = inlet::tools::sender::hmac_sha256_base64(
        "the-old-one",
        br#"{"operation":"SplitOrder","orderId":"o-1"}"#,
    );
    let request = request(
        Method::Post,
        "later",
        "",
        &[("x-qp-signature", &signature)],
        r#"{"operation":"SplitOrder","orderId":"o-1"}"#,
    );
    let reading = read(request);
    assert_eq!(reading.event_type.as_str(), "SplitOrder");
    assert!(matches!(reading.data, Canonical::Unknown(_)), "{reading:?}");
    assert_eq!(reading.entity, Some(vec!["o-1".to_owned()]));
}

#[test]
fn a_get_tries_the_url_except_on_the_redirect() {
    for (method, topic, probe) in [
        (Method::Get, "capture", true),
        (Method::Head, "redirect", true),
        (Method::Get, "redirect", false),
        (Method::Post, "capture", false),
    ] {
        assert_eq!(Zip::is_probe(&request(method, topic, "", &[], "")), probe, "{method:?} {topic}");
    }
}

#[test]
fn a_shopper_goes_on_to_the_stores_page_where_one_is_set() {
    let query =
        format!("{REDIRECT_QUERY}&X-QP-Signature={}", inlet::tools::sender::escaped(REDIRECT_SIGNATURE));
    let delivery = judged(request(Method::Get, "redirect", &query, &[], "")).unwrap();
    let reading = Zip::parse(&delivery);
    let event = delivery.into_event::<Zip>(reading);
    let set: Settings = serde_json::from_str(r#"{"redirect_url":"https://shop.example/thanks"}"#).unwrap();
    let answer = Zip::respond(&Outcome::Accepted(&event), &set);
    assert_eq!(
        (answer.status, answer.headers),
        (303, vec![("location", "https://shop.example/thanks".to_owned())])
    );
    assert_eq!(Zip::respond(&Outcome::Accepted(&event), &Settings::default()).status, 200);
    let callback = request(Method::Post, "capture", "", &[("x-qp-signature", CAPTURE_SIGNATURE)], CAPTURE);
    let delivery = judged(callback).unwrap();
    let reading = Zip::parse(&delivery);
    let event = delivery.into_event::<Zip>(reading);
    assert_eq!(Zip::respond(&Outcome::Accepted(&event), &set).status, 200, "a callback is no shopper");
}

#[test]
fn a_shopper_cannot_make_another_event_of_the_redirect() {
    let form =
        [("content-type", "application/x-www-form-urlencoded"), ("x-qp-signature", REDIRECT_SIGNATURE)];
    for topic in ["capture", "refund", "void", "confirm"] {
        let reading = read(request(Method::Post, topic, "", &form, REDIRECT_QUERY));
        assert!(matches!(reading.data, Canonical::Unknown(_)), "{topic}: {reading:?}");
    }
}

#[test]
fn an_operation_that_no_page_names_is_the_topics_only_where_the_topics_name_is_ours() {
    for (topic, event) in [("refund", "ReverseRefund"), ("confirm", "confirm"), ("authorize", "authorize")] {
        let reading = inlet_testing::contract::read::<ZipContract>(
            topic,
            br#"{"operation":"ReverseRefund","orderId":"o-1"}"#,
        );
        assert_eq!(reading.event_type.as_str(), event, "at {topic}");
    }
}
