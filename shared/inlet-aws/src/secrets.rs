//! The stores' credentials in Parameter Store, cached: one parameter per store, read on its first delivery.
//!
//! An attacker can invent store names, and Parameter Store answers only 40 calls a second for the whole account. So a
//! receiver lists the names of its provider's stores once a minute, and an unlisted name costs no call.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_ssm::Client;
use inlet::fault::Fault;
use inlet::provider::Provider;
use inlet::receive::{Secrets, Store};
use inlet::store::StoreName;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::aws_error::AwsError;
use crate::client::rate_limit::TokenBucket;
use crate::client::timeouts;
use crate::telemetry::timing::{Step, with_timeout, within};

/// The lifetime of cached credentials. A rotation keeps the old credential valid for longer than this.
const TTL: Duration = Duration::from_mins(5);

/// Maximum time for which old credentials are used while new ones cannot be read. If the parameter stays damaged or its
/// access stays denied, deliveries must not be accepted without limit.
const MAX_STALE: Duration = Duration::from_hours(1);

/// Minimum time between two reads of the same store: for deliveries that fail verification, and after a failed read.
const REREAD_INTERVAL: Duration = Duration::from_secs(10);

/// The lifetime of the list of names: a new store is usable within a minute.
pub(crate) const NAMES_TTL: Duration = Duration::from_secs(50);

/// Minimum lifetime of the list for each page that it has, ten names: 24 instances ask for at most ten pages a second,
/// a quarter of what Parameter Store answers, however many stores there are. Up to 200 stores have the lifetime above.
const NAMES_TTL_OF_A_PAGE: Duration = Duration::from_millis(2_500);

/// Minimum time between two attempts to list the names.
const LIST_INTERVAL: Duration = Duration::from_secs(5);

/// The reads of stores that are not in a list with a longer lifetime than [`NAMES_TTL`]: a burst, and one more in each
/// interval. They make a new store usable within a minute if a provider has more than 200 of them. If it has fewer, an
/// unlisted name is never read.
const BURST: u32 = 2;
const REFILL_INTERVAL: Duration = Duration::from_mins(1);

/// The reads for deliveries that fail verification, of all stores of an instance: a burst, and one more in each
/// interval. A flood of forged deliveries to a hundred stores makes 24 instances read twelve times a second.
const REREAD_BURST: u32 = 10;
const REREAD_REFILL_INTERVAL: Duration = Duration::from_secs(2);

/// The reads of stores while no list can be had: a burst, and one more in each interval.
const BURST_WITHOUT_NAMES: u32 = 20;
const REFILL_INTERVAL_WITHOUT_NAMES: Duration = Duration::from_millis(500);

/// The first pause between two attempts to read credentials. Each further pause is twice as long.
const FIRST_RETRY: Duration = Duration::from_millis(100);

const UNREADABLE: &str = "the store's secrets cannot be read";

/// The credentials of a provider's stores.
pub struct SsmSecrets<P: Provider> {
    client: Client,
    path: String,
    cache: Mutex<Cache<P>>,
}

struct Cache<P: Provider> {
    stores: HashMap<StoreName, Entry<P>>,
    names: Names,
    unlisted_limit: TokenBucket,
    lookup_limit: TokenBucket,
    reread_limit: TokenBucket,
}

struct Entry<P: Provider> {
    store: Arc<Store<P>>,
    read_at: Instant,
    tried_at: Instant,
}

/// The names of a provider's stores, as they were last listed.
struct Names {
    /// The lifetime of a short list.
    least_ttl: Duration,
    /// The lifetime of this list.
    ttl: Duration,
    listed: Option<(HashSet<StoreName>, Instant)>,
    /// The pages of the next list so far, if there was no time for all of them.
    begun: Option<Pages>,
    tried_at: Option<Instant>,
}

/// Some pages of a list of names.
#[derive(Clone, Debug, Default)]
struct Pages {
    names: HashSet<StoreName>,
    count: u32,
    /// The token of the next page; `None` before the first one.
    next: Option<String>,
}

/// A name's state in the list of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listing {
    /// The store exists.
    Listed,
    /// There is no such store.
    NotListed,
    /// No list is current.
    Unknown,
}

impl Names {
    fn new(ttl: Duration) -> Self {
        Self { least_ttl: ttl, ttl, listed: None, begun: None, tried_at: None }
    }

