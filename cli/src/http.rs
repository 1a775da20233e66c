//! The HTTP client for what is not AWS: the functions' own TLS stack, with the machine's roots.

use std::time::Duration;

use reqwest::redirect::Policy;

use crate::failure::Failure;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A client that goes nowhere but where it is sent: no redirects, no proxy.
///
/// # Errors
/// When the root certificates are of no use.
pub(crate) fn client() -> Result<reqwest::Client, Failure> {
    // An error says that it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().redirect(Policy::none()).no_proxy().timeout(TIMEOUT).build();
    client.map_err(|error| Failure::Tls(error.into()))
}
