//! The steps in DealPOS's back office that register webhooks. It documents no API for it.

use inlet::tools::portal::Portal;
use inlet::tools::registration::{Registering, SourceVisitor};

use crate::DealPos;

impl Registering for DealPos {
    fn visit_source(visitor: &mut impl SourceVisitor) {
        visitor.visit::<Self>();
    }

    const PORTAL: Portal = Portal {
        steps: &[
            "Open Developer → tab Menu URL (in older versions Setup → More Menu → Webhook Configuration).",
            "Paste the URL of each event that you want. DealPOS accepts only HTTPS.",
            "Your own coupons have a page of their own: Developer → tab Promotion Coupon Provider → Add.",
            "If you cannot set the header X-API-Key or a bearer token, set a url_token for the store and append ?token=… to each URL.",
            "Webhook Logs shows the deliveries and their retries (by default one, after 7 seconds).",
        ],
        not_documented: &[
            "The fields of the page: one per event, or one per group of events. Inlet distinguishes the events of a group by the URL's last part alone.",
            "The issuer of the value of X-API-Key, whether DealPOS sends it, and its request for an OAuth 2.0 token.",
            "Anything that DealPOS appends to the URL.",
        ],
        source: "https://developer.dealpos.com/webhook",
    };
}
