//! The contract of every provider, the documented proofs, the catalogue and the reading of bodies.

use inlet::canonical::Kind;
use inlet::message::CloudEvent;
use inlet::proof::{Rejection, Verified, verify};
use inlet::provider::Provider;
use inlet::provider::catalogue::DedupRule::{self, RetryWindow, Timestamp};
use inlet::provider::catalogue::{Documented, Verb, find};
use inlet::provider::parsed_event::ParsedEvent;
use inlet::provider::response::{Outcome, Response};
use inlet::received_at::ReceivedAt;
use inlet::request::{Headers, Method, Request, Unverified};
use inlet::store::StoreName;
use inlet::tools::sender::basic;
use inlet::trust::Trust;
use inlet_testing::contract::Contract;
use serde_json::{Value, json};

use crate::canonical::time;
use crate::{Credential, Delivery, EVENTS, Zid};

mod coverage;
mod data;

struct ZidContract;

/// Pairs each payload file with its event.
macro_rules! payloads {
    ($( $event:literal: $($file:literal)|+ ),* $(,)?) => {
        &[$( $( ($event, include_str!(concat!("../payloads/", $file, ".json"))), )+ )*]
    };
}

impl Contract for ZidContract {
    type Provider = Zid;
    const CREDENTIALS: &'static str = r#"[
        {"username": "receiver-demo", "password": "S3cure-Passw0rd-Example"},
        {"username": "receiver-demo", "password": "the-old-one"},
        {"url_token": "a secret+of&the URL"}
    ]"#;
    const OTHER_CREDENTIAL: &'static str = r#"{"username": "receiver-demo", "password": "somebody-else"}"#;
    const PROOF: (&'static str, usize) = ("authorization", "Basic ".len());
    const COVERS_BODY: bool = false;
    const PAYLOADS: &'static [(&'static str, &'static str)] = payloads! {
        "order.create": "order.create" | "order.create-marketplace" | "order.create-guest-digital" | "order.create-complete"
                | "order.create-gift-voucher" | "order.create-tiny",
        "order.status.update":
            "order.status.update" | "order.status.update-wrapped" | "order.status.update-empty-arrays"
                | "order.status.update-texts" | "order.status.update-partly-returned",
        "order.payment_status.update":
            "order.payment_status.update" | "order.payment_status.update-nested"
                | "order.payment_status.update-several-payments",
        "order": "order",
        "product.create": "product.create",
        "product.update": "product.update" | "product.update-variants" | "product.update-child",
        "product.publish": "product.publish",
        "product.delete": "product.delete",
        "product": "product",
        "abandoned_cart.created": "abandoned_cart.created" | "abandoned_cart.created-nested-customer",
        "abandoned_cart.completed": "abandoned_cart.completed",
        "abandoned_cart": "abandoned_cart",
        "customer.create": "customer.create",
        "customer.update": "customer.update" | "customer.update-detail",
        "customer.merchant.update": "customer.merchant.update",
        "customer.login": "customer.login",
        "customer": "customer",
        "category.create": "category.create",
        "category.update": "category.update" | "category.update-nested",
        "category.delete": "category.delete",
        "category": "category",
        "app.market.application.authorized": "app.market.application.authorized",
        "app.market.application.install": "app.market.application.install",
        "app.market.application.uninstall": "app.market.application.uninstall",
        "app.market.application.rated": "app.market.application.rated",
        "app.market.subscription.active":
            "app.market.subscription.active" | "app.market.subscription.active-older"
                | "app.market.subscription.active-free-trial",
        "app.market.subscription.warning": "app.market.subscription.warning",
        "app.market.subscription.suspended": "app.market.subscription.suspended",
        "app.market.subscription.expired": "app.market.subscription.expired",
        "app.market.subscription.renew": "app.market.subscription.renew",
        "app.market.subscription.upgrade": "app.market.subscription.upgrade",
        "app.market.subscription.refunded": "app.market.subscription.refunded",
        "app.market.subscription.usage_based.payment_success":
            "app.market.subscription.usage_based.payment_success",
        "app.market.subscription.usage_based.payment_failure":
            "app.market.subscription.usage_based.payment_failure",
        "app.market.private.plan.request": "app.market.private.plan.request",
    };
}

