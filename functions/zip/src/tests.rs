//! The contract, the documented vectors, and Zip's own rules.

use inlet::canonical::Canonical;
use inlet::proof::{Rejection, Verified, verify};
use inlet::provider::Provider;
use inlet::provider::parsed_event::{ParsedEvent, UnknownReason};
use inlet::provider::response::Outcome;
use inlet::received_at::ReceivedAt;
use inlet::request::{Headers, Method, Request, Unverified};
use inlet::store::StoreName;
use inlet::trust::Trust;
use inlet_testing::contract::Contract;
use serde_json::{Value, json};

use crate::{Credential, Delivery, Settings, Zip};

struct ZipContract;

impl Contract for ZipContract {
    type Provider = Zip;
    const CREDENTIALS: &'static str =
        r#"[{"secret":"demo-zip-shared-secret-7f1c"},{"secret":"the-old-one"}]"#;
    const OTHER_CREDENTIAL: &'static str = r#"{"secret":"somebody-else"}"#;
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

fn verified(request: Unverified) -> Result<Verified<Delivery>, Rejection> {
    let now = ReceivedAt::from_millis(1_715_274_201_000).unwrap();
    verify::<Zip>(request, &credentials(), now).map_err(|refused| refused.rejection)
}

fn read(request: Unverified) -> ParsedEvent {
    Zip::parse(&verified(request).expect("it verifies"))
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
    let verified =
        verified(request(Method::Post, "capture", "", &[("x-qp-signature", CAPTURE_SIGNATURE)], &other));
    assert_eq!(verified.err(), Some(Rejection::Mismatch));
}

#[test]
fn the_redirects_vector_verifies_escaped_and_unescaped() {
    for signature in [inlet::tools::escape::escaped(REDIRECT_SIGNATURE), REDIRECT_SIGNATURE.to_owned()] {
        let query = format!("{REDIRECT_QUERY}&X-QP-Signature={signature}");
        let reading = read(request(Method::Get, "redirect", &query, &[], ""));
        assert_eq!((reading.event_type.as_str(), reading.verb), ("redirect", "redirect_confirmed"));
        let data = serde_json::to_value(&reading.data).unwrap();
        assert_eq!(data["amount"]["amount"], "86.40");
        assert_eq!(data["customer"]["phone"], "+15550102030");
        assert_eq!(data["customer"]["address"]["line1"], "9 Elm St");
        assert_eq!(data["processed_at"], json!({"local": "2024-05-09T17:03:21", "zone": null}));
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
            inlet::tools::escape::escaped(REDIRECT_SIGNATURE)
        );
        assert_eq!(
            verified(request(Method::Get, "redirect", &query, &[], "")).err(),
            Some(Rejection::Mismatch),
            "{from}"
        );
    }
}

#[test]
fn a_form_to_a_callback_topic_is_kept_as_unknown() {
    let form = [
        ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
        ("x-qp-signature", REDIRECT_SIGNATURE),
    ];
    let field =
        format!("{REDIRECT_QUERY}&X-QP-Signature={}", inlet::tools::escape::escaped(REDIRECT_SIGNATURE));
    for (topic, headers, body) in [
        ("authorize", &form[..], REDIRECT_QUERY),
        ("refund", &form[..], REDIRECT_QUERY),
        ("void", &form[..1], &field),
    ] {
        let delivery = verified(request(Method::Post, topic, "", headers, body)).unwrap();
        assert_eq!(delivery.trust(), Trust::SignedFields, "{topic}");
        let reading = Zip::parse(&delivery);
        assert_eq!(reading.unknown_reason(), Some(UnknownReason::AmbiguousSignature), "{topic}");
        assert_eq!((reading.event_type.as_str(), reading.entity), (topic, None));
    }
}

#[test]
fn a_form_signed_as_a_whole_is_not_an_operation() {
    let body = "operation=RefundOrder&orderId=o-1&success=True";
    let signature = inlet::tools::sender::hmac_sha256_base64("the-old-one", body.as_bytes());
    let headers =
        [("content-type", "application/x-www-form-urlencoded"), ("x-qp-signature", signature.as_str())];
    let reading = read(request(Method::Post, "refund", "", &headers, body));
    assert_eq!((reading.unknown_reason(), reading.entity), (Some(UnknownReason::Body), None));
}

