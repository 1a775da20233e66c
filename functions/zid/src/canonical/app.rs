//! The app market: one flat body for all of its events. docs.zid.sa/events-878234m0 and, with fewer fields, the older
//! portal.

use inlet::canonical::{App, Canonical, Party, State, StateWords, Subscription};
use inlet::personal::Personal;
use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson as _;
use inlet::value::money::Money;
use serde_json::Value;

use super::number::is_zero;
use super::time_of;
use super::value::{Text, text};

inlet::payload! {
    /// The body of an event of the app market.
    struct Notice {
        /// The event.
        event_name: Text = "event_name",
        /// The app.
        app_id: Text = "app_id",
        /// The store: the number that orders have.
        store_id: Text = "store_id",
        /// The store: the UUID that carts have.
        store_uuid: Text = "store_uuid",
        /// The store's page.
        store_url: Text = "store_url",
        /// Seen: `active`, `authorized`.
        status: Text = "status",
        /// Often Arabic.
        plan_name: Text = "plan_name",
        /// Seen: `Paid`, `Free Trial`.
        plan_type: Text = "plan_type",
        /// Zid's id of the plan.
        plan_id: Text = "plan_id",
        /// The plan before an upgrade.
        old_plan_name: Text = "old_plan_name",
        /// With `Z`.
        start_date: Text = "start_date",
        /// With `Z`.
        end_date: Text = "end_date",
        /// With `Z`.
        payment_date: Text = "payment_date",
        /// Without a currency.
        amount_paid: Decimal = "amount_paid",
        /// The merchant's e-mail address.
        merchant_email: Personal = "merchant_email",
        /// Digits with the country's code, no `+`.
        merchant_phone_no: Personal = "merchant_phone_no",
    }
}

/// The events after which the state is documented, by the last part of their names.
const STATES: StateWords = &[
    ("active", State::Active),
    ("renew", State::Active),
    ("upgrade", State::Active),
    ("warning", State::Active),
    ("suspended", State::Suspended),
    ("expired", State::Expired),
    ("refunded", State::Refunded),
    ("uninstall", State::Cancelled),
    ("install", State::Active),
];

impl Notice {
    /// Returns the app and the store, as the catalogue joins them.
    fn id(&self) -> Option<String> {
        Some([self.app_id.as_ref()?.as_str(), self.store_id.as_ref()?.as_str()].join(":"))
    }

    fn merchant(&mut self) -> Option<Party> {
        let (email, mobile) = (self.merchant_email.take(), self.merchant_phone_no.take());
        Party { email, mobile, ..Party::default() }.known()
    }

    /// Returns the state after the event, else the state that `status` names.
    fn state(&self) -> Option<State> {
        let event = self.event_name.as_ref().and_then(|name| name.as_str().rsplit('.').next());
        let status = self.status.as_ref().map(Text::as_str);
        [event, status].into_iter().flatten().find_map(|word| State::of_word(STATES, word))
    }
}

/// Declares the mapping to one of two objects that have the same fields.
macro_rules! mapping {
    ($(#[$about:meta])* $name:ident -> $object:ident) => {
        $(#[$about])*
        pub(crate) fn $name(payload: &Value) -> Option<Canonical> {
            let mut notice = Notice::from_json(payload)?;
            let object = $object {
                id: notice.id(),
                merchant: notice.merchant(),
                state: notice.state(),
                app_id: text(notice.app_id),
                provider_store_id: text(notice.store_id),
                provider_store_uuid: text(notice.store_uuid),
                store_url: text(notice.store_url),
                status: text(notice.status),
                plan: text(notice.plan_name),
                plan_id: text(notice.plan_id),
                type_of_plan: text(notice.plan_type),
                previous_plan: text(notice.old_plan_name),
                // Zid names no currency, and the store's currency need not be the plan's.
                paid: Money::of_unknown_currency(notice.amount_paid.filter(|paid| !is_zero(paid))),
                starts_at: time_of(notice.start_date.as_ref()),
                ends_at: time_of(notice.end_date.as_ref()),
                paid_at: time_of(notice.payment_date.as_ref()),
            };
            Some(object.into())
        }
    };
}

mapping! {
    /// Maps a notice to an app.
    app -> App
}
mapping! {
    /// Maps a notice to a subscription.
    subscription -> Subscription
}
