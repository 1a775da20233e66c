//! Customers and suppliers, alone and inside other objects, and the merchant's outlets.

use inlet::canonical::{Address, Canonical, Customer, Outlet, Party, Supplier};
use inlet::personal::Personal;
use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson;
use serde_json::Value;

use super::parse_time;

inlet::payload! {
    /// A customer or a supplier: /webhook/webhook/customer/customerdeleted, /supplier, and inside /invoice, /bill,
    /// /outbound-logistic, /inbound-logistic, /loyalty-provider/validatecoupon. Each page has some of the fields.
    pub(crate) struct Person {
        /// On invoices only.
        id: String = "ID",
        /// The merchant's code; may be empty. `MemberCode` is read by a public receiver: presumably an older name.
        code: String = "Code" | "MemberCode",
        /// With the form of address in front, on some pages.
        name: Personal = "Name",
        /// Given name.
        first_name: Personal = "FirstName",
        /// Family name.
        last_name: Personal = "LastName",
        /// Form of address.
        title: Personal = "Title",
        /// E-mail.
        email: Personal = "Email",
        /// With `+62`, with a leading 0, or with neither.
        phone: Personal = "Phone",
        /// In the same forms.
        mobile: Personal = "Mobile",
        /// Text, number or boolean; none of the values are documented.
        gender: Gender = "Gender",
        /// The whole address in one text.
        address: Personal = "Address",
        /// City.
        city: Personal = "City",
        /// The number of an identity card; the second name is the REST page's.
        identity_number: Personal = "MemberIdentification" | "NationalIDNumber",
    }
    /// The fields of a customer's own event, in addition to the person; those behind the outlet are the REST page's.
    struct Membership {
        /// The id.
        id: String = "ID",
        /// A day, written as its midnight; the second name is the REST page's.
        birth_date: Personal = "Birthdate" | "BirthDate",
        /// The outlet's name.
        outlet: String = "Outlet",
        /// The customer group.
        group: String = "Group",
        /// A day.
        joined: String = "JoinDate",
        /// A day.
        expires: String = "ExpiredDate",
        /// Points; elsewhere a boolean, which is ignored.
        points: Decimal = "LoyaltyPoint",
    }
    /// An outlet: no webhook page shows one; the fields are the REST page's.
    struct OutletBody {
        /// A GUID.
        id: String = "ID",
        /// The name; the REST update calls it `Outlet`.
        name: String = "Name" | "Outlet",
        /// The code.
        code: String = "Code",
        /// True if it is closed.
        suspended: bool = "Suspended",
        /// E-mail.
        email: Personal = "Email",
        /// Texts of its receipts.
        receipt: Receipt = "ReceiptTemplate",
    }
    /// The texts of an outlet's receipts.
    struct Receipt {
        /// In one text.
        address: Personal = "Address",
    }
}

/// Text, a number, or a boolean, as its text.
#[derive(Clone, PartialEq)]
pub(crate) struct Gender(Personal);

impl FromJson for Gender {
    fn from_json(value: &Value) -> Option<Self> {
        let text = match value {
            Value::Bool(truth) => Some(Personal::new(truth.to_string())),
            other => Personal::from_json(other),
        };
        text.map(Self)
    }
}

/// A person as an object, or as a name alone.
#[derive(Clone, PartialEq)]
pub(super) struct Named(Person);

impl FromJson for Named {
    fn from_json(value: &Value) -> Option<Self> {
        let person = Person::from_json(value);
        person
            .or_else(|| Some(Person { name: Some(Personal::from_json(value)?), ..Person::default() }))
            .map(Self)
    }
}

impl Named {
    /// Returns the person as a party with the id; `None` for `{}`.
    pub(super) fn party(self, id: Option<String>) -> Option<Party> {
        let Self(person) = self;
        Person { id: person.id.clone().or(id), ..person }.party()
    }
}

/// Maps Customer Created and Deleted, and the customer events that no page names.
pub(crate) fn customer(payload: &Value) -> Option<Canonical> {
    let body = Membership::from_json(payload)?;
    let party = Person::from_json(payload).and_then(|person| Person { id: None, ..person }.party());
    let customer = Customer {
        id: body.id,
        party,
        birth_date: body.birth_date,
        outlet: body.outlet,
        group: body.group,
        points: body.points,
        joined_at: parse_time(body.joined.as_deref()),
        expires_at: parse_time(body.expires.as_deref()),
        ..Customer::default()
    };
    Some(customer.into())
}

/// Maps Supplier Created and Deleted.
pub(crate) fn supplier(payload: &Value) -> Option<Canonical> {
    let person = Person::from_json(payload)?;
    let id = person.id.clone();
    let party = Person { id: None, ..person }.party();
    Some(Supplier { id, party, ..Supplier::default() }.into())
}

/// Maps the outlet events, which no page names.
pub(crate) fn outlet(payload: &Value) -> Option<Canonical> {
    let OutletBody { id, name, code, suspended, email, receipt } = OutletBody::from_json(payload)?;
    let address = receipt.and_then(|receipt| receipt.address);
    Some(Outlet { id, code, name, email, address, suspended }.into())
}

impl Person {
    /// Returns the person as a party; `None` for `{}`.
    pub(super) fn party(self) -> Option<Party> {
        let address = Address { text: self.address, city: self.city, ..Address::default() };
        let party = Party {
            id: self.id,
            code: self.code,
            name: self.name,
            first_name: self.first_name,
            last_name: self.last_name,
            title: self.title,
            email: self.email,
            phone: self.phone,
            mobile: self.mobile,
            gender: self.gender.map(|Gender(text)| text),
            identity_number: self.identity_number,
            address: address.known(),
            ..Party::default()
        };
        party.known()
    }
}
