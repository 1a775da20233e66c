//! The canonical objects: one vocabulary for what every provider calls differently.
//!
//! A field that a provider does not send is absent. Money, time and numbers keep the digits they came with.

mod objects;
mod parts;
#[cfg(feature = "schema")]
mod schema;

use std::fmt;

use serde::Serialize;

pub use objects::*;
pub use parts::*;

/// Declares the kinds once: the enum, its words, and the object of each.
macro_rules! kinds {
    ($( $(#[$about:meta])* $kind:ident = $word:literal ),* $(,)?) => {
        /// What an event is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind {
            $( $(#[$about])* $kind, )*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$( Self::$kind ),*];

            /// The word in ids, types and schema names.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$kind => $word, )* }
            }

            /// Reads the word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $( $word => Some(Self::$kind), )* _ => None }
            }

            /// The JSON Schema of this kind's object.
            #[cfg(feature = "schema")]
            pub fn schema(self) -> schemars::Schema {
                match self { $( Self::$kind => schema::of::<objects::$kind>(), )* }
            }
        }

        /// An object of one of the kinds. In JSON it is the object itself.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(untagged)]
        #[expect(clippy::large_enum_variant, reason = "there is one in each event and it is not stored")]
        pub enum Canonical {
            $( $(#[$about])* $kind(objects::$kind), )*
        }

        impl Canonical {
            /// The object's kind.
            pub const fn kind(&self) -> Kind {
                match self { $( Self::$kind(_) => Kind::$kind, )* }
            }

            /// An object of which no more is known than its id: what stands for an undocumented payload.
            pub fn bare(kind: Kind, id: Option<String>) -> Self {
                match kind { $( Kind::$kind => Self::$kind(objects::$kind { id, ..Default::default() }), )* }
            }
        }

        $( impl From<objects::$kind> for Canonical {
            fn from(object: objects::$kind) -> Self {
                Self::$kind(object)
            }
        } )*
    };
}

kinds! {
    /// A sale.
    Order = "order",
    /// Money that moved, or that should have.
    Payment = "payment",
    /// Something to sell, or a variant of it.
    Product = "product",
    /// How many there are of something.
    Stock = "stock",
    /// Who buys.
    Customer = "customer",
    /// Who sells to the merchant.
    Supplier = "supplier",
    /// A basket that was left behind.
    Cart = "cart",
    /// A shelf of the shop.
    Category = "category",
    /// A purchase from a supplier.
    PurchaseOrder = "purchase_order",
    /// Goods that come back from a customer.
    ReturnOrder = "return_order",
    /// Goods that go back to a supplier.
    ReturnPurchaseOrder = "return_purchase_order",
    /// Goods that move between the merchant's own places.
    Transfer = "transfer",
    /// Goods on their way in or out.
    Shipment = "shipment",
    /// A correction of the stock.
    Adjustment = "adjustment",
    /// A cashier's session.
    Shift = "shift",
    /// A customer's points.
    Loyalty = "loyalty",
    /// A coupon shown at the till.
    Coupon = "coupon",
    /// A shop or a warehouse of the merchant.
    Outlet = "outlet",
    /// A merchant's subscription to an app.
    Subscription = "subscription",
    /// An app in a merchant's store.
    App = "app",
    /// What could not be read; the raw body is kept.
    Unknown = "unknown",
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_object_holds_its_id_and_nothing_else() {
        for kind in Kind::ALL {
            let object = Canonical::bare(*kind, Some("7".into()));
            assert_eq!(object.kind(), *kind);
            assert_eq!(serde_json::to_string(&object).unwrap(), r#"{"id":"7"}"#, "{kind}");
            assert_eq!(Kind::parse(kind.as_str()), Some(*kind));
        }
    }
}
