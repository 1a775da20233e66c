//! The reconciler's function with a twin in place of the providers' APIs: the variable `TWIN` has the twin's address. All
//! else is what the deployed function runs.

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
    #[expect(clippy::disallowed_methods, reason = "this program is not deployed")]
    let twin = std::env::var("TWIN")?;
    reconciler::run(&sources.0, ProviderApi::new()?.of_twin(&twin)).await
}
