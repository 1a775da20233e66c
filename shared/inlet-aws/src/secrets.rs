//! The stores' credentials and settings in Parameter Store, with a cache: one parameter for each store, read at its
//! first delivery.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_ssm::Client;
use inlet::fault::Fault;
use inlet::provider::Provider;
use inlet::receive::{Secrets, Store};
use inlet::store::StoreName;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::connect::describe_sdk_error;
use crate::client::rate_limit::TokenBucket;
use crate::telemetry::timing::{Step, measure, with_timeout};

/// The time to live of a store. A rotation keeps the old credential for longer than this.
const TTL: Duration = Duration::from_mins(5);

/// The time to live of an unknown store, so that many deliveries to it cost one read.
const NEGATIVE_TTL: Duration = Duration::from_mins(1);

/// The least time between two reads of a store that deliveries which fail verification cause.
const REREAD_INTERVAL: Duration = Duration::from_secs(10);

/// The token bucket for stores that are not in the cache. Parameter Store takes 40 calls a second for the whole
/// account, and an attacker can make up many names.
const BURST: u32 = 20;
const REFILL_INTERVAL: Duration = Duration::from_millis(500);

/// The most entries in the cache. Beyond it, unknown stores are removed.
const MAX_ENTRIES: usize = 10_000;

const UNREADABLE: &str = "the store's secrets cannot be read";

/// The secrets of a provider's stores.
pub struct SsmSecrets<P: Provider> {
    client: Client,
    path: String,
    cache: Mutex<Cache<P>>,
}

impl<P: Provider> Secrets<P> for SsmSecrets<P> {
    async fn store(&self, name: &StoreName) -> Result<Option<Arc<Store<P>>>, Fault> {
        let mut has_waited = false;
        let expired = loop {
            let lookup = self.cache().look_up(name, Instant::now());
            match lookup {
                Lookup::Hit(store) => return Ok(store),
                Lookup::Expired(expired) => break expired,
                Lookup::RateLimited if has_waited => {
                    return Err(Fault::transient(UNREADABLE, "too many new stores at once"));
                }
                // A function instance works on one delivery at a time, so nothing else waits for this.
                Lookup::RateLimited => measure(Step::Secrets, tokio::time::sleep(REFILL_INTERVAL)).await,
            }
            has_waited = true;
        };
        match self.read(name).await {
            Ok(store) if is_usable(store.as_deref()) || expired.is_none() => {
                self.cache().remember(name, store.clone(), Instant::now());
                Ok(store)
            }
            // The expired credentials are better than none. The next delivery reads the store again.
            Ok(_) => Ok(expired),
            Err(fault) => expired.map(Some).ok_or(fault),
        }
    }

    async fn refresh(&self, name: &StoreName) -> Option<Arc<Store<P>>> {
        if !self.cache().may_reread(name, Instant::now()) {
            return None;
        }
        let store = self.read(name).await.ok().filter(|store| is_usable(store.as_deref()))?;
        self.cache().remember(name, store.clone(), Instant::now());
        store
    }
}

/// Returns whether a read may replace what the cache has: a store without a usable credential may not, an unknown store
/// may.
fn is_usable<P: Provider>(store: Option<&Store<P>>) -> bool {
    store.is_none_or(|store| !store.credentials.is_empty())
}

impl<P: Provider> SsmSecrets<P> {
    /// The secrets under `/inlet/{stage}/{provider}/`.
    pub fn new(client: Client, stage: &str) -> Self {
        let path = format!("/inlet/{stage}/{}", P::NAME);
        Self { client, path, cache: Mutex::new(Cache::new(Instant::now())) }
    }

