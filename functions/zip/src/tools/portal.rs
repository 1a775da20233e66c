//! The steps of a merchant's program so that Zip calls back here: there is nothing to register.

use inlet::tools::portal::Portal;
use inlet::tools::registration::Registering;

use crate::Zip;

impl Registering for Zip {
    const PORTAL: Portal = Portal {
        steps: &[
            "There is nothing to register: give the URL with each call of Zip's gateway.",
            "POST /orders/authorize: the URL of authorize as callbackUrl, that of redirect as redirectConfirmUrl.",
            "POST /orders/{orderId}/capture, /refund, /void and /confirm: the URL of the same name as callbackUrl.",
            "Without sync=true; with it the answer comes with the call itself and not to the URL.",
            "To send the shopper on to a page of yours, set redirect_url in the store's settings.",
        ],
        not_documented: &[
            "Whether Zip calls again after a failure. Its own advice is to ask for the status of unfinished orders about every 10 minutes.",
            "Whether parameters of your own in redirectConfirmUrl are signed too, so do not add any.",
        ],
        source: "https://developers.zip.co/v9-US/docs/callbacks",
    };
}
