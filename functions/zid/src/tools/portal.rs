//! The steps that register webhooks at Zid: a store's events have an API, the app market's a page.

use inlet::tools::portal::Portal;

pub(crate) const PORTAL: Portal = Portal {
    steps: &[
        "A store's events are registered through Zid's API, each with a URL and the pair of user name and password: {inlet} webhook register {store}.",
        "The app market's events are subscribed once for the app: Partner Dashboard → Webhook Management, with the URL of app.",
        "Check their health from time to time: {inlet} webhook list {store}. After 30 failures within an hour Zid stops sending and discards its waiting deliveries.",
    ],
    not_documented: &[
        "The credentials that the app market sends, if any. If it sends none, set a url_token for the store and append ?token=… to the URL.",
        "The recovery of a broken webhook through the API. {inlet} webhook register {store} --renew replaces the webhook.",
        "The time that Zid waits for a response.",
    ],
    source: "https://docs.zid.sa/create-a-webhook",
};
