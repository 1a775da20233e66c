//! The sweeper's work for one provider: it takes over events that receivers hand over, and verifies deliveries that were
//! quarantined because their store's credentials could not be read.

use std::future::Future;
use std::pin::Pin;

use inlet::fault::{Fault, FaultKind};
use inlet::provider::Provider;
use inlet::receive::Secrets as _;
use tokio::sync::watch;

use crate::client::clock;
use crate::dynamodb::deferred_stores::Markers;
use crate::dynamodb::quarantine::TableQuarantine;
use crate::dynamodb::table::Table;
use crate::reverify::{Reverified, Scope, reverify};
use crate::secrets::SsmSecrets;
use crate::sqs::SqsQueue;

/// The services that deferred deliveries need.
#[derive(Clone, Debug)]
pub struct Services {
    /// The event table.
    pub table: Table,
    /// The event queue.
    pub queue: SqsQueue,
    /// The client of Parameter Store.
    pub ssm: aws_sdk_ssm::Client,
    /// The stage, a part of the parameters' paths.
    pub stage: String,
}

/// Verifies the deferred deliveries of one provider, and takes over the events of its receivers. The sweeper has one for
/// each provider.
#[derive(Clone, Copy, Debug)]
pub struct DeferredVerifier(fn(Services) -> Verifying);

/// The number of deliveries that became events, and the first fault.
type Verifying = Pin<Box<dyn Future<Output = (usize, Option<Fault>)> + Send>>;

impl DeferredVerifier {
    /// The verifier for this provider's deliveries.
    pub fn of<P: Provider>() -> Self {
        Self(|services| Box::pin(verify_deferred::<P>(services)))
    }

    /// Verifies the deferred deliveries of every store whose credentials can be read again, in the order of arrival. It
    /// may be stopped at any time: the next run continues.
    pub async fn verify(self, services: Services) -> (usize, Option<Fault>) {
        (self.0)(services).await
    }
}

async fn verify_deferred<P: Provider>(services: Services) -> (usize, Option<Fault>) {
    let handed_over = services.table.pending.take_over(P::NAME, clock::now()).await;
    let quarantine = TableQuarantine::new(&services.table, P::NAME);
    let Markers { open, settled } = match quarantine.markers().await {
        Ok(markers) => markers,
        Err(fault) => return (0, Some(fault)),
    };
    // Each run has a new cache, because no earlier result may be used.
    let secrets = SsmSecrets::<P>::new(services.ssm, &services.stage);
    let (mut accepted, mut failed, mut unknown) = (0_usize, handed_over.err(), Vec::new());
    for marker in open {
        let name = &marker.store;
        let result = match secrets.store(name).await {
            // Credentials cannot be read yet: the marker stays for the next run.
            Err(fault) => Err(fault),
            Ok(None) => {
                unknown.push(marker);
                Ok(())
            }
            Ok(Some(_)) => {
                let (sum, _) = watch::channel(Reverified::default());
                let (events, queue) = (&services.table.events, &services.queue);
                let scope = Scope::Deferred;
                let run =
                    Box::pin(reverify::<P>(&quarantine, &secrets, events, queue, name, scope, &sum)).await;
                let sum = sum.send_replace(Reverified::default());
                accepted = accepted.saturating_add(sum.accepted);
                let transient = sum.failed.into_iter().find(|fault| fault.kind == FaultKind::Transient);
                match (run, transient) {
                    (Err(fault), _) | (Ok(()), Some(fault)) => Err(fault),
                    (Ok(()), None) => quarantine.note_verified(&marker).await,
                }
            }
        };
        failed = failed.or(result.err());
    }
    // After all stores that exist, because a flood of invented names may have left many markers, and a run has little time.
    // The requests for a store that does not exist stay in quarantine until they expire.
    for marker in unknown {
        failed = failed.or(quarantine.note_verified(&marker).await.err());
    }
    for marker in settled {
        failed = failed.or(quarantine.delete_marker(&marker).await.err());
    }
    (accepted, failed)
}
