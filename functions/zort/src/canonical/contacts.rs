//! Contacts and warehouses. ZORT's settings have URL fields for both, and no page names their triggers or shows a
//! body. The names are those of the REST objects, developers.zortout.com/api-reference/contact and .../warehouse.

use inlet::canonical::{Address, Canonical, Customer, Outlet, Party};
use serde_json::Value;

use super::fields::Fields;
use super::parties::social;

const SOCIAL: &[&str] = &["facebook", "line", "instagram"];

/// Reads a contact. ZORT's documents name suppliers as customers too, so a contact of either sort is a customer.
pub(crate) fn contact(payload: &Value) -> Option<Canonical> {
    let fields = Fields::of(payload)?;
    let address = Address { text: fields.read("address"), ..Address::default() };
    let party = Party {
        code: fields.read("code"),
        name: fields.read("name"),
        email: fields.read("email"),
        phone: fields.read("phone"),
        mobile: fields.read("mobilephone"),
        gender: fields.read("gender"),
        type_of_party: fields.read("type"),
        branch_name: fields.read("branchname"),
        branch_number: fields.read("branchno"),
        tax_id: fields.read("idnumber"),
        social: social(&fields, SOCIAL),
        address: address.known(),
        ..Party::default()
    };
    Some(Customer { id: fields.read("id"), party: party.known(), ..Customer::default() }.into())
}

/// Reads a warehouse.
pub(crate) fn warehouse(payload: &Value) -> Option<Canonical> {
    let fields = Fields::of(payload)?;
    let outlet = Outlet {
        id: fields.read("id"),
        code: fields.read("code"),
        name: fields.read("name"),
        address: fields.read("address"),
        ..Outlet::default()
    };
    Some(outlet.into())
}