/// Signs fields as Zip signs a redirect, and returns the query that the shopper's browser brings.
fn redirect_query(fields: &[(&str, &str)]) -> String {
    let escape = inlet::tools::escape::escaped;
    let query: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
    let mut sorted = fields.to_vec();
    sorted.sort_unstable();
    let text: String = sorted.iter().flat_map(|(name, value)| [*name, *value]).collect();
    let signature = inlet::tools::sender::hmac_sha256_base64("the-old-one", text.as_bytes());
    format!("{}&X-QP-Signature={}", query.join("&"), escape(&signature))
}

const REDIRECT_FIELDS: [(&str, &str); 6] = [
    ("orderId", "5d2c9f1e-8b34-4f0a-a6d7-91e3c05b7f42"),
    ("amount", "1.00"),
    ("currency", "USD"),
    ("success", "False"),
    ("test", "False"),
    ("timestamp", "05/09/2024 17:03:21"),
];

#[test]
fn a_redirect_is_read_only_with_documented_fields() {
    for (field, is_read) in [
        (("customer.lastName", "Reyes"), true),
        (("metadata.channel", "web"), true),
        (("merchantReference", "WEB-1"), true),
        (("operation", "RefundOrder"), false),
        (("mine", "1"), false),
        (("success", "True"), false),
        (("OrderId", "x"), false),
        (("customer.address.line1", "9 Elm St successTrue"), false),
        (("customer.address.line1", "12 test road"), false),
        (("metadata.a", "orderId1"), false),
        (("merchantId", "not an id"), false),
        (("customer.address.line1", "orderId"), false),
        (("customer.address.line1", "merchantReferenceOTHER"), false),
        (("merchantReference", "customer.email"), false),
    ] {
        let query = redirect_query(&[&REDIRECT_FIELDS[..], &[field]].concat());
        let reading = read(request(Method::Get, "redirect", &query, &[], ""));
        assert_eq!(reading.unknown_reason().is_none(), is_read, "{field:?}: {reading:?}");
    }
    for (name, value) in
        [("amount", "1,00"), ("timestamp", "2024-05-09"), ("test", "maybe"), ("currency", "usd")]
    {
        let mut fields = REDIRECT_FIELDS;
        fields.iter_mut().filter(|(known, _)| *known == name).for_each(|field| field.1 = value);
        let reading = read(request(Method::Get, "redirect", &redirect_query(&fields), &[], ""));
        assert_eq!(reading.unknown_reason(), Some(UnknownReason::AmbiguousSignature), "{name}");
    }
}

#[test]
fn a_typed_name_cannot_move_the_start_of_the_order() {
    let genuine = [&REDIRECT_FIELDS[..], &[("customer.address.line1", "orderId")]].concat();
    let mut cut = [&REDIRECT_FIELDS[..], &[("customer.address.line1", "")]].concat();
    cut[0].1 = "orderId5d2c9f1e-8b34-4f0a-a6d7-91e3c05b7f42";
    let (genuine, forged) = (redirect_query(&genuine), redirect_query(&cut));
    assert_eq!(genuine.rsplit_once('=').unwrap().1, forged.rsplit_once('=').unwrap().1, "one signature");
    let reading = read(request(Method::Get, "redirect", &forged, &[], ""));
    assert_eq!(reading.unknown_reason(), Some(UnknownReason::AmbiguousSignature), "{reading:?}");
}

#[test]
fn text_that_a_shopper_typed_never_becomes_a_field() {
    let line = "9 Elm StoperationRefundOrderorderId99999999-dead-4f0a-a6d7-91e3c05b7f42successTruez";
    let genuine = [&REDIRECT_FIELDS[..], &[("customer.address.line1", line)]].concat();
    let sent = read(request(Method::Get, "redirect", &redirect_query(&genuine), &[], ""));
    assert_eq!(sent.unknown_reason(), Some(UnknownReason::AmbiguousSignature));

    let cut = "amount=1.00&currency=USD&customer.address.line1=9%20Elm%20St&operation=RefundOrder\
        &orderId=99999999-dead-4f0a-a6d7-91e3c05b7f42&success=True\
        &z=orderId5d2c9f1e-8b34-4f0a-a6d7-91e3c05b7f42successFalsetestFalsetimestamp05%2F09%2F2024%2017%3A03%3A21";
    let query = redirect_query(&genuine);
    let signature = query.rsplit_once('=').unwrap().1;
    let signed = format!("{cut}&X-QP-Signature={signature}");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for forged in [
        request(Method::Get, "redirect", &signed, &[], ""),
        request(Method::Post, "authorize", "", &form, &signed),
    ] {
        let reading = read(forged);
        assert_eq!(
            (reading.unknown_reason(), reading.entity),
            (Some(UnknownReason::AmbiguousSignature), None)
        );
    }
}

