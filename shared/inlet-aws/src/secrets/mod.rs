//! The stores' credentials in Parameter Store, cached: one parameter per store, read on its first delivery.
//!
//! An attacker can invent store names, and Parameter Store accepts only 40 calls a second for the whole account. So a
//! receiver lists the names of its provider's stores once a minute, and an unlisted name costs no call.

mod cache;
mod names;
mod parameter;
#[cfg(test)]
mod test_provider;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_ssm::Client;
use inlet::fault::Fault;
use inlet::provider::Provider;
use inlet::receive::{Secrets, Store};
use inlet::store::StoreName;

use crate::client::aws_error::{AwsError, AwsErrorKind};
use crate::client::timeouts;
use crate::secrets::cache::{Cache, Lookup};
pub(crate) use crate::secrets::names::NAMES_TTL;
use crate::secrets::names::{Listing, Pages};
use crate::secrets::parameter::{Parameter, Usable, usable_credentials};
use crate::telemetry::timing::{Step, with_timeout, within};

/// The first pause between two attempts, on average. Each further pause is twice as long.
const FIRST_RETRY: Duration = Duration::from_millis(200);

const UNREADABLE: &str = "the store's secrets cannot be read";

/// The credentials of a provider's stores.
pub struct SsmSecrets<P: Provider> {
    client: Client,
    path: String,
    cache: Mutex<Cache<P>>,
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

    /// Lists the names of the provider's stores, if the list is not current. If there is no time for all pages, or
    /// one cannot be read, a later delivery continues with that page.
    async fn list_names(&self) {
        if !self.cache().names.is_due(Instant::now()) {
            return;
        }
        let listing = async {
            let mut pauses = Pauses::new();
            loop {
                let pages = self.cache().names.begun.clone().unwrap_or_default();
                match self.next_page(pages).await {
                    Ok(pages) if pages.next.is_some() => self.cache().names.proceed(pages),
                    Ok(pages) => {
                        self.cache().names.complete(pages, Instant::now());
                        return Ok(());
                    }
                    Err(error) => self.pause_or_give_up(error, &mut pauses).await?,
                }
            }
        };
        // Without a list, names are looked up one by one, at a limited rate.
        let _ = with_timeout(Step::StoreNames, UNREADABLE, listing).await;
    }

    /// Waits after a page that could not be read, if it was throttled and there is no list yet. An older list serves
    /// until a later attempt.
    ///
    /// # Errors
    /// If another attempt is of no use now.
    async fn pause_or_give_up(&self, error: AwsError, pauses: &mut Pauses) -> Result<(), Fault> {
        let has_list = self.cache().names.have_been_listed();
        match error.kind {
            AwsErrorKind::Throttled if !has_list => {
                tokio::time::sleep(pauses.next()).await;
                return Ok(());
            }
            AwsErrorKind::Throttled | AwsErrorKind::Unreachable => {}
            // A page's token may be too old.
            _ => self.cache().names.begun = None,
        }
        Err(Fault::transient(UNREADABLE, error))
    }

    /// Reads the next page of names.
    async fn next_page(&self, mut pages: Pages) -> Result<Pages, AwsError> {
        let request = self.client.get_parameters_by_path().path(&self.path).max_results(10);
        let page = request.set_next_token(pages.next.take()).send().await;
        let page = page.map_err(|error| AwsError::of(&error))?;
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
        let mut pauses = Pauses::new();
        loop {
            let left = timeouts::SECRETS.saturating_sub(started.elapsed());
            let fault = match within(left, Step::Secrets, UNREADABLE, self.read(name)).await {
                Ok(parameter) => return Ok(parameter),
                Err(fault) => fault,
            };
            let pause = pauses.next();
            if started.elapsed().saturating_add(pause) >= timeouts::SECRETS {
                return Err(fault);
            }
            tokio::time::sleep(pause).await;
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

/// The pauses between the attempts of one call: each twice as long as the one before, and random by half, so that
/// instances that were throttled together do not repeat together.
struct Pauses {
    average: Duration,
}

impl Pauses {
    fn new() -> Self {
        Self { average: FIRST_RETRY }
    }

    fn next(&mut self) -> Duration {
        let pause = self.average.mul_f64(0.5 + fastrand::f64());
        self.average = self.average.saturating_mul(2);
        pause
    }
}

impl<P: Provider> Secrets<P> for SsmSecrets<P> {
    async fn store(&self, name: &StoreName) -> Result<Option<Arc<Store<P>>>, Fault> {
        let lookup = self.cache().look_up(name, Instant::now());
        let old = match lookup {
            Lookup::Hit(store) => return Ok(Some(store)),
            Lookup::Expired(old) => old,
        };
        if self.cache().names.begin() && self.cache().lookup_limit.try_acquire(1, Instant::now()) {
            // A new instance runs both concurrently, so that its first delivery waits only once. The list decides if a
            // failed read is repeated: the name may be invented.
            let first = within(timeouts::STORE_NAMES, Step::Secrets, UNREADABLE, self.read(name));
            if let (Ok(parameter), ()) = tokio::join!(first, self.list_names()) {
                return self.resolve(name, Ok(parameter), old);
            }
        } else {
            self.list_names().await;
        }
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
    use crate::secrets::cache::{MAX_STALE, TTL};
    use crate::secrets::test_provider::{TestProvider, name, store};

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
    fn each_pause_is_twice_as_long_and_random_by_half() {
        for _ in 0..100 {
            let mut pauses = Pauses::new();
            for average in [200, 400, 800] {
                let pause = pauses.next().as_millis();
                assert!((average / 2..average * 3 / 2).contains(&pause), "{pause} ms, {average} on average");
            }
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
}
