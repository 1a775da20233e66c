//! The strength of an event's proof.

/// The strength of an event's proof: the attribute `trust` of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// A signature covers the whole body.
    Signed,
    /// A signature covers names and values of fields that were joined without separators. The same text can be split
    /// into other fields, so the proof is weak: it confirms a redirect, and nothing about money.
    SignedFields,
    /// The sender knew the secret; only the channel protects the content.
    SharedSecret,
    /// The sender knew the URL.
    UrlToken,
    /// The provider sent nothing: Inlet read the object from the provider's own API, over TLS and with the store's
    /// credentials for it.
    Fetched,
}

/// Returns whether this is the word of a trust by which a signature verified the delivery.
pub fn is_signed(trust: &str) -> bool {
    [Trust::Signed, Trust::SignedFields].iter().any(|signed| signed.as_str() == trust)
}

impl Trust {
    /// The word used in contents, items and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::SignedFields => "signed_fields",
            Self::SharedSecret => "shared_secret",
            Self::UrlToken => "url_token",
            Self::Fetched => "fetched",
        }
    }
}
