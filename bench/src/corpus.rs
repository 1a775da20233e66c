//! The deliveries: fixed bodies, each delivery with an id of its own, signed as the providers sign.
//!
//! The figures compare the receivers with peers that understand three providers only, so the corpus names these three.
//! Every other provider is measured, without a peer, with its usual sample.

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use inlet::provider::catalogue::find;
use inlet::request::Request;
use inlet::store::StoreName;
use inlet::tools::registration::Registering;
use inlet::tools::sample_variant::{EntityId, SampleVariant};
use inlet::tools::sender::{Sender, delivery};
use inlet_providers::ToolsVisitor;
use inlet_tiki::Tiki;
use inlet_zid::Zid;
use inlet_zip::Zip;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

const ZIP: &str = include_str!("../../functions/zip/payloads/authorize.json");
const TIKI: &str = include_str!("../../functions/tiki/payloads/order.status.json");
const ZID: &str = include_str!("../../functions/zid/payloads/order.create.json");
const STORES: &str = include_str!("../../local/demo-stores.json");

/// The store of every delivery.
pub const STORE: &str = "demo";

/// A store with ten credentials, none of which verifies anything.
pub const CROWDED_STORE: &str = "crowded";

/// A body of the corpus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// A callback of Zip, 0.4 KB.
    Zip,
    /// A status of Tiki, 0.3 KB.
    Tiki,
    /// The head of an order of Zid, 1 KB: the prices are for this body.
    Zid1,
    /// An order of Zid with some products, 10 KB.
    Zid10,
    /// An order of Zid with many products, 50 KB.
    Zid50,
    /// An order of Zid with more products than a real one, 1 MB.
    Zid1000,
    /// The usual sample of the provider with this name.
    Sample(&'static str),
}

/// The fault of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Nothing.
    Good,
    /// The first byte of the proof is wrong.
    BadFirst,
    /// The last byte of the proof is wrong.
    BadLast,
}

/// A delivery, ready to be sent.
#[derive(Clone)]
pub struct Delivery {
    /// The function's event.
    pub event: Vec<u8>,
    /// The order's id: a contender that did the job has sent it to the queue.
    pub order: String,
    /// The raw body: a contender that did the job has stored it.
    pub body: Vec<u8>,
    /// True if the contender must accept it.
    pub genuine: bool,
}

impl Body {
    /// Returns one body of each provider: the one of the figures if there is one, else the usual sample.
    pub fn of_each_provider() -> Vec<Self> {
        let compared = [Self::Zid10, Self::Tiki, Self::Zip];
        let body = |name: &'static str| {
            compared.into_iter().find(|body| body.provider() == name).unwrap_or(Self::Sample(name))
        };
        inlet_providers::NAMES.iter().copied().map(body).collect()
    }

    /// Returns the bodies whose units and prices are counted: the smallest of each provider, and a large order.
    pub fn counted() -> Vec<Self> {
        let small = [Self::Zid1, Self::Tiki, Self::Zip];
        let body = |name: &'static str| {
            small.into_iter().find(|body| body.provider() == name).unwrap_or(Self::Sample(name))
        };
        inlet_providers::NAMES.iter().copied().map(body).chain([Self::Zid10]).collect()
    }

    /// The bodies that every contender understands.
    pub const EVERY: [Self; 6] = [Self::Zip, Self::Tiki, Self::Zid1, Self::Zid10, Self::Zid50, Self::Zid1000];

    /// Returns the provider that sends this body.
    pub fn provider(self) -> &'static str {
        match self {
            Self::Zip => "zip",
            Self::Tiki => "tiki",
            Self::Zid1 | Self::Zid10 | Self::Zid50 | Self::Zid1000 => "zid",
            Self::Sample(provider) => provider,
        }
    }

    /// Returns its name in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zip => "Zip 0.4 KB",
            Self::Tiki => "Tiki 0.3 KB",
            Self::Zid1 => "Zid 1 KB",
            Self::Zid10 => "Zid 10 KB",
            Self::Zid50 => "Zid 50 KB",
            Self::Zid1000 => "Zid 1 MB",
            Self::Sample(provider) => provider,
        }
    }

    /// Returns a new delivery of it, as text.
    pub fn delivery(self) -> Delivery {
        self.made(Proof::Good, false)
    }

    /// Returns a new delivery of it, in base64.
    pub fn in_base64(self) -> Delivery {
        self.made(Proof::Good, true)
    }

    /// Returns a new delivery of it that does not verify.
    pub fn forged(self, proof: Proof) -> Delivery {
        self.made(proof, false)
    }

    fn made(self, proof: Proof, base64: bool) -> Delivery {
        let (order, mut request) = self.request();
        corrupt_proof(&mut request, self.provider(), proof);
        let event = event(&request, self.provider(), base64);
        Delivery { event, order, body: request.body, genuine: proof == Proof::Good }
    }

    /// Returns a new request with this body, and its order's id.
    pub fn request(self) -> (String, Request) {
        static NUMBER: AtomicU64 = AtomicU64::new(100_000_000);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let order = if self == Self::Zip { format!("order-{number}") } else { number.to_string() };
        let request = match self {
            Self::Zip => {
                let at = format!("{:.6}", now());
                signed::<Zip>("authorize", with(ZIP, &[("/orderId", &order), ("/timestamp", &at)]))
            }
            Self::Tiki => {
                let at = now().to_zoned(TimeZone::fixed(jiff::tz::offset(7)));
                let at = at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
                let changes = [("/data/order_code", order.as_str()), ("/data/date", &at)];
                signed::<Tiki>("order.status", with(TIKI, &changes))
            }
            Self::Zid1 => signed::<Zid>("order.create", head(number)),
            Self::Zid10 => signed::<Zid>("order.create", zid(number, 10_000)),
            Self::Zid50 => signed::<Zid>("order.create", zid(number, 50_000)),
            Self::Zid1000 => signed::<Zid>("order.create", zid(number, 1_000_000)),
            Self::Sample(provider) => sample(provider, &order),
        };
        (order, request)
    }
}

