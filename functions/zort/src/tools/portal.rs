//! What a person does in ZORT's portal so that it sends here.

use inlet::tools::portal::Portal;

pub(crate) const PORTAL: Portal = Portal {
    steps: &[
        "Open Setting → Integration → API Reference → Webhook.",
        "Enter the store's three keys as Key Reference 1, 2 and 3.",
        "Paste the URL of each trigger that you want into its field; an empty field switches the trigger off.",
        "Press Verify and Save.",
    ],
    not_documented: &[
        "What Verify and Save sends, and which answer it needs. Inlet answers 200 to a GET, to a POST without a method and a body, and to whatever carries the right keys; a call with other keys hears 401.",
        "Which fields serve DELETEPURCHASEORDER, DELETERETURNORDER and DELETERETURNPURCHASEORDER.",
    ],
    source: "https://developers.zortout.com/overview/webhook",
};
