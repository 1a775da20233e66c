//! The shapes of ZORT's credential: three values that the merchant chooses when the webhook is set up,
//! developers.zortout.com/overview/webhook.

use inlet::tools::credential_shape::{CredentialShape, Field, Issuer};

/// Every shape; the first is the usual one.
pub(crate) const CREDENTIAL_SHAPES: &[CredentialShape] = &[CredentialShape {
    name: "keys",
    fields: &[
        Field::required("key1", "Key Reference 1"),
        Field::optional("key2", "Key Reference 2"),
        Field::optional("key3", "Key Reference 3"),
    ],
    issuer: Issuer::Store,
}];
