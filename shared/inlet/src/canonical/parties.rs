//! People, companies and places.

use std::collections::BTreeMap;

use super::object::object;
use super::words::Words;
use crate::personal::Personal;

object! {
    /// A customer, a supplier, a merchant or a recipient.
    pub struct Party {
        /// The provider's id.
        id: String,
        /// The code that the merchant assigned, such as a member code.
        code: String,
        /// The full name.
        name: Personal,
        /// The given name.
        first_name: Personal,
        /// The family name.
        last_name: Personal,
        /// The form of address.
        title: Personal,
        /// The nickname.
        nickname: Personal,
        /// The e-mail address. May be masked or a placeholder, so it is not validated.
        email: Personal,
        /// The telephone number as sent.
        phone: Personal,
        /// The mobile telephone number as sent.
        mobile: Personal,
        /// The gender, in the provider's words or codes.
        gender: Personal,
        /// Person or company, in the provider's words.
        type_of_party: String,
        /// The company's name.
        business_name: Personal,
        /// The name of the company's branch, as tax documents name it.
        branch_name: Personal,
        /// The number of the company's branch, as tax documents number it.
        branch_number: Personal,
        /// The tax number.
        tax_id: Personal,
        /// The number in the commercial register.
        registration_number: Personal,
        /// The number of an identity card or document.
        identity_number: Personal,
        /// True if the provider verified the account.
        verified: bool,
        /// The name that the party has at the marketplace.
        marketplace_name: Personal,
        /// The id that the party has at the marketplace.
        marketplace_id: Personal,
        /// Names and ids in social networks, by the provider's field name.
        social: BTreeMap<String, Personal>,
        /// A note about the party.
        note: Personal,
        /// The address.
        address: Address,
    }

    /// A postal address.
    pub struct Address {
        /// The whole address in one text.
        text: Personal,
        /// Street and house number.
        line1: Personal,
        /// More of the street.
        line2: Personal,
        /// The building's number, where it is apart from the street.
        building_number: Personal,
        /// The additional number of a Saudi national address.
        additional_number: Personal,
        /// The short code of a Saudi national address.
        short_address: Personal,
        /// Sub-district.
        subdistrict: Personal,
        /// District.
        district: Personal,
        /// City.
        city: Personal,
        /// State or province.
        state: Personal,
        /// Postal code.
        postal_code: Personal,
        /// Country, as code or as name.
        country: String,
        /// Degrees north, as sent.
        latitude: Personal,
        /// Degrees east, as sent.
        longitude: Personal,
    }

    /// A shop, a warehouse or another place of the merchant that holds goods.
    pub struct Location {
        /// The provider's id.
        id: String,
        /// The code that the merchant assigned.
        code: String,
        /// The name.
        name: Words,
        /// The kind of place, in the provider's words.
        type_of_location: String,
        /// The address.
        address: Address,
    }

    /// A user of the provider's system who did something.
    pub struct Actor {
        /// The provider's id.
        id: String,
        /// The name.
        name: Personal,
    }

    /// A driver who carries a shipment.
    pub struct Driver {
        /// The carrier's id of the driver.
        id: Personal,
        /// The name.
        name: Personal,
        /// The telephone number.
        phone: Personal,
        /// The number plate.
        plate: Personal,
        /// The picture.
        photo_url: Personal,
        /// The last known position, degrees north.
        latitude: Personal,
        /// The last known position, degrees east.
        longitude: Personal,
    }

    /// A gift's texts.
    pub struct Gift {
        /// The message to the recipient.
        message: Personal,
        /// The name of the person who gives.
        sender: Personal,
        /// The name of the person who receives.
        receiver: Personal,
        /// A picture or film that belongs to the message.
        media_url: Personal,
    }
}
