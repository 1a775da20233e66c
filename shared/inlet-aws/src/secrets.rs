//! The stores' secrets in Parameter Store, kept at hand: a parameter a store, read on its first delivery.

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
use crate::client::timeouts;

/// How long a reading is good for. A rotation keeps the old credential live for longer than this.
const TTL: Duration = Duration::from_mins(5);

/// How long an unknown store is remembered, so that asking for it again costs nothing.
const NEGATIVE_TTL: Duration = Duration::from_mins(1);

/// How often deliveries that do not verify may have a store's secrets read again.
const REREAD_INTERVAL: Duration = Duration::from_secs(10);

/// How many stores nobody has asked for before may be looked up in a burst, and one more in how much time:
/// Parameter Store answers 40 calls a second for the whole account, and a stranger can think of many names.
const BURST: u32 = 20;
const REFILL_INTERVAL: Duration = Duration::from_millis(500);

/// How many stores are remembered. Beyond it the unknown ones are forgotten.
const MAX_ENTRIES: usize = 10_000;

/// The secrets of a provider's stores.
pub struct SsmSecrets<P: Provider> {
    client: Client,
    path: String,
    cache: Mutex<Cache<P>>,
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

impl<P: Provider> Clone for Entry<P> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), read_at: self.read_at, tried_at: self.tried_at }
    }
}

/// What the cache says to a question.
enum Lookup<P: Provider> {
    /// The answer.
    Hit(Option<Arc<Store<P>>>),
    /// It has to be read; this is what to go by if that fails.
    Expired(Option<Arc<Store<P>>>),
    /// It would have to be read, and too many were.
    RateLimited,
}

impl<P: Provider> Cache<P> {
    fn look_up(&mut self, name: &StoreName, now: Instant) -> Lookup<P> {
        match self.entries.get(name) {
            Some(Entry { store: Some(store), read_at, .. }) => {
                let fresh = now.saturating_duration_since(*read_at) < TTL;
                if fresh { Lookup::Hit(Some(store.clone())) } else { Lookup::Expired(Some(store.clone())) }
            }
            Some(Entry { store: None, read_at, .. })
                if now.saturating_duration_since(*read_at) < NEGATIVE_TTL =>
            {
                Lookup::Hit(None)
            }
            _ if self.lookup_limit.try_acquire(1, now) => Lookup::Expired(None),
            _ => Lookup::RateLimited,
        }
    }

