//! What differs between the providers: the proof, and where in the body the fields stand.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use lambda_http::http::HeaderMap;
use serde::Serialize;
use serde_json::Value;
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq;

#[derive(Clone, Copy)]
pub enum Provider {
    Zip,
    Tiki,
    Zid,
}

/// What consumers are told.
#[derive(Serialize)]
pub struct Order {
    pub id: String,
    status: Option<String>,
    total: Option<String>,
    currency: Option<String>,
    customer: Option<Person>,
    items: Vec<Item>,
}

#[derive(Serialize)]
struct Person {
    id: Option<String>,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
}

#[derive(Serialize)]
struct Item {
    id: Option<String>,
    sku: Option<String>,
    name: Option<String>,
    quantity: Option<String>,
    price: Option<String>,
    total: Option<String>,
}

impl Provider {
    pub fn named(name: &str) -> Option<Self> {
        [Self::Zip, Self::Tiki, Self::Zid].into_iter().find(|provider| provider.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Zip => "zip",
            Self::Tiki => "tiki",
            Self::Zid => "zid",
        }
    }

    pub fn is_genuine(self, secret: &Value, topic: &str, headers: &HeaderMap, body: &[u8]) -> bool {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let field = |name: &str| secret[name].as_str().unwrap_or_default();
        match self {
            Self::Zip => {
                let Ok(tag) = STANDARD.decode(header("x-qp-signature")) else { return false };
                let mut mac = Hmac::<Sha256>::new_from_slice(field("secret").as_bytes()).expect("any key will do");
                mac.update(body);
                mac.verify_slice(&tag).is_ok()
            }
            Self::Tiki => {
                let Some(tag) = header("x-signature").strip_prefix("sha1=").and_then(|tag| hex::decode(tag).ok())
                else {
                    return false;
                };
                let mut mac = Hmac::<Sha1>::new_from_slice(field(topic).as_bytes()).expect("any key will do");
                mac.update(body);
                mac.verify_slice(&tag).is_ok()
            }
            Self::Zid => {
                let pair = STANDARD.encode(format!("{}:{}", field("username"), field("password")));
                header("authorization").as_bytes().ct_eq(format!("Basic {pair}").as_bytes()).into()
            }
        }
    }

    pub fn parse(self, body: &Option<Value>) -> Option<Order> {
        let body = body.as_ref()?;
        match self {
            Self::Zip => Some(Order {
                id: text(&body["orderId"])?,
                status: text(&body["success"]),
                total: text(&body["amount"]),
                currency: text(&body["currency"]),
                customer: None,
                items: Vec::new(),
            }),
            Self::Tiki => Some(Order {
                id: text(&body["data"]["order_code"])?,
                status: text(&body["data"]["main_state"]),
                total: None,
                currency: None,
                customer: None,
                items: Vec::new(),
            }),
            Self::Zid => Some(Order {
                id: text(&body["id"])?,
                status: text(&body["order_status"]["code"]),
                total: text(&body["order_total"]),
                currency: text(&body["currency_code"]),
                customer: Some(person(&body["customer"])),
                items: body["products"].as_array().into_iter().flatten().map(item).collect(),
            }),
        }
    }
}

fn person(value: &Value) -> Person {
    Person {
        id: text(&value["id"]),
        name: text(&value["name"]),
        email: text(&value["email"]),
        phone: text(&value["mobile"]),
    }
}

fn item(value: &Value) -> Item {
    Item {
        id: text(&value["id"]),
        sku: text(&value["sku"]),
        name: text(&value["name"]),
        quantity: text(&value["quantity"]),
        price: text(&value["price"]),
        total: text(&value["total"]),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}