proptest::proptest! {
    /// The words are those that an attacker needs: names, values in documented forms, and text between them.
    #[test]
    fn no_other_split_of_a_signed_text_is_accepted(
        typed in proptest::collection::vec(proptest::sample::select(WORDS), 0..7),
        cuts in proptest::collection::vec(proptest::prelude::prop::bool::weighted(0.8), 40),
    ) {
        let typed = typed.concat();
        let genuine = [&REDIRECT_FIELDS[..], &[("customer.address.line1", typed.as_str())]].concat();
        let query = redirect_query(&genuine);
        let signature = query.rsplit_once('=').unwrap().1.to_owned();
        let mut sorted = genuine.clone();
        sorted.sort_unstable();
        let text: String = sorted.iter().flat_map(|(name, value)| [*name, *value]).collect();
        // Cut the text wherever a name occurs, at the places that `cuts` chooses.
        let mut places: Vec<(usize, &str)> =
            NAMES.iter().flat_map(|name| text.match_indices(name)).collect();
        places.sort_unstable();
        let mut fields: Vec<(String, String)> = Vec::new();
        let mut at = 0;
        for ((start, name), cut) in places.into_iter().zip(cuts.iter().cycle()) {
            if start == 0 || (*cut && start >= at) {
                if let Some(last) = fields.last_mut() {
                    last.1 = text[at..start].to_owned();
                }
                fields.push((name.to_owned(), String::new()));
                at = start.saturating_add(name.len());
            }
        }
        if let Some(last) = fields.last_mut() {
            last.1 = text[at..].to_owned();
        }
        let escape = inlet::tools::escape::escaped;
        let forged: Vec<String> = fields.iter().map(|(n, v)| format!("{}={}", escape(n), escape(v))).collect();
        let forged = format!("{}&X-QP-Signature={signature}", forged.join("&"));
        let unverified = request(Method::Get, "redirect", &forged, &[], "");
        // A split with names in another order is another text, and does not verify.
        if let Ok(delivery) = verified(unverified) {
            let reading = Zip::parse(&delivery);
            if reading.unknown_reason().is_none() {
                proptest::prop_assert_eq!(reading.entity, Some(vec![REDIRECT_FIELDS[0].1.to_owned()]));
                proptest::prop_assert_eq!(reading.verb, "redirect_failed");
            }
        }
    }
}

const NAMES: &[&str] = &[
    "amount",
    "currency",
    "customer.address.line1",
    "metadata.",
    "merchantId",
    "merchantReference",
    "operation",
    "orderId",
    "success",
    "test",
    "timestamp",
];

const WORDS: &[&str] = &[
    "orderId",
    "success",
    "test",
    "timestamp",
    "operation",
    "merchantId",
    "merchantReference",
    "metadata.",
    "True",
    "False",
    "RefundOrder",
    "99999999-dead-4f0a-a6d7-91e3c05b7f42",
    "05/09/2024 17:03:21",
    "9 Elm St",
    "z",
    "orde",
    "rId",
];

#[test]
fn one_signed_redirect_is_one_event() {
    let query = redirect_query(&REDIRECT_FIELDS);
    let id = |query: &str| {
        let delivery = verified(request(Method::Get, "redirect", query, &[], "")).unwrap();
        let reading = Zip::parse(&delivery);
        delivery.into_event::<Zip>(reading).id().to_string()
    };
    let (first, rest) = query.split_once('&').unwrap();
    for other in [
        query.replace("05%2F09", "05/09"),
        query.replace("orderId", "%6FrderId"),
        format!("&{query}&"),
        format!("{rest}&{first}"),
    ] {
        assert_eq!(id(&other), id(&query), "{other}");
    }
}

proptest::proptest! {
    #[test]
    fn no_spelling_of_a_signed_redirect_is_another_event(
        name in "[A-Za-z ,.]{0,8}",
        choices in proptest::collection::vec(0_usize..4, 200),
        turn in 0_usize..7,
        more in proptest::collection::vec(0_usize..8, 0..4),
    ) {
        let fields = [&REDIRECT_FIELDS[..], &[("customer.firstName", name.as_str())]].concat();
        let query = redirect_query(&fields);
        let signature = query.rsplit_once('&').unwrap().1;
        let mut next = choices.iter().cycle();
        let mut spelled = |text: &str| -> String {
            let spell = |byte: u8| match next.next() {
                Some(0) if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
                Some(1) if byte == b' ' => "+".to_owned(),
                Some(2) => format!("%{byte:02x}"),
                _ => format!("%{byte:02X}"),
            };
            text.bytes().map(spell).collect()
        };
        let mut parts: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", spelled(name), spelled(value))).collect();
        parts.rotate_left(turn);
        parts.push(signature.to_owned());
        for at in more {
            parts.insert(at.min(parts.len()), String::new());
        }
        let id = |query: &str| {
            let delivery = verified(request(Method::Get, "redirect", query, &[], "")).expect("it verifies");
            let reading = Zip::parse(&delivery);
            delivery.into_event::<Zip>(reading).id().to_string()
        };
        proptest::prop_assert_eq!(id(&parts.join("&")), id(&query));
    }
}

