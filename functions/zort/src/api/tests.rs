//! The requests, envelopes with errors, and times in every notation.

use inlet::reconcile::{Coverage, Then};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;

fn access() -> Access {
    serde_json::from_value(json!({"storename": "baan-cha", "apikey": "the-key", "apisecret": "the-s3cret"}))
        .unwrap()
}

fn window() -> Window {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    Window { since: at("2024-03-05T01:30:40Z"), now: at("2024-03-05T02:00:00Z") }
}

fn walk(kind: Kind) -> Walk {
    Zort::begin(kind, window()).unwrap()
}

fn response(status: u16, body: &Value) -> Response {
    Response::new(status, None, body.to_string().into_bytes())
}

fn success(list: &Value, count: usize) -> Response {
    response(200, &json!({"res": {"resCode": "200", "resDesc": "Success"}, "list": list, "count": count}))
}

#[test]
fn a_lower_bound_is_the_earliest_reading_of_its_zone() {
    for (kind, want) in [
        (
            Kind::Order,
            "/Order/GetOrders?updatedatetimeafter=2024-03-05%2001:29&status=0,1,2,3,4,5,6,7&page=1&limit=500",
        ),
        (
            Kind::ReturnOrder,
            "/ReturnOrder/GetReturnOrders?updatedatetimeafter=2024-03-05%2001:29&page=1&limit=500",
        ),
        (
            Kind::PurchaseOrder,
            "/PurchaseOrder/GetPurchaseOrders?updatedatetimeafter=2024-03-05%2001:29&page=1&limit=500",
        ),
        (Kind::Product, "/Product/GetProducts?updatedafter=2024-03-04&page=1&limit=500"),
    ] {
        let request = Zort::next(&walk(kind), &access(), None);
        assert_eq!(request.url(), format!("{BASE}{want}"), "{kind:?}");
        let names: Vec<&str> = request.headers().iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["storename", "apikey", "apisecret"]);
        let shown = format!("{request:?} {request} {:?}", access());
        assert!(!shown.contains("the-key") && !shown.contains("s3cret"), "{shown}");
    }
    assert!(Zort::begin(Kind::Customer, window()).is_none(), "contacts have no filter by time");
}

#[test]
fn a_success_may_contain_an_error() {
    let read = |status, body| walk(Kind::Order).read(&response(status, &body)).unwrap_err();
    for (status, body, want) in [
        (200, json!({"res": {"resCode": "401"}}), Failure::Unauthorized { status: 200 }),
        (200, json!({"resCode": 500, "list": []}), Failure::Refused { status: 200 }),
        (200, json!({"res": {"resCode": 429}}), Failure::RateLimited { retry_after: None }),
        (200, json!({"res": {"resCode": "200"}}), Failure::Unreadable { status: 200, expected: "list" }),
        (403, json!({}), Failure::Unauthorized { status: 403 }),
    ] {
        assert_eq!(read(status, body.clone()), want, "{body}");
    }
    assert!(
        walk(Kind::Order).read(&response(200, &json!({"list": [], "count": 0}))).is_ok(),
        "no code at all"
    );
}

#[test]
fn times_are_read_in_every_notation() {
    let order =
        |n: u32, at: &str| json!({"id": n, "status": "Success", "amount": "10", "updatedatetimeString": at});
    let list = json!([
        order(1, "2024-03-05 08:45"),    // 01:45 UTC, in the window
        order(2, "2567-03-05 08:45"),    // the same in a Buddhist year
        order(3, "05/03/2024 08:45"),    // the same with the day first
        order(4, "2024-03-05 08:00"),    // before the window
        {"id": 5, "status": "Pending"},  // without a time: it may be in the window
        order(6, "01/2013"),             // not a time
    ]);
    let page = walk(Kind::Order).read(&success(&list, 6)).unwrap();
    let ids: Vec<&str> = page.observations.iter().map(|observed| observed.entity.as_str()).collect();
    assert_eq!(ids, ["1", "2", "3", "5", "6"]);
    let times: Vec<Option<String>> =
        page.observations.iter().map(|observed| observed.changed_at.map(|at| at.to_string())).collect();
    let at = Some("2024-03-05T01:45:00Z".to_owned());
    assert_eq!(times, [at.clone(), at.clone(), at, None, None]);
    assert_eq!(page.then, Then::Done(Coverage::Complete));
}

#[test]
fn a_status_word_and_its_code_compare_equal() {
    let list = json!([{"id": 1, "status": "Success", "paymentstatus": "Paid"}, {"id": 2, "status": 1, "paymentstatus": 1}]);
    let page = walk(Kind::Order).read(&success(&list, 2)).unwrap();
    assert_eq!(page.observations[0].state, page.observations[1].state);
    assert_eq!(page.observations[0].state[0], ("status", "Success".to_owned()));
}

#[test]
fn every_page_is_read_and_a_moved_object_is_seen() {
    let mut orders: Vec<u32> = (1..=1_200).collect();
    let mut seen = std::collections::BTreeSet::new();
    let mut walk = walk(Kind::Order);
    let mut requests = 0;
    let coverage = loop {
        let url = Zort::next(&walk, &access(), None).url().to_owned();
        let page: usize = url.split("page=").nth(1).unwrap().split('&').next().unwrap().parse().unwrap();
        if requests == 1 {
            orders.remove(0); // Order 501 moves to page 1.
        }
        let list: Vec<Value> = orders
            .iter()
            .skip((page - 1) * 500)
            .take(500)
            .map(|id| json!({"id": id, "status": "Waiting"}))
            .collect();
        let read = walk.read(&success(&json!(list), orders.len())).unwrap();
        seen.extend(read.observations.into_iter().map(|observed| observed.entity));
        requests += 1;
        match read.then {
            Then::Continue(next) => walk = next,
            Then::Done(coverage) => break coverage,
        }
        assert!(requests < 10, "the walk does not end");
    };
    assert_eq!((seen.len(), coverage), (1_200, Coverage::Complete));
}
