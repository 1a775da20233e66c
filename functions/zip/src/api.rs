//! Zip's gateway, read for reconciliation: the list of a merchant's transactions, which are captures and refunds.
//!
//! Source: docs.us.zip.co/reference/transactionsmerchantidv3. The list has no failures, authorisations or voids.
//! Neither a filter nor pages are documented: a read returns what Zip lists, and its completeness is unknown.

use std::time::Duration;

use inlet::canonical::{Canonical, Kind};
use inlet::provider::catalogue::text_at;
use inlet::reconcile::{
    Comparison, Coverage, Failure, HeaderValue, Observation, Page, Request, RequestLimit, Response, Source,
    Then, Token, Window,
};
use inlet::secret::Secret;
use inlet::value::decimal::Decimal;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::canonical::{capture, refund};
use crate::{SIGNATURE_HEADER, Zip};

/// The gateways: docs.us.zip.co/reference/transactionsmerchantidv3.
const PRODUCTION: &str = "https://gateway.us.zip.co";
const SANDBOX: &str = "https://gateway.sand.us.zip.co";

/// The operation of a refund, as callbacks have it.
const REFUND: &str = "RefundOrder";

/// The limit is not documented. One list is one request, so six a minute are ample.
const LIMIT: RequestLimit = RequestLimit { requests: 6, every: Duration::from_mins(1) };

/// The credentials for the gateway. The secret is that of the callbacks. `Debug` shows no secret.
#[derive(Clone, Debug, Deserialize)]
pub struct Access {
    /// The secret that Zip and the merchant share.
    pub secret: Secret,
    /// The merchant's id at Zip, as every callback contains it.
    pub merchant_id: String,
    /// True for the sandbox.
    #[serde(default)]
    pub sandbox: bool,
}

/// The place in the list, which is one response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    window: Window,
}

impl Source for Zip {
    type Access = Access;
    type Walk = Walk;
    const ACCESS: &'static [(&'static str, &'static str)] = &[
        ("secret", "the secret that signs the callbacks"),
        ("merchant_id", "the merchantId of every callback"),
    ];
    const KINDS: &'static [Kind] = &[Kind::Payment];
    const LIMIT: RequestLimit = LIMIT;

    fn begin(kind: Kind, window: Window) -> Option<Walk> {
        (kind == Kind::Payment).then_some(Walk { window })
    }

    /// Signs the query's names and values, as Zip does: there are none, so the signed text is empty.
    fn next(_: &Walk, access: &Access, _: Option<&Token>) -> Request {
        let base = if access.sandbox { SANDBOX } else { PRODUCTION };
        let merchant =
            percent_encoding::utf8_percent_encode(&access.merchant_id, percent_encoding::NON_ALPHANUMERIC);
        Request::get(format!("{base}/transactions/{merchant}/v3"))
            .header(SIGNATURE_HEADER, HeaderValue::hmac_sha256_base64(&access.secret, b""))
    }

    fn read(walk: &Walk, response: &Response) -> Result<Page<Walk>, Failure> {
        let Value::Array(transactions) = response.json()? else { return Err(response.unreadable("list")) };
        let observations = transactions.into_iter().filter_map(observe);
        let in_window = |observed: &Observation| walk.window.contains(observed.changed_at);
        let observations = observations.filter(in_window).collect();
        // No page documents how far back the list goes.
        Ok(Page { observations, then: Then::Done(Coverage::Unknown) })
    }
}

/// Returns a transaction as observed; `None` without an order, or if no callback reports transactions of its type.
fn observe(transaction: Value) -> Option<Observation> {
    let entity = text_at(&transaction, "orderId").filter(|id| !id.trim().is_empty())?;
    let operation = match text_at(&transaction, "transactionType")?.as_str() {
        "Capture" => "CaptureOrder",
        "Refund" => REFUND,
        _ => return None,
    };
    let reference = text_at(&transaction, "merchantTransactionReference").filter(|text| !text.is_empty());
    // The list has no failures; callbacks of failures have the same operation and amount.
    let fields = [
        ("success", Some("true".to_owned())),
        ("operation", Some(operation.to_owned())),
        ("amount", text_at(&transaction, "amount").and_then(|amount| shortest(&amount))),
        ("reference", reference),
    ];
    Some(Observation {
        kind: Kind::Payment,
        entity,
        changed_at: text_at(&transaction, "transactionDateTime")
            .and_then(|text| text.parse::<Timestamp>().ok()),
        comparison: Comparison::Any,
        state: fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
        history: Vec::new(),
        data: canonical(&transaction, operation)?,
        object: transaction,
    })
}

