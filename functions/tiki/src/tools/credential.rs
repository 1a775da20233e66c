//! The forms of a credential that a store and TikiNOW may share. The registration call sends the keys, 32 characters
//! each; by the webhook pages, TikiNOW provides them.

use inlet::tools::credential_shape::{CredentialShape, Field, Issuer};

/// Every form; the first is the usual one.
pub(crate) const CREDENTIAL_SHAPES: &[CredentialShape] = &[CredentialShape {
    name: "keys",
    fields: &[
        Field::required("order", "the secret_key of the topic order").of(32),
        Field::optional("stock", "the secret_key of the topic stock").of(32),
        Field::optional("aftersale", "the secret_key of the topic aftersale").of(32),
    ],
    issuer: Issuer::Store,
}];
