//! The access guard of the console: who may send a request, and what every response forbids the browser.
//!
//! The console acts with the AWS credentials of its user, so another page in the same browser, another program on the
//! machine or a name that resolves to this address must not reach it:
//!
//! 1. The listener is bound to loopback.
//! 2. The header `Host` must be this address: a foreign name that resolves to it (DNS rebinding) is refused.
//! 3. `Origin` and `Sec-Fetch-Site` must be those of the console's own pages: another site is refused.
//! 4. A token in the printed address is exchanged once for a cookie; without the cookie no page is shown.
//! 5. A form contains a second token, which another page cannot read.
//! 6. The content security policy allows the console's own style, script and form targets only.

use axum::http::header::{COOKIE, HOST, ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use inlet::request::{Fields, Plus};
use inlet::secret::Secret;
use rand::distr::{Alphanumeric, SampleString as _};
use std::sync::{Mutex, PoisonError};

/// Length of a token: 32 of 62 characters are 190 bits.
const TOKEN_LENGTH: usize = 32;

/// The field of a form that contains the token of the session's forms.
pub(crate) const FORM_TOKEN: &str = "form_token";

/// The header in which a browser names the relation of a request to the page that caused it. No page can set it.
const FETCH_SITE: &str = "sec-fetch-site";

/// The headers of every response.
const HEADERS: [(&str, &str); 9] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()"),
    ("cache-control", "no-store"),
    ("x-robots-tag", "noindex"),
];

/// Adds the headers of every response.
pub(crate) fn add_headers(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

/// A random text that a request must contain. It has no `Debug`, because it is a secret.
pub(crate) struct Token {
    text: String,
    secret: Option<Secret>,
}

impl Token {
    fn random() -> Self {
        let text = Alphanumeric.sample_string(&mut rand::rng(), TOKEN_LENGTH);
        Self { secret: Secret::new(text.clone()).ok(), text }
    }

    /// Returns the text, for the console's own pages.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns true if a request contains this token. The time does not depend on where they differ.
    fn is(&self, presented: &str) -> bool {
        let presented = Secret::new(presented).ok();
        self.secret.as_ref().zip(presented).is_some_and(|(secret, presented)| secret.equals(&presented))
    }
}

/// The reason for which a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The header `Host` is not this console's address.
    #[error("the request names another host than the console's address")]
    Host,
    /// Another site caused the request.
    #[error("another site caused the request")]
    CrossSite,
    /// The console has no such method.
    #[error("the console accepts GET, HEAD and POST only")]
    Method,
    /// There is no session.
    #[error("this browser has no session with the console")]
    NoSession,
    /// The form is not one of this session.
    #[error("the form is not from this session of the console")]
    Form,
    /// The token was used or is wrong.
    #[error("the token in the address is used or wrong")]
    Token,
}

/// The guard of one console.
pub(crate) struct AccessGuard {
    hosts: [String; 2],
    cookie_name: String,
    /// The token of the printed address; `None` after its use.
    entry: Mutex<Option<Token>>,
    session: Token,
    form: Token,
}

impl AccessGuard {
    /// Returns the guard of a console that listens on this port of loopback, and the token of its address.
    pub(crate) fn new(port: u16) -> (Self, String) {
        let entry = Token::random();
        let text = entry.text().to_owned();
        let guard = Self {
            hosts: [format!("127.0.0.1:{port}"), format!("localhost:{port}")],
            // Cookies do not distinguish ports, so consoles that run side by side need names of their own.
            cookie_name: format!("inlet-console-{port}"),
            entry: Mutex::new(Some(entry)),
            session: Token::random(),
            form: Token::random(),
        };
        (guard, text)
    }

    /// Returns the token that every form of the console contains.
    pub(crate) fn form_token(&self) -> &str {
        self.form.text()
    }

