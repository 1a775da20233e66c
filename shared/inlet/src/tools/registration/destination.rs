//! The URLs of a store in this deployment, and the URLs that a provider lists.

use std::fmt;

use crate::secret::Secret;
use crate::store::StoreName;
use crate::tools::escape::escaped;

/// The URLs of a store in a deployment: all paths below `{api}/{provider}/{store}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination(String);

/// The text is not the address of a deployment.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a deployment's address begins with https:// and has neither a query nor spaces")]
pub struct NotAnAddress;

/// A URL that a provider sends events to.
///
/// The values of its query and the part before an `@` may be secrets: `Display` and `Debug` mask them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Target(String);

impl Destination {
    /// Returns the URLs of a store behind `api`.
    ///
    /// # Errors
    /// [`NotAnAddress`] if `api` is not a plain `http` or `https` URL.
    pub fn new(api: &str, provider: &str, store: &StoreName) -> Result<Self, NotAnAddress> {
        let host = api.strip_prefix("https://").or_else(|| api.strip_prefix("http://")).unwrap_or_default();
        let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '?' | '#' | '@');
        if host.trim_end_matches('/').is_empty() || !host.chars().all(plain) {
            return Err(NotAnAddress);
        }
        Ok(Self(format!("{}/{provider}/{store}", api.trim_end_matches('/'))))
    }

    /// Returns the URL of a topic.
    pub fn target(&self, topic: Option<&str>) -> Target {
        match topic {
            Some(topic) => Target(format!("{}/{topic}", self.0)),
            None => Target(self.0.clone()),
        }
    }

    /// Returns true if the URL leads to this store of this deployment. Host names are compared without case.
    pub fn contains(&self, target: &Target) -> bool {
        let (own_host, own_path) = split_host(&self.0);
        let (host, path) = split_host(&target.0);
        let behind = path.strip_prefix(own_path);
        host.eq_ignore_ascii_case(own_host)
            && behind.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
    }
}

/// Splits a URL behind the host.
fn split_host(url: &str) -> (&str, &str) {
    let host = url.find("://").map_or(0, |scheme| scheme.saturating_add(3));
    let path =
        url.get(host..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| at.saturating_add(host));
    url.split_at_checked(path).unwrap_or((url, ""))
}

impl Target {
    /// Takes a URL from a provider's response.
    pub fn from_provider(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// Returns the URL with a secret in its query.
    #[must_use]
    pub fn with(&self, parameter: &str, secret: &Secret) -> Self {
        let separator = if self.0.contains('?') { '&' } else { '?' };
        Self(format!("{}{separator}{parameter}={}", self.0, escaped(secret.text())))
    }

    /// Returns the whole URL with its secrets, to be sent.
    pub(super) fn unmasked(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.0.split('#').next().unwrap_or_default();
        let (address, query) =
            url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
        let (host, path) = split_host(address);
        match (host.split_once("://"), host.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, host))) => write!(f, "{scheme}://***@{host}{path}")?,
            _ => write!(f, "{host}{path}")?,
        }
        let masked = |field: &str| match field.split_once('=') {
            Some((name, _)) => format!("{name}=***"),
            None => "***".to_owned(),
        };
        match query {
            Some(query) => write!(f, "?{}", query.split('&').map(masked).collect::<Vec<_>>().join("&")),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
