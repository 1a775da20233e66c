//! Customers. The webhook's page could not be read; the fields are those of Zid's REST customer.

use inlet::canonical::{Canonical, Customer, Party};
use inlet::personal::Personal;
use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson as _;
use inlet::value::money::Money;
use serde_json::Value;

use super::{City, address, time_of};

inlet::payload! {
    /// A customer.
    struct Person {
        /// Zid's id.
        id: String = "id",
        /// The full name.
        name: Personal = "name" | "nickname",
        /// E-mail.
        email: Personal = "email" | "pivotEmail",
        /// Digits with country code, no `+`.
        mobile: Personal = "mobile" | "pivotMobile",
        /// What one integrator says the webhook calls the mobile.
        telephone: Personal = "telephone",
        /// Seen: `female`.
        gender: Personal = "gender",
        /// `YYYY-MM-DD`.
        birth_date: Personal = "birth_date",
        /// Whether the account was verified.
        verified: bool = "verified",
        /// False when the merchant banned the customer.
        is_active: bool = "is_active",
        /// `individual` or `business`.
        type_of_party: String = "type",
        /// The company.
        business_name: Personal = "business_name",
        /// A number in lists; in the detail view an object, of which no field is documented.
        points: Decimal = "points",
        /// Without a currency.
        total_payments: Decimal = "order_total_payments" | "total_payments",
        /// How many orders there were.
        order_counts: Decimal = "order_counts",
        /// Where the customer lives.
        city: City = "city",
        /// With `Z`.
        created_at: String = "created_at",
        /// With `Z`.
        updated_at: String = "updated_at",
    }
}

/// A customer as a customer.
pub(crate) fn customer(payload: &Value) -> Option<Canonical> {
    let person = Person::from_json(payload)?;
    let party = Party {
        name: person.name,
        email: person.email,
        mobile: person.mobile,
        phone: person.telephone,
        gender: person.gender,
        type_of_party: person.type_of_party,
        business_name: person.business_name,
        address: address(person.city),
        ..Party::default()
    };
    let customer = Customer {
        id: person.id,
        party: party.known(),
        birth_date: person.birth_date,
        verified: person.verified,
        active: person.is_active,
        orders: person.order_counts,
        total_paid: Money::of(person.total_payments, None),
        points: person.points,
        created_at: time_of(person.created_at.as_deref()),
        updated_at: time_of(person.updated_at.as_deref()),
        ..Customer::default()
    };
    Some(customer.into())
}
