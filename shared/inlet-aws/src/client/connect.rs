//! The AWS clients: one HTTP client, one TLS stack, Amazon's own roots, short time limits.
//!
//! The crate `aws-config` is absent on purpose: in a Lambda function, region and credentials are environment variables,
//! and its search for them elsewhere takes most of the start-up time.

use std::io;
use std::time::Duration;

use aws_credential_types::Credentials as SdkCredentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::http::HttpRequest;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{
    HttpClient as _, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector, http_client_fn,
};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use aws_types::SdkConfig;
use futures_util::future::join_all;

use crate::client::clock;
use crate::client::config::Config;
use crate::client::timeouts;

/// The root certificates of every AWS endpoint: <https://www.amazontrust.com/repository/>.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// Maximum time to open a connection.
const CONNECT: Duration = Duration::from_secs(1);

/// Maximum time of one attempt at a call. The limits of a delivery are in [`crate::client::timeouts`].
const ATTEMPT: Duration = Duration::from_secs(2);

/// Maximum time of a call with all its attempts.
const OPERATION: Duration = Duration::from_secs(5);

/// The number of attempts at a call.
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

/// An error of making the clients.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// `AWS_CA_BUNDLE` names a file that cannot be read.
    #[error("the root certificates cannot be read")]
    Roots(#[source] io::Error),
    /// The root certificates are invalid.
    #[error("the root certificates cannot be used")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Returns the configuration of every service's client: region, credentials, HTTP client, retries and time limits.
///
/// # Errors
/// [`ConnectError`] when the root certificates are invalid.
pub fn sdk_config(config: &Config) -> Result<SdkConfig, ConnectError> {
    Ok(sdk_config_with(config, connector(config)?))
}

fn sdk_config_with(config: &Config, connector: SharedHttpConnector) -> SdkConfig {
    let mut sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(config.region.clone()))
        .credentials_provider(SharedCredentialsProvider::new(credentials(config)))
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
        .timeout_config(timeouts());
    sdk.set_endpoint_url(config.endpoint.clone());
    sdk.build()
}

impl Clients {
    /// Makes the clients. They open their connections with their first calls.
    pub fn new(config: &SdkConfig) -> Self {
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
            ssm: aws_sdk_ssm::Client::new(config),
        }
    }

    /// Makes the clients and opens a connection for each, so that the first delivery does not wait for it.
    ///
    /// # Errors
    /// [`ConnectError`] when the root certificates are invalid.
    pub async fn connected(config: &Config) -> Result<Self, ConnectError> {
        connected(config, &["dynamodb", "sqs", "ssm"], Self::new).await
    }
}

/// Opens a connection to each of these services, given by the first part of their host names, and makes clients while
/// the connections open. Making clients is the longest step of a start, because each client reads a list of all AWS
/// partitions.
///
/// The services' responses are ignored. If a connection fails, the first call opens it.
///
/// # Errors
/// [`ConnectError`] when the root certificates are invalid.
pub async fn connected<T>(
    config: &Config,
    services: &[&str],
    make: impl FnOnce(&SdkConfig) -> T,
) -> Result<T, ConnectError> {
    Ok(connected_by(connector(config)?, config, services, make).await)
}

async fn connected_by<T>(
    connector: SharedHttpConnector,
    config: &Config,
    services: &[&str],
    make: impl FnOnce(&SdkConfig) -> T,
) -> T {
    let opened = join_all(services.iter().map(|service| preconnect(&connector, host_of(service, config))));
    let clients = async { make(&sdk_config_with(config, connector.clone())) };
    tokio::join!(opened, clients).1
}

/// Returns the URL of a service. In a partition with another domain than these two, the first delivery opens the
/// connections.
fn host_of(service: &str, config: &Config) -> String {
    if let Some(endpoint) = &config.endpoint {
        return endpoint.trim_end_matches('/').to_owned();
    }
    let region = &config.region;
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://{service}.{region}.{domain}")
}

/// Opens a connection with a `GET /ping` without a body, to which the load balancers respond without the service. Waits
/// for the response for a limited time: a service that does not respond may still take a delivery.
async fn preconnect(connector: &SharedHttpConnector, host: String) {
    let mut request = HttpRequest::new(SdkBody::empty());
    if request.set_uri(format!("{host}/ping")).is_err() {
        return;
    }
    let response = async {
        let response = connector.call(request).await.ok()?;
        // A connection cannot be used again before its response is read.
        ByteStream::new(response.into_body()).collect().await.ok()
    };
    let _ = tokio::time::timeout(timeouts::PRECONNECT, response).await;
}