    fn cache(&self) -> MutexGuard<'_, Cache<P>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a store's two parameters, `{store}` and `{store}/settings`, in one call. Returns nothing if the first does
    /// not exist.
    fn read(&self, name: &StoreName) -> impl Future<Output = Result<Option<Arc<Store<P>>>, Fault>> + use<P> {
        let credentials = format!("{}/{name}", self.path);
        let settings = format!("{credentials}/settings");
        let get = self.client.get_parameters().names(&credentials).names(&settings).with_decryption(true);
        let reading = async {
            get.send().await.map_err(|error| Fault::transient(UNREADABLE, describe_sdk_error(&error)))
        };
        let reading = with_timeout(Step::Secrets, UNREADABLE, reading);
        async move {
            let output = reading.await?;
            let value = |wanted: &str| {
                let parameter = output.parameters().iter().find(|parameter| parameter.name() == Some(wanted));
                parameter.and_then(|parameter| parameter.value())
            };
            let Some(list) = value(&credentials) else {
                return Ok(None);
            };
            let credentials = usable_credentials(list);
            let settings = value(&settings);
            let defaults = settings.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
            let settings = settings.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
            Ok(Some(Arc::new(Store { credentials, settings, defaults })))
        }
    }
}

/// Returns the usable credentials of a parameter's list. An entry that is unusable does not affect the others. A value
/// that is no list has none, so that deliveries are quarantined until an operator repairs it.
fn usable_credentials<C: DeserializeOwned>(list: &str) -> Vec<C> {
    let list: Vec<Value> = serde_json::from_str(list).unwrap_or_default();
    list.into_iter().filter_map(|entry| serde_json::from_value(entry).ok()).collect()
}

struct Cache<P: Provider> {
    entries: HashMap<StoreName, Entry<P>>,
    lookup_limit: TokenBucket,
}

struct Entry<P: Provider> {
    store: Option<Arc<Store<P>>>,
    read_at: Instant,
    tried_at: Instant,
}

/// The result of a look-up.
enum Lookup<P: Provider> {
    /// The cache has the store, or that it is unknown.
    Hit(Option<Arc<Store<P>>>),
    /// The store must be read. This is the expired entry, for when that fails.
    Expired(Option<Arc<Store<P>>>),
    /// The store must be read, and the token bucket is empty.
    RateLimited,
}

impl<P: Provider> Cache<P> {
    fn new(now: Instant) -> Self {
        Self { entries: HashMap::new(), lookup_limit: TokenBucket::new(BURST, REFILL_INTERVAL, now) }
    }

    fn look_up(&mut self, name: &StoreName, now: Instant) -> Lookup<P> {
        let entry = self.entries.get(name);
        let age = |entry: &Entry<P>| now.saturating_duration_since(entry.read_at);
        match entry {
            Some(entry) if entry.store.is_some() && age(entry) < TTL => Lookup::Hit(entry.store.clone()),
            Some(entry) if entry.store.is_some() => Lookup::Expired(entry.store.clone()),
            Some(entry) if age(entry) < NEGATIVE_TTL => Lookup::Hit(None),
            _ if self.lookup_limit.try_acquire(1, now) => Lookup::Expired(None),
            _ => Lookup::RateLimited,
        }
    }

    /// Returns whether a store may be read again before it expires, and counts that as a try.
    fn may_reread(&mut self, name: &StoreName, now: Instant) -> bool {
        let Some(entry) = self.entries.get_mut(name) else {
            return false;
        };
        let may = now.saturating_duration_since(entry.tried_at) >= REREAD_INTERVAL;
        if may {
            // Not `read_at`: a try that fails renews nothing.
            entry.tried_at = now;
        }
        may
    }

