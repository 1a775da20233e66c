//! The kinds of objects, and an object of any kind.

use std::fmt;

use serde::Serialize;

use super::complete::{Complete as _, Completed, StoreDefaults};
use super::objects;

/// The type of the notice that an entity was forgotten.
pub const ENTITY_FORGOTTEN: &str = "inlet.entity.forgotten";

/// Declares the kinds in one place: the enum, its words, and the object of each.
macro_rules! kinds {
    ($( $(#[$about:meta])* $kind:ident = $word:literal ),* $(,)?) => {
        /// The kind of object that an event is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind {
            $( $(#[$about])* $kind, )*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$( Self::$kind ),*];

            /// Returns the word that ids, types and schema names use.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$kind => $word, )* }
            }

            /// Parses the word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $( $word => Some(Self::$kind), )* _ => None }
            }
        }

        /// Returns a reference to the schema of a kind's object, and adds it to the generator's definitions.
        #[cfg(feature = "schema")]
        pub(super) fn object_schema(kind: Kind, generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
            match kind { $( Kind::$kind => generator.subschema_for::<objects::$kind>(), )* }
        }

        /// Returns the schema of a kind's object, with all its definitions.
        #[cfg(feature = "schema")]
        pub(super) fn root_schema(kind: Kind, generator: schemars::SchemaGenerator) -> schemars::Schema {
            match kind { $( Kind::$kind => generator.into_root_schema_for::<objects::$kind>(), )* }
        }

        /// An object of one of the kinds. In JSON it is the object itself.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(untagged)]
        #[expect(clippy::large_enum_variant, reason = "there is one in each event and it is not stored")]
        pub enum Canonical {
            $( $(#[$about])* $kind(objects::$kind), )*
        }

        impl Canonical {
            /// Returns the object's kind.
            pub const fn kind(&self) -> Kind {
                match self { $( Self::$kind(_) => Kind::$kind, )* }
            }

            /// Fills in the currency and the zone of a store's settings where the provider sent none. Returns which of
            /// them were used.
            pub fn complete(&mut self, defaults: &StoreDefaults) -> Completed {
                let mut completed = Completed::default();
                match self { $( Self::$kind(object) => object.complete(defaults, &mut completed), )* }
                completed
            }

            /// Returns an object with its id and no other field.
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
    /// Money that moved, that was meant to move, or that was written off.
    Payment = "payment",
    /// A product, or a variant of one.
    Product = "product",
    /// A stock level.
    Stock = "stock",
    /// A customer of the merchant.
    Customer = "customer",
    /// A supplier of the merchant.
    Supplier = "supplier",
    /// A cart that the customer abandoned, or came back to.
    Cart = "cart",
    /// A category of products.
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
    /// A cashier's shift.
    Shift = "shift",
    /// A question for a customer's points, or a sale that earns some.
    Loyalty = "loyalty",
    /// A coupon that a customer shows at the till.
    Coupon = "coupon",
    /// A shop or a warehouse of the merchant.
    Outlet = "outlet",
    /// A merchant's subscription to an app.
    Subscription = "subscription",
    /// An app in a merchant's store.
    App = "app",
    /// An event that could not be read. The raw body is stored.
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