    /// Whether a store's secrets may be read again at once, and notes that they are.
    fn may_reread(&mut self, name: &StoreName, now: Instant) -> bool {
        let Some(entry) = self.entries.get_mut(name) else {
            return false;
        };
        let may = now.saturating_duration_since(entry.tried_at) >= REREAD_INTERVAL;
        if may {
            // Not `read_at`: a try that fails makes nothing fresh.
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

impl<P: Provider> SsmSecrets<P> {
    /// The secrets under `/inlet/{stage}/{provider}/`.
    pub fn new(client: Client, stage: &str) -> Self {
        let cache = Cache {
            entries: HashMap::new(),
            lookup_limit: TokenBucket::new(BURST, REFILL_INTERVAL, Instant::now()),
        };
        Self { client, path: format!("/inlet/{stage}/{}", P::NAME), cache: Mutex::new(cache) }
    }

    fn cache(&self) -> MutexGuard<'_, Cache<P>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a store's two parameters, `{store}` and `{store}/settings`, in one call.
    async fn read(&self, name: &StoreName) -> Result<Option<Arc<Store<P>>>, Fault> {
        let credentials = format!("{}/{name}", self.path);
        let settings = format!("{credentials}/settings");
        let get = self.client.get_parameters().names(&credentials).names(&settings).with_decryption(true);
        let reading = async {
            get.send().await.map_err(|error| {
                Fault::transient("the store's secrets cannot be read", describe_sdk_error(&error))
            })
        };
        let output =
            timeouts::with_timeout(timeouts::SECRETS, "the store's secrets cannot be read", reading).await?;
        let value = |wanted: &str| {
            let parameter = output.parameters().iter().find(|parameter| parameter.name() == Some(wanted));
            parameter.and_then(|parameter| parameter.value())
        };
        let Some(list) = value(&credentials) else {
            return Ok(None);
        };
        let credentials = live(list);
        let settings = value(&settings).and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        Ok(Some(Arc::new(Store { credentials, settings })))
    }
}

/// The credentials in a parameter's list. One that cannot be used does not spoil the others; what is no list has
/// none, so that what comes for the store is held until somebody mends it.
fn live<C: DeserializeOwned>(list: &str) -> Vec<C> {
    let list: Vec<Value> = serde_json::from_str(list).unwrap_or_default();
    list.into_iter().filter_map(|entry| serde_json::from_value(entry).ok()).collect()
}

impl<P: Provider> Secrets<P> for SsmSecrets<P> {
    async fn store(&self, name: &StoreName) -> Result<Option<Arc<Store<P>>>, Fault> {
        let lookup = self.cache().look_up(name, Instant::now());
        let old = match lookup {
            Lookup::Hit(answer) => return Ok(answer),
            Lookup::RateLimited => {
                // A function has one delivery at a time, so that waiting for the next allowance is fair.
                tokio::time::sleep(REFILL_INTERVAL).await;
                match self.cache().look_up(name, Instant::now()) {
                    Lookup::Hit(answer) => return Ok(answer),
                    Lookup::Expired(old) => old,
                    Lookup::RateLimited => {
                        return Err(Fault::transient(
                            "the store's secrets cannot be read",
                            "too many new stores at once",
                        ));
                    }
                }
            }
            Lookup::Expired(old) => old,
        };
        match (self.read(name).await, old) {
            // Old secrets are better than none. They are tried again with the next delivery.
            (Err(_), Some(old)) => Ok(Some(old)),
            (Ok(Some(store)), Some(old)) if store.credentials.is_empty() => Ok(Some(old)),
            (Ok(store), _) => {
                self.cache().remember(name, store.clone(), Instant::now());
                Ok(store)
            }
            (Err(fault), None) => Err(fault),
        }
    }

    async fn refresh(&self, name: &StoreName) -> Option<Arc<Store<P>>> {
        if !self.cache().may_reread(name, Instant::now()) {
            return None;
        }
        let store = self.read(name).await.ok()?;
        if store.as_ref().is_some_and(|store| store.credentials.is_empty()) {
            return None;
        }
        self.cache().remember(name, store.clone(), Instant::now());
        store
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

    /// A stand-in: the cache does not care whose secrets it keeps.
    struct Nobody;

    impl Provider for Nobody {
        const NAME: &'static str = "nobody";
        const RETRY_POLICY: RetryPolicy = RetryPolicy::not_documented("nobody");
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

    fn cache(now: Instant) -> Cache<Nobody> {
        Cache { entries: HashMap::new(), lookup_limit: TokenBucket::new(BURST, REFILL_INTERVAL, now) }
    }

    fn store() -> Arc<Store<Nobody>> {
        Arc::new(Store { credentials: vec![], settings: () })
    }

    /// A moment less than a time that has not passed yet.
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
    fn an_unknown_store_is_remembered_for_a_while_only() {
        let now = Instant::now();
        let mut cache = cache(now);
        cache.remember(&name("a"), None, now);
        assert!(matches!(cache.look_up(&name("a"), now + almost(NEGATIVE_TTL)), Lookup::Hit(None)));
        assert!(matches!(cache.look_up(&name("a"), now + NEGATIVE_TTL), Lookup::Expired(None)));
    }

    #[test]
    fn a_stranger_with_many_names_does_not_spend_the_accounts_calls() {
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
    fn wrong_proofs_have_a_store_read_again_once_in_ten_seconds() {
        let now = Instant::now();
        let mut cache = cache(now);
        assert!(!cache.may_reread(&name("a"), now), "a store that nobody knows");
        cache.remember(&name("a"), Some(store()), now);
        assert!(!cache.may_reread(&name("a"), now + almost(REREAD_INTERVAL)));
        assert!(cache.may_reread(&name("a"), now + REREAD_INTERVAL));
        assert!(
            !cache.may_reread(&name("a"), now + REREAD_INTERVAL + REFILL_INTERVAL),
            "a flood of wrong proofs"
        );
        assert!(
            matches!(cache.look_up(&name("a"), now + TTL), Lookup::Expired(Some(_))),
            "tries make nothing fresh"
        );
    }

    #[test]
    fn one_unusable_credential_does_not_spoil_the_others() {
        assert_eq!(live::<String>(r#"["new", {"not": "one"}, "old"]"#), ["new", "old"]);
        for list in ["[]", "{}", "nonsense", r#"[{"not": "one"}]"#] {
            assert!(live::<String>(list).is_empty(), "{list}");
        }
    }
}
