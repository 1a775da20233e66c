//! A provider's API over HTTPS: with a timeout and a size limit, and without following redirects.

use std::fmt;
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector as _, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;
use inlet::reconcile::{Api, Method, Request, Response};
use lambda_runtime::Error;

use crate::client::clock;

/// Timeout of a connection, and of a whole response: 500 objects take a provider some seconds.
const CONNECT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(30);

/// Size limit of a response, in bytes: 500 objects of 16 KB each. The function has memory for the responses of all
/// stores that are read at the same time, each as bytes and as JSON.
const MAX_RESPONSE: usize = 8 * 1024 * 1024;

const AGENT: &str = concat!("Inlet/", env!("CARGO_PKG_VERSION"));

/// The consequence of a failed call.
const NO_RESPONSE: &str = "there is no complete response";

/// The APIs of all providers: one pool of connections.
#[derive(Clone)]
pub struct ProviderApi {
    connector: SharedHttpConnector,
    /// The address of a twin, which replaces scheme and host of every request.
    twin: Option<String>,
}

impl ProviderApi {
    /// Returns the APIs at the providers' own addresses. It trusts the root certificates of the platform: AWS keeps
    /// those of the Lambda runtime current.
    ///
    /// # Errors
    /// If the root certificates are unusable.
    pub fn new() -> Result<Self, Error> {
        let tls =
            TlsContext::builder().with_trust_store(TrustStore::empty().with_native_roots(true)).build()?;
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT).build();
        let connector = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(tls)
            .connector_settings(settings);
        Ok(Self { connector: SharedHttpConnector::new(connector.build()), twin: None })
    }

    /// Returns the same for a twin on this machine, such as `http://127.0.0.1:8123`. Credentials go there without
    /// encryption, so it is for tests alone.
    #[must_use]
    pub fn of_twin(self, address: &str) -> Self {
        Self { twin: Some(address.to_owned()), ..self }
    }

    /// Returns the address of a request.
    fn url(&self, request: &Request) -> String {
        match &self.twin {
            Some(twin) => format!("{twin}/{}", request.url().splitn(4, '/').nth(3).unwrap_or_default()),
            None => request.url().to_owned(),
        }
    }

    fn http_request(&self, request: &Request) -> Option<HttpRequest> {
        let body = request.body().map_or_else(SdkBody::empty, |body| SdkBody::from(body.into_owned()));
        let mut http = HttpRequest::new(body);
        http.set_method(match request.method() {
            Method::Get => "GET",
            Method::Post => "POST",
        })
        .ok()?;
        http.set_uri(self.url(request)).ok()?;
        let headers = http.headers_mut();
        headers.try_insert("user-agent", AGENT).ok()?;
        for (name, value) in request.headers() {
            headers.try_insert(*name, value.text().into_owned()).ok()?;
        }
        Some(http)
    }

    async fn call(&self, request: HttpRequest) -> Result<Response, Fault> {
        // The error may contain the request.
        let response = self.connector.call(request).await;
        let response = response.map_err(|_| Fault::transient(NO_RESPONSE, "no connection"))?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get("retry-after").map(str::to_owned);
        let mut stream = ByteStream::new(response.into_body());
        let mut body = Vec::new();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|_| Fault::transient(NO_RESPONSE, "the connection was closed"))?;
            body.extend_from_slice(&chunk);
            if body.len() > MAX_RESPONSE {
                return Err(Fault::permanent(NO_RESPONSE, "the response is too large"));
            }
        }
        Ok(Response::new(status, retry_after.as_deref(), body))
    }
}

impl Api for ProviderApi {
    fn now(&self) -> ReceivedAt {
        clock::now()
    }

    async fn send(&self, request: &Request) -> Result<Response, Fault> {
        let Some(request) = self.http_request(request) else {
            let reason = "a credential has a character that a header cannot have";
            return Err(Fault::permanent(NO_RESPONSE, reason));
        };
        let late = || Fault::transient(NO_RESPONSE, format!("none within {} s", TIMEOUT.as_secs()));
        tokio::time::timeout(TIMEOUT, self.call(request)).await.unwrap_or_else(|_| Err(late()))
    }

    async fn pause(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

impl fmt::Debug for ProviderApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderApi").field("twin", &self.twin).finish_non_exhaustive()
    }
}
