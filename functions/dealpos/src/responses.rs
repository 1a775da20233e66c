//! The responses to the till. Most events are only confirmed. To a question for points or a coupon, the response grants
//! nothing unless the store's settings have another value.

use inlet::provider::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Number, json};

use crate::events::{FETCH_LOYALTY_POINTS, VALIDATE_COUPON};

/// A store's settings for the questions that the till waits for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The points that the response gives every customer. 0 unless set.
    loyalty_points: Number,
    /// The value of every coupon. 0 unless set.
    coupon: CouponResponse,
}

/// The documented response to a coupon: /webhook/webhook/loyalty-provider/validatecoupon.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
struct CouponResponse {
    /// The type of the amount.
    #[serde(rename(serialize = "Type"))]
    r#type: CouponType,
    /// The amount that it takes off.
    #[serde(rename(serialize = "Amount"))]
    amount: Number,
    /// The text for the cashier.
    #[serde(rename(serialize = "Notification"))]
    notification: String,
}

/// The type of a coupon's amount, in DealPOS's words.
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
        Self { loyalty_points: 0.into(), coupon: CouponResponse::default() }
    }
}

/// The refusal of a coupon is not documented: this response gives no discount and shows the cashier the reason.
impl Default for CouponResponse {
    fn default() -> Self {
        let notification = "This coupon is not valid.".to_owned();
        Self { r#type: CouponType::Amount, amount: 0.into(), notification }
    }
}

impl Settings {
    /// Returns the response to an event. The response to a sale that earns points is not documented: it is the
    /// one to most events.
    pub(crate) fn response(&self, event: &str) -> Response {
        match event {
            FETCH_LOYALTY_POINTS => Response::ok(json!({"Point": self.loyalty_points})),
            VALIDATE_COUPON => Response::ok(json!(self.coupon)),
            _ => success(),
        }
    }
}

/// Returns the response that DealPOS expects for most events: /webhook/webhook/product and the pages next to it.
pub(crate) fn success() -> Response {
    Response::ok(json!({"status": "success"}))
}
