//! The URLs that an endpoint may have.

use http::Uri;

/// The endpoint's URL is not allowed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "INLET_CONSUMER_URL must be an https:// URL without user or fragment; http:// is for 127.0.0.1 and localhost only"
)]
pub(super) struct NotAllowed;

/// Checks an endpoint's URL. Events contain personal data, so `http` is only for this machine.
///
/// # Errors
/// [`NotAllowed`] for anything else than an absolute `https` URL, or an `http` URL of this machine.
pub(super) fn check_url(url: &str) -> Result<(), NotAllowed> {
    let uri: Uri = url.parse().map_err(|_| NotAllowed)?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(NotAllowed);
    };
    // The parser drops a fragment, and a user's password would not be sent.
    let is_plain = !url.contains('#') && !authority.as_str().contains('@') && !authority.host().is_empty();
    let is_local = matches!(authority.host(), "127.0.0.1" | "localhost" | "[::1]");
    if is_plain && (scheme == "https" || (scheme == "http" && is_local)) { Ok(()) } else { Err(NotAllowed) }
}
