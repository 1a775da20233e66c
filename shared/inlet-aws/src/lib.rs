//! Inlet's domain on AWS: API Gateway, DynamoDB, SQS and Parameter Store. The only crate that knows AWS, and it
//! names no provider.
//!
//! | layer | modules |
//! |---|---|
//! | configuration, clients and limits | [`client`]: reads the environment, opens connections, time-outs, rate limits |
//! | services | [`dynamodb`]: the event table; [`sqs`]: the queue; [`secrets`]: the stores' credentials in Parameter Store |
//! | observability | [`telemetry`]: log lines, metrics, traces, step timings |
//! | Lambda functions | [`lambda`]: receiver, processor and sweeper |
//! | operators' work | [`operate`]: list, show, replay, redrive, forget; no Lambda uses it |

/// Why a function ended: the Lambda runtime's boxed error.
pub use lambda_runtime::Error;

pub mod client;
pub mod dynamodb;
pub mod sqs;
pub mod secrets;
pub mod reverify;
pub mod telemetry;
pub mod lambda;
#[cfg(feature = "operate")]
pub mod operate;
