//! The steps that register webhooks at Zid: a store's events have an API, the app market's a page.

use inlet::tools::portal::Portal;

pub(crate) const PORTAL: Portal = Portal {
    steps: &[
        "A store's events are registered through Zid's API, each with a URL and the pair of user name and password: inlet webhook register zid/{store}.",
        "The app market's events are subscribed once for the app: Partner Dashboard → Webhook Management, with the URL of app.",
        "Look at their health from time to time: inlet webhook list zid/{store}. After 30 failures within an hour Zid stops sending and discards what waits.",
    ],
    not_documented: &[
        "Which credentials the app market sends, if any. A url_token for the store, pasted as ?token=… behind the URL, needs none.",
        "How a broken webhook is recovered through the API; inlet webhook register --renew makes it anew.",
        "How long Zid waits for an answer.",
    ],
    source: "https://docs.zid.sa/create-a-webhook",
};
