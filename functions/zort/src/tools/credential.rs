//! The forms of a credential that a store and ZORT may share. developers.zortout.com/overview/webhook: free values, chosen when the webhook is set.

use inlet::tools::credential_shape::{CredentialShape, Field, Issuer};

/// Every form; the first is the usual one.
pub(crate) const FORMS: &[CredentialShape] = &[CredentialShape {
    name: "keys",
    fields: &[
        Field::required("key1", "Key Reference 1"),
        Field::optional("key2", "Key Reference 2"),
        Field::optional("key3", "Key Reference 3"),
    ],
    chosen_by: Issuer::Store,
}];
