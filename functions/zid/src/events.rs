//! The catalogue: one row for each event. docs.zid.sa/webhooks and docs.zid.sa/events-878234m0.

use inlet::canonical::Kind::{self, App, Cart, Category, Customer, Order, Product, Subscription};
use inlet::provider::catalogue::Documented::{Full, NameOnly, Partial};
use inlet::provider::catalogue::{Documented, Entity, EventSpec, Values};

use crate::canonical;
use crate::families::CANCELLED;

/// One app in one store. The app market's bodies have no id of their own.
const APP_IN_STORE: Entity = &[&["app_id", "store_id"]];

/// The verb of a delivery whose kind is known by its shape alone.
const UNKNOWN: &str = "unknown";

/// The documented values of an order's states. The page explains sixteen codes, and its list spells two of them in
/// another way. Conditions and the SDK have a third spelling, and Zid's own counts have two more codes. Merchants
/// define their own, and the SDK allows a number, as one of the payloads has it.
const ORDER_VALUES: Values = &[
    (
        "order_status.code",
        &[
            "initial",
            "new",
            "failed",
            "refunded",
            "reversed",
            "partially_reversed",
            "chargeback",
            "expired",
            "processed",
            "voided",
            "ready",
            "reverse_in_progress",
            "processingReverse",
            "preparing",
            "indelivery",
            "delivered",
            "canceled",
            "cancelled",
            "denied",
            "canceledReversal",
            "4",
        ],
    ),
    // From samples and from a page's description of the event: no page has a list.
    ("payment_status", &["paid", "pending", "refunded", "voided", "unpaid"]),
];

/// The verb of a change of an order's state.
pub(crate) const STATUS_CHANGED: &str = "status_changed";

/// The codes of an order's state that are one verb for all providers.
const ORDER_VERBS: &[(&str, &str)] =
    &[("cancelled", CANCELLED), ("canceled", CANCELLED), ("voided", CANCELLED)];

/// The steps of the checkout. The text and the example spell one of them differently.
const PHASES: Values = &[(
    "phase",
    &[
        "new",
        "login",
        "verification",
        "shipping_address",
        "shipping_method",
        "payment-method",
        "payment_method",
        "completed",
    ],
)];

/// The values in the app market's samples. Others are not documented.
const APP_VALUES: Values = &[("status", &["active", "authorized"])];

