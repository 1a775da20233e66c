//! The deliveries of a case: bodies of every kind of deduplication, each with a mark of its own.

use inlet::provider::Provider as _;
use inlet::provider::catalogue::find;
use inlet::request::Request;
use inlet::store::StoreName;
use inlet::tools::sender::{Sender, delivery};
use inlet_aws::operate::sample_event::api_gateway_event;
use inlet_dealpos::DealPos;
use inlet_tiki::Tiki;
use inlet_zid::Zid;
use inlet_zip::Zip;
use inlet_zort::Zort;
use serde_json::{Value, json};

use crate::demo_credential;

/// The kind of a body: its deduplication and its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The body has a time of its own: equal bodies are one event for as long as it is kept.
    OwnTime,
    /// The body has no time of its own: equal bodies are one event within the retry window.
    Windowed,
    /// A body with a time of its own that is stored in chunks, and whose message has no data.
    Large,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::OwnTime, Self::Windowed, Self::Large];

    /// Returns the binary that receives it.
    pub fn receiver(self) -> &'static str {
        match self {
            Self::OwnTime | Self::Large => "inlet-zip",
            Self::Windowed => "inlet-zort",
        }
    }

    /// Returns a delivery of this kind, as API Gateway's event.
    pub fn delivery(self, entity: &str, mark: &str) -> (Vec<u8>, Value) {
        let row = match self {
            Self::OwnTime | Self::Large => "capture",
            Self::Windowed => "UPDATEPRODUCTQUANTITY",
        };
        let body = match self {
            Self::OwnTime => of_zip(entity, mark, ""),
            Self::Large => of_zip(entity, mark, &noise(600_000, mark)),
            Self::Windowed => json!({"id": entity, "sku": mark, "stock": "42.00", "availablestock": "37.00"}),
        };
        match self {
            Self::OwnTime | Self::Large => signed::<Zip>(row, &body),
            Self::Windowed => signed::<Zort>(row, &body),
        }
    }
}

/// The binaries of the receivers that [`mixed`] uses, in this order.
///
/// They and the bodies are written by hand and not derived from the list of providers: a reconciliation needs bodies
/// whose kind of deduplication is known without the code under test, and which repeat an entity with a new mark. A
/// provider that is added later passes the contract and the other end-to-end tests without an edit here.
pub const RECEIVERS: [&str; 5] = ["inlet-zip", "inlet-zort", "inlet-tiki", "inlet-zid", "inlet-dealpos"];

/// Returns the `n`th delivery of a mix of providers: the receiver, the body and the event. Bodies differ; entities
/// repeat.
pub fn mixed(n: usize) -> (usize, Vec<u8>, Value) {
    let (which, entity, mark) = (n % RECEIVERS.len(), (n / 15).to_string(), format!("m{n}"));
    let (body, event) = match which {
        0 => signed::<Zip>("capture", &of_zip(&entity, &mark, "")),
        1 => Kind::Windowed.delivery(&entity, &mark),
        2 => signed::<Tiki>(
            "order.status",
            &json!({
                "tracking_id": entity, "client_order_id": mark, "state": "picking", "main_state": "processing",
                "updated_at": "2024-05-09T17:03:21Z",
            }),
        ),
        3 => signed::<Zid>(
            "order.create",
            &json!({
                "id": entity, "code": mark, "created_at": "2024-05-09 17:03:21", "order_status": {"code": "new"},
            }),
        ),
        _ => signed::<DealPos>("invoiceCreated", &json!({"ID": entity, "Number": mark})),
    };
    (which, body, event)
}

fn of_zip(entity: &str, mark: &str, noise: &str) -> Value {
    json!({
        "orderId": entity, "timestamp": "2024-05-09T17:03:21.481920Z", "operation": "CaptureOrder",
        "currency": "USD", "amount": 86.40, "merchantReference": mark, "metadata": {"noise": noise},
    })
}

/// Returns text that does not compress.
fn noise(len: usize, mark: &str) -> String {
    let mut seed =
        mark.bytes().fold(0x2545_F491_4F6C_DD1D_u64, |seed, byte| seed.rotate_left(5) ^ u64::from(byte));
    std::iter::repeat_with(|| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        char::from(b'0' + (seed % 75) as u8)
    })
    .filter(|c| *c != '\\')
    .take(len)
    .collect()
}

fn signed<S: Sender>(row: &str, body: &Value) -> (Vec<u8>, Value) {
    let row = find(S::EVENTS, row).expect("a row");
    let store = StoreName::parse("demo").expect("a store's name");
    let request: Request =
        delivery::<S>(store, row, body.to_string().into_bytes(), &demo_credential(S::NAME));
    let event = api_gateway_event(S::NAME, &request);
    (request.body, event)
}

/// Returns a ZORT delivery of a product to this store, with the demo store's credential.
pub fn to_store(store: &StoreName, entity: &str) -> Value {
    let row = find(Zort::EVENTS, "UPDATEPRODUCTQUANTITY").expect("a row");
    let body = json!({"id": entity, "sku": "a", "stock": "42.00", "availablestock": "37.00"});
    let body = body.to_string().into_bytes();
    let request: Request = delivery::<Zort>(store.clone(), row, body, &demo_credential(Zort::NAME));
    api_gateway_event(Zort::NAME, &request)
}

/// Returns the event with an invalid proof, for the providers of [`mixed`].
pub fn forged(mut event: Value) -> Value {
    for header in
        ["X-QP-Signature", "x-qp-signature", "key1", "key2", "key3", "authorization", "Authorization"]
    {
        if let Some(proof) = event["headers"].get_mut(header) {
            *proof = json!("Zm9yZ2Vk");
        }
    }
    event
}
