//! The forms of a credential that a store and DealPOS may share. developer.dealpos.com/webhook and /webhook/webhook.md. Who issues the API key no page tells, so it may as well be the store.

use inlet::tools::credential_shape::{ChosenBy, Field, Form};

/// Every form; the first is the usual one.
pub(crate) const FORMS: &[Form] = &[
    Form {
        name: "api_key",
        fields: &[Field::required("api_key", "the value of the header X-API-Key")],
        chosen_by: ChosenBy::Store,
    },
    Form {
        name: "bearer",
        fields: &[Field::required("bearer", "the token that DealPOS gets from your ServerAuthenticationURL")],
        chosen_by: ChosenBy::Other("your own server, which answers DealPOS at the ServerAuthenticationURL"),
    },
    Form {
        name: "url_token",
        fields: &[Field::required("url_token", "the value of ?token= in the URL")],
        chosen_by: ChosenBy::Store,
    },
];
