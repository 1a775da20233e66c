//! Many instances that share a list of names, against AWS in memory and in simulated time.

use std::collections::HashSet;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use futures_util::future::{Either, join_all, select};
use inlet::receive::Secrets as _;
use inlet::received_at::ReceivedAt;

use crate::dynamodb::attributes::text_value;
use crate::dynamodb::dynamo::{Expressions, Key};
use crate::dynamodb::store_names::{CLAIM, NameList, Replacing, SharedNames};
use crate::fake_aws::{FakeAws, arrival};
use crate::secrets::SsmSecrets;
use crate::secrets::names::NAMES_TTL;
use crate::secrets::test_provider::{TestProvider, name};
use crate::secrets::time::Time;

/// The simulated time, as an instance's clocks show it.
struct SimulatedTime {
    aws: FakeAws,
    began: Instant,
    ahead_ms: usize,
}

impl Time for SimulatedTime {
    fn instant(&self) -> Instant {
        self.began.checked_add(self.aws.now()).unwrap()
    }

    fn now(&self) -> ReceivedAt {
        arrival(usize::try_from(self.aws.now().as_millis()).unwrap().saturating_add(self.ahead_ms))
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.aws.sleep(duration))
    }
}

/// Instances of one receiver.
struct Fleet {
    aws: FakeAws,
    instances: Vec<SsmSecrets<TestProvider>>,
    invented: usize,
}

/// The pages of 45 stores.
const STORES: usize = 45;
const PAGES: usize = 5;

