//! A request as it arrived: unverified, so there is no access to its body.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::percent_decode;

use crate::store::StoreName;

/// The HTTP methods that a receiver distinguishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads; on most receiver URLs a portal's probe.
    Get,
    /// Like [`Method::Get`], without the response's body.
    Head,
    /// Delivers.
    Post,
    /// Everything else. No provider uses another one.
    Other,
}

impl Method {
    /// Returns the method's name; `PUT` for the others.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Other => "PUT",
        }
    }

    /// Parses the method's name. Never fails: an unlisted one is [`Method::Other`].
    pub fn parse(name: &str) -> Self {
        match name {
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            "POST" => Self::Post,
            _ => Self::Other,
        }
    }
}

/// Header names in lower case with their values, in the order of arrival. `Debug` shows no value: some are secrets.
#[derive(Clone, Default)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// Returns the first value of the header `name`. Case is ignored.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Sets a header, and removes all others of the same name.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self.0.push((name.to_ascii_lowercase(), value.into()));
    }

    /// Names and values, in the order of arrival.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(headers: I) -> Self {
        let lower = |(name, value): (N, V)| (name.into().to_ascii_lowercase(), value.into());
        Self(headers.into_iter().map(lower).collect())
    }
}

/// The meaning of `+` in a query or a form, which differs between senders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plus {
    /// HTML forms' rule: a space.
    Space,
    /// RFC 3986's rule: a literal `+`.
    Literal,
}

/// The fields of a query string or of a form, percent-decoded, in the order of arrival, repeated names kept.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(Vec<u8>, Vec<u8>)>);

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| String::from_utf8_lossy(name))).finish()
    }
}

impl Fields {
    /// Splits and decodes `name=value&…`. Cannot fail: an invalid escape is kept as it is.
    pub fn parse(raw: &[u8], plus: Plus) -> Self {
        let decode = |part: &[u8]| -> Vec<u8> {
            match plus {
                Plus::Literal => percent_decode(part).collect(),
                Plus::Space => {
                    let spaced: Vec<u8> = part.iter().map(|&b| if b == b'+' { b' ' } else { b }).collect();
                    percent_decode(&spaced).collect()
                }
            }
        };
        let pair = |field: &[u8]| {
            let mut halves = field.splitn(2, |&b| b == b'=');
            let name = halves.next().unwrap_or_default();
            (decode(name), decode(halves.next().unwrap_or_default()))
        };
        Self(raw.split(|&b| b == b'&').filter(|field| !field.is_empty()).map(pair).collect())
    }

    /// Returns the first value under `name` (ASCII case is ignored), with invalid UTF-8 replaced.
    pub fn value(&self, name: &str) -> Option<Cow<'_, str>> {
        self.bytes(name).map(String::from_utf8_lossy)
    }

    /// The first value under `name` (ASCII case is ignored), as sent.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.0
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value.as_slice())
    }

    /// Names and values, in the order of arrival.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_slice(), value.as_slice()))
    }

    /// Returns true if there is no field.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The parts of a request that is not verified. The receiver's gateway fills it; no other code can read it.
#[derive(Clone)]
pub struct Request {
    /// The HTTP method.
    pub method: Method,
    /// The store that the URL names.
    pub store: StoreName,
    /// The last part of the URL's path, percent-decoded, where there is one.
    pub topic: Option<String>,
    /// The query string as sent, without the `?`.
    pub query: String,
    /// The headers.
    pub headers: Headers,
    /// The body's bytes as sent.
    pub body: Vec<u8>,
}

/// An unverified request. It shows the parts that may contain a proof, and never its body.
///
/// ```compile_fail
/// # use inlet::request::Unverified;
/// fn peek(request: &Unverified) -> &[u8] {
///     request.body()
/// }
/// ```
///
/// Reading a header compiles:
///
/// ```
/// # use inlet::request::Unverified;
/// fn peek(request: &Unverified) -> Option<&str> {
///     request.header("x-signature")
/// }
/// ```
pub struct Unverified {
    request: Request,
    query: Fields,
}

impl Unverified {
    /// Wraps a request.
    pub fn new(request: Request) -> Self {
        let query = Fields::parse(request.query.as_bytes(), Plus::Space);
        Self { request, query }
    }

    /// The HTTP method.
    pub fn method(&self) -> Method {
        self.request.method
    }

    /// The store that the URL names.
    pub fn store(&self) -> &StoreName {
        &self.request.store
    }

    /// The last part of the URL's path, where there is one.
    pub fn topic(&self) -> Option<&str> {
        self.request.topic.as_deref()
    }

    /// Returns the first value of a header. The name's case is ignored.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.request.headers.value(name)
    }

    /// The first value of a query parameter, decoded.
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        self.query.value(name)
    }

    /// Returns true if the body is not empty.
    pub fn has_body(&self) -> bool {
        !self.request.body.is_empty()
    }

    /// The body's length in bytes.
    pub fn body_len(&self) -> usize {
        self.request.body.len()
    }

    /// Returns true if the content type is an HTML form's.
    pub fn is_form(&self) -> bool {
        is_form(self.header("content-type"))
    }

    /// The credentials of an `Authorization` header of this scheme (its case is ignored), not decoded.
    pub fn authorization(&self, scheme: &str) -> Option<&str> {
        let (given, credentials) = self.header("authorization")?.trim_start().split_once(' ')?;
        given.eq_ignore_ascii_case(scheme).then(|| credentials.trim())
    }

    /// Returns all parts. Only the module that compares proofs may call it.
    pub(crate) fn inner(&self) -> &Request {
        &self.request
    }

    pub(crate) fn into_inner(self) -> Request {
        self.request
    }
}