    /// Returns true if the names must be listed again, and records the attempt.
    fn is_due(&mut self, now: Instant) -> bool {
        let is_current =
            self.listed.as_ref().is_some_and(|(_, at)| now.saturating_duration_since(*at) < self.ttl);
        let interval = LIST_INTERVAL.min(self.ttl);
        let was_tried = self.begun.is_none()
            && self.tried_at.is_some_and(|at| now.saturating_duration_since(at) < interval);
        let is_due = !is_current && !was_tried;
        if is_due {
            self.tried_at = Some(now);
        }
        is_due
    }

    /// Takes the whole list. The more pages it has, the longer it counts.
    fn complete(&mut self, pages: Pages, now: Instant) {
        if !self.least_ttl.is_zero() {
            self.ttl = self.least_ttl.max(NAMES_TTL_OF_A_PAGE.saturating_mul(pages.count));
        }
        (self.listed, self.begun) = (Some((pages.names, now)), None);
    }

    fn find(&self, name: &StoreName, now: Instant) -> Listing {
        if self.begun.as_ref().is_some_and(|pages| pages.names.contains(name)) {
            return Listing::Listed;
        }
        match &self.listed {
            Some((names, _)) if names.contains(name) => Listing::Listed,
            // A list that was just read counts as current, even if its lifetime is shorter.
            Some((_, at)) if now.saturating_duration_since(*at) < self.ttl.max(timeouts::STORE_NAMES) => {
                Listing::NotListed
            }
            _ => Listing::Unknown,
        }
    }
}

/// The result of a look-up in the cache.
enum Lookup<P: Provider> {
    /// These credentials are used.
    Hit(Arc<Store<P>>),
    /// They have to be read; these are used if that fails.
    Expired(Option<Arc<Store<P>>>),
}

impl<P: Provider> Cache<P> {
    fn new(names_ttl: Duration, now: Instant) -> Self {
        Self {
            stores: HashMap::new(),
            names: Names::new(names_ttl),
            unlisted_limit: TokenBucket::new(BURST, REFILL_INTERVAL, now),
            lookup_limit: TokenBucket::new(BURST_WITHOUT_NAMES, REFILL_INTERVAL_WITHOUT_NAMES, now),
            reread_limit: TokenBucket::new(REREAD_BURST, REREAD_REFILL_INTERVAL, now),
        }
    }

    fn look_up(&self, name: &StoreName, now: Instant) -> Lookup<P> {
        let Some(Entry { store, read_at, tried_at }) = self.stores.get(name) else {
            return Lookup::Expired(None);
        };
        let (age, tried) =
            (now.saturating_duration_since(*read_at), now.saturating_duration_since(*tried_at));
        if age < TTL || (age < MAX_STALE && tried < REREAD_INTERVAL) {
            return Lookup::Hit(Arc::clone(store));
        }
        Lookup::Expired((age < MAX_STALE).then(|| Arc::clone(store)))
    }

    /// Returns true if a store's credentials may be read again now, and records the attempt.
    fn may_reread(&mut self, name: &StoreName, now: Instant) -> bool {
        let Some(entry) = self.stores.get_mut(name) else {
            return false;
        };
        let may = now.saturating_duration_since(entry.tried_at) >= REREAD_INTERVAL
            && self.reread_limit.try_acquire(1, now);
        if may {
            // `read_at` stays: a failed attempt does not renew the credentials.
            entry.tried_at = now;
        }
        may
    }

    /// Returns true if a name that is not listed may be read, and records the read.
    fn may_read_unlisted(&mut self, now: Instant) -> bool {
        self.names.ttl > NAMES_TTL && self.unlisted_limit.try_acquire(1, now)
    }

    /// Caches the result of a read. `None` removes the store.
    fn remember(&mut self, name: &StoreName, store: Option<Arc<Store<P>>>, now: Instant) {
        match store {
            Some(store) => {
                self.stores.insert(name.clone(), Entry { store, read_at: now, tried_at: now });
            }
            None => {
                self.stores.remove(name);
            }
        }
    }

    /// Records a failed read, so that the next deliveries do not wait for another one.
    fn note_failure(&mut self, name: &StoreName, now: Instant) {
        if let Some(entry) = self.stores.get_mut(name) {
            entry.tried_at = now;
        }
    }
}

