//! The one list of providers. Code that does something for every provider visits this list.
//!
//! ```
//! use inlet::provider::Provider;
//! use inlet_providers::{Visitor, for_each};
//!
//! struct Names(Vec<&'static str>);
//!
//! impl Visitor for Names {
//!     fn visit<P: Provider>(&mut self) {
//!         self.0.push(P::NAME);
//!     }
//! }
//!
//! let mut names = Names(Vec::new());
//! for_each(&mut names);
//! assert_eq!(names.0, inlet_providers::NAMES);
//! ```

use inlet::provider::Provider;
use inlet::reconcile::SourceVisitor;
#[cfg(feature = "tools")]
use inlet::tools::registration::Registering;

/// Work that is done for each provider, by its type.
pub trait Visitor {
    /// Does the work for one provider.
    fn visit<P: Provider>(&mut self);
}

/// Work that is done for each provider and needs its tools: sample deliveries, credential shapes, registration.
#[cfg(feature = "tools")]
pub trait ToolsVisitor {
    /// Does the work for one provider.
    fn visit<P: Registering>(&mut self);
}

macro_rules! providers {
    ($($provider:path),* $(,)?) => {
        /// The providers' names, as in URLs, in the order in which people are shown them.
        pub const NAMES: &[&str] = &[$(<$provider as Provider>::NAME),*];

        /// Visits every provider in the order of [`NAMES`].
        pub fn for_each(visitor: &mut impl Visitor) {
            $(visitor.visit::<$provider>();)*
        }

        /// Visits every provider in the order of [`NAMES`].
        #[cfg(feature = "tools")]
        pub fn for_each_with_tools(visitor: &mut impl ToolsVisitor) {
            $(visitor.visit::<$provider>();)*
        }
    };
}

macro_rules! sources {
    ($($provider:path),* $(,)?) => {
        /// Visits every provider whose API can be read, in the order of [`NAMES`].
        pub fn for_each_source(visitor: &mut impl SourceVisitor) {
            $(visitor.visit::<$provider>();)*
        }
    };
}

include!(concat!(env!("OUT_DIR"), "/providers.rs"));
