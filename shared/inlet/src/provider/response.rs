//! The responses to senders. They contain less than the log.

use serde_json::{Value, json};

use crate::event::Event;
use crate::proof::verify::Verified;

/// An HTTP response with a JSON body.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Headers in addition to `content-type`.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Value,
}

/// The outcome of a request that is answered with success.
#[derive(Debug)]
pub enum Outcome<'e> {
    /// The request only tested the URL.
    Probed,
    /// The delivery is in quarantine, and is verified as soon as the store's credentials can be read.
    Deferred,
    /// The event is stored or enqueued. A new one and a duplicate get the same response.
    Accepted(&'e Verified<Event>),
}

/// The reason that a request is refused, and the side at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The sender's fault: the body does not have its stated encoding.
    Malformed,
    /// The sender's fault: no proof, a wrong proof or an unknown store; the response does not show which.
    Unauthenticated,
    /// The sender's fault: a method that carries no delivery.
    MethodNotAllowed,
    /// The sender's fault: more than [`crate::receive::MAX_BODY_LEN`].
    TooLarge,
    /// Our fault: the delivery could not be stored. A retry may succeed.
    Unavailable,
}

impl Refusal {
    /// Every refusal.
    pub const ALL: [Self; 5] =
        [Self::Malformed, Self::Unauthenticated, Self::MethodNotAllowed, Self::TooLarge, Self::Unavailable];

    /// The status code: 4xx is the sender's fault, 5xx ours.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::Unauthenticated => 401,
            Self::MethodNotAllowed => 405,
            Self::TooLarge => 413,
            Self::Unavailable => 503,
        }
    }

    /// The code that programs read.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unauthenticated => "unauthenticated",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::TooLarge => "too_large",
            Self::Unavailable => "unavailable",
        }
    }

    /// The sentence that people read.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Malformed => "The request's encoding is broken.",
            Self::Unauthenticated => "The request is not authenticated.",
            Self::MethodNotAllowed => "This URL takes POST.",
            Self::TooLarge => "The body is too large.",
            Self::Unavailable => "The delivery could not be stored. Send it again.",
        }
    }

    fn headers(self) -> Vec<(&'static str, String)> {
        match self {
            Self::MethodNotAllowed => vec![("allow", "GET, HEAD, POST".to_owned())],
            _ => Vec::new(),
        }
    }
}

impl Response {
    /// 200 with this body.
    pub fn ok(body: Value) -> Self {
        Self { status: 200, headers: Vec::new(), body }
    }

    /// A refusal with Inlet's own body.
    pub fn refusal(refusal: Refusal) -> Self {
        Self::refusal_with(refusal, json!({"error": {"code": refusal.code(), "message": refusal.message()}}))
    }

    /// A refusal with a provider's body.
    pub fn refusal_with(refusal: Refusal, body: Value) -> Self {
        Self { status: refusal.status(), headers: refusal.headers(), body }
    }

    /// 303 to a page for people.
    pub fn see_other(page: &str) -> Self {
        Self { status: 303, headers: vec![("location", page.to_owned())], body: json!({}) }
    }
}