/// Returns a delivery of a provider's usual sample with this id of its entity.
fn sample(provider: &str, order: &str) -> Request {
    struct Sample<'s> {
        provider: &'s str,
        order: &'s str,
        request: Option<Request>,
    }

    impl ToolsVisitor for Sample<'_> {
        fn visit<P: Registering>(&mut self) {
            if P::NAME != self.provider {
                return;
            }
            let event = P::PROFILE.sample;
            let row = find(P::EVENTS, event).expect("the event is in the catalogue");
            let payload = P::PAYLOADS.iter().find(|payload| payload.name() == event).expect("a payload file");
            let entity = EntityId::Exactly(self.order.to_owned());
            let variant = SampleVariant { entity, at: now(), state: 0 };
            self.request = Some(signed::<P>(event, variant.body(row, payload.body, payload.is_form())));
        }
    }

    let mut found = Sample { provider, order, request: None };
    inlet_providers::for_each_with_tools(&mut found);
    found.request.expect("the provider is in the list")
}

/// Returns the live credentials of a provider's store, in the form of the parameter.
pub fn credentials(provider: &str, store: &str) -> Option<String> {
    let stores: Value = serde_json::from_str(STORES).expect("the stores are JSON");
    let list = stores.get(provider)?.get(STORE)?;
    match store {
        STORE => Some(list.to_string()),
        CROWDED_STORE => {
            let other = |n: usize| {
                let mut credential = list[0].clone();
                for value in credential.as_object_mut().into_iter().flatten().map(|(_, value)| value) {
                    let text = value.as_str().unwrap_or_default();
                    *value = json!(format!("{n}{}", text.get(1..).unwrap_or_default()));
                }
                credential
            };
            Some(Value::Array((0..10).map(other).collect()).to_string())
        }
        _ => None,
    }
}

/// The largest body that API Gateway gives a function: its event has at most 6 MB, and a body in base64 is a third
/// longer.
const MAX_BODY_LEN: usize = 4_400_000;

/// A request that does not verify and costs much.
pub struct Hostile {
    /// The work that it causes.
    pub name: &'static str,
    /// The function's event.
    pub event: Vec<u8>,
}

