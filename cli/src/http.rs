//! The HTTP client for what is not AWS: the functions' own TLS stack, with the machine's roots.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Url};

use crate::failure::Failure;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The beginning of every client: no redirects, so that what is sent goes nowhere but where it is meant to.
pub(crate) fn builder() -> ClientBuilder {
    // An error says that it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().redirect(Policy::none())
}

/// A client for what is on this machine or beside it: past any proxy.
///
/// # Errors
/// When the root certificates are of no use.
pub(crate) fn direct() -> Result<Client, Failure> {
    built(builder().no_proxy())
}

/// A client for receivers at this address: through the environment's proxy, as AWS itself is reached, unless they are
/// on this machine, which a proxy would take for its own.
///
/// # Errors
/// When the root certificates are of no use.
pub(crate) fn client(api: &str) -> Result<Client, Failure> {
    if is_on_this_machine(api) { direct() } else { built(builder()) }
}

fn built(builder: ClientBuilder) -> Result<Client, Failure> {
    builder.timeout(TIMEOUT).build().map_err(|error| Failure::Tls(error.into()))
}

fn is_on_this_machine(api: &str) -> bool {
    let host = Url::parse(api).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_reached_past_a_proxy() {
        for (api, is) in [
            ("http://localhost:4566", true),
            ("http://x.execute-api.localhost:4566/", true),
            ("http://127.0.0.1:9/_aws", true),
            ("http://[::1]:9", true),
            ("https://x.execute-api.me-south-1.amazonaws.com", false),
            ("https://localhost.example.com", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_on_this_machine(api), is, "{api}");
        }
    }
}
