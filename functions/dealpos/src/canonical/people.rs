//! Customers and suppliers, alone and inside other objects.

use inlet::canonical::{Address, Canonical, Customer, Party, Supplier};
use inlet::personal::Personal;
use inlet::value::json::FromJson;
use serde_json::Value;

inlet::payload! {
    /// A customer or a supplier: /webhook/webhook/customer/customerdeleted, /supplier, and inside /invoice, /bill,
    /// /outbound-logistic, /inbound-logistic, /loyalty-provider/validatecoupon. Each page has some of the fields.
    pub(crate) struct Person {
        /// On invoices only.
        id: String = "ID",
        /// The merchant's code; may be empty.
        code: String = "Code",
        /// With the form of address in front, on some pages.
        name: Personal = "Name",
        /// Given name.
        first_name: Personal = "FirstName",
        /// Family name.
        last_name: Personal = "LastName",
        /// CredentialShape of address.
        title: Personal = "Title",
        /// E-mail.
        email: Personal = "Email",
        /// With `+62`, with a leading 0, or with neither.
        phone: Personal = "Phone",
        /// Likewise.
        mobile: Personal = "Mobile",
        /// A number in Customer Created, text elsewhere; neither's values are documented.
        gender: Personal = "Gender",
        /// All in one text.
        address: Personal = "Address",
        /// City.
        city: Personal = "City",
    }
    /// What a customer's own event has beside the person.
    struct Membership {
        /// A day, written as its midnight.
        birth_date: Personal = "Birthdate",
        /// The outlet's name.
        outlet: String = "Outlet",
    }
}

/// Customer Created and Deleted.
pub(crate) fn customer(payload: &Value) -> Option<Canonical> {
    let Membership { birth_date, outlet } = Membership::from_json(payload)?;
    let party = Person::from_json(payload).and_then(Person::party);
    Some(Customer { party, birth_date, outlet, ..Customer::default() }.into())
}

/// Supplier Created and Deleted.
pub(crate) fn supplier(payload: &Value) -> Option<Canonical> {
    let party = Person::from_json(payload)?.party();
    Some(Supplier { party, ..Supplier::default() }.into())
}

impl Person {
    /// The person as a party; nothing for `{}`.
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
            gender: self.gender,
            address: address.known(),
            ..Party::default()
        };
        party.known()
    }
}