/// The content of a store's parameter.
enum Parameter<P: Provider> {
    /// There is no such parameter.
    Absent,
    /// A list with usable credentials, or an empty one: the store's credentials were revoked.
    Readable(Arc<Store<P>>),
    /// Not a list, or a list in which nothing is usable.
    Unreadable(Arc<Store<P>>),
}

impl<P: Provider> SsmSecrets<P> {
    /// The credentials under `/inlet/{stage}/{provider}/`.
    pub fn new(client: Client, stage: &str) -> Self {
        Self::with_names_ttl(client, stage, NAMES_TTL)
    }

    /// The credentials under `/inlet/{stage}/{provider}/`, with another lifetime of the list of names.
    pub(crate) fn with_names_ttl(client: Client, stage: &str, names_ttl: Duration) -> Self {
        let cache = Mutex::new(Cache::new(names_ttl, Instant::now()));
        Self { client, path: format!("/inlet/{stage}/{}", P::NAME), cache }
    }

    fn cache(&self) -> MutexGuard<'_, Cache<P>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lists the names of the provider's stores, if the list is not current. If there is no time for all pages, the
    /// next delivery continues. After a failure the next attempt begins again.
    async fn list_names(&self) {
        if !self.cache().names.is_due(Instant::now()) {
            return;
        }
        let listing = async {
            loop {
                let pages = self.cache().names.begun.clone().unwrap_or_default();
                match self.next_page(pages).await {
                    Ok(pages) if pages.next.is_some() => self.cache().names.begun = Some(pages),
                    Ok(pages) => {
                        self.cache().names.complete(pages, Instant::now());
                        return Ok(());
                    }
                    Err(fault) => {
                        self.cache().names.begun = None;
                        return Err(fault);
                    }
                }
            }
        };
        // Without a list, names are looked up one by one, at a limited rate.
        let _ = with_timeout(Step::StoreNames, UNREADABLE, listing).await;
    }

    /// Reads the next page of names.
    async fn next_page(&self, mut pages: Pages) -> Result<Pages, Fault> {
        let request = self.client.get_parameters_by_path().path(&self.path).max_results(10);
        let page = request.set_next_token(pages.next.take()).send().await;
        let page = page.map_err(|error| Fault::transient(UNREADABLE, AwsError::of(&error)))?;
        let last_part = |path: &str| StoreName::parse(path.rsplit('/').next()?).ok();
        pages.names.extend(page.parameters().iter().filter_map(|parameter| last_part(parameter.name()?)));
        pages.count = pages.count.saturating_add(1);
        pages.next = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        Ok(pages)
    }

    /// Reads a store's two parameters, `{store}` and `{store}/settings`, in one call.
    async fn read(&self, name: &StoreName) -> Result<Parameter<P>, Fault> {
        let credentials = format!("{}/{name}", self.path);
        let settings = format!("{credentials}/settings");
        let get = self.client.get_parameters().names(&credentials).names(&settings).with_decryption(true);
        let output = get.send().await.map_err(|error| Fault::transient(UNREADABLE, AwsError::of(&error)))?;
        let value = |wanted: &str| {
            let parameter = output.parameters().iter().find(|parameter| parameter.name() == Some(wanted));
            parameter.and_then(|parameter| parameter.value())
        };
        let Some(list) = value(&credentials) else {
            return Ok(Parameter::Absent);
        };
        let settings = value(&settings);
        let defaults = settings.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        let settings = settings.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        let Usable { credentials, is_readable } = usable_credentials(list);
        let store = Arc::new(Store { credentials, settings, defaults });
        Ok(if is_readable { Parameter::Readable(store) } else { Parameter::Unreadable(store) })
    }

    /// Reads a store, and repeats a failed read until the time limit.
    async fn read_with_retries(&self, name: &StoreName) -> Result<Parameter<P>, Fault> {
        let started = Instant::now();
        let mut pause = FIRST_RETRY;
        loop {
            let left = timeouts::SECRETS.saturating_sub(started.elapsed());
            let fault = match within(left, Step::Secrets, UNREADABLE, self.read(name)).await {
                Ok(parameter) => return Ok(parameter),
                Err(fault) => fault,
            };
            if started.elapsed().saturating_add(pause) >= timeouts::SECRETS {
                return Err(fault);
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2);
        }
    }

