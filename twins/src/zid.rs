//! Zid's twin: orders; its lists of products and carts are empty. Sources of its behaviour: docs.zid.sa/list-of-orders, /rate-limiting-644369m0, and Zid's Python
//! SDK with its recorded responses.

use std::collections::BTreeMap;

use inlet_zid::Zid;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::random::Random;
use crate::{ApiRequest, ApiResponse, Limiter, Truth, Twin, Webhook, newest_open};

/// The codes of an order's states in the order in which they follow, with the English and the Arabic name.
const STATES: [(&str, &str, &str); 5] = [
    ("new", "New", "جديد"),
    ("preparing", "Preparing", "قيد التحضير"),
    ("ready", "Ready", "جاهز"),
    ("indelivery", "In Delivery", "جاري التوصيل"),
    ("delivered", "Delivered", "تم التوصيل"),
];
const CANCELLED: (&str, &str, &str) = ("cancelled", "Cancelled", "ملغي");

/// The merchant API of one store.
#[derive(Clone, Debug)]
pub struct ZidTwin {
    orders: BTreeMap<u64, Order>,
    next_id: u64,
    /// The requests that were received: Zid accepts 60 a minute.
    pub limiter: Limiter,
}

#[derive(Clone, Debug)]
struct Order {
    status: (&'static str, &'static str, &'static str),
    payment: &'static str,
    cents: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
    histories: Vec<(&'static str, Timestamp)>,
}

impl Default for ZidTwin {
    fn default() -> Self {
        Self { orders: BTreeMap::new(), next_id: 81_230_000, limiter: Limiter::new(60, 60_000) }
    }
}

impl Twin for ZidTwin {
    type Provider = Zid;

    fn access() -> Value {
        json!({"authorization": "tw1n-app", "manager_token": "tw1n-manager", "store_id": "700812"})
    }

    fn change(&mut self, random: &mut Random, now: Timestamp) -> Webhook {
        let open = newest_open(&self.orders, Order::is_done);
        if open.len() < 20 || random.happens(250) {
            return self.create(random, now);
        }
        let id = random.one_of(&open);
        let order = self.orders.get_mut(&id).expect("an order");
        order.updated_at = now;
        let event = if order.payment == "pending" && random.happens(300) {
            order.payment = "paid";
            "order.payment_status.update"
        } else {
            let next = STATES.iter().position(|state| *state == order.status).map(|at| STATES[at + 1]);
            order.status = next.filter(|_| !random.happens(100)).unwrap_or(CANCELLED);
            order.histories.push((order.status.1, now));
            "order.status.update"
        };
        Webhook { event, body: order.json(id, true).to_string().into_bytes() }
    }

    fn respond(&mut self, request: &ApiRequest, now: Timestamp) -> ApiResponse {
        // Products have the store's token in another header. Zid does not respond 401: it redirects to its login page.
        let is_product = request.path.starts_with("/v1/products");
        let token = request.header(if is_product { "access-token" } else { "x-manager-token" });
        if request.header("authorization") != "Bearer tw1n-app" || token != "tw1n-manager" {
            return ApiResponse { status: 302, retry_after: None, body: "<html>login</html>".to_owned() };
        }
        if let Some(wait) = self.limiter.refuses(now) {
            return ApiResponse {
                retry_after: Some(wait),
                ..ApiResponse::json(429, &json!({"message": "Too many requests"}))
            };
        }
        match request.path.as_str() {
            "/v1/products/" => {
                return ApiResponse::json(
                    200,
                    &json!({"count": 0, "next": null, "previous": null, "results": []}),
                );
            }
            "/v1/managers/store/abandoned-carts" => {
                return ApiResponse::json(200, &json!({"status": "object", "abandoned-carts": []}));
            }
            _ => {}
        }
        match request.path.strip_prefix("/v1/managers/store/orders") {
            Some("") => self.list(request),
            Some(path) => self.view(path),
            None => ApiResponse::json(404, &json!({"message": {"type": "error", "code": "not_found"}})),
        }
    }

    fn truth(&self) -> Vec<Truth> {
        let truth = |(id, order): (&u64, &Order)| Truth {
            entity: id.to_string(),
            changed_at: order.updated_at,
            state: vec![
                ("status", order.status.0.to_owned()),
                ("payment_status", order.payment.to_owned()),
                ("total", order.total()),
            ],
        };
        self.orders.iter().map(truth).collect()
    }

    fn histories(&self) -> BTreeMap<String, Vec<String>> {
        let names = |order: &Order| order.histories.iter().map(|(name, _)| (*name).to_owned()).collect();
        self.orders.iter().map(|(id, order)| (id.to_string(), names(order))).collect()
    }
}

impl ZidTwin {
    fn create(&mut self, random: &mut Random, now: Timestamp) -> Webhook {
        let id = self.next_id;
        self.next_id += 1 + random.below(9);
        let payment = random.one_of(&["pending", "pending", "paid"]);
        let order = Order {
            status: STATES[0],
            payment,
            cents: 100 + random.below(90_000),
            created_at: now,
            updated_at: now,
            histories: vec![(STATES[0].1, now)],
        };
        let body = order.json(id, true).to_string().into_bytes();
        self.orders.insert(id, order);
        Webhook { event: "order.create", body }
    }

    /// The list needs `page` and `per_page`, filters by `updated_at`, and is sorted by creation.
    fn list(&self, request: &ApiRequest) -> ApiResponse {
        let (Some(page), Some(size)) =
            (request.number("page"), request.number("per_page").filter(|size| *size <= 100))
        else {
            return ApiResponse::json(422, &json!({"per_page": ["The per page field is required."]}));
        };
        let bound = |name: &str| {
            let text = request.field(name).replace("+0000", "Z");
            text.parse::<Timestamp>().ok()
        };
        let (from, to) =
            (bound("date_from").unwrap_or(Timestamp::MIN), bound("date_to").unwrap_or(Timestamp::MAX));
        assert_eq!(request.field("date_attribute"), "updated_at", "the list filters by creation otherwise");
        let mut all: Vec<(&u64, &Order)> = self
            .orders
            .iter()
            .filter(|(_, order)| order.updated_at >= from && order.updated_at <= to)
            .collect();
        if request.field("sort_by") != "asc" {
            all.reverse();
        }
        let orders: Vec<Value> = all
            .iter()
            .skip((page - 1) * size)
            .take(size)
            .map(|(id, order)| order.json(**id, false))
            .collect();
        let body = json!({"status": "object", "orders": orders, "grand_total": all.len(), "message": {"type": "object", "code": null}});
        ApiResponse::json(200, &body)
    }

    fn view(&self, path: &str) -> ApiResponse {
        let id = path.trim_matches('/').strip_suffix("/view").and_then(|id| id.parse::<u64>().ok());
        match id.and_then(|id| Some((id, self.orders.get(&id)?))) {
            Some((id, order)) => ApiResponse::json(
                200,
                &json!({"status": "object", "order": order.json(id, true), "message": {}}),
            ),
            None => ApiResponse::json(404, &json!({"message": "Order not found"})),
        }
    }
}

impl Order {
    fn is_done(&self) -> bool {
        self.status == CANCELLED || self.status == STATES[4]
    }

    fn total(&self) -> String {
        format!("{}.{:02}", self.cents / 100, self.cents % 100)
    }

    /// The histories are in the view and in webhooks, and not in the list. The newest is first.
    fn json(&self, id: u64, is_whole: bool) -> Value {
        let at = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M:%S").to_string();
        let mut order = json!({
            "id": id,
            "code": format!("c{id}"),
            "store_id": 700_812,
            "order_status": {"code": self.status.0, "name": self.status.2},
            "display_status": {"code": self.status.0, "name": self.status.2},
            "payment_status": self.payment,
            "currency_code": "SAR",
            // More digits than the state needs, as in Zid's sample.
            "order_total": format!("{}000000000000", self.total()),
            "customer": {"id": 5_500_123, "name": "Sara Example", "email": "sara@example.com", "mobile": "966500000777"},
            "products": [{"id": "p-1", "sku": "TEA-1", "name": "Tea", "quantity": 1, "price": 20.0, "total": 20.0}],
            "created_at": at(self.created_at),
            "updated_at": at(self.updated_at),
        });
        if is_whole {
            let entry = |(name, time): &(&str, Timestamp)| json!({"order_status_name": name, "comment": "", "created_at": at(*time)});
            order["histories"] = self.histories.iter().rev().map(entry).collect();
        }
        order
    }
}
