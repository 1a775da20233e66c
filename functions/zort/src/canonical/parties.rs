//! The people and companies in a document, and the delivery to the recipient.

use std::collections::BTreeMap;

use inlet::canonical::{Address, Delivery, Parcel, Party};
use inlet::personal::Personal;

use super::fields::Fields;

/// Names and ids in social networks. In a document's customer, `line` is the name in the LINE network.
const SOCIAL: &[&str] = &["facebookname", "facebookid", "line", "lineid"];

/// Reads the customer, who in purchases is the supplier.
pub(super) fn party(fields: &Fields<'_>) -> Option<Party> {
    let party = Party {
        id: fields.read("customerid"),
        code: fields.read("customercode"),
        name: fields.read("customername"),
        email: fields.read("customeremail"),
        phone: fields.read("customerphone"),
        branch_name: fields.read("customerbranchname"),
        branch_number: fields.read("customerbranchno"),
        tax_id: fields.read("customeridnumber"),
        marketplace_name: fields.read("integrationcustomer"),
        marketplace_id: fields.read("integrationcustomerid"),
        social: social(fields, SOCIAL),
        address: address(fields, "customer"),
        ..Party::default()
    };
    party.known()
}

/// Returns the texts of these fields by their names.
pub(super) fn social(fields: &Fields<'_>, names: &[&str]) -> Option<BTreeMap<String, Personal>> {
    let pair = |name: &&str| Some(((*name).to_owned(), fields.read(name)?));
    let social: BTreeMap<_, _> = names.iter().filter_map(pair).collect();
    (!social.is_empty()).then_some(social)
}

/// Reads the address whose fields begin with this prefix.
fn address(fields: &Fields<'_>, prefix: &str) -> Option<Address> {
    let part = |name: &str| fields.read(&format!("{prefix}{name}"));
    let address = Address {
        text: part("address"),
        line1: part("streetaddress"),
        subdistrict: part("subdistrict"),
        district: part("district"),
        state: part("province"),
        postal_code: part("postcode"),
        ..Address::default()
    };
    address.known()
}

/// Reads recipient, address, carrier and parcels.
pub(super) fn delivery(fields: &Fields<'_>) -> Option<Delivery> {
    let parcels = parcels(fields);
    let first = || parcels.as_ref()?.first();
    let tracking_number = fields.read("trackingno").or_else(|| first()?.tracking_number.clone());
    let tracking_url = first().and_then(|parcel| parcel.tracking_url.clone());
    let shipped_at = fields.time("shippingdate", "shippingdatestring");
    let delivery = Delivery {
        // ZORT has one field for the carrier and for the method.
        method: fields.read("shippingchannel"),
        carrier: fields.read("shippingchannel"),
        tracking_number,
        tracking_url,
        recipient: recipient(fields),
        address: address(fields, "shipping"),
        shipped_at: shipped_at.or_else(|| first()?.shipped_at.clone()),
        parcels,
        ..Delivery::default()
    };
    delivery.known()
}

fn recipient(fields: &Fields<'_>) -> Option<Party> {
    let recipient = Party {
        name: fields.read("shippingname"),
        phone: fields.read("shippingphone"),
        email: fields.read("shippingemail"),
        ..Party::default()
    };
    recipient.known()
}

fn parcels(fields: &Fields<'_>) -> Option<Vec<Parcel>> {
    let parcel = |fields: &Fields<'_>| Parcel {
        tracking_number: fields.read("trackingno"),
        tracking_url: fields.read("trackingurl"),
        carrier: fields.read("shippingchannel"),
        shipped_at: fields.time("shippingdate", "shippingdatestring"),
    };
    Some(fields.objects("trackinglist")?.iter().map(parcel).collect())
}
