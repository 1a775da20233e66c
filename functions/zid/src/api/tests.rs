//! The requests, the responses, and pages that move while they are read.
#![expect(clippy::arithmetic_side_effects, reason = "the numbers of these tests are small")]

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use inlet::reconcile::{Coverage, Then};

use super::*;

fn access() -> Access {
    let access =
        json!({"authorization": "the-app-t0ken", "manager_token": "the-st0re-token", "store_id": "700812"});
    serde_json::from_value(access).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Returns a day up to noon of 12 June 2025.
fn window() -> Window {
    Window { since: at("2025-06-11T12:00:00Z"), now: at("2025-06-12T12:00:00Z") }
}

fn response(body: &Value) -> Response {
    Response::new(200, None, body.to_string().into_bytes())
}

fn sent(walk: &Walk) -> Request {
    Zid::next(walk, &access(), None)
}

/// Returns the value of a parameter of the query.
fn parameter(request: &Request, name: &str) -> Option<String> {
    let query = request.url().split_once('?')?.1;
    let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    Some(value.replace("%2B", "+"))
}

/// Reads a list to its end: `page` returns each response, by the number of the request. Returns the ids and the
/// coverage.
fn walked(
    mut walk: Walk,
    mut page: impl FnMut(usize, &Request) -> Value,
) -> (BTreeSet<String>, Coverage, usize) {
    let mut ids = BTreeSet::new();
    for number in 0..100 {
        let page = walk.read(&response(&page(number, &sent(&walk)))).unwrap();
        ids.extend(page.observations.into_iter().map(|observation| observation.entity));
        match page.then {
            Then::Continue(next) => walk = next,
            Then::Done(coverage) => return (ids, coverage, number + 1),
        }
    }
    panic!("the walk does not end");
}

// Requests.

#[test]
fn products_alone_need_the_number_of_the_store() {
    let access = |id: Option<&str>| -> Access {
        let given = json!({"authorization": "a", "manager_token": "m", "store_id": id});
        serde_json::from_value(given).unwrap()
    };
    let lacking =
        |id: Option<&str>| Zid::KINDS.iter().map(|kind| Zid::lacks(*kind, &access(id))).collect::<Vec<_>>();
    assert_eq!(lacking(None), [None, Some("store_id"), None]);
    assert_eq!(lacking(Some("7")), [None, None, None]);
}

#[test]
fn orders_are_requested_by_their_time_of_change() {
    let request = sent(&Walk::orders(window()));
    assert!(request.url().starts_with("https://api.zid.sa/v1/managers/store/orders?"), "{request}");
    for (name, want) in [
        ("date_attribute", "updated_at"),
        ("date_from", "2025-06-11T12:00:00.000+0000"),
        ("date_to", "2025-06-13T12:00:00.000+0000"),
        ("order_by", "created_at"),
        ("sort_by", "asc"),
        ("page", "1"),
        ("per_page", "100"),
        ("payload_type", "default"),
    ] {
        assert_eq!(parameter(&request, name).as_deref(), Some(want), "{name}");
    }
}

#[test]
fn products_need_another_header_and_the_store_number() {
    let names = |request: &Request| request.headers().iter().map(|(name, _)| *name).collect::<Vec<_>>();
    let orders = sent(&Walk::orders(window()));
    assert_eq!(names(&orders), ["authorization", "x-manager-token", "accept-language"]);
    let products = sent(&Walk::products(window()));
    assert_eq!(names(&products), ["authorization", "access-token", "accept-language", "store-id"]);
    assert_eq!(parameter(&products, "ordering").as_deref(), Some("updated_at"));
}

#[test]
fn carts_are_requested_by_whole_days_with_one_more() {
    let request = sent(&Walk::carts(window()));
    assert_eq!(parameter(&request, "date_from").as_deref(), Some("2025-06-10"));
    assert_eq!(parameter(&request, "date_to").as_deref(), Some("2025-06-13"));
}

#[test]
fn a_request_shows_no_secret() {
    let request = sent(&Walk::orders(window()));
    for shown in [format!("{request}"), format!("{request:?}"), format!("{:?}", access())] {
        assert!(!shown.contains("t0ken") && !shown.contains("st0re"), "{shown}");
    }
    let HeaderValue::Secret { prefix, secret } = &request.headers()[0].1 else { panic!("a secret") };
    assert_eq!(*prefix, "Bearer ");
    assert!(secret.equals(&access().authorization));
}

#[test]
fn a_product_id_cannot_change_the_path() {
    assert!(products::view_request(&access(), "../orders?x=").is_none());
    assert!(products::view_request(&access(), "").is_none());
    let request = products::view_request(&access(), "6a1f3b52-7c08-4d19-a3e4-5f60718293a4").unwrap();
    assert_eq!(request.url(), "https://api.zid.sa/v1/products/6a1f3b52-7c08-4d19-a3e4-5f60718293a4/");
}

// Responses that are not usable.

#[test]
fn each_failure_is_of_its_own_kind() {
    let walk = Walk::orders(window());
    let failure = |status: u16, retry_after: Option<&str>, body: &str| {
        walk.read(&Response::new(status, retry_after, body.as_bytes().to_vec())).unwrap_err()
    };
    for (status, retry_after, body, want) in [
        (401, None, r#"{"message":"x"}"#, Failure::Unauthorized { status: 401 }),
        (403, None, "", Failure::Unauthorized { status: 403 }),
        // A redirect to the login page.
        (302, None, "<html>", Failure::Unauthorized { status: 302 }),
        (404, None, "{}", Failure::NotFound),
        (422, None, r#"{"page":["x"]}"#, Failure::Refused { status: 422 }),
        (429, Some("17"), "", Failure::RateLimited { retry_after: Some(Duration::from_secs(17)) }),
        (429, Some("soon"), "", Failure::RateLimited { retry_after: None }),
        (429, None, "", Failure::RateLimited { retry_after: None }),
        (502, None, "<html>", Failure::Unavailable { status: 502 }),
        (200, None, "<html>", Failure::Unreadable { status: 200, expected: "JSON" }),
        // A success with an error in its body, and a list that is not a list.
        (
            200,
            None,
            r#"{"status":"error","message":{"code":"x"}}"#,
            Failure::Unreadable { status: 200, expected: "orders" },
        ),
        (200, None, r#"{"orders":{}}"#, Failure::Unreadable { status: 200, expected: "orders" }),
    ] {
        assert_eq!(failure(status, retry_after, body), want, "{status} {body}");
    }
}

#[test]
fn a_response_and_a_failure_show_no_part_of_the_body() {
    let response = Response::new(200, None, br#"{"orders":"canary"}"#.to_vec());
    let failure = Walk::orders(window()).read(&response).unwrap_err();
    for shown in [format!("{response:?}"), format!("{failure:?}"), failure.to_string()] {
        assert!(!shown.contains("canary"), "{shown}");
    }
}

// Orders.

/// A store whose orders are returned as Zid returns them: those in the window, oldest first, 100 a page.
struct Orders(Vec<(u64, Timestamp)>);

impl Orders {
    fn of(ids: std::ops::RangeInclusive<u64>) -> Self {
        Self(ids.map(|id| (id, at("2025-06-12T08:00:00Z"))).collect())
    }

    fn page(&self, request: &Request) -> Value {
        let bound = |name: &str| at(&parameter(request, name).unwrap().replace("+0000", "Z"));
        let (from, to) = (bound("date_from"), bound("date_to"));
        let page: usize = parameter(request, "page").unwrap().parse().unwrap();
        let mut there: Vec<u64> = self
            .0
            .iter()
            .filter(|(_, updated)| *updated >= from && *updated <= to)
            .map(|(id, _)| *id)
            .collect();
        there.sort_unstable();
        let orders: Vec<Value> = there.iter().skip((page - 1) * 100).take(100).map(|id| order(*id)).collect();
        json!({"status": "object", "orders": orders, "grand_total": there.len(), "message": {"code": null}})
    }
}

fn order(id: u64) -> Value {
    json!({"id": id, "order_status": {"code": "new", "name": "New"}, "payment_status": "pending",
        "order_total": "10.00", "updated_at": "2025-06-12 08:00:00"})
}

fn ids(range: std::ops::RangeInclusive<u64>) -> BTreeSet<String> {
    range.map(|id| id.to_string()).collect()
}

#[test]
fn every_page_of_orders_is_read() {
    for count in [1, 99, 100, 101, 250] {
        let store = Orders::of(1..=count);
        let (seen, coverage, _) = walked(Walk::orders(window()), |_, request| store.page(request));
        assert_eq!((seen, coverage), (ids(1..=count), Coverage::Complete), "{count}");
    }
}

#[test]
fn an_order_that_changes_during_a_walk_hides_no_other() {
    let mut store = Orders::of(1..=250);
    let (seen, coverage, _) = walked(Walk::orders(window()), |number, request| {
        // After page 1, an order of page 1 changes: it must stay in the window, or order 101 moves to page 1.
        if number == 1 {
            store.0[4].1 = at("2025-06-12T12:00:30Z");
        }
        store.page(request)
    });
    assert_eq!((seen, coverage), (ids(1..=250), Coverage::Complete));
}

#[test]
fn an_order_that_disappears_during_a_walk_hides_no_other() {
    let mut store = Orders::of(1..=250);
    let (seen, ..) = walked(Walk::orders(window()), |number, request| {
        if number == 1 {
            store.0.remove(4);
        }
        store.page(request)
    });
    assert_eq!(seen, ids(1..=250), "order 101 moved to page 1");
}

#[test]
fn an_order_that_appears_during_a_walk_is_seen_too() {
    let mut store = Orders::of(1..=150);
    let (seen, coverage, _) = walked(Walk::orders(window()), |number, request| {
        if number == 1 {
            store.0.push((151, at("2025-06-12T12:00:30Z")));
        }
        store.page(request)
    });
    assert_eq!((seen, coverage), (ids(1..=151), Coverage::Complete));
}

#[test]
fn a_page_that_repeats_ends_the_walk_as_incomplete() {
    let store = Orders::of(1..=250);
    let first = sent(&Walk::orders(window()));
    let (seen, coverage, requests) = walked(Walk::orders(window()), |_, _| store.page(&first));
    assert_eq!((seen.len(), coverage, requests), (100, Coverage::Incomplete, 2));
}

#[test]
fn a_count_of_other_orders_does_not_prove_completeness() {
    let store = Orders::of(1..=3);
    let (seen, coverage, _) = walked(Walk::orders(window()), |_, request| {
        let mut page = store.page(request);
        page["grand_total"] = json!(90_000);
        page
    });
    assert_eq!((seen.len(), coverage), (3, Coverage::Unknown));
}

#[test]
fn an_observed_order_has_the_fields_that_are_compared() {
    let body = json!({"orders": [order(7), {"no": "id"}], "grand_total": "1", "total_order_count_per_status": {"new": 1}});
    let page = Walk::orders(window()).read(&response(&body)).unwrap();
    let [observed] = &page.observations[..] else { panic!("{page:?}") };
    let state = [("status", "new"), ("payment_status", "pending"), ("total", "10.00")];
    assert_eq!(observed.state, state.map(|(name, value)| (name, value.to_owned())));
    assert_eq!(observed.changed_at, Some(at("2025-06-12T08:00:00Z")));
    assert_eq!(observed.kind, Kind::Order);
    let counts = orders::read_counts(&response(&body)).unwrap();
    assert_eq!((counts.total, counts.by_status.get("new")), (Some(1), Some(&1)));
}

#[test]
fn the_short_view_compares_equal_to_the_long_one() {
    let short =
        json!({"id": 7, "status": "new", "payment_status": "pending", "total": "10.00", "currency": "SAR"});
    let body = json!({"orders": [order(7), short]});
    let page = Walk::orders(window()).read(&response(&body)).unwrap();
    assert_eq!(page.observations[0].state, page.observations[1].state);
}

#[test]
fn a_history_has_each_change_once_and_the_oldest_first() {
    let entry = |status: &str, comment: &str, at: &str| json!({"order_status_name": status, "comment": comment, "created_at": at});
    let body = json!({"status": "object", "order": {"id": 7, "order_status": {"code": "ready"}, "histories": [
        entry("Ready", "Status changed", "2025-06-12 09:00:00"),
        entry("Preparing", "exported", "2025-06-12 08:30:00"),
        entry("Preparing", "Status changed", "2025-06-12 08:00:00"),
        entry("New", "", "2025-06-12 08:00:00"),
        json!({"order_status_name": null, "created_at": "2025-06-12 07:00:00"}),
    ]}});
    let observed = orders::read_view(&response(&body)).unwrap();
    let changes: Vec<(String, &str)> =
        observed.history.iter().map(|change| (change.at.to_string(), change.status.as_str())).collect();
    assert_eq!(
        changes,
        [
            ("2025-06-12T08:00:00Z".to_owned(), "New"),
            ("2025-06-12T08:00:00Z".to_owned(), "Preparing"),
            ("2025-06-12T09:00:00Z".to_owned(), "Ready"),
        ]
    );
    let request = orders::view_request(&access(), 7);
    assert_eq!(request.url(), "https://api.zid.sa/v1/managers/store/orders/7/view");
    let failure = orders::read_view(&response(&json!({"message": {}}))).unwrap_err();
    assert_eq!(failure, Failure::Unreadable { status: 200, expected: "order" });
}

#[test]
fn a_stored_walk_continues() {
    let store = Orders::of(1..=250);
    let (seen, coverage, requests) = walked(Walk::orders(window()), |_, request| store.page(request));
    let mut walk = Walk::orders(window());
    let mut again = BTreeSet::new();
    let coverage_again = loop {
        let stored = serde_json::to_string(&walk).unwrap();
        walk = serde_json::from_str(&stored).unwrap();
        let page = walk.read(&response(&store.page(&sent(&walk)))).unwrap();
        again.extend(page.observations.into_iter().map(|observation| observation.entity));
        match page.then {
            Then::Continue(next) => walk = next,
            Then::Done(coverage) => break coverage,
        }
    };
    assert_eq!((again, coverage_again, requests), (seen, coverage, 3));
}

// Products.

/// Returns products, each a minute newer than the one before; the last one changed at noon.
fn products_of(count: i64) -> Vec<Value> {
    let time = |n: i64| window().now - SignedDuration::from_mins(count - n);
    (1..=count)
        .map(|n| json!({"id": format!("p-{n}"), "updated_at": time(n).to_string(), "price": 5, "quantity": null, "is_infinite": true}))
        .collect()
}

fn page_of(products: &[Value], request: &Request) -> Value {
    let page: usize = parameter(request, "page").unwrap().parse().unwrap();
    let results: Vec<&Value> = products.iter().skip((page - 1) * 50).take(50).collect();
    let next = (page * 50 < products.len()).then_some("https://api.zid.sa/v1/products/?page=x");
    json!({"count": products.len(), "next": next, "previous": null, "results": results})
}

/// Returns a window that begins this many minutes before noon.
fn last_minutes(minutes: i64) -> Window {
    Window { since: window().now - SignedDuration::from_mins(minutes), now: window().now }
}

#[test]
fn products_are_read_back_to_the_window_in_either_order() {
    let oldest_first = products_of(500);
    let newest_first: Vec<Value> = oldest_first.iter().rev().cloned().collect();
    let want: BTreeSet<String> = (430..=500).map(|n| format!("p-{n}")).collect();
    let walk = || Walk::products(last_minutes(70));
    let (seen, coverage, requests) = walked(walk(), |_, request| page_of(&newest_first, request));
    assert_eq!((seen, coverage, requests), (want.clone(), Coverage::Complete, 2), "newest first");
    let (seen, coverage, requests) = walked(walk(), |_, request| page_of(&oldest_first, request));
    assert_eq!((seen, coverage, requests), (want, Coverage::Complete, 3), "oldest first: page 1, 10 and 9");
}

#[test]
fn unsorted_products_are_read_to_the_end() {
    let mut products = products_of(120);
    products.swap(3, 40);
    let (seen, coverage, requests) =
        walked(Walk::products(last_minutes(10)), |_, request| page_of(&products, request));
    assert_eq!((seen.len(), coverage, requests), (11, Coverage::Complete, 3));
}

#[test]
fn one_page_of_products_is_complete() {
    let products = products_of(7);
    let (seen, coverage, requests) =
        walked(Walk::products(last_minutes(2)), |_, request| page_of(&products, request));
    assert_eq!((seen.len(), coverage, requests), (3, Coverage::Complete, 1));
}

#[test]
fn a_product_that_is_deleted_during_a_walk_hides_no_other() {
    let mut products: Vec<Value> = products_of(200).into_iter().rev().collect();
    let want: BTreeSet<String> = (90..=200).map(|n| format!("p-{n}")).collect();
    let (seen, ..) = walked(Walk::products(last_minutes(110)), |number, request| {
        if number == 1 {
            products.remove(4);
        }
        page_of(&products, request)
    });
    assert_eq!(seen, want);
}

#[test]
fn an_observed_product_has_the_fields_that_are_compared() {
    let body = json!({"count": 1, "next": null, "results": [{"id": "p", "sku": "s", "price": 5.50, "sale_price": null,
        "quantity": null, "is_infinite": true, "is_published": true, "is_draft": false}]});
    let page = Walk::products(window()).read(&response(&body)).unwrap();
    let state: Vec<(&str, &str)> = page.observations[0].state.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let want =
        [("sku", "s"), ("price", "5.5"), ("unlimited", "true"), ("published", "true"), ("draft", "false")];
    assert_eq!(state, want);
}

// Carts.

#[test]
fn the_end_of_the_carts_does_not_prove_completeness() {
    let cart = |id: &str, at: &str| json!({"id": id, "phase": "new", "order_id": null, "updated_at": at});
    let body =
        json!({"abandoned-carts": [cart("c-1", "2025-06-12 08:00:00"), cart("c-2", "2025-06-10 08:00:00")]});
    let (seen, coverage, _) = walked(Walk::carts(window()), |_, _| body.clone());
    assert_eq!((seen, coverage), (BTreeSet::from(["c-1".to_owned()]), Coverage::Unknown));
}