#[test]
fn an_unsigned_query_does_not_make_another_event() {
    let headers = [("x-qp-signature", CAPTURE_SIGNATURE)];
    let id = |query: &str| {
        let delivery = verified(request(Method::Post, "capture", query, &headers, CAPTURE)).unwrap();
        let reading = Zip::parse(&delivery);
        delivery.into_event::<Zip>(reading).id().to_string()
    };
    assert_eq!(id("n=1"), id(""));
}

#[test]
fn a_signed_body_is_one_event_at_every_topic() {
    let body = r#"{"orderId":"o-1","timestamp":"2024-05-10T09:00:00Z","success":true}"#;
    let signature = inlet::tools::sender::hmac_sha256_base64("the-old-one", body.as_bytes());
    let id = |topic: &str| {
        let headers = [("x-qp-signature", signature.as_str())];
        let delivery = verified(request(Method::Post, topic, "", &headers, body)).unwrap();
        let reading = Zip::parse(&delivery);
        delivery.into_event::<Zip>(reading).id().to_string()
    };
    for topic in ["confirm", "capture", "AUTHORIZE", "refund"] {
        assert_eq!(id(topic), id("authorize"), "{topic}");
    }
    assert_eq!(id("x1"), id("x2"), "undocumented operations are one unknown event");
}

#[test]
fn the_signature_is_not_kept() {
    let query =
        format!("{REDIRECT_QUERY}&X-QP-Signature={}", inlet::tools::escape::escaped(REDIRECT_SIGNATURE));
    let delivery = verified(request(Method::Get, "redirect", &query, &[], "")).unwrap();
    assert_eq!(delivery.query(), REDIRECT_QUERY);
}

