//! The app market: one flat body for all of its events. docs.zid.sa/events-878234m0 and, with fewer fields, the
//! older portal.

use inlet::canonical::{App, Canonical, Party, Subscription};
use inlet::personal::Personal;
use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson as _;
use inlet::value::money::Money;
use serde_json::Value;

use super::time_of;

inlet::payload! {
    /// What the app market tells of an app in a store.
    struct Notice {
        /// The app.
        app_id: String = "app_id",
        /// The store; the number that orders carry.
        store_id: String = "store_id",
        /// The store; the UUID that carts carry.
        store_uuid: String = "store_uuid",
        /// The store's page.
        store_url: String = "store_url",
        /// Seen: `active`, `authorized`.
        status: String = "status",
        /// Often Arabic.
        plan_name: String = "plan_name",
        /// Seen: `Paid`.
        plan_type: String = "plan_type",
        /// The plan.
        plan_id: String = "plan_id",
        /// The plan before an upgrade.
        old_plan_name: String = "old_plan_name",
        /// With `Z`.
        start_date: String = "start_date",
        /// With `Z`.
        end_date: String = "end_date",
        /// With `Z`.
        payment_date: String = "payment_date",
        /// Without a currency.
        amount_paid: Decimal = "amount_paid",
        /// The merchant's e-mail.
        merchant_email: Personal = "merchant_email",
        /// Digits with country code, no `+`.
        merchant_phone_no: Personal = "merchant_phone_no",
    }
}

impl Notice {
    /// The app and the store, as the catalogue joins them.
    fn id(&self) -> Option<String> {
        Some([self.app_id.as_deref()?, self.store_id.as_deref()?].join(":"))
    }

    fn merchant(&mut self) -> Option<Party> {
        let (email, phone) = (self.merchant_email.take(), self.merchant_phone_no.take());
        Party { email, phone, ..Party::default() }.known()
    }
}

/// A notice as an app.
pub(crate) fn app(payload: &Value) -> Option<Canonical> {
    let mut notice = Notice::from_json(payload)?;
    let app = App {
        id: notice.id(),
        merchant: notice.merchant(),
        app_id: notice.app_id,
        provider_store_id: notice.store_id,
        provider_store_uuid: notice.store_uuid,
        store_url: notice.store_url,
        status: notice.status,
        plan: notice.plan_name,
        ..App::default()
    };
    Some(app.into())
}

/// A notice as a subscription.
pub(crate) fn subscription(payload: &Value) -> Option<Canonical> {
    let mut notice = Notice::from_json(payload)?;
    let subscription = Subscription {
        id: notice.id(),
        merchant: notice.merchant(),
        app_id: notice.app_id,
        provider_store_id: notice.store_id,
        provider_store_uuid: notice.store_uuid,
        store_url: notice.store_url,
        status: notice.status,
        plan: notice.plan_name,
        plan_id: notice.plan_id,
        type_of_plan: notice.plan_type,
        previous_plan: notice.old_plan_name,
        paid: Money::of(notice.amount_paid, None),
        starts_at: time_of(notice.start_date.as_deref()),
        ends_at: time_of(notice.end_date.as_deref()),
        paid_at: time_of(notice.payment_date.as_deref()),
        ..Subscription::default()
    };
    Some(subscription.into())
}
