//! The HTTP client for what is not AWS: the functions' own TLS stack, with the machine's roots.

use std::time::Duration;

use reqwest::ClientBuilder;
use reqwest::redirect::Policy;

use crate::failure::Failure;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The beginning of every client: no redirects, so that what is sent goes nowhere but where it is meant to.
pub(crate) fn builder() -> ClientBuilder {
    // An error says that it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().redirect(Policy::none())
}

/// A client for deliveries: straight to the receiver, past any proxy.
///
/// # Errors
/// When the root certificates are of no use.
pub(crate) fn client() -> Result<reqwest::Client, Failure> {
    builder().no_proxy().timeout(TIMEOUT).build().map_err(|error| Failure::Tls(error.into()))
}
