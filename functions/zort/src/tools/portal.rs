//! The steps in ZORT's portal that register webhooks.

use inlet::tools::portal::Portal;

pub(crate) const PORTAL: Portal = Portal {
    steps: &[
        "Open Setting → Integration → API Reference → Webhook.",
        "Enter the store's three keys as Key Reference 1, 2 and 3.",
        "Paste the URL of each trigger that you want into its field; an empty field switches the trigger off.",
        "Press Verify and Save.",
    ],
    not_documented: &[
        "The request that Verify and Save sends, and the response that it needs. Inlet responds 200 to a GET, to a POST without keys, method and body, and to every request with the right keys. It responds 401 to a request with other keys.",
        "The URL fields of DELETEPURCHASEORDER, DELETERETURNORDER and DELETERETURNPURCHASEORDER.",
    ],
    source: "https://developers.zortout.com/overview/webhook",
};