inlet_testing::contract!(ZidContract);

// Proof.

fn request(topic: Option<&str>, query: &str, authorization: Option<&str>, body: &str) -> Unverified {
    Unverified::new(Request {
        method: Method::Post,
        store: StoreName::parse("riyadh").unwrap(),
        topic: topic.map(str::to_owned),
        query: query.to_owned(),
        headers: authorization.iter().map(|value| ("authorization", *value)).collect::<Headers>(),
        body: body.as_bytes().to_vec(),
    })
}

fn verified(request: Unverified, credential: Value) -> Result<Verified<Delivery>, Rejection> {
    let credential: Credential = serde_json::from_value(credential).unwrap();
    let now = ReceivedAt::from_millis(1_749_715_272_345).unwrap();
    verify::<Zid>(request, &[credential], now).map_err(|refused| refused.rejection)
}

fn pair(username: &str, password: &str) -> Value {
    json!({"username": username, "password": password})
}

fn with_header(header: Option<&str>, credential: Value) -> Result<Trust, Rejection> {
    verified(request(Some("order.create"), "", header, "{}"), credential).map(|delivery| delivery.trust())
}

#[test]
fn the_documented_vectors_verify() {
    for (username, password, header) in [
        ("user", "secret", "Basic dXNlcjpzZWNyZXQ="),
        (
            "receiver-demo",
            "S3cure-Passw0rd-Example",
            "Basic cmVjZWl2ZXItZGVtbzpTM2N1cmUtUGFzc3cwcmQtRXhhbXBsZQ==",
        ),
        ("shop", "p:with:colons", "Basic c2hvcDpwOndpdGg6Y29sb25z"),
        ("user", "secret", "bAsIc dXNlcjpzZWNyZXQ="),
        ("user", "secret", "Basic   dXNlcjpzZWNyZXQ= "),
    ] {
        let verified = with_header(Some(header), pair(username, password));
        assert_eq!(verified, Ok(Trust::SharedSecret), "{header:?}");
    }
}

#[test]
fn only_the_pair_in_strict_base64_is_accepted() {
    let malformed = Rejection::Malformed { what: "Authorization: Basic header" };
    for (header, want) in [
        (basic("user", "secret "), Rejection::Mismatch),
        (basic("user", "Secret"), Rejection::Mismatch),
        (basic("User", "secret"), Rejection::Mismatch),
        (basic("user", ""), Rejection::Mismatch),
        (basic("", "secret"), Rejection::Mismatch),
        ("Basic ".to_owned(), Rejection::Mismatch),
        // The same bytes with a bit in what the padding leaves over, and without the padding.
        ("Basic dXNlcjpzZWNyZXR=".to_owned(), malformed),
        ("Basic dXNlcjpzZWNyZXQ".to_owned(), malformed),
        ("Basic user:secret".to_owned(), malformed),
        ("Basic".to_owned(), malformed),
        ("Bearer dXNlcjpzZWNyZXQ=".to_owned(), malformed),
        ("dXNlcjpzZWNyZXQ=".to_owned(), malformed),
        (String::new(), malformed),
    ] {
        assert_eq!(with_header(Some(&header), pair("user", "secret")), Err(want), "{header:?}");
    }
    let missing = Rejection::Missing { expected: "Authorization: Basic header" };
    assert_eq!(with_header(None, pair("user", "secret")), Err(missing));
}

#[test]
fn a_token_in_the_url_verifies_and_is_not_kept() {
    let token = || json!({"url_token": "s3cret token"});
    let with_query = |query: &str| verified(request(Some("app"), query, None, "{}"), token());

    let delivery = with_query("e=1&token=s3cret%20token").unwrap();
    assert_eq!((delivery.trust(), delivery.query()), (Trust::UrlToken, "e=1"));
    for (query, want) in [
        ("token=s3cret", Rejection::Mismatch),
        ("token=", Rejection::Mismatch),
        ("tokens=s3cret%20token", Rejection::Missing { expected: "token in the URL" }),
        ("", Rejection::Missing { expected: "token in the URL" }),
    ] {
        assert_eq!(with_query(query).err(), Some(want), "{query:?}");
    }
}

