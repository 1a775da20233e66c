//! How strong the proof of an event is.

/// What the proof is worth to those who read the event later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// A signature covers what was sent.
    Signed,
    /// The sender knew the secret; the content is as trustworthy as the channel.
    SharedSecret,
    /// The sender knew the URL.
    UrlToken,
}

impl Trust {
    /// The word used in contents, items and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::SharedSecret => "shared_secret",
            Self::UrlToken => "url_token",
        }
    }
}
