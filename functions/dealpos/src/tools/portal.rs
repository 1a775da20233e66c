//! The steps in DealPOS's back office that register webhooks. It documents no API for it.

use inlet::tools::portal::Portal;
use inlet::tools::registration::Registering;

use crate::DealPos;

impl Registering for DealPos {
    const PORTAL: Portal = Portal {
        steps: &[
            "Open Developer → tab Menu URL (in older versions Setup → More Menu → Webhook Configuration).",
            "Paste the URL of each event that you want; only HTTPS is accepted.",
            "Coupons of your own are set apart: Developer → tab Promotion Coupon Provider → Add.",
            "If the header X-API-Key or a bearer token cannot be set, keep a url_token for the store and paste the URLs with ?token=… behind them.",
            "Deliveries and their retries (by default one, after 7 seconds) are to be seen under Webhook Logs.",
        ],
        not_documented: &[
            "Whether there is a field for each event or one for each group of them. The URL's last part alone tells the events of a group apart.",
            "Who issues the value of X-API-Key, whether it is sent, and how DealPOS asks for a token of OAuth 2.0.",
            "Whether anything is appended to the URL.",
        ],
        source: "https://developer.dealpos.com/webhook",
    };
}
