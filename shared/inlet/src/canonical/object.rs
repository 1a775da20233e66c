//! The macro that declares canonical objects.

/// Declares objects of optional fields. An absent field is not written, and `Debug` shows which fields are present
/// but none of their values.
macro_rules! object {
    ($(
        $(#[$about:meta])*
        pub struct $name:ident { $( $(#[$of_field:meta])* $field:ident: $type:ty ),* $(,)? }
    )+) => {$(
        $(#[$about])*
        #[derive(Clone, Default, PartialEq, serde::Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub struct $name {
            $(
                $(#[$of_field])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )*
        }

        $crate::outline!($name: $($field),*);

        impl $crate::canonical::complete::Complete for $name {
            fn complete(
                &mut self,
                defaults: &$crate::canonical::complete::StoreDefaults,
                completed: &mut $crate::canonical::complete::Completed,
            ) {
                $( self.$field.complete(defaults, completed); )*
            }
        }

        impl $name {
            /// Returns the object, or `None` if every field is absent.
            #[must_use]
            pub fn known(self) -> Option<Self> {
                (self != Self::default()).then_some(self)
            }
        }
    )+};
}
pub(super) use object;
