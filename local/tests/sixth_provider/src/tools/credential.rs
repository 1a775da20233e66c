//! The shape of the toy provider's credential.

use inlet::tools::credential_shape::{CredentialShape, Field, Issuer};

/// Every shape; the first is the usual one.
pub(crate) const CREDENTIAL_SHAPES: &[CredentialShape] = &[CredentialShape {
    name: "secret",
    fields: &[Field::required("secret", "the key of the signatures")],
    issuer: Issuer::Store,
}];
