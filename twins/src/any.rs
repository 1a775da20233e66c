//! The list of twins.

use crate::Twin;
use crate::dealpos::DealPosTwin;
use crate::tiki::TikiTwin;
use crate::zid::ZidTwin;
use crate::zip::ZipTwin;
use crate::zort::ZortTwin;

/// The providers that have a twin.
pub const PROVIDERS: [&str; 5] = ["zid", "zort", "dealpos", "zip", "tiki"];

/// Work on a twin, whatever its provider.
pub trait TwinVisitor {
    /// The result.
    type Output;

    /// Takes a new twin.
    fn visit<T: Twin + Send + 'static>(self, twin: T) -> Self::Output;
}

/// Gives the visitor a new twin of the provider. `None` if the provider has none.
pub fn visit<V: TwinVisitor>(provider: &str, visitor: V) -> Option<V::Output> {
    Some(match provider {
        "zid" => visitor.visit(ZidTwin::default()),
        "zort" => visitor.visit(ZortTwin::default()),
        "dealpos" => visitor.visit(DealPosTwin::default()),
        "zip" => visitor.visit(ZipTwin::default()),
        "tiki" => visitor.visit(TikiTwin::default()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use inlet::provider::Provider;

    use super::*;

    struct Name;

    impl TwinVisitor for Name {
        type Output = &'static str;

        fn visit<T: Twin + Send + 'static>(self, _: T) -> &'static str {
            <T::Provider as Provider>::NAME
        }
    }

    #[test]
    fn every_listed_provider_has_its_own_twin() {
        for provider in PROVIDERS {
            assert_eq!(visit(provider, Name), Some(provider));
        }
        assert_eq!(visit("shopify", Name), None);
    }
}