/// Returns the most expensive requests that everyone can send to this provider's receiver, to a store with ten
/// credentials.
pub fn hostile(body: Body) -> Vec<Hostile> {
    let provider = body.provider();
    let filled = |unit: &str| unit.repeat(MAX_BODY_LEN / unit.len()).into_bytes();
    let mut random = Random(11);
    let noise: Vec<u8> = (0..MAX_BODY_LEN).map(|_| (random.next() >> 40) as u8).collect();
    let nested = [filled("[").as_slice(), b"1"].concat();
    let mut objects = filled("{\"a\":");
    objects.truncate(MAX_BODY_LEN);
    let pairs: Vec<String> = (0..300_000).map(|n| format!("\"k{n}\":{n}")).collect();
    let members = format!("{{{}}}", pairs.join(",")).into_bytes();
    let zipped = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut encoder, &vec![b'a'; 200_000_000]).expect("memory");
        encoder.finish().expect("memory")
    };
    const JSON: &str = "application/json";
    const FORM: &str = "application/x-www-form-urlencoded";
    let bodies: [(&str, &str, Vec<u8>); 11] = [
        ("bytes that are quarantined", JSON, noise[..256 * 1024].to_vec()),
        ("a form of fields of two bytes", FORM, filled("a&")),
        ("a form of fields with values", FORM, filled("a=b&")),
        ("a form of percent signs", FORM, filled("%41")),
        ("bytes as a form", FORM, noise.clone()),
        ("bytes", JSON, noise),
        ("lists in lists", JSON, nested),
        ("objects in objects", JSON, objects),
        ("an object of many members", JSON, members),
        ("escapes", JSON, [b"\"".as_slice(), &filled("\\u0000")].concat()),
        ("200 MB, compressed", JSON, zipped),
    ];
    let mut all = Vec::new();
    for (name, kind, content) in bodies {
        let (_, mut request) = body.request();
        forge(&mut request);
        request.store = StoreName::parse(CROWDED_STORE).expect("a name");
        request.headers.set("content-type", kind.to_owned());
        if name.contains("compressed") {
            request.headers.set("content-encoding", "gzip".to_owned());
        }
        request.body = content;
        all.push(Hostile { name, event: event(&request, provider, true) });
    }
    // API Gateway takes 10 KB of headers and as much of a URL.
    let (_, mut request) = body.request();
    forge(&mut request);
    request.store = StoreName::parse(CROWDED_STORE).expect("a name");
    request.query = "a&".repeat(5_000);
    for n in 0..1_000 {
        request.headers.set(&format!("x{n}"), "y".to_owned());
    }
    all.push(Hostile { name: "many headers and parameters", event: event(&request, provider, true) });
    all
}

/// Returns a payload with other texts at these places. Its time is the present one: a receiver looks for the receipt of a
/// signed delivery that is older than the retention, which costs a read.
fn with(text: &str, changes: &[(&str, &str)]) -> Vec<u8> {
    let mut json: Value = serde_json::from_str(text).expect("a payload is JSON");
    for (place, value) in changes {
        *json.pointer_mut(place).expect("a payload has its id and its time") = json!(value);
    }
    json.to_string().into_bytes()
}

/// Returns an order without lines, shipping, payment and links.
fn head(number: u64) -> Vec<u8> {
    const PARTS: [&str; 14] = [
        "coupon",
        "currency",
        "gift_card_details",
        "histories",
        "order_url",
        "payment",
        "products",
        "products_sum_total_string",
        "shipping",
        "store_url",
        "tags",
        "transaction_amount",
        "transaction_amount_string",
        "transaction_reference",
    ];
    let mut order: Value = serde_json::from_str(ZID).expect("a payload is JSON");
    order["id"] = json!(number);
    order["invoice_number"] = json!(number);
    let fields = order.as_object_mut().expect("an order is an object");
    fields.retain(|name, _| !PARTS.contains(&name.as_str()));
    order.to_string().into_bytes()
}

/// Returns an order of about this length: the documented one, with products that differ as a shop's do.
fn zid(number: u64, len: usize) -> Vec<u8> {
    let mut order: Value = serde_json::from_str(ZID).expect("a payload is JSON");
    order["id"] = json!(number);
    order["invoice_number"] = json!(number);
    let product = order["products"][0].clone();
    let mut left = len.saturating_sub(order.to_string().len());
    let mut random = Random(7);
    let mut products = vec![product.clone()];
    while left > 0 {
        let product = another(&product, &mut random);
        left = left.saturating_sub(product.to_string().len() + 1);
        products.push(product);
    }
    order["products_count"] = json!(products.len());
    order["products"] = Value::Array(products);
    order.to_string().into_bytes()
}

fn another(product: &Value, random: &mut Random) -> Value {
    const NAMES: [&str; 8] =
        ["Cup", "قهوة عربية", "Dates, 1 kg", "Oud Oil", "عباءة سوداء", "Prayer Rug", "Lamp", "Tea Set"];
    let mut product = product.clone();
    let price = 5 + random.below(900);
    let quantity = 1 + random.below(5);
    let id = format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        random.next() >> 32,
        random.below(1 << 16),
        random.below(1 << 12),
        random.below(1 << 12),
        random.next() >> 16
    );
    let total = price * quantity;
    for (field, value) in [
        ("id", json!(id)),
        ("sku", json!(format!("OASIS-{:05}", random.below(100_000)))),
        ("name", json!(NAMES[usize::try_from(random.below(8)).unwrap_or_default()])),
        ("quantity", json!(quantity)),
        ("price", json!(price)),
        ("price_string", json!(format!("{price}.00 SAR"))),
        ("total", json!(total)),
        ("total_string", json!(format!("{total}.00 SAR"))),
        ("tax_amount", json!(format!("{}.{:02}000000000000", total * 15 / 100, total * 15 % 100))),
    ] {
        product[field] = value;
    }
    product
}

