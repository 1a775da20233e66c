//! The forms of a credential that a store and Zid may share. docs.zid.sa/create-a-webhook: the pair is given when a
//! webhook is created.

use inlet::tools::credential_shape::{CredentialShape, Field, Issuer};

/// Every form. The first is the usual one.
pub(crate) const CREDENTIAL_SHAPES: &[CredentialShape] = &[
    CredentialShape {
        name: "basic",
        fields: &[
            Field::required("username", "the user name, without a colon"),
            Field::required("password", "the password"),
        ],
        issuer: Issuer::Store,
    },
    CredentialShape {
        name: "url_token",
        fields: &[Field::required("url_token", "the value of ?token= in the URL")],
        issuer: Issuer::Store,
    },
];