#[test]
fn both_casings_are_read_alike() {
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
fn an_undocumented_operation_is_unknown_and_keeps_its_order() {
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
fn a_get_is_a_probe_except_on_the_redirect() {
    for (method, topic, probe) in [
        (Method::Get, "capture", true),
        (Method::Head, "redirect", true),
        (Method::Get, "redirect", false),
        (Method::Post, "capture", false),
    ] {
        assert_eq!(Zip::is_probe(&request(method, topic, "", &[], "")), probe, "{method:?} {topic}");
    }
}

fn response_to(query: &str, settings: &Settings) -> (u16, Option<String>) {
    let delivery = verified(request(Method::Get, "redirect", query, &[], "")).unwrap();
    let reading = Zip::parse(&delivery);
    let event = delivery.into_event::<Zip>(reading);
    let response = Zip::respond(&Outcome::Accepted(&event), settings);
    (response.status, response.headers.into_iter().next().map(|(_, location)| location))
}

#[test]
fn a_shopper_is_redirected_to_the_page_of_the_outcome() {
    let paid =
        REDIRECT_FIELDS.map(|(name, value)| if name == "success" { (name, "True") } else { (name, value) });
    let order = "orderId=5d2c9f1e%2D8b34%2D4f0a%2Da6d7%2D91e3c05b7f42";
    for (settings, fields, want) in [
        (
            r#"{"redirect_url":"https://s.example/ok"}"#,
            paid,
            Some(format!("https://s.example/ok?{order}&success=True")),
        ),
        (
            r#"{"redirect_url":"https://s.example/ok?a=1#top"}"#,
            paid,
            Some(format!("https://s.example/ok?a=1&{order}&success=True#top")),
        ),
        (r#"{"redirect_url":"https://s.example/ok"}"#, REDIRECT_FIELDS, None),
        (
            r#"{"redirect_url":"https://s.example/ok","redirect_failed_url":"https://s.example/no"}"#,
            REDIRECT_FIELDS,
            Some(format!("https://s.example/no?{order}&success=False")),
        ),
        ("{}", paid, None),
    ] {
        let status = if want.is_some() { 303 } else { 200 };
        let set: Settings = serde_json::from_str(settings).unwrap();
        assert_eq!(response_to(&redirect_query(&fields), &set), (status, want), "{settings}");
    }
}

#[test]
fn a_shopper_with_an_unknown_redirect_gets_the_page() {
    let set: Settings = serde_json::from_str(r#"{"redirect_url":"https://s.example/ok"}"#).unwrap();
    let query = redirect_query(&[("orderId", "o-1"), ("mine", "1"), ("success", "True")]);
    assert_eq!(
        response_to(&query, &set),
        (303, Some("https://s.example/ok?orderId=o%2D1&success=True".into()))
    );
}

#[test]
fn no_split_sends_a_failed_checkout_to_the_thank_you_page() {
    let set: Settings = serde_json::from_str(r#"{"redirect_url":"https://s.example/ok"}"#).unwrap();
    let both: Settings = serde_json::from_str(
        r#"{"redirect_url":"https://s.example/ok","redirect_failed_url":"https://s.example/no"}"#,
    )
    .unwrap();
    let line = "9 Elm StorderIdo-2successTruez";
    let genuine = [&REDIRECT_FIELDS[..], &[("customer.address.line1", line)]].concat();
    let query = redirect_query(&genuine);
    let signature = query.rsplit_once('=').unwrap().1;
    let split = format!(
        "amount=1.00&currency=USD&customer.address.line1=9%20Elm%20St&orderId=o-2&success=True\
        &z=orderId5d2c9f1e-8b34-4f0a-a6d7-91e3c05b7f42successFalsetestFalsetimestamp05%2F09%2F2024%2017%3A03%3A21\
        &X-QP-Signature={signature}"
    );
    assert_eq!(response_to(&split, &set), (200, None));
    let failed = "https://s.example/no?orderId=o%2D2&success=False";
    assert_eq!(response_to(&split, &both), (303, Some(failed.into())));
}

#[test]
fn the_response_to_a_callback_has_no_page() {
    let set: Settings = serde_json::from_str(r#"{"redirect_url":"https://s.example/ok"}"#).unwrap();
    let callback = request(Method::Post, "capture", "", &[("x-qp-signature", CAPTURE_SIGNATURE)], CAPTURE);
    let delivery = verified(callback).unwrap();
    let reading = Zip::parse(&delivery);
    let event = delivery.into_event::<Zip>(reading);
    assert_eq!(Zip::respond(&Outcome::Accepted(&event), &set).status, 200);
}

#[test]
fn only_some_topics_name_an_undocumented_operation() {
    for (topic, event) in [("refund", "ReverseRefund"), ("confirm", "confirm"), ("authorize", "authorize")] {
        let reading = inlet_testing::contract::read::<ZipContract>(
            topic,
            br#"{"operation":"ReverseRefund","orderId":"o-1"}"#,
        );
        assert_eq!(reading.event_type.as_str(), event, "at {topic}");
    }
}

#[test]
fn every_leaf_of_every_body_is_mapped_or_left_out() {
    inlet_testing::coverage::every_leaf_is_mapped_or_left_out::<ZipContract>(&[]);
}

#[test]
fn only_a_capture_and_a_refund_move_money() {
    for (operation, success, state, direction, is_paid) in [
        ("CaptureOrder", true, json!("paid"), json!("in"), true),
        ("CaptureOrder", false, json!("failed"), json!("in"), false),
        ("RefundOrder", true, json!("refunded"), json!("out"), true),
        ("VoidOrder", true, json!("cancelled"), Value::Null, false),
        ("authorize", true, json!("authorized"), Value::Null, false),
        ("authorize", false, json!("failed"), Value::Null, false),
    ] {
        let body =
            json!({"orderId": "1", "timestamp": "2024-05-10T09:00:00Z", "success": success}).to_string();
        let data = inlet_testing::contract::read::<ZipContract>(operation, body.as_bytes()).data;
        let payment = serde_json::to_value(data).unwrap();
        assert_eq!((&payment["state"], &payment["direction"]), (&state, &direction), "{operation} {success}");
        assert_eq!(payment["paid_at"].is_null(), !is_paid, "{operation} {success}");
        assert_eq!(payment["processed_at"], "2024-05-10T09:00:00Z", "{operation} {success}");
    }
}

#[test]
fn a_body_with_a_byte_order_mark_is_not_read() {
    let body = format!("\u{feff}{CAPTURE}");
    let reading = inlet_testing::contract::read::<ZipContract>("CaptureOrder", body.as_bytes());
    assert_eq!(reading.verb, "captured");
    assert_eq!(
        reading.data,
        inlet_testing::contract::read::<ZipContract>("CaptureOrder", CAPTURE.as_bytes()).data
    );
}