    /// Returns the result of a read, or the old credentials if it failed or returned nothing readable.
    fn resolve(
        &self,
        name: &StoreName,
        read: Result<Parameter<P>, Fault>,
        old: Option<Arc<Store<P>>>,
    ) -> Result<Option<Arc<Store<P>>>, Fault> {
        let now = Instant::now();
        match (read, old) {
            (Ok(Parameter::Absent), _) => {
                self.cache().remember(name, None, now);
                Ok(None)
            }
            (Ok(Parameter::Readable(store)), _) | (Ok(Parameter::Unreadable(store)), None) => {
                self.cache().remember(name, Some(Arc::clone(&store)), now);
                Ok(Some(store))
            }
            (Ok(Parameter::Unreadable(_)) | Err(_), Some(old)) => {
                self.cache().note_failure(name, now);
                Ok(Some(old))
            }
            (Err(fault), None) => Err(fault),
        }
    }
}

/// The credentials of a parameter.
struct Usable<C> {
    credentials: Vec<C>,
    /// True if the parameter is an empty list or has a usable credential.
    is_readable: bool,
}

/// Parses the credentials in a parameter's list. An unusable credential does not affect the others.
fn usable_credentials<C: DeserializeOwned>(text: &str) -> Usable<C> {
    let list: Option<Vec<Value>> = serde_json::from_str(text).ok();
    let is_revoked = list.as_ref().is_some_and(Vec::is_empty);
    let entries = list.into_iter().flatten();
    let credentials: Vec<C> = entries.filter_map(|entry| serde_json::from_value(entry).ok()).collect();
    let is_readable = is_revoked || !credentials.is_empty();
    Usable { credentials, is_readable }
}

impl<P: Provider> Secrets<P> for SsmSecrets<P> {
    async fn store(&self, name: &StoreName) -> Result<Option<Arc<Store<P>>>, Fault> {
        let lookup = self.cache().look_up(name, Instant::now());
        let is_cold = self.cache().names.listed.is_none();
        let old = match lookup {
            Lookup::Hit(store) => return Ok(Some(store)),
            Lookup::Expired(old) => old,
        };
        if is_cold && self.cache().lookup_limit.try_acquire(1, Instant::now()) {
            // A new instance runs both concurrently, so that its first delivery waits only once.
            let (read, ()) = tokio::join!(self.read_with_retries(name), self.list_names());
            return self.resolve(name, read, old);
        }
        self.list_names().await;
        let listing = self.cache().names.find(name, Instant::now());
        match listing {
            Listing::NotListed if !self.cache().may_read_unlisted(Instant::now()) => {
                return Ok(None);
            }
            Listing::NotListed | Listing::Listed => {}
            Listing::Unknown => {
                if !self.cache().lookup_limit.try_acquire(1, Instant::now()) {
                    let fault = Fault::transient(UNREADABLE, "the stores' names cannot be listed");
                    return old.map_or(Err(fault), |store| Ok(Some(store)));
                }
            }
        }
        let read = self.read_with_retries(name).await;
        self.resolve(name, read, old)
    }

    async fn refresh(&self, name: &StoreName) -> Option<Arc<Store<P>>> {
        if !self.cache().may_reread(name, Instant::now()) {
            return None;
        }
        match with_timeout(Step::Reread, UNREADABLE, self.read(name)).await.ok()? {
            Parameter::Readable(store) => {
                self.cache().remember(name, Some(Arc::clone(&store)), Instant::now());
                Some(store)
            }
            Parameter::Absent => {
                self.cache().remember(name, None, Instant::now());
                None
            }
            Parameter::Unreadable(_) => None,
        }
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

    /// A provider whose credentials are plain text.
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
        Cache::new(NAMES_TTL, now)
    }

    fn store() -> Arc<Store<TestProvider>> {
        Arc::new(Store {
            credentials: vec![],
            settings: (),
            defaults: inlet::canonical::StoreDefaults::default(),
        })
    }

    /// A millisecond less than a time.
    fn almost(time: Duration) -> Duration {
        time.saturating_sub(Duration::from_millis(1))
    }

    #[test]
    fn a_known_store_is_read_once_in_five_minutes() {
        let now = Instant::now();
        let mut cache = cache(now);
        assert!(matches!(cache.look_up(&name("a"), now), Lookup::Expired(None)));
        cache.remember(&name("a"), Some(store()), now);
        assert!(matches!(cache.look_up(&name("a"), now + almost(TTL)), Lookup::Hit(_)));
        assert!(matches!(cache.look_up(&name("a"), now + TTL), Lookup::Expired(Some(_))));
    }