    /// Checks that a request is meant for this console and comes from its own pages or a person's address bar.
    /// `may_be_linked` is true for the printed address, which a person may open from another page.
    ///
    /// # Errors
    /// The [`Refusal`].
    pub(crate) fn check_origin(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        may_be_linked: bool,
    ) -> Result<(), Refusal> {
        let host = only(headers, HOST.as_str()).ok_or(Refusal::Host)?;
        if uri.authority().is_some() || !self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)) {
            return Err(Refusal::Host);
        }
        let site = headers.get(FETCH_SITE).map(HeaderValue::as_bytes);
        let is_own_origin = |origin: &str| origin.eq_ignore_ascii_case(&format!("http://{host}"));
        let origin = match headers.get_all(ORIGIN).iter().count() {
            0 => None,
            _ => Some(only(headers, ORIGIN.as_str()).ok_or(Refusal::CrossSite)?),
        };
        match *method {
            Method::GET | Method::HEAD => {
                let is_foreign = origin.is_some_and(|origin| !is_own_origin(origin))
                    || site.is_some_and(|site| !matches!(site, b"same-origin" | b"none"));
                if is_foreign && !may_be_linked { Err(Refusal::CrossSite) } else { Ok(()) }
            }
            Method::POST => {
                // A page with the referrer policy `no-referrer` posts with `Origin: null`. The browser's word on the
                // relation decides then.
                let is_own = match origin {
                    Some("null") => site == Some(b"same-origin"),
                    Some(origin) => is_own_origin(origin) && site.is_none_or(|site| site == b"same-origin"),
                    None => false,
                };
                if is_own { Ok(()) } else { Err(Refusal::CrossSite) }
            }
            _ => Err(Refusal::Method),
        }
    }

    /// Checks that a request has the session's cookie.
    ///
    /// # Errors
    /// [`Refusal::NoSession`].
    pub(crate) fn check_session(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
        let mut values = cookies
            .flat_map(|header| header.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .filter(|(name, _)| *name == self.cookie_name);
        if values.any(|(_, value)| self.session.is(value)) { Ok(()) } else { Err(Refusal::NoSession) }
    }

    /// Checks that a posted form contains the token of this session's forms.
    ///
    /// # Errors
    /// [`Refusal::Form`].
    pub(crate) fn check_form(&self, body: &[u8]) -> Result<(), Refusal> {
        let fields = Fields::parse(body, Plus::Space);
        let is_own = fields.value(FORM_TOKEN).is_some_and(|token| self.form.is(&token));
        if is_own { Ok(()) } else { Err(Refusal::Form) }
    }

    /// Exchanges the token of the printed address for the session's cookie. The token is invalid afterwards.
    ///
    /// # Errors
    /// [`Refusal::Token`] if it is wrong, or was exchanged before.
    pub(crate) fn exchange(&self, presented: &str) -> Result<(HeaderName, HeaderValue), Refusal> {
        let mut entry = self.entry.lock().unwrap_or_else(PoisonError::into_inner);
        if !entry.as_ref().is_some_and(|token| token.is(presented)) {
            return Err(Refusal::Token);
        }
        let cookie =
            format!("{}={}; HttpOnly; SameSite=Strict; Path=/", self.cookie_name, self.session.text());
        let cookie = HeaderValue::from_str(&cookie).map_err(|_| Refusal::Token)?;
        *entry = None;
        Ok((SET_COOKIE, cookie))
    }
}

