//! How long each step of a receiver may take, so that every delivery is answered in time, whatever AWS does.
//!
//! The sum of all of them stays below the function's `Timeout`, and that below what API Gateway and the providers
//! wait: a test of the repository adds them up. A step that is late fails like any other: the journal's lateness
//! leads to the queue, the queue's to the sweeper, both to a 503.

use std::future::Future;
use std::time::Duration;

use inlet::fault::Fault;

/// The time in which a store's credentials are read, with all retries. After it the delivery is quarantined.
pub const SECRETS: Duration = Duration::from_secs(4);

/// The time in which credentials are read once more for a delivery that does not verify.
pub const REREAD: Duration = Duration::from_secs(2);

/// The time in which the names of a provider's stores are listed.
pub const STORE_NAMES: Duration = Duration::from_secs(1);

/// The journal with everything that it writes and reads for one event: the pieces of a body of 6 MB, a
/// transaction as often as it meets another one, and the receipt of an event that is there.
pub const JOURNAL: Duration = Duration::from_secs(8);

/// One message. Two hung tries.
pub const QUEUE: Duration = Duration::from_secs(4);

/// One item. Whoever waits for it is to be refused anyway.
pub const QUARANTINE: Duration = Duration::from_secs(2);

/// The connections that are opened before the first delivery, which already waits for them.
pub const PRECONNECT: Duration = Duration::from_secs(2);

/// The longest that a delivery waits for others: secrets twice, then the journal and the queue, or the quarantine.
pub const MAX_IO: Duration = {
    let proving = SECRETS.saturating_add(REREAD);
    let keeping = JOURNAL.saturating_add(QUEUE);
    proving.saturating_add(if keeping.as_secs() > QUARANTINE.as_secs() { keeping } else { QUARANTINE })
};

/// The longest that a delivery of nearly 6 MB keeps a whole virtual processor busy, from the gateway's event to the
/// compressed body, message and fallback, of bytes that hardly compress. Measured in a release build on an x86-64
/// server: 0.33 s on a core of its own, up to 0.97 s on one that several programs shared. The latter is taken.
pub const MAX_CPU: Duration = Duration::from_secs(1);

/// The memory in MB at which Lambda gives a function one whole virtual processor; less is less in proportion.
pub const MEMORY_OF_A_PROCESSOR: u64 = 1_769;

/// How long API Gateway waits: 30 s in front of an HTTP API, 29 s in front of a REST API; the shorter will do.
pub const GATEWAY: Duration = Duration::from_secs(29);

/// What `work` comes to, or a fault when it takes longer than `limit`.
pub(crate) async fn with_timeout<T>(
    limit: Duration,
    what: &'static str,
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    let late = |_| Fault::transient(what, format!("not done within {} s", limit.as_secs()));
    // In a box, as the steps of the SDK's calls would make the receiver's own steps large.
    tokio::time::timeout(limit, Box::pin(work)).await.map_err(late)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_never_ends_is_a_fault_in_time() {
        let never = std::future::pending::<Result<(), Fault>>();
        let fault =
            with_timeout(Duration::from_millis(20), "the work cannot be done", never).await.unwrap_err();
        assert_eq!(fault.chain(), "the work cannot be done: not done within 0 s");
    }

    #[tokio::test]
    async fn work_that_ends_is_what_it_came_to() {
        let done = async { Ok(7) };
        assert_eq!(with_timeout(QUEUE, "the work cannot be done", done).await.unwrap(), 7);
    }
}
