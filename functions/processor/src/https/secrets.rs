//! The secrets that sign requests to the endpoint, from Parameter Store: `/inlet-consumer/{stage}`, a JSON list of
//! `whsec_…`. All of them sign. They are cached as the stores' credentials are.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_ssm::Client;
use inlet::fault::Fault;
use inlet_aws::client::connect::describe_sdk_error;
use serde_json::Value;
use tokio::sync::Mutex;

pub(super) use super::signature::SigningKey;

/// Maximum time of a read.
pub(super) const READ: Duration = Duration::from_secs(4);

/// The lifetime of cached secrets.
const TTL: Duration = Duration::from_mins(5);

/// Maximum time for which old secrets are used while new ones cannot be read.
const MAX_STALE: Duration = Duration::from_hours(1);

/// Minimum time between two reads: after a failed one, and after an answer that refuses the signature.
const REREAD_INTERVAL: Duration = Duration::from_secs(10);

const UNREADABLE: &str = "the secrets that sign cannot be read";

/// The secrets of the stage.
pub(super) struct Secrets {
    client: Client,
    name: String,
    cache: Mutex<Cache>,
}

/// The secrets of the last read.
pub(super) type Keys = Arc<Vec<SigningKey>>;

#[derive(Default)]
struct Cache {
    read: Option<(Keys, Instant)>,
    tried_at: Option<Instant>,
}

impl Cache {
    fn younger_than(&self, age: Duration, now: Instant) -> Option<Keys> {
        let (keys, read_at) = self.read.as_ref()?;
        (now.saturating_duration_since(*read_at) < age).then(|| Arc::clone(keys))
    }

    fn was_tried_lately(&self, now: Instant) -> bool {
        self.tried_at.is_some_and(|at| now.saturating_duration_since(at) < REREAD_INTERVAL)
    }
}

impl Secrets {
    /// The secrets in `/inlet-consumer/{stage}`.
    pub(super) fn new(client: Client, stage: &str) -> Self {
        Self { client, name: format!("/inlet-consumer/{stage}"), cache: Mutex::default() }
    }

    /// Returns the secrets, at least one.
    ///
    /// # Errors
    /// If they cannot be read, or none is usable: nothing is sent without a signature.
    pub(super) async fn current(&self) -> Result<Keys, Fault> {
        // Requests that are sent at the same time wait for one read.
        let mut cache = self.cache.lock().await;
        let now = Instant::now();
        if let Some(keys) = cache.younger_than(TTL, now) {
            return Ok(keys);
        }
        let stale = cache.younger_than(MAX_STALE, now);
        match stale {
            Some(keys) if cache.was_tried_lately(now) => Ok(keys),
            stale => match self.read(&mut cache).await {
                Ok(keys) => Ok(keys),
                Err(fault) => stale.ok_or(fault),
            },
        }
    }

    /// Reads the secrets once more, at most every ten seconds, and returns them if they have changed.
    pub(super) async fn changed_since(&self, known: &[SigningKey]) -> Option<Keys> {
        let mut cache = self.cache.lock().await;
        let now = Instant::now();
        let keys = if cache.was_tried_lately(now) {
            cache.younger_than(TTL, now)?
        } else {
            self.read(&mut cache).await.ok()?
        };
        (keys.as_slice() != known).then_some(keys)
    }

    async fn read(&self, cache: &mut Cache) -> Result<Keys, Fault> {
        cache.tried_at = Some(Instant::now());
        let get = self.client.get_parameters().names(&self.name).with_decryption(true).send();
        let late = |_| Fault::transient(UNREADABLE, format!("no answer within {} s", READ.as_secs()));
        let output = tokio::time::timeout(READ, Box::pin(get)).await.map_err(late)?;
        let output = output.map_err(|error| Fault::transient(UNREADABLE, describe_sdk_error(&error)))?;
        let list = output.parameters().first().and_then(|parameter| parameter.value());
        let keys = parse(list.ok_or_else(|| Fault::transient(UNREADABLE, "there is no such parameter"))?);
        if keys.is_empty() {
            return Err(Fault::transient(
                UNREADABLE,
                "none of them is whsec_ and the base64 of 24 to 64 bytes",
            ));
        }
        let keys = Arc::new(keys);
        cache.read = Some((Arc::clone(&keys), Instant::now()));
        Ok(keys)
    }
}

/// Reads a list of secrets. One that cannot be used does not spoil the others.
fn parse(list: &str) -> Vec<SigningKey> {
    let list: Vec<Value> = serde_json::from_str(list).unwrap_or_default();
    list.iter().filter_map(|secret| SigningKey::parse(secret.as_str()?)).collect()
}
