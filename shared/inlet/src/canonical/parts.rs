//! What canonical objects are made of: people, addresses, lines, words in several languages.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::personal::Personal;
use crate::value::decimal::Decimal;
use crate::value::json::FromJson;
use crate::value::money::Money;

/// Declares an object whose fields are all absent where nothing was sent. Its `Debug` tells which are there, and
/// nothing of what they say.
macro_rules! object {
    ($(
        $(#[$about:meta])*
        pub struct $name:ident { $( $(#[$of_field:meta])* $field:ident: $type:ty ),* $(,)? }
    )+) => {$(
        $(#[$about])*
        #[derive(Clone, Default, PartialEq, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub struct $name {
            $(
                $(#[$of_field])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )*
        }

        $crate::outline!($name: $($field),*);
    )+};
}
pub(super) use object;

object! {
    /// A customer or a supplier, as named inside another object.
    pub struct Party {
        /// The provider's id.
        id: String,
        /// The code that the merchant gave.
        code: String,
        /// The full name.
        name: Personal,
        /// The given name.
        first_name: Personal,
        /// The family name.
        last_name: Personal,
        /// The form of address.
        title: Personal,
        /// E-mail; may be masked or a placeholder, so it is not checked.
        email: Personal,
        /// Telephone, as written.
        phone: Personal,
        /// Mobile telephone, as written.
        mobile: Personal,
        /// Gender, in the provider's words or codes.
        gender: Personal,
        /// Person or company, in the provider's words.
        type_of_party: String,
        /// The company's name.
        business_name: Personal,
        /// The address.
        address: Address,
    }

    /// Where somebody lives or receives.
    pub struct Address {
        /// All of it in one text.
        text: Personal,
        /// Street and number.
        line1: Personal,
        /// More of the street.
        line2: Personal,
        /// District.
        district: Personal,
        /// City.
        city: Personal,
        /// State or province.
        state: Personal,
        /// Postal code.
        postal_code: Personal,
        /// Country, in the provider's words.
        country: String,
    }

    /// A line of an order, a purchase, a transfer, a shipment or an adjustment.
    pub struct Line {
        /// The line's own id.
        id: String,
        /// The product or the variant.
        product_id: String,
        /// The product's code.
        sku: String,
        /// The product's name.
        name: Words,
        /// How many.
        quantity: Decimal,
        /// The price of one.
        unit_price: Money,
        /// The cost of one.
        unit_cost: Money,
        /// The discount, as an amount or a percentage, in the provider's words.
        discount: String,
        /// The tax in the line.
        tax: Money,
        /// The line's total.
        total: Money,
        /// A note.
        note: String,
    }

    /// How goods travel.
    pub struct Delivery {
        /// The method's name.
        method: String,
        /// The method's code.
        method_code: String,
        /// The carrier.
        carrier: String,
        /// Where it stands, in the provider's words.
        status: String,
        /// The carrier's number.
        tracking_number: String,
        /// Where to look it up.
        tracking_url: String,
        /// Who receives, where the provider names them apart from who buys.
        recipient: Party,
        /// Where it goes.
        address: Address,
    }
}

/// A text, in one language or in several.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Words {
    /// In a language that is not told.
    Plain(String),
    /// By language tag, such as `ar` and `en`.
    ByLanguage(BTreeMap<String, String>),
}

impl FromJson for Words {
    fn from_json(value: &serde_json::Value) -> Option<Self> {
        match value {
            serde_json::Value::Object(languages) => {
                let words: BTreeMap<_, _> = languages
                    .iter()
                    .filter_map(|(tag, v)| Some((tag.clone(), v.as_str()?.to_owned())))
                    .collect();
                (!words.is_empty()).then_some(Self::ByLanguage(words))
            }
            other => String::from_json(other).map(Self::Plain),
        }
    }
}

impl Party {
    /// The party, or nothing where nothing is known of it.
    pub fn known(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

impl Address {
    /// The address, or nothing where nothing is known of it.
    pub fn known(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

impl Delivery {
    /// The delivery, or nothing where nothing is known of it.
    pub fn known(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}
