//! DealPOS's twin: invoices. Sources of its behaviour: developer.dealpos.com/openapi/openapi/invoice and
//! /guides/api-dashboard; a public client for the token, the names in heads and the text of a refusal.

use std::collections::BTreeMap;

use inlet_dealpos::DealPos;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone, offset};
use jiff::{Timestamp, Zoned};
use serde_json::{Value, json};

use crate::random::Random;
use crate::{ApiRequest, ApiResponse, Limiter, Truth, Twin, Webhook};

/// The merchant's zone: Indonesia's western one.
const JAKARTA: Offset = offset(7);

const TOKEN: &str = "tw1n-token";

/// The REST API of one merchant.
#[derive(Clone, Debug)]
pub struct DealPosTwin {
    invoices: BTreeMap<String, Invoice>,
    next: u64,
    /// The requests that were received: DealPOS accepts 50 in 180 seconds.
    pub limiter: Limiter,
}

#[derive(Clone, Debug)]
struct Invoice {
    number: u64,
    rupiah: u64,
    created_at: Timestamp,
    /// The day in the merchant's zone.
    date: Date,
    is_paid: bool,
}

impl Default for DealPosTwin {
    fn default() -> Self {
        Self { invoices: BTreeMap::new(), next: 42, limiter: Limiter::new(50, 180_000) }
    }
}

impl Twin for DealPosTwin {
    type Provider = DealPos;

    fn access() -> Value {
        json!({"subdomain": "tw1n", "client_id": "tw1n-client", "client_secret": "tw1n-secret"})
    }

    /// An invoice is created, or an older one is paid: that webhook has the payment and not the invoice.
    fn change(&mut self, random: &mut Random, now: Timestamp) -> Webhook {
        let newest = self.invoices.iter().rev().take(50);
        let unpaid: Vec<String> =
            newest.filter(|(_, invoice)| !invoice.is_paid).map(|(id, _)| id.clone()).collect();
        if !unpaid.is_empty() && random.happens(300) {
            let at = usize::try_from(random.below(unpaid.len() as u64)).expect("an index");
            let invoice = self.invoices.get_mut(&unpaid[at]).expect("an invoice");
            invoice.is_paid = true;
            let body = invoice.payment(&unpaid[at], now).to_string();
            return Webhook { event: "paymentCreated", body: body.into_bytes() };
        }
        let number = self.next;
        self.next += 1;
        let id = format!("0d9a4c1e-7f2b-4a0b-8f4c-{number:012x}");
        let invoice = Invoice {
            number,
            rupiah: 1_000 + random.below(900_000),
            created_at: now,
            date: local(now).date(),
            is_paid: false,
        };
        let body = invoice.webhook(&id).to_string().into_bytes();
        self.invoices.insert(id, invoice);
        Webhook { event: "invoiceCreated", body }
    }