#[test]
fn no_single_changed_bit_of_a_header_or_a_token_verifies() {
    let flips = |proof: &str| {
        let one = |at: usize, bit: u8| {
            let mut bytes = proof.as_bytes().to_vec();
            bytes[at] ^= 1 << bit;
            String::from_utf8(bytes).unwrap()
        };
        (0..proof.len())
            .flat_map(|at| (0..7).map(move |bit| (at, bit)))
            .map(|(at, bit)| one(at, bit))
            .collect()
    };
    let headers: Vec<String> = flips("cmVjZWl2ZXItZGVtbzpTM2N1cmUtUGFzc3cwcmQtRXhhbXBsZQ==");
    for header in headers {
        let verified =
            with_header(Some(&format!("Basic {header}")), pair("receiver-demo", "S3cure-Passw0rd-Example"));
        assert!(
            matches!(verified, Err(Rejection::Mismatch | Rejection::Malformed { .. })),
            "{header:?}: {verified:?}"
        );
    }
    let tokens: Vec<String> = flips("f7a+9Zq_0x");
    for token in tokens {
        let verified = verified(
            request(Some("app"), &format!("token={token}"), None, "{}"),
            json!({"url_token": "f7a 9Zq_0x"}),
        );
        assert_eq!(verified.err(), Some(Rejection::Mismatch), "{token:?}");
    }
}

#[test]
fn one_kind_of_proof_does_not_replace_the_other() {
    let token = request(Some("app"), "token=user%3Asecret", None, "{}");
    assert!(matches!(verified(token, pair("user", "secret")), Err(Rejection::Missing { .. })));
    let header = request(Some("app"), "", Some("Basic dXNlcjpzZWNyZXQ="), "{}");
    assert!(matches!(verified(header, json!({"url_token": "user:secret"})), Err(Rejection::Missing { .. })));
}

#[test]
fn only_a_pair_or_a_token_is_a_credential() {
    let neither = "a credential is a username and a password, or a url_token";
    for (credential, want) in [
        (json!({}), neither),
        (json!({"username": "u"}), neither),
        (json!({"password": "hunter2"}), neither),
        (json!({"username": "u", "password": null, "url_token": null}), neither),
        (json!({"username": "u", "password": "hunter2", "url_token": "t"}), neither),
        (json!({"username": "u", "url_token": "t"}), neither),
        (json!({"username": "u", "password": ""}), "a secret must not be empty or blank"),
        (json!({"url_token": ""}), "a secret must not be empty or blank"),
        (json!({"url_token": "  "}), "a secret must not be empty or blank"),
        (json!({"url_token": 17}), "a secret must be a JSON string"),
    ] {
        let refused = serde_json::from_value::<Credential>(credential.clone()).unwrap_err().to_string();
        assert_eq!(refused, want, "{credential}");
    }
}