/// Returns the payment of a transaction, by the names that callbacks have.
fn canonical(transaction: &Value, operation: &str) -> Option<Canonical> {
    let read = |name: &str| transaction.get(name).cloned().unwrap_or_default();
    let callback = json!({
        "timestamp": read("transactionDateTime"),
        "merchantid": read("merchantId"),
        "orderid": read("orderId"),
        "currency": read("currency"),
        "amount": read("amount"),
        "merchantreference": read("merchantTransactionReference"),
        "success": true,
        "operation": operation,
    });
    if operation == REFUND { refund(&callback) } else { capture(&callback) }
}

/// Returns an amount without trailing zeros: the list has four digits behind the point, callbacks have two.
fn shortest(amount: &str) -> Option<String> {
    let amount = Decimal::parse(amount)?;
    let text = amount.as_str();
    Some(if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(sandbox: bool) -> Access {
        let access =
            json!({"secret": "the-shared-s3cret", "merchant_id": "0b7a1f52-6c0e/x", "sandbox": sandbox});
        serde_json::from_value(access).unwrap()
    }

    fn walk() -> Walk {
        let at = |text: &str| text.parse().unwrap();
        let window = Window { since: at("2024-05-09T00:00:00Z"), now: at("2024-05-10T00:00:00Z") };
        Zip::begin(Kind::Payment, window).unwrap()
    }

    fn read(status: u16, body: &Value) -> Result<Page<Walk>, Failure> {
        Zip::read(&walk(), &Response::new(status, None, body.to_string().into_bytes()))
    }

    #[test]
    fn the_list_is_requested_with_a_signature() {
        let request = Zip::next(&walk(), &access(false), None);
        assert_eq!(request.url(), "https://gateway.us.zip.co/transactions/0b7a1f52%2D6c0e%2Fx/v3");
        // HMAC-SHA256 of the empty text, computed with `openssl dgst -sha256 -hmac the-shared-s3cret -binary | base64`.
        let (name, value) = &request.headers()[0];
        assert_eq!((*name, value.text().len()), ("x-qp-signature", 44));
        assert!(!format!("{request:?}{request}").contains("s3cret"));
        assert!(Zip::next(&walk(), &access(true), None).url().starts_with(SANDBOX));
    }

    #[test]
    fn captures_and_refunds_are_found_by_their_amount() {
        let transaction = |kind: &str, amount: f64, at: &str| {
            json!({"orderId": "5d2c", "transactionType": kind, "amount": amount, "transactionDateTime": at,
                "merchantTransactionReference": "RF-1"})
        };
        let page = read(
            200,
            &json!([
                transaction("Capture", 86.4000, "2024-05-09T17:03:21.4819200+00:00"),
                transaction("Refund", 10.0, "2024-05-09T18:00:00+00:00"),
                transaction("Capture", 1.0, "2024-05-08T17:03:21+00:00"),
                transaction("Fee", 1.0, "2024-05-09T17:03:21+00:00"),
                {"transactionType": "Capture"},
            ]),
        )
        .unwrap();
        let states: Vec<_> = page.observations.iter().map(|observed| observed.state.clone()).collect();
        let state = |operation: &str, amount: &str| {
            vec![
                ("success", "true".to_owned()),
                ("operation", operation.to_owned()),
                ("amount", amount.to_owned()),
                ("reference", "RF-1".to_owned()),
            ]
        };
        assert_eq!(states, [state("CaptureOrder", "86.4"), state("RefundOrder", "10")]);
        assert!(page.observations.iter().all(|observed| observed.comparison == Comparison::Any));
        assert_eq!(page.then, Then::Done(Coverage::Unknown), "no page documents how far back the list goes");
    }

    #[test]
    fn a_response_that_is_not_a_list_is_a_failure() {
        assert_eq!(
            read(200, &json!({"message": "x"})).unwrap_err(),
            Failure::Unreadable { status: 200, expected: "list" }
        );
        assert_eq!(read(401, &json!({})).unwrap_err(), Failure::Unauthorized { status: 401 });
    }
}
