//! The sweeper's function: it resends events whose messages were lost, and verifies deferred deliveries.

use inlet::provider::Provider;
use inlet_aws::lambda::deferred::DeferredVerifier;
use inlet_aws::lambda::sweeper;
use inlet_providers::{Visitor, for_each};

/// Collects a verifier for each provider.
struct Verifiers(Vec<DeferredVerifier>);

impl Visitor for Verifiers {
    fn visit<P: Provider>(&mut self) {
        self.0.push(DeferredVerifier::of::<P>());
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), inlet_aws::Error> {
    let mut verifiers = Verifiers(Vec::new());
    for_each(&mut verifiers);
    sweeper::run(&verifiers.0).await
}