#[test]
fn a_credential_shows_no_secret() {
    let credential: Credential = serde_json::from_value(pair("user", "hunter2")).unwrap();
    let shown = format!("{credential:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("user:"), "{shown}");
}

// Reading.

fn delivered(topic: Option<&str>, body: &str) -> Verified<Delivery> {
    let request = request(topic, "", Some("Basic dXNlcjpzZWNyZXQ="), body);
    verified(request, pair("user", "secret")).expect("it verifies")
}

fn reading(topic: Option<&str>, body: &str) -> ParsedEvent {
    Zid::parse(&delivered(topic, body))
}

fn data(reading: &ParsedEvent) -> Value {
    serde_json::to_value(&reading.data).unwrap()
}

/// Returns the event type, the kind, the verb and the id.
fn gist(reading: &ParsedEvent) -> (String, Kind, &'static str, Option<String>) {
    let id = reading.entity.as_ref().map(|parts| parts.join(":"));
    (reading.event_type.as_str().to_owned(), reading.kind(), reading.verb, id)
}

#[test]
fn a_changed_order_becomes_the_message_of_the_design() {
    let body = include_str!("../payloads/order.status.update.json");
    let delivery = delivered(Some("order.status.update"), body);
    let reading = Zid::parse(&delivery);
    let event = delivery.into_event::<Zid>(reading);
    let message: Value = serde_json::from_str(&CloudEvent::of(&event).to_json()).unwrap();
    for (field, want) in [
        ("source", "/zid/riyadh"),
        ("type", "commerce.order.status_changed"),
        ("subject", "order/81230457"),
        ("time", "2025-06-12T08:01:10Z"),
        ("provider", "zid"),
        ("providertype", "order.status.update"),
        ("trust", "shared_secret"),
    ] {
        assert_eq!(message[field], want, "{field}");
    }
    assert!(event.id().as_str().starts_with("zid/riyadh/order/81230457/"), "{}", event.id());
}

#[test]
fn every_event_has_its_kind_its_verb_and_its_identity() {
    use Kind::{App, Cart, Category, Customer, Order, Product, Subscription};
    let want: &[(&str, Kind, &str, DedupRule, Option<&str>)] = &[
        ("order.create", Order, "created", Timestamp, Some("created_at")),
        ("order.status.update", Order, "status_changed", Timestamp, Some("updated_at")),
        ("order.payment_status.update", Order, "payment_status_changed", Timestamp, Some("updated_at")),
        ("product.create", Product, "created", Timestamp, Some("created_at")),
        ("product.update", Product, "updated", Timestamp, Some("updated_at")),
        ("product.publish", Product, "published", Timestamp, Some("updated_at")),
        ("product.delete", Product, "deleted", RetryWindow, None),
        ("abandoned_cart.created", Cart, "abandoned", Timestamp, Some("updated_at")),
        ("abandoned_cart.completed", Cart, "completed", Timestamp, Some("updated_at")),
        ("customer.create", Customer, "created", Timestamp, Some("created_at")),
        ("customer.update", Customer, "updated", Timestamp, Some("updated_at")),
        ("customer.login", Customer, "logged_in", RetryWindow, None),
        ("customer.merchant.update", Customer, "merchant_updated", RetryWindow, None),
        ("category.create", Category, "created", RetryWindow, None),
        ("category.update", Category, "updated", RetryWindow, None),
        ("category.delete", Category, "deleted", RetryWindow, None),
        ("app.market.application.authorized", App, "authorized", RetryWindow, None),
        ("app.market.application.install", App, "installed", RetryWindow, None),
        ("app.market.application.uninstall", App, "uninstalled", RetryWindow, None),
        ("app.market.application.rated", App, "rated", RetryWindow, None),
        ("app.market.subscription.active", Subscription, "activated", RetryWindow, None),
        ("app.market.subscription.warning", Subscription, "warned", RetryWindow, None),
        ("app.market.subscription.suspended", Subscription, "suspended", RetryWindow, None),
        ("app.market.subscription.expired", Subscription, "expired", RetryWindow, None),
        ("app.market.subscription.renew", Subscription, "renewed", RetryWindow, None),
        ("app.market.subscription.upgrade", Subscription, "upgraded", RetryWindow, None),
        ("app.market.subscription.refunded", Subscription, "refunded", RetryWindow, None),
        (
            "app.market.subscription.usage_based.payment_success",
            Subscription,
            "usage_paid",
            RetryWindow,
            None,
        ),
        (
            "app.market.subscription.usage_based.payment_failure",
            Subscription,
            "usage_unpaid",
            RetryWindow,
            None,
        ),
        ("app.market.private.plan.request", Subscription, "plan_requested", RetryWindow, None),
        ("order", Order, "unknown", RetryWindow, None),
        ("product", Product, "unknown", RetryWindow, None),
        ("abandoned_cart", Cart, "unknown", RetryWindow, None),
        ("customer", Customer, "unknown", RetryWindow, None),
        ("category", Category, "unknown", RetryWindow, None),
    ];
    assert_eq!(EVENTS.len(), want.len());
    for (event, kind, verb, identity, time) in want {
        let row = find(EVENTS, event).unwrap_or_else(|| panic!("no row for {event}"));
        assert_eq!((row.kind, row.verb_for(&json!({}))), (*kind, *verb), "{event}");
        assert_eq!((row.dedup, row.time), (*identity, *time), "{event}");
    }
}

#[test]
fn an_undocumented_event_is_marked_as_inferred() {
    let inferred = EVENTS.iter().filter(|row| row.documented == Documented::Inferred).map(|row| row.event);
    let want = [
        "app.market.subscription.usage_based.payment_success",
        "app.market.subscription.usage_based.payment_failure",
    ];
    assert_eq!(inferred.collect::<Vec<_>>(), want);
}

#[test]
fn the_body_names_the_event_then_the_url_then_its_shape() {
    let order = r#""id":5,"order_status":{"code":"new"},"customer":{"id":9,"email":"a","mobile":"1"}"#;
    for (topic, body, event) in [
        (Some("order.create"), format!("{{{order}}}"), "order.create"),
        (Some("Order.CREATE"), format!("{{{order}}}"), "order.create"),
        // A field `event` may be a merchant's own text, with a point in it.
        (Some("order.create"), format!(r#"{{"event":"St. John",{order}}}"#), "order.create"),
        (Some("hook"), format!(r#"{{"event":"order.status.update",{order}}}"#), "order.status.update"),
        (Some("hook"), format!(r#"{{"event_name":"order.create","event":"x.y",{order}}}"#), "order.create"),
        (Some("order.create"), format!(r#"{{"event_name":" ","event":"shipped",{order}}}"#), "order.create"),
        (Some("order.create"), format!(r#"{{"event_name":["x"],"event":{{}},{order}}}"#), "order.create"),
        (Some("order"), format!("{{{order}}}"), "order"),
        (Some("hook"), format!("{{{order}}}"), "order"),
        (Some(""), format!("{{{order}}}"), "order"),
        (None, format!("{{{order}}}"), "order"),
        (None, format!(r#"{{"order":{{{order}}}}}"#), "order"),
        (None, format!(r#"{{"id":"envelope","data":{{"order":{{{order}}}}}}}"#), "order"),
    ] {
        let (name, kind, _, id) = gist(&reading(topic, &body));
        assert_eq!((name.as_str(), kind, id.as_deref()), (event, Kind::Order, Some("5")), "{topic:?} {body}");
    }
}

#[test]
fn the_app_market_names_its_events_in_the_body_whatever_the_url() {
    let body = include_str!("../payloads/app.market.subscription.upgrade.json");
    for topic in [Some("app"), Some("order.create"), Some("hook"), None] {
        let want = (
            "app.market.subscription.upgrade".to_owned(),
            Kind::Subscription,
            "upgraded",
            Some("4410:700812".to_owned()),
        );
        assert_eq!(gist(&reading(topic, body)), want, "{topic:?}");
    }
}

#[test]
fn a_shape_shows_the_kind_and_no_verb() {
    for (body, event, kind, id) in [
        (r#"{"id":1,"order_total":"1.00"}"#, "order", Kind::Order, "1"),
        (r#"{"id":1,"invoice_number":1,"email":"a","mobile":"b"}"#, "order", Kind::Order, "1"),
        (r#"{"id":"c","phase":"new","cart_total":"1"}"#, "abandoned_cart", Kind::Cart, "c"),
        (r#"{"status":"object","abandoned_cart":{"id":"c"}}"#, "abandoned_cart", Kind::Cart, "c"),
        (r#"{"cart":{"id":"c"}}"#, "abandoned_cart", Kind::Cart, "c"),
        (r#"{"id":"p","sku":null,"html_url":"u"}"#, "product", Kind::Product, "p"),
        (r#"{"id":"p","sku":"s","structure":"child"}"#, "product", Kind::Product, "p"),
        (r#"{"data":{"id":"p","sku":"s","stocks":[]}}"#, "product", Kind::Product, "p"),
        (r#"{"id":3,"flat_name":"x"}"#, "category", Kind::Category, "3"),
        (r#"{"id":3,"sub_categories":[]}"#, "category", Kind::Category, "3"),
        (r#"{"id":4,"order_counts":0}"#, "customer", Kind::Customer, "4"),
        (r#"{"id":4,"email":null,"telephone":"1"}"#, "customer", Kind::Customer, "4"),
    ] {
        let want = (event.to_owned(), kind, "unknown", Some(id.to_owned()));
        assert_eq!(gist(&reading(Some("hook"), body)), want, "{body}");
    }
}

#[test]
fn an_event_of_no_family_is_unknown_and_keeps_its_id() {
    for (topic, body, name, id) in [
        (Some("review.added"), r#"{"id":7,"rating":5}"#, "review.added", Some("7")),
        (Some("inventory.low"), r#"{"data":{"id":"x-7"}}"#, "inventory.low", Some("x-7")),
        (Some("review.added"), r#"{"id":"envelope","data":{"id":"x-7"}}"#, "review.added", Some("x-7")),
        (Some("app"), r#"{"event_name":"paused","app_id":1}"#, "paused", None),
        (Some("app"), r#"{"app_id":1,"store_id":2}"#, "app", Some("1:2")),
        (Some("hook"), r#"{"id":5,"customer":{"email":"a","mobile":"1"}}"#, "hook", Some("5")),
        (Some("orders"), r#"{"id":5}"#, "orders", Some("5")),
        (None, r#"{"what":"ever"}"#, "unknown", None),
    ] {
        let want = (name.to_owned(), Kind::Unknown, "received", id.map(str::to_owned));
        let reading = reading(topic, body);
        assert_eq!(gist(&reading), want, "{topic:?} {body}");
        assert_eq!(data(&reading)["reason"], "unknown_event", "{body}");
    }
}

#[test]
fn an_undocumented_event_is_read_like_its_family() {
    use Kind::{App, Cart, Category, Customer, Order, Product, Subscription};
    let order = r#"{"id":7,"order_status":{"code":"cancelled"}}"#;
    let cart = r#"{"id":"c","phase":"new"}"#;
    let app = r#"{"app_id":4410,"store_id":700812}"#;
    for (name, body, kind, verb, id) in [
        ("order.cancelled", order, Order, "cancelled", "7"),
        ("order.cancel", order, Order, "cancelled", "7"),
        ("Order.Canceled", order, Order, "cancelled", "7"),
        ("order.new", order, Order, "created", "7"),
        ("new-order", order, Order, "created", "7"),
        ("order-status-update", order, Order, "cancelled", "7"),
        ("order.refunded", order, Order, "refunded", "7"),
        ("order.archived", order, Order, "received", "7"),
        ("cart.abandoned", cart, Cart, "abandoned", "c"),
        ("abandoned-cart", cart, Cart, "abandoned", "c"),
        ("product.remove", r#"{"id":"p","sku":"s"}"#, Product, "deleted", "p"),
        ("product.quantity.low", r#"{"id":"p","sku":"s"}"#, Product, "received", "p"),
        ("customer.new", r#"{"id":9,"name":"x"}"#, Customer, "created", "9"),
        ("category.publish", r#"{"id":3,"name":"x"}"#, Category, "published", "3"),
        ("app.market.application.paused", app, App, "received", "4410:700812"),
        ("app.market.something", app, App, "received", "4410:700812"),
        ("app.market.subscription.cancelled", app, Subscription, "cancelled", "4410:700812"),
    ] {
        for event in [
            reading(Some(name), body),
            reading(None, &body.replacen('{', &format!(r#"{{"event":"{name}","#), 1)),
        ] {
            assert_eq!(gist(&event), (name.to_owned(), kind, verb, Some(id.to_owned())), "{name}");
            assert!(event.inferred, "{name}");
        }
    }
}

#[test]
fn an_undocumented_cancellation_is_in_its_orders_group() {
    let body = r#"{"event":"order.cancelled","store_id":"s","data":{"id":65170010,"order_status":{"code":"cancelled"},"payment_status":"refunded"}}"#;
    let delivery = delivered(None, body);
    let event = Zid::parse(&delivery);
    assert_eq!(data(&event)["state"], "cancelled");
    let event = delivery.into_event::<Zid>(event);
    assert!(event.id().as_str().starts_with("zid/riyadh/order/65170010/"), "{}", event.id());
    let message: Value = serde_json::from_str(&CloudEvent::of(&event).to_json()).unwrap();
    assert_eq!(message["type"], "commerce.order.cancelled");
    assert_eq!(message["providertype"], "order.cancelled");
}

#[test]
fn a_merchants_own_words_are_not_an_event() {
    let body = r#"{"event":"Order no. 5, new","id":7,"order_status":{"code":"new"}}"#;
    assert_eq!(gist(&reading(Some("order.create"), body)).0, "order.create");
    assert_eq!(gist(&reading(Some("hook"), body)).2, "received");
}

#[test]
fn a_cancelled_order_is_one_verb_in_each_spelling() {
    for (status, verb) in [
        (r#"{"code":"cancelled"}"#, "cancelled"),
        (r#"{"code":"canceled"}"#, "cancelled"),
        (r#"{"code":"Cancelled","name":"x"}"#, "cancelled"),
        (r#"{"code":"voided"}"#, "cancelled"),
        (r#""cancelled""#, "cancelled"),
        (r#""ملغي""#, "cancelled"),
        (r#"{"code":5,"name":"ملغي"}"#, "cancelled"),
        (r#"{"code":"canceledReversal"}"#, "status_changed"),
        (r#"{"code":"ready"}"#, "status_changed"),
        ("[]", "status_changed"),
    ] {
        let body = format!(r#"{{"id":1,"order_status":{status},"updated_at":"2025-06-12 08:01:10"}}"#);
        assert_eq!(reading(Some("order.status.update"), &body).verb, verb, "{status}");
        assert_eq!(reading(Some("order.create"), &body).verb, "created", "{status}");
    }
}

#[test]
fn a_body_that_is_not_an_object_is_unknown_under_the_urls_name() {
    for body in ["", "null", "[]", "[{\"id\":1}]", "\"order\"", "id=1", "{\"id\":1"] {
        for (topic, name) in
            [(Some("product.delete"), "product.delete"), (None, "unknown"), (Some(" "), "unknown")]
        {
            let reading = reading(topic, body);
            assert_eq!(
                gist(&reading),
                (name.to_owned(), Kind::Unknown, "received", None),
                "{topic:?} {body:?}"
            );
            assert_eq!(data(&reading)["reason"], "unreadable_body", "{body:?}");
        }
    }
}

#[test]
fn a_wrapper_is_taken_off_and_a_part_is_not() {
    for (topic, body, id) in [
        ("order.create", r#"{"id":1,"order_total":"1","customer":{"id":9}}"#, "1"),
        ("order.create", r#"{"order":{"id":1,"order_total":"1","customer":{"id":9}}}"#, "1"),
        ("order.create", r#"{"data":{"id":1,"customer":{"id":9}}}"#, "1"),
        (
            "order.create",
            r#"{"id":"envelope","event":"order.create","data":{"id":1,"order_status":{}}}"#,
            "1",
        ),
        ("order.create", r#"{"id":1,"customer":{"id":9,"email":"a","mobile":"1"}}"#, "1"),
        ("order.create", r#"{"id":"envelope","data":{"id":1}}"#, "1"),
        ("order.create", r#"{"id":"envelope","payload":{"order":{"id":1,"customer":{"id":9}}}}"#, "1"),
        ("order.create", r#"{"data":{"data":{"order":{"id":1,"order_total":"1"}}}}"#, "1"),
        ("order.create", r#"{"status":"object","orders":[{"id":1,"order_total":"1"}]}"#, "1"),
        ("category.update", r#"{"status":"object","categories":{"id":3,"flat_name":"x"}}"#, "3"),
        ("product.update", r#"{"id":"p","categories":[{"id":"3","name":"x"}]}"#, "p"),
        ("product.update", r#"{"id":"p","category":{"id":3,"flat_name":"x"}}"#, "p"),
        ("product.delete", r#"{"id":"p"}"#, "p"),
        ("product.delete", r#"{"product":{"id":"p"}}"#, "p"),
        ("customer.update", r#"{"customer":{"id":9}}"#, "9"),
        ("customer.merchant.update", r#"{"data":{"id":9}}"#, "9"),
        ("category.delete", r#"{"category":{"id":3}}"#, "3"),
        ("abandoned_cart.created", r#"{"status":"object","abandoned_cart":{"id":"c"}}"#, "c"),
        ("abandoned_cart.completed", r#"{"id":"c","cart":"x","order_id":1}"#, "c"),
        ("app", r#"{"event_name":"app.market.application.install","app_id":1,"store_id":2}"#, "1:2"),
    ] {
        let (_, _, _, entity) = gist(&reading(Some(topic), body));
        assert_eq!(entity.as_deref(), Some(id), "{topic} {body}");
    }
}

#[test]
fn an_event_without_its_time_keeps_the_retry_window() {
    for (body, want) in [
        (r#"{"id":1,"order_total":"1","updated_at":"2025-06-12 08:01:10"}"#, Timestamp),
        (r#"{"id":1,"order_total":"1","updated_at":null}"#, RetryWindow),
        (r#"{"id":1,"order_total":"1","created_at":"2025-06-12 08:01:10"}"#, RetryWindow),
    ] {
        assert_eq!(reading(Some("order.status.update"), body).dedup, want, "{body}");
    }
}

#[test]
fn two_logins_of_an_unchanged_customer_are_two_events() {
    let body = include_str!("../payloads/customer.login.json");
    assert_eq!(reading(Some("customer.login"), body).dedup, RetryWindow);
    assert_eq!(reading(Some("customer.update"), body).dedup, Timestamp);
}

#[test]
fn every_spelling_of_a_time_is_read() {
    for (sent, want) in [
        ("2025-06-12 08:01:10", json!("2025-06-12T08:01:10Z")),
        ("2025-06-12T08:00:02.551200Z", json!("2025-06-12T08:00:02.551200Z")),
        ("2025-06-01T09:15:00.000000Z", json!("2025-06-01T09:15:00.000000Z")),
        ("11-06-2025 | 03:20 م", json!({"local": "2025-06-11T15:20:00", "zone": null})),
        ("11-06-2025 | 03:20 ص", json!({"local": "2025-06-11T03:20:00", "zone": null})),
        ("11-06-2025 | 12:20 ص", json!({"local": "2025-06-11T00:20:00", "zone": null})),
        ("11-06-2025 | 12:20 م", json!({"local": "2025-06-11T12:20:00", "zone": null})),
        ("11-06-2025 | 03:20 مساءً", json!({"local": "2025-06-11T15:20:00", "zone": null})),
        ("11-06-2025 | 03:20 AM", json!({"local": "2025-06-11T03:20:00", "zone": null})),
        ("11-06-2025 | 13:20 م", json!(null)),
        ("1 second ago", json!(null)),
        ("2025-06-12", json!({"local": "2025-06-12", "zone": null})),
        ("0000-00-00 00:00:00", json!(null)),
    ] {
        assert_eq!(serde_json::to_value(time(sent)).unwrap(), want, "{sent:?}");
    }
    assert_eq!(time(""), None);
}

#[test]
fn any_2xx_is_success_and_the_body_is_small() {
    assert_eq!(Zid::respond(&Outcome::Probed, &()), Response::ok(json!({"received": true})));
}

#[test]
fn every_failure_except_a_429_is_retried_and_counted() {
    let counted = |status: u16| {
        let breaker = Zid::RETRY_POLICY.circuit_breaker.expect("a breaker");
        !breaker.not_counted.contains(&status)
    };
    for (status, is_failure) in [(200, false), (302, true), (401, true), (429, false), (503, true)] {
        assert_eq!(Zid::RETRY_POLICY.retries_after(status), is_failure, "{status}");
        assert!(status == 200 || counted(status) == is_failure, "{status}");
    }
}

#[test]
fn kinds_with_and_without_times_are_marked_as_mixed() {
    let has = |kind: Kind, identity| {
        EVENTS
            .iter()
            .any(|row| row.kind == kind && row.dedup == identity && row.verb != Verb::Always("unknown"))
    };
    for row in EVENTS {
        let is_mixed = has(row.kind, Timestamp) && has(row.kind, RetryWindow);
        assert_eq!(Zid::MIXED_DEDUP_KINDS.contains(&row.kind), is_mixed, "{:?}", row.kind);
    }
}

#[test]
fn the_retry_window_covers_all_three_attempts() {
    assert!(Zid::RETRY_WINDOW.as_secs() > (1 + 5 + 15) * 60, "{:?}", Zid::RETRY_WINDOW);
}