impl Fleet {
    /// Instances whose clocks are so many milliseconds ahead.
    fn of_clocks(ahead_ms: &[usize]) -> Self {
        let aws = FakeAws::default();
        for n in 0..STORES {
            aws.set_parameter(&format!("/inlet/dev/test/store-{n}"), r#"["secret"]"#);
        }
        let began = Instant::now();
        let instance = |&ahead_ms: &usize| {
            let time = SimulatedTime { aws: aws.clone(), began, ahead_ms };
            SsmSecrets::with_time(aws.ssm(), "dev", NAMES_TTL, Box::new(time)).shared_through(&aws.table())
        };
        let instances = ahead_ms.iter().map(instance).collect();
        Self { aws, instances, invented: 0 }
    }

    fn of(len: usize) -> Self {
        Self::of_clocks(&vec![0; len])
    }

    /// Sends a delivery for an invented name to each of these instances at the same time. None may fail or find a store.
    async fn flood(&mut self, instances: std::ops::Range<usize>) {
        self.invented = self.invented.saturating_add(1);
        let invented = name(&format!("invented-{}", self.invented));
        let asked = join_all(self.instances[instances].iter().map(|instance| instance.store(&invented)));
        for found in self.aws.run(asked).await.0 {
            assert!(found.unwrap().is_none());
        }
    }

    async fn wait(&self, duration: Duration) {
        self.aws.run(self.aws.sleep(duration)).await;
    }

    /// Kills an instance while it works. Returns false if it had ended before.
    async fn kill<T: Send>(&self, work: impl Future<Output = T> + Send) -> bool {
        let killed = select(Box::pin(work), Box::pin(self.aws.sleep(Duration::from_millis(50))));
        matches!(self.aws.run(killed).await.0, Either::Right(_))
    }

    /// Returns the pages of names that Parameter Store has returned.
    fn pages(&self) -> usize {
        self.aws.calls("GetParametersByPath").len()
    }

    /// Returns the reads of credentials.
    fn reads(&self) -> usize {
        self.aws.calls("GetParameters").len()
    }

    async fn has(&self, instance: usize, store: &str) -> bool {
        self.aws.run(self.instances[instance].store(&name(store))).await.0.unwrap().is_some()
    }

    /// Stores a list that another instance read, in the item of the table.
    async fn publish(&self, names: &[&str], read_at: ReceivedAt) {
        let list = NameList { names: names.iter().map(|it| name(it)).collect(), pages: 1, read_at };
        let shared = SharedNames::new(&self.aws.table(), "test");
        self.aws.run(shared.publish(&list, Replacing::Any, read_at)).await.0.unwrap();
    }
}

#[tokio::test]
async fn one_instance_lists_and_23_use_its_list() {
    let mut fleet = Fleet::of(24);
    fleet.flood(0..24).await;
    assert_eq!(fleet.pages(), PAGES);
    assert_eq!(fleet.reads(), 24, "each new instance reads its first name meanwhile");
    assert!(fleet.aws.now() < Duration::from_secs(1), "{:?}", fleet.aws.now());
    for n in 0..24 {
        assert!(fleet.has(n, &format!("store-{n}")).await);
    }
    assert_eq!((fleet.pages(), fleet.reads()), (PAGES, 48), "all names are listed");
}

#[tokio::test]
async fn a_flood_of_24_instances_lists_as_often_as_one() {
    let mut fleet = Fleet::of(24);
    for _ in 0..900 {
        fleet.flood(0..24).await;
        fleet.wait(Duration::from_millis(100)).await;
    }
    assert_eq!(fleet.reads(), 24, "no invented name is read after the first of an instance");
    let lists = 1 + usize::try_from(fleet.aws.now().as_millis() / 42_500).unwrap();
    assert!(fleet.pages() <= PAGES * lists && fleet.pages() >= PAGES * 2, "{} pages", fleet.pages());
    let reads = fleet.aws.calls("GetItem").len();
    assert!(reads < 24 * 10, "{reads} reads of the table");
}

#[tokio::test]
async fn a_new_store_is_usable_within_a_minute() {
    // The clocks differ as much as corrected ones can, and instances start at any time.
    for delay in [0, 20, 41, 44, 49] {
        let mut fleet = Fleet::of_clocks(&[0, 2_000, 1_000, 0, 2_000, 500]);
        fleet.flood(0..3).await;
        fleet.wait(Duration::from_secs(delay)).await;
        fleet.flood(3..6).await;
        fleet.aws.set_parameter("/inlet/dev/test/new", r#"["secret"]"#);
        let (since, mut waiting) = (fleet.aws.now(), HashSet::from([0, 1, 2, 3, 4, 5]));
        while !waiting.is_empty() {
            fleet.wait(Duration::from_secs(1)).await;
            fleet.flood(0..6).await;
            for n in waiting.clone() {
                if fleet.has(n, "new").await {
                    waiting.remove(&n);
                }
            }
            let took = fleet.aws.now().saturating_sub(since);
            assert!(took < Duration::from_mins(1), "after {delay} s: {waiting:?} do not know it");
        }
    }
}

#[tokio::test]
async fn a_killed_winner_delays_the_others_for_seconds_only() {
    let mut fleet = Fleet::of(24);
    fleet.aws.silence("GetParametersByPath", "");
    assert!(fleet.kill(fleet.instances[0].list_names()).await, "the winner is killed while it lists");
    fleet.aws.fail_nothing();
    fleet.flood(1..24).await;
    assert!(fleet.aws.now() < Duration::from_millis(1_100), "the others waited for {:?}", fleet.aws.now());
    assert_eq!(fleet.pages(), 0, "the claim has not ended");
    assert!(fleet.has(1, "store-1").await, "a store is read without a list");
    fleet.wait(CLAIM).await;
    fleet.flood(1..24).await;
    assert_eq!(fleet.pages(), PAGES);
}

#[tokio::test]
async fn a_winner_killed_at_a_refresh_leaves_no_gap() {
    let mut fleet = Fleet::of(24);
    fleet.flood(0..24).await;
    // All are due between these two times. The first that claims the list is killed.
    fleet.wait(Duration::from_secs(42)).await;
    fleet.aws.silence("GetParametersByPath", "");
    while fleet.aws.calls("UpdateItem").len() == 1 {
        fleet.wait(Duration::from_millis(100)).await;
        let invented = name("invented");
        let due = join_all(fleet.instances.iter().map(|instance| instance.store(&invented)));
        fleet.kill(due).await;
    }
    fleet.aws.fail_nothing();
    let reads = fleet.reads();
    while fleet.aws.now() < Duration::from_mins(1) {
        fleet.wait(Duration::from_millis(100)).await;
        fleet.flood(0..24).await;
    }
    assert_eq!((fleet.pages(), fleet.reads()), (PAGES * 2, reads), "no invented name was read");
}

#[tokio::test]
async fn instances_list_for_themselves_if_the_table_fails() {
    for operation in ["GetItem", "UpdateItem"] {
        let mut fleet = Fleet::of(3);
        fleet.aws.fail(operation, "_stores");
        fleet.flood(0..3).await;
        assert_eq!((fleet.pages(), fleet.reads()), (PAGES * 3, 3), "{operation}");
        assert!(fleet.has(2, "store-7").await);
    }
    let mut fleet = Fleet::of(3);
    fleet.aws.fail("PutItem", "_stores");
    fleet.flood(0..1).await;
    assert!(fleet.has(0, "store-7").await, "the winner uses its list");
    fleet.wait(CLAIM).await;
    fleet.flood(1..2).await;
    assert!(fleet.has(1, "store-7").await, "the next instance has listed the names too");
    assert_eq!(fleet.pages(), PAGES * 2);
}

#[tokio::test]
async fn a_table_that_fails_at_a_refresh_leaves_no_gap() {
    for is_back in [true, false] {
        let mut fleet = Fleet::of(24);
        fleet.flood(0..24).await;
        fleet.wait(Duration::from_millis(47_500)).await;
        fleet.aws.fail("GetItem", "_stores");
        fleet.flood(0..24).await;
        assert_eq!(fleet.pages(), PAGES, "all are due, and look again");
        if is_back {
            fleet.aws.fail_nothing();
        }
        for _ in 0..2 {
            fleet.wait(Duration::from_millis(1_050)).await;
            fleet.flood(0..24).await;
        }
        let lists = if is_back { 1 } else { 24 };
        assert_eq!((fleet.pages(), fleet.reads()), (PAGES * (1 + lists), 24), "no invented name was read");
    }
}

#[tokio::test]
async fn a_silent_table_leaves_time_to_list() {
    for operation in ["GetItem", "UpdateItem", "PutItem"] {
        let mut fleet = Fleet::of(1);
        fleet.aws.silence(operation, "_stores");
        fleet.flood(0..1).await;
        let took = fleet.aws.now();
        assert!(took < Duration::from_millis(600), "{operation}: {took:?}");
        assert_eq!((fleet.pages(), fleet.reads()), (PAGES, 1), "{operation}");
        assert!(fleet.has(0, "store-7").await);
    }
}

#[tokio::test]
async fn a_damaged_item_is_replaced_by_its_first_reader() {
    let mut fleet = Fleet::of(24);
    fleet.publish(&["store-1", "store-2"], arrival(0)).await;
    let damage = Expressions::update("SET #names = :one").name("#names", "names");
    let key = Key::new("test/_stores", "names");
    let table = fleet.aws.table();
    let damage = table.dynamo.update(key, damage.value(":one", text_value("store-1")), "damaged");
    fleet.aws.run(damage).await.0.unwrap();
    fleet.flood(0..1).await;
    assert_eq!(fleet.pages(), PAGES);
    fleet.flood(1..24).await;
    assert!(fleet.has(23, "store-7").await);
    assert_eq!(fleet.pages(), PAGES, "the others use the new item");
}

#[tokio::test]
async fn a_list_from_a_wrong_clock_is_not_used() {
    for ahead_ms in [3_000, 600_000] {
        let mut fleet = Fleet::of_clocks(&[ahead_ms, 0, 0]);
        fleet.flood(0..1).await;
        fleet.flood(1..2).await;
        assert_eq!(fleet.pages(), PAGES * 2, "{ahead_ms} ms: the second lists for itself");
        fleet.flood(2..3).await;
        assert_eq!(fleet.pages(), PAGES * 2, "{ahead_ms} ms: the third uses the second's list");
    }
    let mut fleet = Fleet::of_clocks(&[1_500, 0]);
    fleet.flood(0..2).await;
    assert_eq!(fleet.pages(), PAGES, "clocks that differ as much as corrected ones can");
}

#[tokio::test]
async fn a_list_counts_from_the_time_when_it_was_read() {
    let mut fleet = Fleet::of(3);
    fleet.wait(Duration::from_mins(2)).await;
    let read_at = arrival(120_000).earlier(Duration::from_secs(40));
    fleet.publish(&["store-1"], read_at).await;
    fleet.flood(0..1).await;
    assert_eq!(fleet.pages(), 0, "40 seconds old");
    fleet.wait(Duration::from_secs(10)).await;
    fleet.flood(0..2).await;
    assert_eq!(fleet.pages(), PAGES, "50 seconds old: neither its user nor a new instance uses it");
}

#[tokio::test]
async fn names_that_are_too_many_to_share_are_listed_by_each() {
    let mut fleet = Fleet::of(3);
    let names: Vec<String> = (0..5_000).map(|n| format!("{n:0>63}")).collect();
    fleet.publish(&names.iter().map(String::as_str).collect::<Vec<_>>(), arrival(0)).await;
    fleet.aws.forget_calls();
    fleet.flood(0..2).await;
    assert_eq!((fleet.pages(), fleet.aws.calls("UpdateItem").len()), (PAGES * 2, 0), "without a claim");
    fleet.flood(2..3).await;
    assert_eq!(fleet.pages(), PAGES * 2, "they are few again, and shared");
}

#[tokio::test]
async fn a_long_list_is_read_by_one_instance_over_several_deliveries() {
    let mut fleet = Fleet::of(3);
    fleet.aws.silence("GetParametersByPath", "NextToken");
    fleet.flood(0..1).await;
    assert_eq!(fleet.pages(), 1, "there was no time for the second page");
    fleet.aws.fail_nothing();
    fleet.flood(0..1).await;
    fleet.flood(1..3).await;
    assert!(fleet.has(2, "store-7").await);
    assert_eq!((fleet.pages(), fleet.aws.calls("UpdateItem").len()), (PAGES, 1), "under one claim");
}
