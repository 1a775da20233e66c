//! The requests, the limit of requests, heads and details.

use inlet::reconcile::{Coverage, Then};
use serde_json::json;

use super::*;

fn access() -> Access {
    let access = json!({"subdomain": "kopi-senja", "client_id": "the-client", "client_secret": "the-s3cret"});
    serde_json::from_value(access).unwrap()
}

fn window() -> Window {
    let at = |text: &str| text.parse().unwrap();
    Window { since: at("2025-06-05T18:30:00Z"), now: at("2025-06-12T18:30:00Z") }
}

fn walk(kind: Kind) -> Walk {
    DealPos::begin(kind, window()).unwrap()
}

fn response(status: u16, body: &Value) -> Response {
    Response::new(status, None, body.to_string().into_bytes())
}

fn token() -> Token {
    DealPos::read_token(&response(200, &json!({"token_type": "bearer", "access_token": "t0ken"}))).unwrap()
}

#[test]
fn credentials_are_sent_only_to_dealpos() {
    for subdomain in ["evil.test/", "a.b", "", "x@evil", "a:1"] {
        let access = json!({"subdomain": subdomain, "client_id": "c", "client_secret": "s"});
        assert!(serde_json::from_value::<Access>(access).is_err(), "{subdomain}");
    }
    let request = DealPos::token_request(&access()).unwrap();
    assert_eq!(request.url(), "https://kopi-senja.dealpos.net/api/v3/Token/OAuth2");
    assert_eq!(request.body().as_deref(), Some(r#"{"client_id":"the-client","client_secret":"the-s3cret"}"#));
    assert!(!format!("{request}{request:?}{:?}", access()).contains("s3cret"));
}

#[test]
fn the_limit_counts_for_a_merchant_and_all_its_clients() {
    let scope = |subdomain: &str, client: &str| {
        let access = json!({"subdomain": subdomain, "client_id": client, "client_secret": "s"});
        DealPos::limit_scope(&serde_json::from_value(access).unwrap())
    };
    assert_eq!(scope("kopi-senja", "a").as_deref(), Some("kopi-senja"));
    assert_eq!(scope("Kopi-Senja", "b"), scope("kopi-senja", "a"));
    assert_ne!(scope("teh", "a"), scope("kopi-senja", "a"));
}

#[test]
fn heads_are_requested_by_date_with_cancelled_invoices() {
    let request = DealPos::next(&walk(Kind::Order), &access(), Some(&token()));
    assert_eq!(request.url(), "https://kopi-senja.dealpos.net/api/v3/Invoice/MultipleOutlet/WithTotalCount");
    let body: Value = serde_json::from_str(&request.body().unwrap()).unwrap();
    let want =
        json!({"From": "2025-06-04", "To": "2025-06-13", "Status": "Any", "PageNumber": 1, "PageSize": 500});
    assert_eq!(body, want);
    assert_eq!(request.headers()[1].1.text(), "Bearer t0ken");
}

#[test]
fn stock_is_requested_from_before_every_zone() {
    let request = DealPos::next(&walk(Kind::Stock), &access(), Some(&token()));
    let want = "https://kopi-senja.dealpos.net/api/v3/Inventory/Modified?Since=2025-06-04T18:30:00&PageNumber=1&PageSize=500";
    assert_eq!(request.url(), want);
    let item =
        json!({"Code": "TEA-1", "Outlet": "Senayan", "I": {"OnHand": 5, "Allocated": 1, "Available": 4}});
    let page = DealPos::read(&walk(Kind::Stock), &response(200, &json!([item]))).unwrap();
    assert_eq!(page.observations[0].entity, "TEA-1@Senayan");
    assert_eq!(page.observations[0].state[2], ("available", "4".to_owned()));
    assert_eq!(page.then, Then::Done(Coverage::Unknown), "the list has no count");
}

#[test]
fn a_head_and_its_detail_compare_equal() {
    let head = json!({"ID": "a1", "Number": "IN-7", "Due": "2025-06-12", "Amount": 150_000.0, "Payment": "Paid",
        "Delivery": "Sent", "Customer": "Ani", "CustomerID": "c9"});
    let page =
        DealPos::read(&walk(Kind::Order), &response(200, &json!({"Data": [head], "TotalCount": 1}))).unwrap();
    let detail = json!({"ID": "a1", "Number": "IN-7", "SalesNTax": 150_000.0, "Payment": "Paid", "Fulfillment": "Sent",
        "Customer": {"ID": "c9"}});
    let detail = invoices::read_detail(&response(200, &detail)).unwrap();
    assert_eq!(page.observations[0].state, detail.state);
    assert_eq!(page.then, Then::Done(Coverage::Complete));
}

#[test]
fn the_delay_is_read_from_the_text_of_a_refusal() {
    let refused = |body: &Value| DealPos::read(&walk(Kind::Order), &response(429, body)).unwrap_err();
    let waits = |seconds| Failure::RateLimited { retry_after: Some(Duration::from_secs(seconds)) };
    assert_eq!(refused(&json!({"Message": "Too many requests. Try again in 42 seconds."})), waits(42));
    assert_eq!(refused(&json!({"Message": "later"})), Failure::RateLimited { retry_after: None });
}

#[test]
fn the_count_of_a_day_is_one_small_request() {
    let day = "2025-06-12".parse().unwrap();
    let request = invoices::count_request(&access(), &token(), day, Some("Senayan"));
    let body: Value = serde_json::from_str(&request.body().unwrap()).unwrap();
    assert_eq!((&body["PageSize"], &body["Outlet"]), (&json!(1), &json!(["Senayan"])));
    let count = |body: &Value| invoices::read_count(&response(200, body));
    assert_eq!(count(&json!({"Data": [], "TotalCount": 214})), Ok(214));
    let absent = Failure::Unreadable { status: 200, expected: "TotalCount" };
    assert_eq!(count(&json!({"Data": []})), Err(absent));
}

#[test]
fn kinds_without_webhooks_are_not_compared() {
    let has_webhook = |kind: &&Kind| crate::EVENTS.iter().any(|event| event.kind == **kind);
    let compared: Vec<Kind> = DealPos::KINDS.iter().filter(has_webhook).copied().collect();
    assert_eq!(DealPos::COMPARED, compared);
}
