//! The limits of each step of a receiver. With them every delivery is answered in time, even if AWS does not respond.
//!
//! Their sum is below the function's `Timeout`, and that is below the limits of API Gateway and the providers. A test
//! of the repository adds them up. A step that exceeds its limit counts as failed: if the DynamoDB write times out, the
//! event is sent to SQS with its body; if the SQS send times out, the sweeper sends the event later; if both do, the
//! response is a 503.

use std::time::Duration;

/// Reading a store's credentials, with all retries. After it, the delivery is quarantined.
pub const SECRETS: Duration = Duration::from_secs(4);

/// Reading a store's credentials once more, for a delivery that fails verification.
pub const REREAD: Duration = Duration::from_secs(2);

/// Listing the names of a provider's stores, at the same time as the first read or instead of one.
pub const STORE_NAMES: Duration = Duration::from_secs(1);

/// Reading the names that the instances share, and claiming the next list, within [`STORE_NAMES`]. After it, an instance
/// has time to list the names itself.
pub(crate) const SHARED_NAMES: Duration = Duration::from_millis(500);

/// All calls that store one event: the chunks of a body of 6 MB, the event, some updates of the entity's latest event,
/// and the receipt of a duplicate's original.
pub const JOURNAL: Duration = Duration::from_secs(8);

/// One message: two attempts that hang.
pub const QUEUE: Duration = Duration::from_secs(4);

/// One quarantined request. The delivery is rejected in any case. A deferred request, whose body may have 6 MB, has the
/// time of [`JOURNAL`] instead.
pub const QUARANTINE: Duration = Duration::from_secs(2);

/// Opening the connections before the first delivery. The delivery waits for it.
pub const PRECONNECT: Duration = Duration::from_secs(2);

/// Maximum time that a delivery waits for services: secrets twice, then the journal and the queue, or the quarantine.
pub const MAX_IO: Duration = {
    let verifying = STORE_NAMES.saturating_add(SECRETS).saturating_add(REREAD);
    let storing = JOURNAL.saturating_add(QUEUE);
    verifying.saturating_add(if storing.as_secs() > QUARANTINE.as_secs() { storing } else { QUARANTINE })
};

/// Maximum time of a whole virtual processor for a delivery of nearly 6 MB of bytes that hardly compress: from the API
/// Gateway event to the compressed body, message and fallback. Measured in a release build on an x86-64 server: 0.33 s
/// on an idle core, up to 0.97 s on a shared one. The limit is for the shared core.
pub const MAX_CPU: Duration = Duration::from_secs(1);

/// The memory in MB at which Lambda gives a function one whole virtual processor. Less memory gives less in proportion.
pub const MEMORY_OF_A_PROCESSOR: u64 = 1_769;

/// The time that API Gateway waits: 29 s for a REST API, 30 s for an HTTP API. The limit is the shorter one.
pub const GATEWAY: Duration = Duration::from_secs(29);