/// Shows only the outline of the request: values and bodies hold secrets and personal data.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("store", &self.store)
            .field("topic", &self.topic)
            .field("headers", &self.headers)
            .field("body_len", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Unverified").field(&self.request).finish()
    }
}

/// Returns true if a `Content-Type` names an HTML form.
pub(crate) fn is_form(content_type: Option<&str>) -> bool {
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_found_in_any_case() {
        let headers: Headers = [("X-Signature", "a"), ("x-signature", "b")].into_iter().collect();
        assert_eq!(headers.value("x-SIGNATURE"), Some("a"));
        assert_eq!(headers.value("x-other"), None);
    }

    #[test]
    fn setting_a_header_replaces_all_of_its_name() {
        let mut headers: Headers = [("X-A", "1"), ("Y", "2"), ("x-a", "3")].into_iter().collect();
        headers.set("x-A", "4");
        assert_eq!(headers.iter().collect::<Vec<_>>(), [("y", "2"), ("x-a", "4")]);
    }

    #[test]
    fn every_method_reads_back() {
        for (name, method) in [("GET", Method::Get), ("HEAD", Method::Head), ("POST", Method::Post)] {
            assert_eq!((Method::parse(name), method.as_str()), (method, name));
        }
        for name in ["PUT", "DELETE", "get", ""] {
            assert_eq!(Method::parse(name), Method::Other, "{name:?}");
        }
        assert_eq!(Method::Other.as_str(), "PUT");
    }

    #[test]
    fn an_unverified_request_shows_only_the_parts_of_a_proof() {
        let request = |media_type: &str, authorization: &str, body: &str| {
            Unverified::new(Request {
                method: Method::Post,
                store: StoreName::parse("demo").unwrap(),
                topic: Some("order.create".into()),
                query: "token=a%2Bb+c".into(),
                headers: [("content-type", media_type), ("authorization", authorization)]
                    .into_iter()
                    .collect(),
                body: body.into(),
            })
        };
        let json = request("application/json", "  bAsIc  eDp5 ", "{}");
        assert_eq!(
            (json.method(), json.store().as_str(), json.topic()),
            (Method::Post, "demo", Some("order.create"))
        );
        assert_eq!(json.header("Content-Type"), Some("application/json"));
        assert_eq!((json.query("TOKEN").as_deref(), json.query("other")), (Some("a+b c"), None));
        assert_eq!((json.authorization("Basic"), json.authorization("Bearer")), (Some("eDp5"), None));
        assert_eq!((json.has_body(), json.body_len(), json.is_form()), (true, 2, false));
        let form = request("Application/X-WWW-Form-URLEncoded; charset=utf-8", "Basic", "");
        assert_eq!((form.has_body(), form.body_len(), form.is_form()), (false, 0, true));
        assert_eq!(form.authorization("Basic"), None, "a scheme without credentials");
    }

    #[test]
    fn fields_show_their_names_and_no_values() {
        assert!(Fields::parse(b"", Plus::Space).is_empty() && Fields::parse(b"&", Plus::Space).is_empty());
        let fields = Fields::parse(b"a=canary", Plus::Space);
        assert_eq!((fields.is_empty(), format!("{fields:?}").as_str()), (false, r#"["a"]"#));
        assert_eq!((fields.bytes("A"), fields.bytes("b")), (Some(&b"canary"[..]), None));
    }

    #[test]
    fn debug_output_shows_nothing_that_was_sent() {
        let request = Request {
            method: Method::Post,
            store: StoreName::parse("demo").unwrap(),
            topic: None,
            query: "token=canary".into(),
            headers: [("authorization", "canary")].into_iter().collect(),
            body: b"canary".to_vec(),
        };
        let fields = Fields::parse(b"token=canary", Plus::Space);
        let shown = format!("{request:?} {fields:?}");
        assert!(shown.contains("authorization") && !shown.contains("canary"), "{shown}");
        assert_eq!(format!("{:?}", Unverified::new(request.clone())), format!("Unverified({request:?})"));
    }

    #[test]
    fn fields_are_decoded_once_and_keep_their_order() {
        let fields = Fields::parse(b"b=%2B1+2&a=%252F&a=second&=x&flag&c=1=2", Plus::Space);
        let read: Vec<_> =
            fields.iter().map(|(n, v)| (String::from_utf8_lossy(n), String::from_utf8_lossy(v))).collect();
        let want = [("b", "+1 2"), ("a", "%2F"), ("a", "second"), ("", "x"), ("flag", ""), ("c", "1=2")];
        assert_eq!(read, want.map(|(n, v)| (n.into(), v.into())));
    }

    #[test]
    fn a_plus_is_read_both_ways() {
        assert_eq!(Fields::parse(b"p=+1", Plus::Space).value("P").as_deref(), Some(" 1"));
        assert_eq!(Fields::parse(b"p=+1", Plus::Literal).value("p").as_deref(), Some("+1"));
    }

    #[test]
    fn a_broken_escape_is_literal() {
        assert_eq!(Fields::parse(b"a=%zz%4", Plus::Space).value("a").as_deref(), Some("%zz%4"));
    }
}
