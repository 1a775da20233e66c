//! Code that the end-to-end tests share: deliveries, marked ones among them, the sample events, the schemas, the access to
//! the local stack, the fault matrix, and stand-ins for the providers' own APIs.

pub use xtask::local_stack::demo_credential;
pub use xtask::{operations, repository};

pub mod canary;
pub mod deliveries;
pub mod faults;
pub mod stack;
pub mod stand_in;
pub mod template;

/// Awaits a check of each provider: an async function with the provider as its type parameter, and as its argument the
/// payload file of the provider's usual sample, without the ending.
#[macro_export]
macro_rules! check_each_provider {
    ($check:ident) => {{
        struct Checks(Vec<std::pin::Pin<Box<dyn Future<Output = ()>>>>);

        impl inlet_providers::ToolsVisitor for Checks {
            fn visit<P: inlet::tools::registration::Registering>(&mut self) {
                self.0.push(Box::pin($check::<P>(P::PROFILE.sample)));
            }
        }

        let mut checks = Checks(Vec::new());
        inlet_providers::for_each_with_tools(&mut checks);
        assert_eq!(checks.0.len(), inlet_providers::NAMES.len());
        for check in checks.0 {
            check.await;
        }
    }};
}
