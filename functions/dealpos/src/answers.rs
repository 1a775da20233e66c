//! What the till hears: for most events that they came, for the questions an answer that promises nothing unless
//! the store has set another.

use inlet::provider::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Number, json};

use crate::events::{FETCH_LOYALTY_POINTS, VALIDATE_COUPON};

/// What a store may set for the questions that the till waits for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The points that every customer is said to have. None unless set.
    loyalty_points: Number,
    /// What every coupon is said to be worth. Nothing unless set.
    coupon: CouponAnswer,
}

/// The documented answer to a coupon: /webhook/webhook/loyalty-provider/validatecoupon.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
struct CouponAnswer {
    /// What the amount is.
    #[serde(rename(serialize = "Type"))]
    r#type: CouponType,
    /// How much it takes off.
    #[serde(rename(serialize = "Amount"))]
    amount: Number,
    /// What the cashier reads.
    #[serde(rename(serialize = "Notification"))]
    notification: String,
}

/// What a coupon's amount is, in DealPOS's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
enum CouponType {
    /// A percentage of the basket.
    #[serde(alias = "percentage")]
    Percentage,
    /// Money.
    #[serde(alias = "amount")]
    Amount,
}

impl Default for Settings {
    fn default() -> Self {
        Self { loyalty_points: 0.into(), coupon: CouponAnswer::default() }
    }
}

/// How a coupon is refused is not documented: it takes nothing off and the cashier reads why.
impl Default for CouponAnswer {
    fn default() -> Self {
        let notification = "This coupon is not valid.".to_owned();
        Self { r#type: CouponType::Amount, amount: 0.into(), notification }
    }
}

impl Settings {
    /// The answer to an event. The one to a sale that earns points is not documented: like all others.
    pub(crate) fn answer(&self, event: &str) -> Response {
        match event {
            FETCH_LOYALTY_POINTS => Response::ok(json!({"Point": self.loyalty_points})),
            VALIDATE_COUPON => Response::ok(json!(self.coupon)),
            _ => success(),
        }
    }
}

/// What DealPOS expects of most events: /webhook/webhook/product and the pages beside it.
pub(crate) fn success() -> Response {
    Response::ok(json!({"status": "success"}))
}
