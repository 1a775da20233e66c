//! The forms of a credential that a store and Zip may share. developers.zip.co/v9-US/docs/signing-requests. Sandbox and
//! production have different ones.

use inlet::tools::credential_shape::{CredentialShape, Field, Issuer};

/// Every form; the first is the usual one.
pub(crate) const CREDENTIAL_SHAPES: &[CredentialShape] = &[CredentialShape {
    name: "secret",
    fields: &[Field::required("secret", "the secret that Zip shares with the merchant")],
    issuer: Issuer::Other("Zip, with the merchant's account"),
}];
