//! Events that no page of Zid names. Their names have the form of the documented ones: the subject, then the verb.
//! Public receivers list some, for example `order.cancelled`, `order.new`, `new-order` and `product.remove`.

use inlet::canonical::Kind::{self, App, Cart, Category, Customer, Order, Product, Subscription};
use inlet::provider::catalogue::EventSpec;

use crate::events;

/// The words of a name that show the kind, in the order in which they are tried.
const SUBJECTS: &[(&str, Kind)] = &[
    ("subscription", Subscription),
    ("application", App),
    ("cart", Cart),
    ("order", Order),
    ("product", Product),
    ("customer", Customer),
    ("category", Category),
];

/// The words of a name that show the verb, in the order in which they are tried: `order.status.update` in another
/// notation is a change of the status.
const VERBS: &[(&str, &str)] = &[
    ("payment", "payment_status_changed"),
    ("status", events::STATUS_CHANGED),
    ("cancel", CANCELLED),
    ("canceled", CANCELLED),
    ("cancelled", CANCELLED),
    ("void", CANCELLED),
    ("voided", CANCELLED),
    ("refund", "refunded"),
    ("refunded", "refunded"),
    ("delete", "deleted"),
    ("deleted", "deleted"),
    ("remove", "deleted"),
    ("removed", "deleted"),
    ("publish", "published"),
    ("published", "published"),
    ("abandoned", "abandoned"),
    ("completed", "completed"),
    ("new", "created"),
    ("create", "created"),
    ("created", "created"),
    ("update", "updated"),
    ("updated", "updated"),
];

/// The verb of an event after which an order is cancelled, in each provider's events.
pub(crate) const CANCELLED: &str = "cancelled";

/// The verb of an event whose name contains none.
const RECEIVED: &str = "received";

/// The characters between the words of a name.
const SEPARATORS: [char; 3] = ['.', '-', '_'];

/// The prefix of the app market's events.
const APP_MARKET: &str = "app.market.";

/// Returns the row that an undocumented name would have; `None` if it contains no kind.
///
/// All event names of Zid have a point, so a name with a point is an event's. Other text in a URL is an event's name
/// only if it contains a verb too: `new-order` is one, `orders` and `my-order-hook` are not.
pub(crate) fn inferred(name: &str) -> Option<EventSpec> {
    let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || SEPARATORS.contains(&char::from(b)));
    if !is_name {
        return None;
    }
    let words: Vec<String> = name.split(SEPARATORS).map(str::to_ascii_lowercase).collect();
    let has = |word: &str| words.iter().any(|own| own == word);
    let verb = VERBS.iter().find(|(word, _)| has(word)).map(|(_, verb)| *verb);
    let subject = SUBJECTS.iter().find(|(word, _)| has(word)).map(|(_, kind)| *kind);
    let is_market = name.get(..APP_MARKET.len()).is_some_and(|head| head.eq_ignore_ascii_case(APP_MARKET));
    let kind = subject.or(is_market.then_some(App))?;
    let verb = verb.or(name.contains('.').then_some(RECEIVED))?;
    Some(events::undocumented(kind, verb))
}
