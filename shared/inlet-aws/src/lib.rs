//! Inlet's domain on AWS: API Gateway, DynamoDB, SQS and Parameter Store. It is the only library that uses AWS, and it
//! names no provider.
//!
//! The modules by layer. A module uses only its own layer and those above it in this list.
//!
//! | layer | modules |
//! |---|---|
//! | configuration, clients and limits | [`client`]: environment, clock, connections, time limits, rate limits |
//! | observability | [`telemetry`]: log lines, metrics, traces, the time of each step |
//! | services | [`dynamodb`]: the event table; [`sqs`]: the queue; [`secrets`]: the stores' credentials in Parameter Store; [`reverify`]: quarantined requests once more; [`history`]: the events of an entity |
//! | Lambda functions | [`lambda`]: receiver, router, processor, sweeper and reconciler |
//! | operators' work | `operate`: list, show, replay, redrive, forget (cargo feature `operate`: no Lambda function links it) |
//!
//! A function is three lines: [`lambda::receiver::run`] with the provider, [`lambda::processor::run`] with the consumer,
//! [`lambda::sweeper::run`]. The receiver's first step, by itself:
//!
//! ```
//! use inlet_aws::lambda::gateway::Event;
//!
//! let event = r#"{"rawPath": "/acme/riyadh", "requestContext": {"http": {"method": "POST"}}, "body": "{}"}"#;
//! let event: Event = serde_json::from_str(event)?;
//! let request = event.into_request("acme", |_| false)?;
//! assert_eq!(request.store.as_str(), "riyadh");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

/// The error with which a function ends: the Lambda runtime's boxed error.
pub use lambda_runtime::Error;

pub mod client;
pub mod telemetry;
pub mod dynamodb;
pub mod sqs;
pub mod secrets;
pub mod reverify;
pub mod history;
pub mod lambda;
#[cfg(feature = "operate")]
pub mod operate;
#[cfg(test)]
mod fake_aws;
