//! The HTTP client for everything but AWS: the functions' TLS stack, with the machine's root certificates.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Url};

use crate::failure::Failure;

/// Timeout of a response.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Returns the base of every client. It follows no redirects, so a request only goes where it was addressed.
pub(crate) fn builder() -> ClientBuilder {
    // The only error is that it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().redirect(Policy::none())
}

/// Returns a client for programs on this machine or nearby. It uses no proxy.
///
/// # Errors
/// If the root certificates are unusable.
pub(crate) fn direct() -> Result<Client, Failure> {
    built(builder().no_proxy())
}

/// Returns a client for receivers at this address. It uses the environment's proxy, like the AWS clients, but not for
/// an address on this machine, which the proxy would resolve to itself.
///
/// # Errors
/// If the root certificates are unusable.
pub(crate) fn client(api: &str) -> Result<Client, Failure> {
    if !is_on_this_machine(api) {
        return built(builder());
    }
    // Not every resolver knows that names below `localhost` are this machine (RFC 6761). Port 0 is the address's own.
    let loopback = (Ipv4Addr::LOCALHOST, 0).into();
    let client = builder().no_proxy();
    built(match host(api) {
        Some(name) if name.ends_with(".localhost") => client.resolve(&name, loopback),
        _ => client,
    })
}

fn built(builder: ClientBuilder) -> Result<Client, Failure> {
    builder.timeout(TIMEOUT).build().map_err(|error| Failure::Tls(error.into()))
}

fn host(address: &str) -> Option<String> {
    Url::parse(address).ok()?.host_str().map(str::to_owned)
}

/// Returns true for an address of this machine.
pub(crate) fn is_on_this_machine(api: &str) -> bool {
    let host = host(api).unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_needs_no_proxy() {
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
