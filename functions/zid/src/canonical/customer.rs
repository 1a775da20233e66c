//! Customers. The webhook's page could not be read; the fields are those of Zid's REST customer. The page of
//! `customer.merchant.update` could not be read either; receivers read the same fields of it.

use inlet::canonical::{Canonical, Customer, Party};
use inlet::personal::Personal;
use inlet::value::decimal::Decimal;
use inlet::value::json::{FromJson, field};
use inlet::value::money::Money;
use serde_json::Value;

use super::value::{Coded, Text, text};
use super::{City, address, time_of};

inlet::payload! {
    /// A customer.
    struct Person {
        /// Zid's id.
        id: Text = "id",
        /// The full name.
        name: Personal = "name",
        /// The nickname.
        nickname: Personal = "nickname",
        /// The e-mail address. `pivotEmail` repeats it.
        email: Personal = "email" | "pivotEmail",
        /// Digits with the country's code, no `+`. `pivotMobile` repeats it.
        mobile: Personal = "mobile" | "pivotMobile",
        /// One integrator's name of the field in the webhook.
        telephone: Personal = "telephone" | "phone",
        /// Seen: `female`.
        gender: Personal = "gender",
        /// `YYYY-MM-DD`.
        birth_date: Personal = "birth_date",
        /// True if Zid verified the account.
        verified: bool = "verified",
        /// False if the merchant banned the customer.
        is_active: bool = "is_active",
        /// True if the customer may pay on delivery.
        is_cod_enabled: bool = "is_cod_enabled",
        /// `individual` or `business`.
        type_of_party: String = "type",
        /// The company.
        business_name: Personal = "business_name",
        /// The company's tax number.
        tax_number: Personal = "tax_number",
        /// The company's number in the commercial register.
        commercial_registration: Personal = "commercial_registration",
        /// A number, or an object.
        points: Points = "points",
        /// Without a currency.
        total_payments: Decimal = "order_total_payments" | "total_payments",
        /// Without a currency, not rounded.
        orders_cost_average: Decimal = "orders_cost_average",
        /// The number of orders.
        order_counts: Decimal = "order_counts",
        /// The time of the last order.
        last_order_date: Text = "last_order_date",
        /// The channel that the customer came from.
        source: Text = "source",
        /// Texts, or objects with a name.
        tags: Vec<Coded> = "tags",
        /// The city. Null if it is not set.
        city: City = "city",
        /// With `Z`.
        created_at: Text = "created_at",
        /// With `Z`.
        updated_at: Text = "updated_at",
    }
}

/// Loyalty points: the number alone in lists, an object in the view of one customer.
#[derive(Clone, Default, PartialEq)]
struct Points {
    points: Option<Decimal>,
    pending: Option<Decimal>,
}

inlet::outline!(Points: points, pending);

impl FromJson for Points {
    fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::Object(object) => {
                Some(Self { points: field(object, &["points"]), pending: field(object, &["pending_points"]) })
            }
            other => Decimal::from_json(other).map(|points| Self { points: Some(points), pending: None }),
        }
    }
}

/// Maps a customer.
pub(crate) fn customer(payload: &Value) -> Option<Canonical> {
    let person = Person::from_json(payload)?;
    let points = person.points.unwrap_or_default();
    let party = Party {
        name: person.name,
        nickname: person.nickname,
        email: person.email,
        mobile: person.mobile,
        phone: person.telephone,
        gender: person.gender,
        type_of_party: person.type_of_party,
        business_name: person.business_name,
        tax_id: person.tax_number,
        registration_number: person.commercial_registration,
        address: person.city.and_then(address),
        ..Party::default()
    };
    let customer = Customer {
        id: text(person.id),
        party: party.known(),
        birth_date: person.birth_date,
        verified: person.verified,
        active: person.is_active,
        cash_on_delivery: person.is_cod_enabled,
        tags: person.tags.map(|tags| tags.iter().filter_map(Coded::name).collect()),
        channel: text(person.source),
        orders: person.order_counts,
        total_paid: Money::of(person.total_payments, None),
        average_order: Money::of(person.orders_cost_average, None),
        points: points.points,
        points_pending: points.pending,
        last_order_at: time_of(person.last_order_date.as_ref()),
        created_at: time_of(person.created_at.as_ref()),
        updated_at: time_of(person.updated_at.as_ref()),
        ..Customer::default()
    };
    Some(customer.into())
}
