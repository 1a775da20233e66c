//! The steps of a merchant's program that make Zip call Inlet. Nothing is registered.

use inlet::tools::portal::Portal;
use inlet::tools::registration::{Registering, SourceVisitor};

use crate::Zip;

impl Registering for Zip {
    fn visit_source(visitor: &mut impl SourceVisitor) {
        visitor.visit::<Self>();
    }

    const PORTAL: Portal = Portal {
        steps: &[
            "There is nothing to register: give the URL with each call of Zip's gateway.",
            "POST /orders/authorize: the URL of authorize as callbackUrl, that of redirect as redirectConfirmUrl.",
            "POST /orders/{orderId}/capture, /refund, /void and /confirm: the URL of the same name as callbackUrl.",
            "Do not send sync=true: the result would come with the response to the call and not to the URL.",
            "To send the shopper to a page of your own, set redirect_url in the store's settings.",
        ],
        not_documented: &[
            "Retries after a failure. Zip advises to request the status of unfinished orders about every 10 minutes.",
            "Signatures over your own parameters in redirectConfirmUrl. Add none.",
        ],
        source: "https://developers.zip.co/v9-US/docs/callbacks",
    };
}
