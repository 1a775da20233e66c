//! The shapes of a credential that a store and DealPOS may share. developer.dealpos.com/webhook and
//! /webhook/webhook.md. The issuer of the API key is not documented, so it may as well be the store.

use inlet::tools::credential_shape::{CredentialShape, Field, Issuer};

/// Every form; the first is the usual one.
pub(crate) const CREDENTIAL_SHAPES: &[CredentialShape] = &[
    CredentialShape {
        name: "api_key",
        fields: &[Field::required("api_key", "the value of the header X-API-Key")],
        issuer: Issuer::Store,
    },
    CredentialShape {
        name: "bearer",
        fields: &[Field::required("bearer", "the token that DealPOS gets from your ServerAuthenticationURL")],
        issuer: Issuer::Other("your own server, which responds to DealPOS at the ServerAuthenticationURL"),
    },
    CredentialShape {
        name: "url_token",
        fields: &[Field::required("url_token", "the value of ?token= in the URL")],
        issuer: Issuer::Store,
    },
];