    fn respond(&mut self, request: &ApiRequest, now: Timestamp) -> ApiResponse {
        if let Some(wait) = self.limiter.refuses(now) {
            // There is no `Retry-After`: the text has the seconds.
            return ApiResponse::json(
                429,
                &json!({"Message": format!("API calls quota exceeded. Retry in {wait} s.")}),
            );
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        if request.path == "/api/v3/Token/OAuth2" {
            let given = ["client_id", "client_secret"].map(|name| body[name].as_str().unwrap_or_default());
            return if given == ["tw1n-client", "tw1n-secret"] {
                ApiResponse::json(200, &json!({"token_type": "bearer", "access_token": TOKEN}))
            } else {
                ApiResponse::json(401, &json!({"Message": "Unauthorized"}))
            };
        }
        if request.header("authorization") != format!("Bearer {TOKEN}") {
            return ApiResponse::json(401, &json!({"Message": "Unauthorized"}));
        }
        match request.path.as_str() {
            "/api/v3/Invoice/MultipleOutlet/WithTotalCount" => self.list(&body),
            "/api/v3/Invoice/Detail" => match self.invoices.get(request.field("ID")) {
                Some(invoice) => ApiResponse::json(200, &invoice.detail(request.field("ID"))),
                None => ApiResponse::json(404, &json!({"Message": "Not found"})),
            },
            _ => ApiResponse::json(404, &json!({"Message": "Not found"})),
        }
    }

    fn truth(&self) -> Vec<Truth> {
        let truth = |(id, invoice): (&String, &Invoice)| Truth {
            entity: id.clone(),
            changed_at: invoice.created_at,
            state: vec![("total", invoice.rupiah.to_string())],
        };
        self.invoices.iter().map(truth).collect()
    }
}

impl DealPosTwin {
    /// The filter is the invoice's date, in the merchant's zone. The newest invoice is first, so invoices move while
    /// pages are read.
    fn list(&self, filter: &Value) -> ApiResponse {
        let day = |name: &str| filter[name].as_str().and_then(|text| text.parse::<Date>().ok());
        let (Some(from), Some(to)) = (day("From"), day("To")) else {
            return ApiResponse::json(400, &json!({"Message": "From and To are required"}));
        };
        assert_eq!(filter["Status"], "Any", "cancelled invoices are left out otherwise");
        let number = |name: &str, default: u64| {
            usize::try_from(filter[name].as_u64().unwrap_or(default)).expect("a small number")
        };
        let (page, size) = (number("PageNumber", 1), number("PageSize", 50));
        let is_asked = |invoice: &Invoice| (from..=to).contains(&invoice.date);
        let mut all: Vec<(&String, &Invoice)> =
            self.invoices.iter().filter(|(_, invoice)| is_asked(invoice)).collect();
        all.reverse();
        let heads = all.iter().skip((page - 1) * size).take(size).map(|(id, invoice)| invoice.head(id));
        ApiResponse::json(200, &json!({"Data": heads.collect::<Vec<Value>>(), "TotalCount": all.len()}))
    }
}

impl Invoice {
    fn payment_state(&self) -> &'static str {
        if self.is_paid { "Paid" } else { "Unpaid" }
    }

    fn document(&self, id: &str) -> Value {
        let created = local(self.created_at);
        json!({
            "ID": id,
            "Outlet": "Bandung",
            "Number": format!("25.06.{:05}", self.number),
            "Date": created.strftime("%Y-%m-%dT00:00:00").to_string(),
            "Created": created.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        })
    }

    fn webhook(&self, id: &str) -> Value {
        with(
            self.document(id),
            json!({"SalesNTax": self.rupiah, "Delivery": "Unsent", "Void": "No", "Customer": {}}),
        )
    }

    /// The detail has the webhook's names, but `Fulfillment` for `Delivery`.
    fn detail(&self, id: &str) -> Value {
        let more = json!({"SalesNTax": self.rupiah, "Fulfillment": "Unsent", "Status": "Active",
            "Payment": self.payment_state(), "SalesPerson": "Rina"});
        with(self.document(id), more)
    }

    fn head(&self, id: &str) -> Value {
        let more = json!({"Amount": self.rupiah, "Due": "0001-01-01T00:00:00", "Status": "Active",
            "Payment": self.payment_state(), "Customer": "Sari", "CustomerID": "f2b1c0de-1111-4222-8333-944455566677"});
        with(self.document(id), more)
    }

    fn payment(&self, id: &str, now: Timestamp) -> Value {
        let day = local(now).date().to_string();
        json!({"ID": format!("11112222-3333-4444-8555-{:012x}", self.number), "InvoiceID": id, "Outlet": "Bandung",
            "Number": format!("25.06.{:05}", self.number), "Amount": self.rupiah, "Method": "QRIS", "Date": day,
            "Created": day})
    }
}

/// Returns an object with the members of another one.
fn with(mut object: Value, more: Value) -> Value {
    if let (Some(members), Value::Object(more)) = (object.as_object_mut(), more) {
        members.extend(more);
    }
    object
}

fn local(at: Timestamp) -> Zoned {
    at.to_zoned(TimeZone::fixed(JAKARTA))
}
