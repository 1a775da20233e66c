//! The catalogue: one row an event. docs.zid.sa/webhooks and docs.zid.sa/events-878234m0.

use inlet::canonical::Kind::{App, Cart, Category, Customer, Order, Product, Subscription};
use inlet::provider::catalogue::Documented::{Full, Partial};
use inlet::provider::catalogue::{Documented, Entity, EventSpec, Values};

use crate::canonical;

/// One app in one store: the provider has no id for what the app market tells.
const APP_IN_STORE: Entity = &[&["app_id", "store_id"]];

/// What happened to something whose shape is all that is known.
const UNKNOWN: &str = "unknown";

/// An order's states. The page explains sixteen codes and spells two of them otherwise where it lists them;
/// conditions and the SDK have a third spelling. Merchants define their own, and the SDK allows a number, as one of our
/// payloads has it.
const ORDER_VALUES: Values = &[
    (
        "order_status.code",
        &[
            "new",
            "failed",
            "refunded",
            "reversed",
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
    // On no list: samples, and what a page says that an event covers.
    ("payment_status", &["paid", "pending", "refunded", "voided", "unpaid"]),
];

/// How far a cart came. The prose and the example spell one step in two ways.
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

/// The app market's samples; others are not documented.
const APP_VALUES: Values = &[("status", &["active", "authorized"])];

/// Every event of a store and of the app market, and what is read where an event is not named.
pub static EVENTS: &[EventSpec] = &[
    order("order.create", "created").timestamp("created_at"),
    order("order.status.update", "status_changed").timestamp("updated_at"),
    order("order.payment_status.update", "payment_status_changed").timestamp("updated_at"),
    product("product.create", "created").timestamp("created_at"),
    product("product.update", "updated").timestamp("updated_at"),
    product("product.publish", "published").timestamp("updated_at"),
    // The page of its own that the catalogue links could not be read.
    EventSpec::new("product.delete", Product, "deleted"),
    // Ten minutes without activity: the cart's time is that of its last activity.
    cart("abandoned_cart.created", "abandoned").timestamp("updated_at"),
    cart("abandoned_cart.completed", "completed").timestamp("updated_at"),
    customer("customer.create", "created").timestamp("created_at"),
    customer("customer.update", "updated").timestamp("updated_at"),
    // Logging in changes nothing of the customer, its times included.
    customer("customer.login", "logged_in"),
    // The page of its own that the catalogue links could not be read.
    EventSpec::new("customer.merchant.update", Customer, "merchant_updated"),
    // Categories show no time.
    category("category.create", "created"),
    category("category.update", "updated"),
    category("category.delete", "deleted"),
    // The app market's times are the subscription's, which several events share.
    app("app.market.application.authorized", "authorized", Full),
    app("app.market.application.install", "installed", Partial),
    app("app.market.application.uninstall", "uninstalled", Partial),
    app("app.market.application.rated", "rated", Partial),
    subscription("app.market.subscription.active", "activated", Partial),
    subscription("app.market.subscription.warning", "warned", Partial),
    subscription("app.market.subscription.suspended", "suspended", Partial),
    subscription("app.market.subscription.expired", "expired", Partial),
    subscription("app.market.subscription.renew", "renewed", Partial),
    subscription("app.market.subscription.upgrade", "upgraded", Partial),
    subscription("app.market.subscription.refunded", "refunded", Partial),
    // On no page: integrators see them in the Partner Dashboard's list.
    subscription("app.market.subscription.usage_based.payment_success", "usage_paid", Partial).inferred(),
    subscription("app.market.subscription.usage_based.payment_failure", "usage_unpaid", Partial).inferred(),
    subscription("app.market.private.plan.request", "plan_requested", Partial),
    // Neither body nor URL names the event: the shape tells the kind, and nothing tells the verb.
    order("order", UNKNOWN),
    product("product", UNKNOWN),
    cart("abandoned_cart", UNKNOWN).aliases(&["cart"]),
    customer("customer", UNKNOWN),
    category("category", UNKNOWN),
];

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
