//! The cached credentials of a provider's stores, and the limits of the reads.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use inlet::provider::Provider;
use inlet::receive::Store;
use inlet::store::StoreName;

use crate::client::rate_limit::TokenBucket;
use crate::secrets::names::{NAMES_TTL, Names};

/// The lifetime of cached credentials. A rotation keeps the old credential valid for longer than this.
pub(super) const TTL: Duration = Duration::from_mins(5);

/// Maximum time for which old credentials are used while new ones cannot be read. If the parameter stays damaged or its
/// access stays denied, deliveries must not be accepted without limit.
pub(super) const MAX_STALE: Duration = Duration::from_hours(1);

/// Minimum time between two reads of the same store: for deliveries that fail verification, and after a failed read.
const REREAD_INTERVAL: Duration = Duration::from_secs(10);

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

/// The cached credentials, the list of names, and the limits of the reads.
pub(super) struct Cache<P: Provider> {
    stores: HashMap<StoreName, Entry<P>>,
    pub(super) names: Names,
    unlisted_limit: TokenBucket,
    pub(super) lookup_limit: TokenBucket,
    reread_limit: TokenBucket,
}

struct Entry<P: Provider> {
    store: Arc<Store<P>>,
    read_at: Instant,
    tried_at: Instant,
}

/// The result of a look-up in the cache.
pub(super) enum Lookup<P: Provider> {
    /// These credentials are used.
    Hit(Arc<Store<P>>),
    /// They have to be read; these are used if that fails.
    Expired(Option<Arc<Store<P>>>),
}

impl<P: Provider> Cache<P> {
    pub(super) fn new(names_ttl: Duration, now: Instant) -> Self {
        Self {
            stores: HashMap::new(),
            names: Names::new(names_ttl),
            unlisted_limit: TokenBucket::new(BURST, REFILL_INTERVAL, now),
            lookup_limit: TokenBucket::new(BURST_WITHOUT_NAMES, REFILL_INTERVAL_WITHOUT_NAMES, now),
            reread_limit: TokenBucket::new(REREAD_BURST, REREAD_REFILL_INTERVAL, now),
        }
    }

    pub(super) fn look_up(&self, name: &StoreName, now: Instant) -> Lookup<P> {
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
    pub(super) fn may_reread(&mut self, name: &StoreName, now: Instant) -> bool {
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
    pub(super) fn may_read_unlisted(&mut self, now: Instant) -> bool {
        self.names.ttl > NAMES_TTL && self.unlisted_limit.try_acquire(1, now)
    }

    /// Caches the result of a read. `None` removes the store.
    pub(super) fn remember(&mut self, name: &StoreName, store: Option<Arc<Store<P>>>, now: Instant) {
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
    pub(super) fn note_failure(&mut self, name: &StoreName, now: Instant) {
        if let Some(entry) = self.stores.get_mut(name) {
            entry.tried_at = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::names::Pages;
    use crate::secrets::test_provider::{TestProvider, almost, name, store};

    fn cache(now: Instant) -> Cache<TestProvider> {
        Cache::new(NAMES_TTL, now)
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
}
