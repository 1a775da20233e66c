//! The AWS clients: one HTTP client, one TLS stack, Amazon's own roots, short time limits.
//!
//! `aws-config` is deliberately absent: in a Lambda function the region and the credentials stand in the
//! environment, and looking for them elsewhere costs most of the start-up time.

use std::io;
use std::time::Duration;

use aws_credential_types::Credentials as SdkCredentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::http::HttpRequest;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region, SharedHttpClient};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpClient as _, http_client_fn};
use aws_types::SdkConfig;

use crate::deadline;
use crate::environment::Environment;

/// The roots that every AWS endpoint's certificate leads to: <https://www.amazontrust.com/repository/>.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// How long a connection may take to open.
const CONNECT: Duration = Duration::from_secs(1);

/// How long one try of a call may take. What a delivery may wait in all stands in [`crate::deadline`].
const ATTEMPT: Duration = Duration::from_secs(2);

/// How long a call may take with all its tries.
const OPERATION: Duration = Duration::from_secs(5);

/// How often a call is tried.
const ATTEMPTS: u32 = 3;

/// The clients of a function.
#[derive(Clone, Debug)]
pub struct Clients {
    /// The event table.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// The event queue.
    pub sqs: aws_sdk_sqs::Client,
    /// The stores' secrets.
    pub ssm: aws_sdk_ssm::Client,
}

/// Why the clients could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// `AWS_CA_BUNDLE` names a file that cannot be read.
    #[error("the root certificates cannot be read")]
    Roots(#[source] io::Error),
    /// The root certificates are of no use.
    #[error("the root certificates cannot be used")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What every service's client is made from: region, credentials, HTTP client, tries and time limits.
///
/// # Errors
/// [`ConnectError`] when the root certificates are of no use.
pub fn configuration(environment: &Environment) -> Result<SdkConfig, ConnectError> {
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(environment.region.clone()))
        .credentials_provider(SharedCredentialsProvider::new(credentials(environment)))
        .http_client(http_client(environment)?)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(timeouts());
    config.set_endpoint_url(environment.endpoint.clone());
    Ok(config.build())
}

impl Clients {
    /// Makes the clients. Opens no connection yet.
    pub fn new(config: &SdkConfig) -> Self {
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
            ssm: aws_sdk_ssm::Client::new(config),
        }
    }

    /// Makes the clients and opens a connection of each, so that the first delivery does not wait for it. While one
    /// opens the next client is made, which takes longer than anything else at a start: each reads a list of all of
    /// AWS's partitions.
    ///
    /// What the services answer makes no difference, and neither does a failure: the first delivery then opens it.
    pub async fn connected(config: &SdkConfig) -> Self {
        let dynamodb = async {
            let client = aws_sdk_dynamodb::Client::new(config);
            in_time(client.describe_endpoints().customize().mutate_request(only_knock).send()).await;
            client
        };
        let sqs = async {
            let client = aws_sdk_sqs::Client::new(config);
            in_time(client.list_queues().customize().mutate_request(only_knock).send()).await;
            client
        };
        let ssm = async {
            let client = aws_sdk_ssm::Client::new(config);
            in_time(client.describe_parameters().customize().mutate_request(only_knock).send()).await;
            client
        };
        let (dynamodb, sqs, ssm) = tokio::join!(dynamodb, sqs, ssm);
        Self { dynamodb, sqs, ssm }
    }
}

/// Waits for a knock, and not for long: a service that does not answer it may still take a delivery.
async fn in_time(knock: impl Future) {
    let _ = tokio::time::timeout(deadline::WARM, knock).await;
}

/// Turns a call into a `GET /ping` without a body: the load balancers answer it and no service is asked.
fn only_knock(request: &mut HttpRequest) {
    let service = request.uri().split('/').take(3).collect::<Vec<_>>().join("/");
    let knock = request.set_method("GET").is_ok() && request.set_uri(format!("{service}/ping")).is_ok();
    debug_assert!(knock, "a ping is a valid request");
    request.headers_mut().remove("content-length");
    *request.body_mut() = "".into();
}

fn http_client(environment: &Environment) -> Result<SharedHttpClient, ConnectError> {
    let roots = match &environment.ca_bundle {
        Some(path) => std::fs::read(path).map_err(ConnectError::Roots)?,
        None => AMAZON_ROOTS.to_vec(),
    };
    let trust = TrustStore::empty().with_pem_certificate(roots);
    let tls = TlsContext::builder().with_trust_store(trust).build();
    let tls = tls.map_err(|error| ConnectError::Tls(error.into()))?;
    let client =
        Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(tls).build_https();
    // Behind a function, because the client itself reads all the roots for each service to see whether it could,
    // and once more for the first call. Whether they can be used, the first knock shows.
    Ok(http_client_fn(move |settings, components| client.http_connector(settings, components)))
}

fn credentials(environment: &Environment) -> SdkCredentials {
    let ours = environment.credentials.clone();
    SdkCredentials::new(ours.access_key_id, ours.secret_access_key, ours.session_token, None, "environment")
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build()
}

/// An SDK's error as its code and message, without the request, which holds the body.
pub fn told<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata,
{
    match error {
        SdkError::ServiceError(service) => {
            let code = service.err().code().unwrap_or("an error without a code");
            format!("{code}: {}", service.err().message().unwrap_or_default())
        }
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => "no connection in time".to_owned(),
        SdkError::DispatchFailure(_) => "no connection".to_owned(),
        SdkError::ResponseError(_) => "an answer that cannot be read".to_owned(),
        _ => "a request that cannot be built".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_knock_goes_to_the_service_and_asks_for_nothing() {
        let mut request = HttpRequest::new("{}".into());
        request.set_uri("https://sqs.eu-central-1.amazonaws.com/queue?x=1").unwrap();
        request.headers_mut().insert("content-length", "2");
        only_knock(&mut request);
        assert_eq!((request.method(), request.uri()), ("GET", "https://sqs.eu-central-1.amazonaws.com/ping"));
        assert_eq!(request.body().bytes(), Some(&b""[..]));
        assert!(!request.headers().contains_key("content-length"));
    }
}
