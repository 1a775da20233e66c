//! The steps that register webhooks at Tiki: there is no portal for it, only the API.

use inlet::tools::portal::Portal;

pub(crate) const PORTAL: Portal = Portal {
    steps: &[
        "Get a token from Tiki's get-token API, or use the token of your public or in-house app.",
        "Register all topics in one call, once per warehouse: {inlet} webhook register {store} --option warehouse=CODE.",
    ],
    not_documented: &[
        "The owner of the keys: the registration's page has you send them, the webhooks' pages say that TikiNOW provides them. Inlet sends its own.",
        "A way to list, change or remove registered webhooks. A second registration presumably replaces the first.",
    ],
    source: "https://open.tiki.vn/docs/docs/tikinow-smart-logistics/logistics-services/fulfillment-service/inventory/",
};