/// Returns the connector of all clients: one pool of connections. It reads the root certificates once; the SDK's own
/// client reads them for each service, and again for the first call.
fn connector(config: &Config) -> Result<SharedHttpConnector, ConnectError> {
    let roots = match &config.ca_bundle {
        Some(path) => std::fs::read(path).map_err(ConnectError::Roots)?,
        None => AMAZON_ROOTS.to_vec(),
    };
    let trust = TrustStore::empty().with_pem_certificate(roots);
    let tls = TlsContext::builder().with_trust_store(trust).build();
    let tls = tls.map_err(|error| ConnectError::Tls(error.into()))?;
    let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT).build();
    let connector = Connector::builder()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls)
        .connector_settings(settings);
    Ok(SharedHttpConnector::new(Dated(connector.build())))
}

/// Returns this client with responses that correct the process's clock: an operator's machine may be minutes off, and
/// some commands give events a time of arrival.
pub fn dated(client: SharedHttpClient) -> SharedHttpClient {
    http_client_fn(move |settings, components| {
        SharedHttpConnector::new(Dated(client.http_connector(settings, components)))
    })
}

/// A connector that compares the machine's clock with the `Date` of each response.
#[derive(Debug)]
struct Dated<C>(C);

impl<C: HttpConnector> HttpConnector for Dated<C> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let sent_ms = clock::local_ms();
        let response = self.0.call(request);
        HttpConnectorFuture::new(async move {
            let response = response.await?;
            if let Some(date) = response.headers().get("date") {
                clock::compare(date, sent_ms);
            }
            Ok(response)
        })
    }
}

fn credentials(config: &Config) -> SdkCredentials {
    let ours = config.credentials.clone();
    SdkCredentials::new(ours.access_key_id, ours.secret_access_key, ours.session_token, None, "config")
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build()
}

/// Describes an SDK error by its code and message, without the request, which contains the body.
pub fn describe_sdk_error<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata,
{
    match error {
        SdkError::ServiceError(service) => {
            let code = service.err().code().unwrap_or("an error without a code");
            format!("{code}: {}", service.err().message().unwrap_or_default())
        }
        SdkError::TimeoutError(_) => "no response in time".to_owned(),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => "no connection in time".to_owned(),
        SdkError::DispatchFailure(_) => "no connection".to_owned(),
        SdkError::ResponseError(_) => "a response that cannot be read".to_owned(),
        _ => "a request that cannot be built".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::sync::{Arc, Mutex};

    use aws_sdk_dynamodb::config::http::HttpResponse;
    use aws_sdk_sqs::config::endpoint::{DefaultResolver, Params, ResolveEndpoint as _};
    use aws_smithy_runtime_api::http::StatusCode;

    fn config(region: &str, endpoint: Option<&str>) -> Config {
        let value = |name: &str| match name {
            "AWS_REGION" => Some(region.to_owned()),
            "AWS_ENDPOINT_URL" => endpoint.map(str::to_owned),
            "INLET_RETENTION_DAYS" => Some("1".to_owned()),
            "INLET_STAGE" | "INLET_TABLE" | "INLET_QUEUE_URL" => Some("x".to_owned()),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("x".to_owned()),
            _ => None,
        };
        Config::from_lookup(value).unwrap_or_else(|incomplete| panic!("{incomplete}"))
    }

    #[tokio::test]
    async fn a_connection_opens_to_the_sdks_own_endpoint() {
        for region in ["us-east-1", "eu-central-1", "ap-southeast-7", "us-gov-west-1", "cn-north-1"] {
            let asked = Params::builder().region(region).build().unwrap();
            let found = DefaultResolver::new().resolve_endpoint(&asked).await.unwrap();
            assert_eq!(host_of("sqs", &config(region, None)), found.url(), "{region}");
        }
    }

    /// Remembers the URLs that it was called with, and that clients were made.
    #[derive(Clone, Debug, Default)]
    struct Recorder(Arc<Mutex<Vec<String>>>);

    impl Recorder {
        fn record(&self, what: &str) {
            self.0.lock().unwrap().push(what.to_owned());
        }
    }

    impl HttpConnector for Recorder {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let recorder = self.clone();
            HttpConnectorFuture::new(async move {
                recorder.record(request.uri());
                tokio::task::yield_now().await;
                recorder.record("open");
                Ok(HttpResponse::new(StatusCode::try_from(200).unwrap(), SdkBody::empty()))
            })
        }
    }

    #[tokio::test]
    async fn clients_are_made_while_the_connections_open() {
        let recorder = Recorder::default();
        let connector = SharedHttpConnector::new(recorder.clone());
        let config = config("eu-central-1", None);
        connected_by(connector, &config, &["dynamodb", "events"], |_| recorder.record("made")).await;
        assert_eq!(
            *recorder.0.lock().unwrap(),
            [
                "https://dynamodb.eu-central-1.amazonaws.com/ping",
                "https://events.eu-central-1.amazonaws.com/ping",
                "made",
                "open",
                "open",
            ]
        );
    }

    #[test]
    fn an_emulators_endpoint_replaces_every_service() {
        let config = config("eu-central-1", Some("http://127.0.0.1:4566/"));
        assert_eq!(host_of("sqs", &config), "http://127.0.0.1:4566");
    }
}
