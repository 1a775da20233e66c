//! Inlet's domain: how a webhook delivery is verified, parsed, identified, stored and answered.
//!
//! No I/O, no clock, no environment, no AWS and no provider's name: time, secrets and settings are arguments.
//!
//! The modules, from the bottom layer to the top. A module uses only modules above it in this list.
//!
//! | layer | modules |
//! |---|---|
//! | basic types | [`received_at`], [`fault`], [`trust`], [`store`], [`secret`], [`personal`] |
//! | values of a body | [`value`]: decimal, money, time, JSON fields |
//! | data for consumers | [`canonical`]: the objects in an event's `data` |
//! | the parts of a provider | [`provider`]: the trait, its retry policy, its event catalogue, its responses |
//! | a delivery on its way | [`path`], [`request`], [`proof`], [`delivery`], [`event`], [`dedup`], [`message`], [`drift`] |
//! | the two paths | [`receive`]: from a request to a response; [`process`]: from a message to a receipt |
//! | a provider's own API | [`reconcile`]: requests, responses and observations; what is missed. [`proof`] knows its fetched values |
//! | for people and tests | `tools`: sample deliveries, credential shapes, registration (cargo feature `tools`) |
//!
//! A provider is a type with a proof, a parser and a response. A delivery becomes an event in three steps:
//!
//! ```
//! use inlet::canonical::{Canonical, Kind};
//! use inlet::delivery::Delivery;
//! use inlet::proof::{Claim, Comparison, Rejection, Verified, verify};
//! use inlet::provider::Provider;
//! use inlet::provider::catalogue::{Documented, EventSpec};
//! use inlet::provider::parsed_event::ParsedEvent;
//! use inlet::provider::response::{Outcome, Response};
//! use inlet::provider::retry_policy::RetryPolicy;
//! use inlet::received_at::ReceivedAt;
//! use inlet::request::{Headers, Method, Request, Unverified};
//! use inlet::secret::Secret;
//! use inlet::store::StoreName;
//! use inlet::trust::Trust;
//! use serde_json::{Value, json};
//!
//! const CREATED: EventSpec = EventSpec::new("order.create", Kind::Order, "created")
//!     .entity(&[&["id"]])
//!     .payload(Documented::Full, |body: &Value| {
//!         Some(Canonical::bare(Kind::Order, body["id"].as_str().map(str::to_owned)))
//!     });
//!
//! struct Acme;
//!
//! impl Provider for Acme {
//!     const NAME: &'static str = "acme";
//!     const RETRY_POLICY: RetryPolicy = RetryPolicy::not_documented("an example");
//!     type Credential = Secret;
//!     type Settings = ();
//!
//!     fn claim(request: &Unverified, key: &Secret) -> Result<Claim, Rejection> {
//!         let sent = request.header("x-key").ok_or(Rejection::Missing { expected: "x-key" })?;
//!         Ok(Claim::Shared { comparisons: vec![Comparison::new(sent, key.clone())], trust: Trust::SharedSecret })
//!     }
//!
//!     fn parse(delivery: &Verified<Delivery>) -> ParsedEvent {
//!         ParsedEvent::of(&CREATED, &delivery.json().unwrap_or_default(), |_| None)
//!     }
//!
//!     fn respond(_: &Outcome<'_>, (): &()) -> Response {
//!         Response::ok(json!({"received": true}))
//!     }
//! }
//!
//! let request = Unverified::new(Request {
//!     method: Method::Post,
//!     store: StoreName::parse("riyadh")?,
//!     topic: Some("order.create".into()),
//!     query: String::new(),
//!     headers: Headers::from_iter([("x-key", "s3cret")]),
//!     body: br#"{"id": "81230457"}"#.into(),
//! });
//! let keys = [Secret::new("s3cret")?];
//! let delivery = verify::<Acme>(request, &keys, ReceivedAt::EPOCH).map_err(|failed| failed.rejection.to_string())?;
//! let parsed = Acme::parse(&delivery);
//! let event = delivery.into_event::<Acme>(parsed);
//! assert_eq!(event.id().entity_path(), "acme/riyadh/order/81230457");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod received_at;
pub mod fault;
pub mod trust;
pub mod store;
pub mod secret;
pub mod personal;
pub mod value;
pub mod canonical;
pub mod path;
pub mod request;
pub mod provider;
pub mod proof;
pub mod delivery;
pub mod event;
pub mod dedup;
pub mod message;
pub mod drift;
pub mod receive;
pub mod process;
pub mod reconcile;
#[cfg(feature = "tools")]
pub mod tools;

/// Compiles its items only if this crate has the feature `tools`: the tools of a provider, in the provider's crate.
///
/// A feature of each provider would do the same, but the list of providers would then name each provider twice: as a
/// dependency, and for its feature.
#[cfg(feature = "tools")]
#[macro_export]
macro_rules! with_tools {
    ($($item:item)*) => { $($item)* };
}

/// Compiles its items only if this crate has the feature `tools`, which it does not have here.
#[cfg(not(feature = "tools"))]
#[macro_export]
macro_rules! with_tools {
    ($($item:item)*) => {};
}

#[cfg(test)]
mod test_provider;
