//! The stores' credentials in Parameter Store, cached: one parameter per store, read on its first delivery.
//!
//! An attacker can invent store names, and Parameter Store accepts only 40 calls a second for the whole account. So a
//! receiver lists the names of its provider's stores once a minute, and an unlisted name costs no call. All instances of the
//! receiver share the list, so that Parameter Store's load does not depend on their number.

mod cache;
mod listing;
mod names;
mod parameter;
mod pauses;
mod sharing;
mod time;
#[cfg(test)]
mod test_provider;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_ssm::Client;
use inlet::fault::Fault;
use inlet::provider::Provider;
use inlet::receive::{Secrets, Store};
use inlet::store::StoreName;

use crate::client::aws_error::AwsError;
use crate::client::timeouts;
use crate::dynamodb::store_names::SharedNames;
use crate::dynamodb::table::Table;
use crate::secrets::cache::{Cache, Lookup};
use crate::secrets::names::Listing;
pub(crate) use crate::secrets::names::NAMES_TTL;
use crate::secrets::parameter::{Parameter, Usable, usable_credentials};
use crate::secrets::pauses::Pauses;
use crate::secrets::sharing::Sharing;
use crate::secrets::time::{ProcessTime, Time};
use crate::telemetry::timing::{self, Step};

const UNREADABLE: &str = "the store's secrets cannot be read";

/// The credentials of a provider's stores.
pub struct SsmSecrets<P: Provider> {
    client: Client,
    path: String,
    cache: Mutex<Cache<P>>,
    /// The list of names that all instances share; `None` if this one lists them for itself.
    sharing: Option<Sharing>,
    time: Box<dyn Time>,
}

impl<P: Provider> SsmSecrets<P> {
    /// The credentials under `/inlet/{stage}/{provider}/`.
    pub fn new(client: Client, stage: &str) -> Self {
        Self::with_time(client, stage, NAMES_TTL, Box::new(ProcessTime))
    }

    /// The credentials under `/inlet/{stage}/{provider}/`, with a list of names that all instances share through the
    /// table, and with this lifetime. A list with a lifetime of zero is read for each name, so it is not shared.
    pub(crate) fn sharing_names(client: Client, stage: &str, names_ttl: Duration, table: &Table) -> Self {
        Self::with_time(client, stage, names_ttl, Box::new(ProcessTime)).shared_through(table)
    }

    fn with_time(client: Client, stage: &str, names_ttl: Duration, time: Box<dyn Time>) -> Self {
        let cache = Mutex::new(Cache::new(names_ttl, time.instant()));
        Self { client, path: format!("/inlet/{stage}/{}", P::NAME), cache, sharing: None, time }
    }

    fn shared_through(mut self, table: &Table) -> Self {
        let is_kept = !self.cache().names.ttl.is_zero();
        self.sharing = is_kept.then(|| Sharing::new(SharedNames::new(table, P::NAME)));
        self
    }

    fn cache(&self) -> MutexGuard<'_, Cache<P>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a call within a limit.
    fn within<T>(
        &self,
        limit: Duration,
        step: Step,
        call: impl Future<Output = Result<T, Fault>>,
    ) -> impl Future<Output = Result<T, Fault>> {
        timing::until((self.time.sleep(limit), limit), step, UNREADABLE, call)
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
        let started = self.time.instant();
        let mut pauses = Pauses::new();
        loop {
            let left =
                timeouts::SECRETS.saturating_sub(self.time.instant().saturating_duration_since(started));
            let fault = match self.within(left, Step::Secrets, self.read(name)).await {
                Ok(parameter) => return Ok(parameter),
                Err(fault) => fault,
            };
            let pause = pauses.next();
            if self.time.instant().saturating_duration_since(started).saturating_add(pause)
                >= timeouts::SECRETS
            {
                return Err(fault);
            }
            self.time.sleep(pause).await;
        }
    }

    /// Returns the result of a read, or the old credentials if it failed or returned nothing readable.
    fn resolve(
        &self,
        name: &StoreName,
        read: Result<Parameter<P>, Fault>,
        old: Option<Arc<Store<P>>>,
    ) -> Result<Option<Arc<Store<P>>>, Fault> {
        let now = self.time.instant();
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

impl<P: Provider> Secrets<P> for SsmSecrets<P> {
    async fn store(&self, name: &StoreName) -> Result<Option<Arc<Store<P>>>, Fault> {
        let lookup = self.cache().look_up(name, self.time.instant());
        let old = match lookup {
            Lookup::Hit(store) => return Ok(Some(store)),
            Lookup::Expired(old) => old,
        };
        if self.cache().names.begin() && self.cache().lookup_limit.try_acquire(1, self.time.instant()) {
            // A new instance runs both concurrently, so that its first delivery waits only once. A failed read is repeated
            // only for a listed name: others may be invented.
            let first = self.within(timeouts::STORE_NAMES, Step::Secrets, self.read(name));
            if let (Ok(parameter), ()) = tokio::join!(first, self.list_names()) {
                return self.resolve(name, Ok(parameter), old);
            }
        } else {
            self.list_names().await;
        }
        let listing = self.cache().names.find(name, self.time.instant());
        match listing {
            Listing::NotListed if !self.cache().may_read_unlisted(self.time.instant()) => {
                return Ok(None);
            }
            Listing::NotListed | Listing::Listed => {}
            Listing::Unknown => {
                if !self.cache().lookup_limit.try_acquire(1, self.time.instant()) {
                    let fault = Fault::transient(UNREADABLE, "the stores' names cannot be listed");
                    return old.map_or(Err(fault), |store| Ok(Some(store)));
                }
            }
        }
        let read = self.read_with_retries(name).await;
        self.resolve(name, read, old)
    }

    async fn refresh(&self, name: &StoreName) -> Option<Arc<Store<P>>> {
        if !self.cache().may_reread(name, self.time.instant()) {
            return None;
        }
        match self.within(timeouts::REREAD, Step::Reread, self.read(name)).await.ok()? {
            Parameter::Readable(store) => {
                self.cache().remember(name, Some(Arc::clone(&store)), self.time.instant());
                Some(store)
            }
            Parameter::Absent => {
                self.cache().remember(name, None, self.time.instant());
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
    use std::time::Instant;

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
}
