//! The reconciler's function: it publishes what the providers' own APIs have and no webhook brought.

use inlet::reconcile::{Source, SourceVisitor};
use inlet_aws::lambda::reconciler::{self, ProviderApi, SourceReconciler};
use inlet_providers::for_each_source;

/// Collects a reconciler for each provider whose API can be read.
struct Sources(Vec<SourceReconciler<ProviderApi>>);

impl SourceVisitor for Sources {
    fn visit<S: Source>(&mut self) {
        self.0.push(SourceReconciler::of::<S>());
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), inlet_aws::Error> {
    let mut sources = Sources(Vec::new());
    for_each_source(&mut sources);
    reconciler::run(&sources.0, ProviderApi::new()?).await
}
