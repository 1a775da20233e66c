//! The steps that register webhooks at Tiki: there is no portal for it, only the API.

use inlet::tools::portal::Portal;

pub(crate) const PORTAL: Portal = Portal {
    steps: &[
        "Get a token of Tiki's: from its get-token API, or that of your public or in-house app.",
        "Register all topics in one call: inlet webhook register tiki/{store} --option warehouse=CODE, once for each warehouse.",
    ],
    not_documented: &[
        "Who chooses the keys: the registration sends them, the pages of the webhooks say that TikiNOW provides them. Inlet sends its own.",
        "How to see, change or remove what is registered. Registering again presumably replaces it.",
    ],
    source: "https://open.tiki.vn/docs/docs/tikinow-smart-logistics/logistics-services/fulfillment-service/inventory/",
};