    #[test]
    fn old_credentials_are_kept_for_an_hour_without_a_read() {
        let now = Instant::now();
        let mut cache = cache(now);
        cache.remember(&name("a"), Some(store()), now);
        let failed = now + almost(MAX_STALE.saturating_sub(REREAD_INTERVAL));
        cache.note_failure(&name("a"), failed);
        assert!(matches!(cache.look_up(&name("a"), failed + almost(REREAD_INTERVAL)), Lookup::Hit(_)));
        assert!(matches!(cache.look_up(&name("a"), failed + REREAD_INTERVAL), Lookup::Expired(Some(_))));
        assert!(matches!(cache.look_up(&name("a"), now + MAX_STALE), Lookup::Expired(None)));
    }

    #[test]
    fn a_name_that_is_not_listed_is_unknown_without_a_read() {
        let now = Instant::now();
        let mut names = Names::new(NAMES_TTL);
        assert_eq!(names.find(&name("a"), now), Listing::Unknown);
        assert!(names.is_due(now));
        names.listed = Some((HashSet::from([name("a")]), now));
        let found = |names: &Names, at| [name("a"), name("b")].map(|name| names.find(&name, at));
        assert_eq!(found(&names, now + almost(NAMES_TTL)), [Listing::Listed, Listing::NotListed]);
        assert_eq!(found(&names, now + NAMES_TTL), [Listing::Listed, Listing::Unknown]);
    }

    #[test]
    fn names_are_listed_once_in_fifty_seconds() {
        let now = Instant::now();
        let mut names = Names::new(NAMES_TTL);
        assert!(names.is_due(now));
        assert!(!names.is_due(now + almost(LIST_INTERVAL)), "the last attempt failed");
        assert!(names.is_due(now + LIST_INTERVAL));
        names.listed = Some((HashSet::new(), now + LIST_INTERVAL));
        assert!(!names.is_due(now + LIST_INTERVAL + almost(NAMES_TTL)));
        assert!(names.is_due(now + LIST_INTERVAL + NAMES_TTL));
    }

    #[test]
    fn a_list_of_many_pages_is_read_in_parts_and_counts_longer() {
        let now = Instant::now();
        let mut names = Names::new(NAMES_TTL);
        assert!(names.is_due(now));
        names.begun = Some(Pages { names: HashSet::from([name("a")]), count: 50, next: Some("b".into()) });
        assert!(names.is_due(now), "the next delivery continues");
        assert_eq!(
            [name("a"), name("b")].map(|name| names.find(&name, now)),
            [Listing::Listed, Listing::Unknown]
        );
        names.complete(Pages { names: HashSet::from([name("b")]), count: 200, next: None }, now);
        let ttl = NAMES_TTL_OF_A_PAGE * 200;
        assert_eq!(names.find(&name("a"), now + almost(ttl)), Listing::NotListed);
        assert!(!names.is_due(now + almost(ttl)) && names.is_due(now + ttl));
        let mut names = Names::new(NAMES_TTL);
        names.complete(Pages { count: 20, ..Pages::default() }, now);
        assert!(!names.is_due(now + almost(NAMES_TTL)) && names.is_due(now + NAMES_TTL), "200 stores");
    }

    #[test]
    fn an_unlisted_name_is_read_only_where_the_list_lives_long() {
        let now = Instant::now();
        let mut cache = cache(now);
        cache.names.complete(Pages { count: 20, ..Pages::default() }, now);
        assert!(!cache.may_read_unlisted(now), "200 stores: the next list comes within a minute");
        cache.names.complete(Pages { count: 21, ..Pages::default() }, now);
        let read = (0..10).filter(|_| cache.may_read_unlisted(now)).count();
        assert_eq!(read, usize::try_from(BURST).unwrap());
        assert!(
            cache.may_read_unlisted(now + REFILL_INTERVAL) && !cache.may_read_unlisted(now + REFILL_INTERVAL)
        );
    }

    #[test]
    fn forgeries_to_many_stores_share_a_limit_of_reads() {
        let now = Instant::now();
        let mut cache = cache(now);
        let names: Vec<StoreName> = (0..100).map(|n| name(&format!("store-{n}"))).collect();
        for name in &names {
            cache.remember(name, Some(store()), now);
        }
        let read = |cache: &mut Cache<TestProvider>, at| {
            names.iter().filter(|name| cache.may_reread(name, at)).count()
        };
        let later = now + REREAD_INTERVAL;
        assert_eq!(read(&mut cache, later), usize::try_from(REREAD_BURST).unwrap());
        assert_eq!(read(&mut cache, later + REREAD_REFILL_INTERVAL * 3), 3);
    }

