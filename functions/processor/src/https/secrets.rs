//! The secrets that sign requests to the endpoint, from Parameter Store: `/inlet-consumer/{stage}`, a JSON list of
//! `whsec_…`. All of them sign. They are cached as the stores' credentials are.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_ssm::Client;
use inlet::fault::Fault;
use inlet_aws::client::connect::describe_sdk_error;
use serde_json::Value;
use tokio::sync::Mutex;

pub(super) use inlet::process::signature::SigningKey;

/// Maximum time of a read.
pub(super) const READ: Duration = Duration::from_secs(4);

/// The lifetime of cached secrets.
const TTL: Duration = Duration::from_mins(5);

/// Maximum time for which old secrets are used while new ones cannot be read.
const MAX_STALE: Duration = Duration::from_hours(1);

/// Minimum time between two reads: after a failed one, and after a response that refuses the signature.
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
    /// The reason that the last read failed.
    failure: Option<String>,
}

impl Cache {
    fn younger_than(&self, age: Duration, now: Instant) -> Option<Keys> {
        let (keys, read_at) = self.read.as_ref()?;
        (now.saturating_duration_since(*read_at) < age).then(|| Arc::clone(keys))
    }

    fn was_tried_recently(&self, now: Instant) -> bool {
        self.tried_at.is_some_and(|at| now.saturating_duration_since(at) < REREAD_INTERVAL)
    }
}

impl Secrets {
    /// Returns the secrets in `/inlet-consumer/{stage}`.
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
        if !cache.was_tried_recently(now) {
            return self.read(&mut cache).await.or_else(|fault| stale.ok_or(fault));
        }
        // Each of the waiting requests would otherwise spend the time of a read of its own.
        let failure = cache.failure.clone().unwrap_or_default();
        stale.ok_or_else(|| Fault::transient(UNREADABLE, failure))
    }

    /// Reads the secrets once more, at most every ten seconds, and returns them if they have changed.
    pub(super) async fn changed_since(&self, known: &[SigningKey]) -> Option<Keys> {
        let mut cache = self.cache.lock().await;
        let now = Instant::now();
        let keys = if cache.was_tried_recently(now) {
            cache.younger_than(TTL, now)?
        } else {
            self.read(&mut cache).await.ok()?
        };
        (keys.as_slice() != known).then_some(keys)
    }

    #[cfg(test)]
    pub(super) async fn forget_last_read(&self) {
        self.cache.lock().await.tried_at = None;
    }

    async fn read(&self, cache: &mut Cache) -> Result<Keys, Fault> {
        cache.tried_at = Some(Instant::now());
        let result = self.get().await;
        cache.failure = result.as_ref().err().cloned();
        match result {
            Ok(keys) => {
                cache.read = Some((Arc::clone(&keys), Instant::now()));
                Ok(keys)
            }
            Err(story) => Err(Fault::transient(UNREADABLE, story)),
        }
    }

    /// Returns the secrets, or the reason that they cannot be read.
    async fn get(&self) -> Result<Keys, String> {
        let get = self.client.get_parameters().names(&self.name).with_decryption(true).send();
        let late = |_| format!("no response within {} s", READ.as_secs());
        let output = tokio::time::timeout(READ, Box::pin(get)).await.map_err(late)?;
        let output = output.map_err(|error| describe_sdk_error(&error))?;
        let list = output.parameters().first().and_then(|parameter| parameter.value());
        let keys = parse(list.ok_or("there is no such parameter")?);
        if keys.is_empty() {
            return Err("no secret has the form whsec_ and base64 of 24 to 64 bytes".to_owned());
        }
        Ok(Arc::new(keys))
    }
}

/// Reads a list of secrets. Secrets that cannot be used are skipped.
fn parse(list: &str) -> Vec<SigningKey> {
    let list: Vec<Value> = serde_json::from_str(list).unwrap_or_default();
    list.iter().filter_map(|secret| SigningKey::parse(secret.as_str()?)).collect()
}