/// Every event of a store and of the app market, and the rows for deliveries that name no event.
pub static EVENTS: &[EventSpec] = &[
    order("order.create", "created")
        .timestamp("created_at")
        .sent_when("A customer places an order. Conditions may limit it to a delivery option, a payment method or a status."),
    order("order.status.update", STATUS_CHANGED)
        .verb_from("order_status.code", ORDER_VERBS, STATUS_CHANGED)
        .timestamp("updated_at")
        .sent_when("The status of an order changes. Conditions may limit it to a delivery option, a payment method or a status."),
    order("order.payment_status.update", "payment_status_changed")
        .timestamp("updated_at")
        .sent_when("The payment of an order becomes paid or unpaid. Unpaid covers pending, refunded and voided."),
    product("product.create", "created")
        .timestamp("created_at")
        .sent_when("A product is created."),
    product("product.update", "updated")
        .timestamp("updated_at")
        .sent_when("The details of a product change. Each picture that is uploaded in the dashboard counts as a change."),
    product("product.publish", "published")
        .timestamp("updated_at")
        .sent_when("A product is published."),
    // The page of its own that the catalogue links could not be read.
    EventSpec::new("product.delete", Product, "deleted")
        .payload(NameOnly, canonical::product)
        .sent_when("A product is deleted."),
    // The cart's time is the time of its last activity.
    cart("abandoned_cart.created", "abandoned")
        .timestamp("updated_at")
        .sent_when("A cart has had no activity for 10 minutes."),
    cart("abandoned_cart.completed", "completed")
        .timestamp("updated_at")
        .sent_when("The customer orders the products of an abandoned cart. The body then has the order's id."),
    customer("customer.create", "created")
        .timestamp("created_at")
        .sent_when("A customer account is created."),
    customer("customer.update", "updated")
        .timestamp("updated_at")
        .sent_when("The details of a customer change."),
    // A login changes no field of the customer, not even its times.
    customer("customer.login", "logged_in")
        .sent_when("A customer logs in."),
    // The page of its own that the catalogue links could not be read.
    EventSpec::new("customer.merchant.update", Customer, "merchant_updated")
        .payload(NameOnly, canonical::customer)
        .sent_when("The details that the merchant keeps about a customer change."),
    // Categories have no time.
    category("category.create", "created")
        .sent_when("A category is created."),
    category("category.update", "updated")
        .sent_when("A category changes."),
    category("category.delete", "deleted")
        .sent_when("A category is deleted."),
    // The times of the app market's bodies are the subscription's, which several events share.
    app("app.market.application.authorized", "authorized", Full)
        .sent_when("A merchant authorises the app, before it is installed."),
    app("app.market.application.install", "installed", Partial)
        .sent_when("A merchant installs the app."),
    app("app.market.application.uninstall", "uninstalled", Partial)
        .sent_when("A merchant removes the app. Zid revokes the store's tokens as well."),
    app("app.market.application.rated", "rated", Partial)
        .sent_when("A merchant rates or reviews the app."),
    subscription("app.market.subscription.active", "activated", Partial)
        .sent_when("A subscription is activated: for the first time, or after a payment."),
    subscription("app.market.subscription.warning", "warned", Partial)
        .sent_when("A subscription has 3 days left before its last day."),
    subscription("app.market.subscription.suspended", "suspended", Partial)
        .sent_when("The period of a subscription is over. 5 days of grace begin."),
    subscription("app.market.subscription.expired", "expired", Partial)
        .sent_when("The 5 days of grace after the end of a subscription are over."),
    subscription("app.market.subscription.renew", "renewed", Partial)
        .sent_when("A subscription is renewed with the same plan, 5 days before its last day."),
    subscription("app.market.subscription.upgrade", "upgraded", Partial)
        .sent_when("A subscription changes to a higher plan. The body has the name of the plan before."),
    subscription("app.market.subscription.refunded", "refunded", Partial)
        .sent_when("The payment of a subscription is refunded."),
    // No page names these. Integrators see them in the list of the Partner Dashboard.
    subscription("app.market.subscription.usage_based.payment_success", "usage_paid", Partial)
        .inferred()
        .sent_when("A usage-based charge was paid. Zid's pages do not name this event."),
    subscription("app.market.subscription.usage_based.payment_failure", "usage_unpaid", Partial)
        .inferred()
        .sent_when("A usage-based charge could not be collected. Zid's pages do not name this event."),
    subscription("app.market.private.plan.request", "plan_requested", Partial)
        .sent_when("A merchant asks for a private plan."),
    // Neither the body nor the URL names the event. The shape of the body shows the kind, and nothing shows the verb.
    order("order", UNKNOWN).sent_when(BY_SHAPE),
    product("product", UNKNOWN).sent_when(BY_SHAPE),
    cart("abandoned_cart", UNKNOWN).aliases(&["cart"]).sent_when(BY_SHAPE),
    customer("customer", UNKNOWN).sent_when(BY_SHAPE),
    category("category", UNKNOWN).sent_when(BY_SHAPE),
];

/// The reason for a row that is not an event of Zid's.
const BY_SHAPE: &str = "Zid has no event of this name. A delivery gets it if neither its URL nor its body names an event, and the body looks like one of these.";

/// Returns a row for an event that no page names.
pub(crate) fn undocumented(kind: Kind, verb: &'static str) -> EventSpec {
    let name = kind.as_str();
    let row = match kind {
        Order => order(name, verb),
        Product => product(name, verb),
        Cart => cart(name, verb),
        Customer => customer(name, verb),
        Category => category(name, verb),
        Subscription => subscription(name, verb, Partial),
        _ => app(name, verb, Partial),
    };
    row.inferred()
}

const fn order(event: &'static str, verb: &'static str) -> EventSpec {
    EventSpec::new(event, Order, verb).open_values(ORDER_VALUES).payload(Partial, canonical::order)
}

const fn product(event: &'static str, verb: &'static str) -> EventSpec {
    EventSpec::new(event, Product, verb).payload(Partial, canonical::product)
}

const fn cart(event: &'static str, verb: &'static str) -> EventSpec {
    EventSpec::new(event, Cart, verb).closed_values(PHASES).payload(Partial, canonical::cart)
}

const fn customer(event: &'static str, verb: &'static str) -> EventSpec {
    EventSpec::new(event, Customer, verb).payload(Partial, canonical::customer)
}

const fn category(event: &'static str, verb: &'static str) -> EventSpec {
    EventSpec::new(event, Category, verb).payload(Partial, canonical::category)
}

const fn app(event: &'static str, verb: &'static str, documented: Documented) -> EventSpec {
    EventSpec::new(event, App, verb)
        .entity(APP_IN_STORE)
        .open_values(APP_VALUES)
        .payload(documented, canonical::app)
}

const fn subscription(event: &'static str, verb: &'static str, documented: Documented) -> EventSpec {
    EventSpec::new(event, Subscription, verb)
        .entity(APP_IN_STORE)
        .open_values(APP_VALUES)
        .payload(documented, canonical::subscription)
}
