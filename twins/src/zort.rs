//! ZORT's twin: orders. Sources of its behaviour: developers.zortout.com/api-reference/order, and public clients for the
//! envelope, the Buddhist years and the order that moves while pages are read.

use std::collections::BTreeMap;

use inlet_zort::Zort;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone, offset};
use serde_json::{Value, json};

use crate::random::Random;
use crate::{ApiRequest, ApiResponse, Limiter, Truth, Twin, Webhook, newest_open};

const BANGKOK: Offset = offset(7);

/// The states of an order in the order in which they follow.
const STATES: [&str; 4] = ["Pending", "Waiting", "Shipping", "Success"];
const VOIDED: &str = "Voided";

/// The Open API of one store.
#[derive(Clone, Debug)]
pub struct ZortTwin {
    orders: BTreeMap<u64, Order>,
    next_id: u64,
    /// The requests that were received. ZORT documents no limit; the twin holds one that a client has met.
    pub limiter: Limiter,
}

#[derive(Clone, Debug)]
struct Order {
    status: &'static str,
    payment: &'static str,
    satang: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Default for ZortTwin {
    fn default() -> Self {
        Self { orders: BTreeMap::new(), next_id: 551_000, limiter: Limiter::new(200, 60_000) }
    }
}

impl Twin for ZortTwin {
    type Provider = Zort;

    fn access() -> Value {
        json!({"storename": "tw1n", "apikey": "tw1n-key", "apisecret": "tw1n-secret"})
    }

    fn change(&mut self, random: &mut Random, now: Timestamp) -> Webhook {
        let open = newest_open(&self.orders, Order::is_done);
        if open.len() < 20 || random.happens(300) {
            let id = self.next_id;
            self.next_id += 1 + random.below(5);
            let order = Order {
                status: STATES[0],
                payment: "Pending",
                satang: 100 + random.below(900_000),
                created_at: now,
                updated_at: now,
            };
            let body = order.json(id).to_string().into_bytes();
            self.orders.insert(id, order);
            return Webhook { event: "ADDORDER", body };
        }
        let id = random.one_of(&open);
        let order = self.orders.get_mut(&id).expect("an order");
        order.updated_at = now;
        let event = if order.payment == "Pending" && random.happens(300) {
            order.payment = "Paid";
            "UPDATEORDERPAYMENT"
        } else {
            let next = STATES.iter().position(|state| *state == order.status).map(|at| STATES[at + 1]);
            order.status = next.filter(|_| !random.happens(80)).unwrap_or(VOIDED);
            "UPDATEORDER"
        };
        Webhook { event, body: order.json(id).to_string().into_bytes() }
    }

    fn respond(&mut self, request: &ApiRequest, now: Timestamp) -> ApiResponse {
        let given = ["storename", "apikey", "apisecret"].map(|name| request.header(name));
        if given != ["tw1n", "tw1n-key", "tw1n-secret"] {
            // An error with status 200.
            return ApiResponse::json(200, &json!({"res": {"resCode": "401", "resDesc": "Unauthorized"}}));
        }
        if let Some(wait) = self.limiter.refuses(now) {
            return ApiResponse { retry_after: Some(wait), ..ApiResponse::json(429, &json!({})) };
        }
        match request.path.as_str() {
            "/v4/Order/GetOrders" => self.list(request),
            "/v4/ReturnOrder/GetReturnOrders"
            | "/v4/PurchaseOrder/GetPurchaseOrders"
            | "/v4/Product/GetProducts" => ApiResponse::json(
                200,
                &json!({"res": {"resCode": "200", "resDesc": "OK"}, "list": [], "count": 0}),
            ),
            _ => ApiResponse::json(404, &json!({})),
        }
    }

    fn truth(&self) -> Vec<Truth> {
        let truth = |(id, order): (&u64, &Order)| Truth {
            entity: id.to_string(),
            changed_at: order.updated_at,
            state: vec![
                ("status", order.status.to_owned()),
                ("payment_status", order.payment.to_owned()),
                ("total", order.total()),
            ],
        };
        self.orders.iter().map(truth).collect()
    }
}

impl ZortTwin {
    /// The filter is exact to the minute, in Bangkok's time. The order that changed last is first, so orders move while
    /// pages are read.
    fn list(&self, request: &ApiRequest) -> ApiResponse {
        let after = DateTime::strptime("%Y-%m-%d %H:%M", request.field("updatedatetimeafter"));
        let after = after.ok().and_then(|at| BANGKOK.to_timestamp(at).ok()).unwrap_or(Timestamp::MIN);
        assert_eq!(request.field("status"), "0,1,2,3,4,5,6,7", "voided orders are left out otherwise");
        let (page, limit) =
            (request.number("page").unwrap_or(1), request.number("limit").unwrap_or(20).min(500));
        let mut all: Vec<(&u64, &Order)> =
            self.orders.iter().filter(|(_, order)| order.updated_at >= after).collect();
        all.sort_by_key(|(id, order)| (std::cmp::Reverse(order.updated_at), **id));
        let list: Vec<Value> =
            all.iter().skip((page - 1) * limit).take(limit).map(|(id, order)| order.json(**id)).collect();
        ApiResponse::json(
            200,
            &json!({"res": {"resCode": "200", "resDesc": "OK"}, "list": list, "count": all.len()}),
        )
    }
}

impl Order {
    fn is_done(&self) -> bool {
        self.status == VOIDED || self.status == STATES[3]
    }

    fn total(&self) -> String {
        format!("{}.{:02}", self.satang / 100, self.satang % 100)
    }

    fn json(&self, id: u64) -> Value {
        let local = |at: Timestamp| at.to_zoned(TimeZone::fixed(BANGKOK));
        let ticks = |at: Timestamp| format!("/Date({})/", at.as_millisecond());
        let text = |at: Timestamp| local(at).strftime("%Y-%m-%d %H:%M").to_string();
        let day = local(self.created_at);
        #[expect(
            clippy::cast_precision_loss,
            reason = "ZORT writes amounts as JSON numbers, and these are small"
        )]
        let amount = self.satang as f64 / 100.0;
        // Now and then a Buddhist year.
        let year = i32::from(day.year()) + if id.is_multiple_of(7) { 543 } else { 0 };
        json!({
            "id": id,
            "number": format!("SO-{id}"),
            "status": self.status,
            "paymentstatus": self.payment,
            "amount": amount,
            "currency": "THB",
            "orderdateString": format!("{year:04}-{:02}-{:02}", day.month(), day.day()),
            "createdatetime": ticks(self.created_at),
            "createdatetimeString": text(self.created_at),
            "updatedatetime": ticks(self.updated_at),
            "updatedatetimeString": text(self.updated_at),
            "customername": "Anan Demo",
            "list": [{"id": 3301, "productid": 88_213, "sku": "TEA-GRN-250", "name": "Green tea", "number": 2, "pricepernumber": 129.50, "totalprice": 259.0}],
        })
    }
}