/// The same sequence in every run: a linear congruential generator with Knuth's constants for MMIX.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 33) % bound
    }
}

fn signed<S: Sender>(event: &str, body: Vec<u8>) -> Request {
    let store = StoreName::parse(STORE).expect("the store has a name");
    let row = find(S::EVENTS, event).expect("the event is in the catalogue");
    let list = credentials(S::NAME, STORE).expect("the store has credentials");
    let list: Value = serde_json::from_str(&list).expect("the credentials are JSON");
    delivery::<S>(store, row, body, &list[0])
}

/// Changes the last letter of every header of the proof: every header but the content type.
fn forge(request: &mut Request) {
    let headers: Vec<(String, String)> =
        request.headers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    for (name, value) in headers.iter().filter(|(name, _)| name != "content-type") {
        let (rest, last) = value.split_at(value.len() - 1);
        let other = if last == "0" { "1" } else { "0" };
        request.headers.set(name, format!("{rest}{other}"));
    }
}

/// Changes one byte of the proof and keeps its form, so that it is compared and not rejected as malformed.
fn corrupt_proof(request: &mut Request, provider: &str, proof: Proof) {
    if proof == Proof::Good {
        return;
    }
    let (name, prefix) = match provider {
        "zip" => ("x-qp-signature", ""),
        "tiki" => ("x-signature", "sha1="),
        _ => ("authorization", "Basic "),
    };
    let value = request.headers.value(name).expect("the delivery is signed").to_owned();
    let tag = value.strip_prefix(prefix).expect("the proof has its documented form");
    let corrupted = if provider == "tiki" {
        let mut digits = tag.to_owned();
        let at = if proof == Proof::BadFirst { 0 } else { digits.len() - 1 };
        let other = if digits.get(at..=at) == Some("0") { "1" } else { "0" };
        digits.replace_range(at..=at, other);
        digits
    } else {
        let mut bytes = STANDARD.decode(tag).expect("the proof is base64");
        let at = if proof == Proof::BadFirst { 0 } else { bytes.len() - 1 };
        bytes[at] ^= 1;
        STANDARD.encode(bytes)
    };
    let corrupted = format!("{prefix}{corrupted}");
    request.headers.set(name, corrupted);
}

/// Returns the request as API Gateway sends it: payload format 2.0.
fn event(request: &Request, provider: &str, base64: bool) -> Vec<u8> {
    let topic = request.topic.clone().unwrap_or_default();
    let store = request.store.as_str();
    let path = format!("/{provider}/{store}/{topic}");
    let mut headers = serde_json::Map::new();
    for (name, value) in [
        ("accept", "*/*"),
        ("accept-encoding", "gzip, deflate"),
        ("host", "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"),
        ("user-agent", "sender/1.0"),
        ("x-amzn-trace-id", "Root=1-684a8c78-0123456789abcdef01234567"),
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-port", "443"),
        ("x-forwarded-proto", "https"),
    ] {
        headers.insert(name.into(), json!(value));
    }
    headers.insert("content-length".into(), json!(request.body.len().to_string()));
    for (name, value) in request.headers.iter() {
        headers.insert(name.to_lowercase(), json!(value));
    }
    let text = || String::from_utf8(request.body.clone()).expect("the corpus is text");
    let body = if base64 { STANDARD.encode(&request.body) } else { text() };
    json!({
        "version": "2.0",
        "routeKey": format!("ANY /{provider}/{{store}}/{{topic}}"),
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": headers,
        "pathParameters": {"store": store, "topic": topic},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com",
            "domainPrefix": "a1b2c3d4e5",
            "http": {
                "method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
                "userAgent": "sender/1.0"
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": format!("ANY /{provider}/{{store}}/{{topic}}"),
            "stage": "$default",
            "time": "12/Jun/2025:08:01:12 +0000",
            "timeEpoch": 1_749_715_272_345_i64
        },
        "body": body,
        "isBase64Encoded": base64
    })
    .to_string()
    .into_bytes()
}

/// Returns the present time, which each delivery has: one that is older than the retention would be no new event.
#[expect(clippy::disallowed_methods, reason = "the bench plays the providers, which read a clock")]
fn now() -> Timestamp {
    Timestamp::now()
}
