//! Zip's twin: authorisations, captures and refunds. Source of its behaviour: docs.us.zip.co/reference/transactionsmerchantidv3.

use inlet::reconcile::HeaderValue;
use inlet::secret::Secret;
use inlet_zip::Zip;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::random::Random;
use crate::{ApiRequest, ApiResponse, Truth, Twin, Webhook};

const MERCHANT: &str = "0b7a1f52-6c0e-4c1b-9a53-2f6c8e4d9a10";

const SECRET: &str = "tw1n-secret";

/// The gateway of one merchant.
#[derive(Clone, Debug, Default)]
pub struct ZipTwin {
    orders: Vec<Order>,
    transactions: Vec<Transaction>,
}

#[derive(Clone, Debug)]
struct Order {
    id: String,
    /// The amounts in cents that may still be captured, and that may still be refunded.
    authorized: u64,
    captured: u64,
}

/// Money that moved.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// The order.
    pub order: String,
    /// `Capture` or `Refund`.
    pub kind: &'static str,
    /// The amount in cents.
    pub cents: u64,
    /// The merchant's reference of the operation.
    pub reference: String,
    /// The time.
    pub at: Timestamp,
}

impl Twin for ZipTwin {
    type Provider = Zip;

    fn access() -> Value {
        json!({"secret": SECRET, "merchant_id": MERCHANT})
    }

    fn change(&mut self, random: &mut Random, now: Timestamp) -> Webhook {
        let number = self.orders.len();
        let open = self.orders.iter_mut().rev().take(30).find(|order| order.authorized + order.captured > 0);
        let Some(order) = open.filter(|_| !random.happens(350)) else {
            let id = format!("5d2c9f1e-8b34-4f0a-a6d7-{number:012x}");
            let cents = 1_000 + random.below(40_000);
            self.orders.push(Order { id: id.clone(), authorized: cents, captured: 0 });
            return callback("authorize", "AuthorizeOrder", &id, cents, &format!("WEB-{number}"), now, true);
        };
        let (event, kind, left) = if order.authorized > 0 {
            ("CaptureOrder", "Capture", &mut order.authorized)
        } else {
            ("RefundOrder", "Refund", &mut order.captured)
        };
        // A part of it, or the rest. An order may be captured twice with the same amount.
        let part = *left / 2;
        let cents = if part > 0 && random.happens(500) { part } else { *left };
        let reference = format!("OP-{}", self.transactions.len());
        if random.happens(50) {
            // The operation fails: there is a callback and no transaction.
            return callback(event, event, &order.id, cents, &reference, now, false);
        }
        *left -= cents;
        if kind == "Capture" {
            order.captured += cents;
        }
        let id = order.id.clone();
        let webhook = callback(event, event, &id, cents, &reference, now, true);
        self.transactions.push(Transaction { order: id, kind, cents, reference, at: now });
        webhook
    }

    fn respond(&mut self, request: &ApiRequest, _: Timestamp) -> ApiResponse {
        let secret = Secret::new(SECRET).expect("a secret");
        // The query has no field, so the signed text is empty.
        let signature = HeaderValue::hmac_sha256_base64(&secret, b"");
        if request.header("x-qp-signature") != signature.text() {
            return ApiResponse::json(401, &json!({"message": "Unauthorized"}));
        }
        let merchant = request.path.strip_prefix("/transactions/").and_then(|path| path.strip_suffix("/v3"));
        if merchant.map(|merchant| merchant.replace("%2D", "-")).as_deref() != Some(MERCHANT) {
            return ApiResponse::json(404, &json!({"message": "Not found"}));
        }
        ApiResponse::json(200, &self.transactions.iter().rev().map(Transaction::json).collect())
    }

    /// Money that moved is no state: see [`ZipTwin::transactions`].
    fn truth(&self) -> Vec<Truth> {
        Vec::new()
    }
}

impl ZipTwin {
    /// Returns the money that moved, the oldest first.
    pub fn transactions(&self) -> &[Transaction] {
        &self.transactions
    }
}

impl Transaction {
    /// Amounts have four digits behind the point, and callbacks two.
    fn json(&self) -> Value {
        json!({
            "merchantId": MERCHANT,
            "transactionId": format!("7f6d2a10-{}", self.reference),
            "transactionDateTime": self.at.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string(),
            "orderId": self.order,
            "merchantTransactionReference": self.reference,
            "transactionType": self.kind,
            "currency": "USD",
            "amount": number(&format!("{}.{:02}00", self.cents / 100, self.cents % 100)),
            "metadata": {},
        })
    }
}

fn callback(
    event: &'static str,
    operation: &str,
    order: &str,
    cents: u64,
    reference: &str,
    now: Timestamp,
    success: bool,
) -> Webhook {
    let body = json!({
        "timestamp": now.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
        "merchantId": MERCHANT,
        "orderId": order,
        "currency": "USD",
        "amount": number(&format!("{}.{:02}", cents / 100, cents % 100)),
        "merchantReference": reference,
        "operation": operation,
        "success": success,
    });
    Webhook { event, body: body.to_string().into_bytes() }
}

/// Returns a number with the digits of the text where the JSON type keeps them.
fn number(text: &str) -> Value {
    serde_json::from_str(text).expect("a number")
}