    #[test]
    fn wrong_proofs_cause_one_read_in_ten_seconds() {
        let now = Instant::now();
        let mut cache = cache(now);
        assert!(!cache.may_reread(&name("a"), now), "an unknown store");
        cache.remember(&name("a"), Some(store()), now);
        assert!(!cache.may_reread(&name("a"), now + almost(REREAD_INTERVAL)));
        assert!(cache.may_reread(&name("a"), now + REREAD_INTERVAL));
        assert!(!cache.may_reread(&name("a"), now + REREAD_INTERVAL + almost(REREAD_INTERVAL)), "a flood");
        let lookup = cache.look_up(&name("a"), now + TTL + REREAD_INTERVAL);
        assert!(matches!(lookup, Lookup::Expired(Some(_))), "an attempt does not renew the list");
    }

    /// Secrets whose client is never used.
    fn secrets() -> SsmSecrets<TestProvider> {
        let config =
            aws_sdk_ssm::Config::builder().behavior_version(aws_sdk_ssm::config::BehaviorVersion::latest());
        SsmSecrets::new(Client::from_conf(config.build()), "dev")
    }

    fn with_credential() -> Arc<Store<TestProvider>> {
        Arc::new(Store {
            credentials: vec!["old".to_owned()],
            settings: (),
            defaults: store().defaults.clone(),
        })
    }

    fn cached(secrets: &SsmSecrets<TestProvider>, age: Duration) -> Option<usize> {
        match secrets.cache().look_up(&name("a"), Instant::now().checked_add(age).unwrap()) {
            Lookup::Hit(store) | Lookup::Expired(Some(store)) => Some(store.credentials.len()),
            Lookup::Expired(None) => None,
        }
    }

    #[test]
    fn an_empty_list_revokes_on_a_warm_instance() {
        let secrets = secrets();
        let warm = with_credential();
        secrets.cache().remember(&name("a"), Some(Arc::clone(&warm)), Instant::now());
        assert!(matches!(
            secrets.cache().look_up(&name("a"), Instant::now() + TTL),
            Lookup::Expired(Some(_))
        ));
        let read =
            secrets.resolve(&name("a"), Ok(Parameter::Readable(store())), Some(warm)).unwrap().unwrap();
        assert_eq!((read.credentials.len(), cached(&secrets, Duration::ZERO)), (0, Some(0)));
    }

    #[test]
    fn a_failed_refresh_keeps_credentials_for_an_hour_only() {
        let secrets = secrets();
        secrets.cache().remember(&name("a"), Some(with_credential()), Instant::now());
        let failed = || Err(Fault::transient(UNREADABLE, "throttled"));
        for read in [failed(), Ok(Parameter::Unreadable(store()))] {
            let kept = secrets.resolve(&name("a"), read, Some(with_credential())).unwrap().unwrap();
            assert_eq!(
                (kept.credentials.len(), cached(&secrets, TTL)),
                (1, Some(1)),
                "kept, and still as old"
            );
        }
        assert_eq!(cached(&secrets, MAX_STALE), None, "not after an hour");
        assert!(secrets.resolve(&name("a"), failed(), None).is_err(), "the delivery is quarantined");
        assert!(
            secrets.resolve(&name("a"), Ok(Parameter::Absent), Some(with_credential())).unwrap().is_none()
        );
        assert_eq!(cached(&secrets, Duration::ZERO), None, "a deleted parameter revokes too");
    }

    #[test]
    fn one_unusable_credential_does_not_affect_the_others() {
        let usable = usable_credentials::<String>(r#"["new", {"not": "one"}, "old"]"#);
        assert_eq!((usable.credentials, usable.is_readable), (vec!["new".to_owned(), "old".into()], true));
    }

    #[test]
    fn an_empty_list_revokes_and_a_damaged_one_does_not() {
        for (text, is_readable) in
            [("[]", true), ("{}", false), ("nonsense", false), (r#"[{"not": "one"}]"#, false)]
        {
            let usable = usable_credentials::<String>(text);
            assert_eq!((usable.credentials.len(), usable.is_readable), (0, is_readable), "{text}");
        }
    }
}
