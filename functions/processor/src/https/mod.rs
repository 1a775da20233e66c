//! The consumer `https`: it sends each event in a request of its own, signed by Standard Webhooks,
//! <https://www.standardwebhooks.com>.
//!
//! | response | result |
//! |---|---|
//! | 2xx | processed |
//! | 408, 425, 429, 5xx, none in time, no connection | transient; no attempt before `Retry-After` |
//! | every other, redirects included | permanent |

mod retry_after;
mod secrets;
mod url;

use std::fmt;
use std::time::Duration;

use aws_sdk_ssm::Client;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector as _, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use aws_types::SdkConfig;
use futures_util::future::join_all;
use inlet::fault::Fault;
use inlet::message::Message;
use inlet::process::signature::headers as signed_headers;
use inlet::process::{ConsumeError, Consumer};
use inlet_aws::Error;
use inlet_aws::client::clock;
use tokio::time::Instant;

use self::secrets::{Secrets, SigningKey};
use self::url::check_url;

/// Maximum time to open a connection, TLS included.
const CONNECT: Duration = Duration::from_secs(3);

/// Maximum time for reading a response's body. A connection whose response is not read cannot be used again.
const DRAIN: Duration = Duration::from_secs(1);

/// Maximum length of a body that is read, in bytes. A connection with a larger one is closed.
const MAX_BODY_LEN: usize = 65_536;

/// Idle connections are kept for less time than most servers keep them.
const MAX_IDLE: Duration = Duration::from_secs(20);

const NOT_PROCESSED: &str = "the endpoint did not process the event";

/// The endpoint.
pub(crate) struct Endpoint {
    connector: SharedHttpConnector,
    url: String,
    secrets: Secrets,
    timeout: Duration,
}

/// The part of a response that decides the result.
struct ResponseHead {
    status: u16,
    retry_after: Option<Duration>,
}

/// The reason that there is no response.
#[derive(Debug, thiserror::Error)]
enum NoResponse {
    #[error("the request cannot be built")]
    Request,
    #[error("no response within {0} s")]
    Late(u64),
    #[error("no connection")]
    Connection,
}

impl Endpoint {
    /// Returns the endpoint at this URL, each request to which may take this time. The secrets are those of the stage.
    ///
    /// # Errors
    /// If the URL is not allowed, or the platform's root certificates cannot be used.
    pub(crate) fn new(url: &str, timeout: Duration, stage: &str, config: &SdkConfig) -> Result<Self, Error> {
        check_url(url)?;
        let secrets = Secrets::new(Client::new(config), stage);
        Ok(Self { connector: connector()?, url: url.to_owned(), secrets, timeout })
    }

    /// Makes the next refusal read the secrets, however recent the last read is.
    #[cfg(test)]
    pub(crate) async fn forget_last_read(&self) {
        self.secrets.forget_last_read().await;
    }

    /// Reads the secrets, so that the next request does not wait for them.
    #[cfg(test)]
    pub(crate) async fn prepare(&self) {
        self.secrets.current().await.unwrap();
    }

    async fn send(&self, message: &Message) -> Result<(), ConsumeError> {
        let keys = self.secrets.current().await?;
        // Two requests share the time limit.
        let until = Instant::now().checked_add(self.timeout).unwrap_or_else(Instant::now);
        let mut response = self.post(message, &keys, until).await?;
        // The endpoint may have got a secret that is newer than the cached ones.
        if matches!(response.status, 401 | 403)
            && let Some(newer) = self.secrets.changed_since(&keys).await
        {
            response = self.post(message, &newer, until).await?;
        }
        outcome(&response)
    }

    /// Sends a message within the time limit. A connection that breaks is most often one that the endpoint closed while
    /// the function was frozen, so the request is sent once more.
    async fn post(
        &self,
        message: &Message,
        keys: &[SigningKey],
        until: Instant,
    ) -> Result<ResponseHead, ConsumeError> {
        let attempts = async {
            match self.post_once(message, keys).await {
                Err(NoResponse::Connection) => self.post_once(message, keys).await,
                result => result,
            }
        };
        let late = NoResponse::Late(self.timeout.as_secs());
        match tokio::time::timeout_at(until, attempts).await.unwrap_or(Err(late)) {
            Ok((head, response)) => {
                drain(response).await;
                Ok(head)
            }
            Err(error @ NoResponse::Request) => Err(Fault::permanent(NOT_PROCESSED, error).into()),
            Err(error @ (NoResponse::Late(_) | NoResponse::Connection)) => {
                Err(Fault::transient(NOT_PROCESSED, error).into())
            }
        }
    }