    fn remember(&mut self, name: &StoreName, store: Option<Arc<Store<P>>>, now: Instant) {
        if self.entries.len() >= MAX_ENTRIES {
            self.entries.retain(|_, entry| entry.store.is_some());
        }
        self.entries.insert(name.clone(), Entry { store, read_at: now, tried_at: now });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inlet::delivery::Delivery;
    use inlet::proof::{Claim, Rejection, Verified};
    use inlet::provider::parsed_event::{ParsedEvent, UnknownReason};
    use inlet::provider::response::{Outcome, Response};
    use inlet::provider::retry_policy::RetryPolicy;
    use inlet::request::Unverified;

    /// A provider for the tests. The cache treats all providers alike.
    struct TestProvider;

    impl Provider for TestProvider {
        const NAME: &'static str = "test";
        const RETRY_POLICY: RetryPolicy = RetryPolicy::not_documented("test");
        type Credential = String;
        type Settings = ();

        fn claim(_: &Unverified, _: &String) -> Result<Claim, Rejection> {
            Err(Rejection::NoCredentialForTopic)
        }

        fn parse(_: &Verified<Delivery>) -> ParsedEvent {
            ParsedEvent::unknown("", UnknownReason::Event, None)
        }

        fn respond(_: &Outcome<'_>, (): &()) -> Response {
            Response::ok(Value::Null)
        }
    }

    fn name(text: &str) -> StoreName {
        StoreName::parse(text).unwrap()
    }

    fn cache(now: Instant) -> Cache<TestProvider> {
        Cache::new(now)
    }

    fn store() -> Arc<Store<TestProvider>> {
        Arc::new(Store {
            credentials: vec![],
            settings: (),
            defaults: inlet::canonical::StoreDefaults::default(),
        })
    }

    /// Returns the time less a millisecond.
    fn almost(time: Duration) -> Duration {
        time.saturating_sub(Duration::from_millis(1))
    }

    #[test]
    fn a_known_store_is_read_once_in_five_minutes() {
        let now = Instant::now();
        let mut cache = cache(now);
        assert!(matches!(cache.look_up(&name("a"), now), Lookup::Expired(None)));
        cache.remember(&name("a"), Some(store()), now);
        assert!(matches!(cache.look_up(&name("a"), now + almost(TTL)), Lookup::Hit(Some(_))));
        assert!(matches!(cache.look_up(&name("a"), now + TTL), Lookup::Expired(Some(_))));
    }

    #[test]
    fn an_unknown_store_is_remembered_for_a_minute() {
        let now = Instant::now();
        let mut cache = cache(now);
        cache.remember(&name("a"), None, now);
        assert!(matches!(cache.look_up(&name("a"), now + almost(NEGATIVE_TTL)), Lookup::Hit(None)));
        assert!(matches!(cache.look_up(&name("a"), now + NEGATIVE_TTL), Lookup::Expired(None)));
    }

    #[test]
    fn many_unknown_names_do_not_exhaust_the_accounts_calls() {
        let now = Instant::now();
        let mut cache = cache(now);
        let reads = (0..1_000)
            .filter(|n| !matches!(cache.look_up(&name(&format!("s{n}")), now), Lookup::RateLimited))
            .count();
        assert_eq!(reads, 20);
        let later = now + REFILL_INTERVAL * 3;
        let reads = (0..1_000)
            .filter(|n| !matches!(cache.look_up(&name(&format!("t{n}")), later), Lookup::RateLimited))
            .count();
        assert_eq!(reads, 3);
    }

    #[test]
    fn failed_verifications_reread_a_store_once_in_ten_seconds() {
        let now = Instant::now();
        let mut cache = cache(now);
        assert!(!cache.may_reread(&name("a"), now), "an unknown store");
        cache.remember(&name("a"), Some(store()), now);
        assert!(!cache.may_reread(&name("a"), now + almost(REREAD_INTERVAL)));
        assert!(cache.may_reread(&name("a"), now + REREAD_INTERVAL));
        assert!(
            !cache.may_reread(&name("a"), now + REREAD_INTERVAL + REFILL_INTERVAL),
            "a flood of deliveries that fail verification"
        );
        assert!(
            matches!(cache.look_up(&name("a"), now + TTL), Lookup::Expired(Some(_))),
            "a try renews nothing"
        );
    }

    #[test]
    fn an_unusable_credential_does_not_affect_the_others() {
        assert_eq!(usable_credentials::<String>(r#"["new", {"not": "one"}, "old"]"#), ["new", "old"]);
        for list in ["[]", "{}", "nonsense", r#"[{"not": "one"}]"#] {
            assert!(usable_credentials::<String>(list).is_empty(), "{list}");
        }
    }
}