/// Returns the value of a header that a request contains exactly once.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    if values.next().is_some() { None } else { first.to_str().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "127.0.0.1:7000";

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        headers
    }

    fn checked(method: &Method, pairs: &[(&str, &str)]) -> Result<(), Refusal> {
        AccessGuard::new(7000).0.check_origin(method, &Uri::from_static("/events"), &headers(pairs), false)
    }

    #[test]
    fn only_the_consoles_own_address_is_a_host() {
        for host in [OWN, "localhost:7000", "LOCALHOST:7000"] {
            assert_eq!(checked(&Method::GET, &[("host", host)]), Ok(()), "{host}");
        }
        for host in
            ["127.0.0.1", "127.0.0.1:7001", "evil.test:7000", "127.0.0.1.evil.test:7000", "[::1]:7000", ""]
        {
            assert_eq!(checked(&Method::GET, &[("host", host)]), Err(Refusal::Host), "{host}");
        }
        assert_eq!(checked(&Method::GET, &[]), Err(Refusal::Host));
        assert_eq!(checked(&Method::GET, &[("host", OWN), ("host", "evil.test")]), Err(Refusal::Host));
        let guard = AccessGuard::new(7000).0;
        let absolute = Uri::from_static("http://evil.test/events");
        let refused = guard.check_origin(&Method::GET, &absolute, &headers(&[("host", OWN)]), true);
        assert_eq!(refused, Err(Refusal::Host));
    }

    #[test]
    fn another_site_reads_nothing() {
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "http://evil.test"),
            ("origin", "http://127.0.0.1:7001"),
            ("origin", "null"),
        ] {
            let pairs = [("host", OWN), (name, value)];
            assert_eq!(checked(&Method::GET, &pairs), Err(Refusal::CrossSite), "{name}: {value}");
            let linked = AccessGuard::new(7000).0.check_origin(
                &Method::GET,
                &Uri::from_static("/"),
                &headers(&pairs),
                true,
            );
            assert_eq!(linked, Ok(()), "the printed address may be a link");
        }
        assert_eq!(checked(&Method::GET, &[("host", OWN), ("sec-fetch-site", "none")]), Ok(()));
    }

    #[test]
    fn another_site_posts_nothing() {
        let own = "http://127.0.0.1:7000";
        for (pairs, is_own) in [
            (&[("origin", own)][..], true),
            (&[("origin", own), ("sec-fetch-site", "same-origin")], true),
            (&[("origin", "null"), ("sec-fetch-site", "same-origin")], true),
            (&[("origin", own), ("sec-fetch-site", "cross-site")], false),
            (&[("origin", "null")], false),
            (&[("origin", "null"), ("sec-fetch-site", "none")], false),
            (&[("origin", "http://evil.test")], false),
            (&[("origin", "https://127.0.0.1:7000")], false),
            (&[("origin", "http://localhost:7000")], false),
            (&[("origin", own), ("origin", own)], false),
            (&[("sec-fetch-site", "same-origin")], false),
            (&[], false),
        ] {
            let all = [&[("host", OWN)], pairs].concat();
            assert_eq!(checked(&Method::POST, &all).is_ok(), is_own, "{pairs:?}");
        }
        for method in [Method::PUT, Method::DELETE, Method::OPTIONS, Method::TRACE] {
            assert_eq!(checked(&method, &[("host", OWN), ("origin", own)]), Err(Refusal::Method));
        }
    }

    #[test]
    fn a_token_is_exchanged_once() {
        let (guard, token) = AccessGuard::new(7000);
        for wrong in ["", " ", "wrong", &token[1..], &token.to_lowercase()] {
            assert_eq!(guard.exchange(wrong), Err(Refusal::Token), "{wrong:?}");
        }
        let (_, cookie) = guard.exchange(&token).unwrap();
        assert_eq!(guard.exchange(&token), Err(Refusal::Token), "it is used");
        let cookie = cookie.to_str().unwrap();
        for attribute in ["inlet-console-7000=", "; HttpOnly", "; SameSite=Strict", "; Path=/"] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(!cookie.contains(&token), "the cookie is another secret");
    }

    #[test]
    fn only_the_sessions_cookie_opens_the_door() {
        let (guard, token) = AccessGuard::new(7000);
        let (_, cookie) = guard.exchange(&token).unwrap();
        let pair = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        let value = pair.split_once('=').unwrap().1;
        for (sent, opens) in [
            (pair.clone(), true),
            (format!("a=b; {pair}"), true),
            (format!("inlet-console-7000=wrong; {pair}"), true),
            (format!("inlet-console-7001={value}"), false),
            ("inlet-console-7000=".to_owned(), false),
            (format!("inlet-console-7000={token}"), false),
        ] {
            assert_eq!(guard.check_session(&headers(&[("cookie", &sent)])).is_ok(), opens, "{sent}");
        }
        assert_eq!(guard.check_session(&headers(&[])), Err(Refusal::NoSession));
    }

    #[test]
    fn a_form_contains_the_token_of_the_session() {
        let guard = AccessGuard::new(7000).0;
        let token = guard.form_token();
        assert_eq!(guard.check_form(format!("ids=1&form_token={token}").as_bytes()), Ok(()));
        let other = AccessGuard::new(7000).0;
        for body in [String::new(), "form_token=".to_owned(), format!("form_token={}", other.form_token())] {
            assert_eq!(guard.check_form(body.as_bytes()), Err(Refusal::Form), "{body}");
        }
    }

    #[test]
    fn every_response_forbids_foreign_content() {
        let mut headers = HeaderMap::new();
        add_headers(&mut headers);
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(headers[name], value);
        }
    }
}