    async fn post_once(
        &self,
        message: &Message,
        keys: &[SigningKey],
    ) -> Result<(ResponseHead, HttpResponse), NoResponse> {
        let request = self.request(message, keys).ok_or(NoResponse::Request)?;
        let response =
            self.connector.call(request).await.map_err(|error| no_response(&error, self.timeout))?;
        let retry_after = response.headers().get("retry-after");
        let retry_after = retry_after.and_then(|value| retry_after::parse(value, clock::now()));
        let head = ResponseHead { status: response.status().as_u16(), retry_after };
        Ok((head, response))
    }

    fn request(&self, message: &Message, keys: &[SigningKey]) -> Option<HttpRequest> {
        let seconds = clock::now().millis().div_euclid(1_000);
        let mut request = HttpRequest::new(SdkBody::from(message.json()));
        request.set_method("POST").ok()?;
        request.set_uri(self.url.as_str()).ok()?;
        let agent = concat!("Inlet/", env!("CARGO_PKG_VERSION")).to_owned();
        let headers = request.headers_mut();
        for (name, value) in signed_headers(message, keys, seconds).into_iter().chain([("user-agent", agent)])
        {
            headers.try_insert(name, value).ok()?;
        }
        Some(request)
    }
}

impl Consumer for Endpoint {
    /// No two messages are about the same entity, so their requests are sent at the same time.
    async fn consume(&self, messages: &[Message]) -> Vec<Result<(), ConsumeError>> {
        join_all(messages.iter().map(|message| self.send(message))).await
    }

    /// The secrets may be read twice, before the first request and after a response that refuses its signature, and
    /// each of the two responses has a body.
    fn time_limit(&self) -> Option<Duration> {
        let other_steps = secrets::READ.saturating_add(DRAIN).saturating_mul(2);
        Some(self.timeout.saturating_add(other_steps))
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").finish_non_exhaustive()
    }
}

/// Returns a pool of connections that trusts the platform's root certificates: AWS keeps those of the Lambda runtime
/// current. It follows no redirects.
fn connector() -> Result<SharedHttpConnector, Error> {
    let tls = TlsContext::builder().with_trust_store(TrustStore::empty().with_native_roots(true)).build()?;
    let connector = Connector::builder()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls)
        .connector_settings(HttpConnectorSettings::builder().connect_timeout(CONNECT).build())
        .pool_idle_timeout(MAX_IDLE);
    Ok(SharedHttpConnector::new(connector.build()))
}

fn no_response(error: &ConnectorError, timeout: Duration) -> NoResponse {
    if error.is_user() {
        NoResponse::Request
    } else if error.is_timeout() {
        NoResponse::Late(timeout.min(CONNECT).as_secs())
    } else {
        NoResponse::Connection
    }
}

/// Reads a response's body and drops it, so that the connection can be used again. The status counts in any case.
async fn drain(response: HttpResponse) {
    let mut body = ByteStream::new(response.into_body());
    let read = async {
        let mut len = 0_usize;
        while let Some(Ok(bytes)) = body.next().await {
            len = len.saturating_add(bytes.len());
            if len > MAX_BODY_LEN {
                break;
            }
        }
    };
    // If the body is too slow, only the connection is lost.
    let _ = tokio::time::timeout(DRAIN, read).await;
}

/// Returns the outcome that a response means.
fn outcome(response: &ResponseHead) -> Result<(), ConsumeError> {
    let story = format!("it responded {}", response.status);
    match response.status {
        200..=299 => Ok(()),
        408 | 425 | 429 | 500..=599 => {
            let fault = Fault::transient(NOT_PROCESSED, story);
            Err(match response.retry_after {
                Some(after) => ConsumeError::RetryAfter(fault, after),
                None => ConsumeError::Transient(fault),
            })
        }
        _ => Err(Fault::permanent(NOT_PROCESSED, story).into()),
    }
}
