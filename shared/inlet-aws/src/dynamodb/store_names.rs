//! The names of a provider's stores, which the instances of its receiver share: one of them lists the names in Parameter
//! Store, and the others read this item.
//!
//! The item has the names, the time at which Parameter Store was read, and the claim of the instance that is about to read
//! it again. A claim ends after a few seconds, so that an instance that is killed delays no other for longer.
//!
//! The times are those of different instances' clocks. [`clock`](crate::client::clock) corrects each to a second, so two
//! of them differ by [`MAX_SKEW`] at most, and a list is used for that much longer. If a clock cannot be corrected, a list
//! or claim from the future does not count: its reader lists the names itself.

use std::collections::HashSet;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;
use inlet::store::StoreName;

use crate::dynamodb::attributes::{Item, number, number_value, text, text_value};
use crate::dynamodb::dynamo::{Consistency, Dynamo, Expressions, Key, Written};
use crate::dynamodb::table::Table;

/// The duration of a claim: reading all pages of a list within [`timeouts::STORE_NAMES`], and the difference of two
/// clocks.
///
/// [`timeouts::STORE_NAMES`]: crate::client::timeouts::STORE_NAMES
pub(crate) const CLAIM: Duration = Duration::from_secs(3);

/// The largest difference of two instances' clocks.
pub(crate) const MAX_SKEW: Duration = Duration::from_secs(2);

/// The largest text of names, in bytes. An item has at most 400 KB.
const MAX_LEN: usize = 300_000;

/// The time after which the item of a provider without deliveries is deleted, in milliseconds: a day.
const EXPIRES_MS: i64 = 24 * 60 * 60 * 1_000;

const DAMAGED: &str = "the stores' names are damaged";
const NOT_CLAIMED: &str = "the stores' names cannot be claimed";
const NOT_SHARED: &str = "the stores' names cannot be shared";

/// The owner of a provider's names.
#[derive(Clone, Debug)]
pub(crate) struct SharedNames {
    dynamo: Dynamo,
    provider: &'static str,
}

/// The state of a provider's names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shared {
    /// The names; `None` before the first list, and if they are too many.
    pub(crate) list: Option<NameList>,
    /// True if the names are too many for an item: every instance lists them.
    pub(crate) is_too_large: bool,
    claim: Option<Claim>,
}

/// A whole list of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NameList {
    pub(crate) names: HashSet<StoreName>,
    /// The number of Parameter Store's pages.
    pub(crate) pages: u32,
    /// The time of the call for the first page.
    pub(crate) read_at: ReceivedAt,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Claim {
    claimant: String,
    until_ms: i64,
}

/// The result of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Claimed {
    /// The claimant lists the names.
    Won,
    /// Another instance lists them, or has just listed them.
    Lost(Shared),
}

/// The items that a list replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replacing {
    /// Older lists, and those from the future.
    Older,
    /// Any item: it is damaged.
    Any,
}

impl Shared {
    /// Returns the list and its age; `None` if there is none, or if it is from the future.
    pub(crate) fn current(&self, now: ReceivedAt) -> Option<(&NameList, Duration)> {
        let list = self.list.as_ref()?;
        (list.read_at.earlier(MAX_SKEW) <= now).then(|| (list, now.since(list.read_at)))
    }

    /// Returns true if another instance is about to list the names.
    pub(crate) fn is_claimed_by_other(&self, claimant: &str, now: ReceivedAt) -> bool {
        self.claim.as_ref().is_some_and(|claim| {
            let until = now.millis().saturating_add(millis(CLAIM.saturating_add(MAX_SKEW)));
            claim.claimant != claimant && (now.millis() < claim.until_ms && claim.until_ms <= until)
        })
    }

    /// Parses the item.
    fn read(item: &Item) -> Result<Self, Fault> {
        let claim = match (item.get("claimant"), item.get("claimed_ms")) {
            (None, None) => None,
            _ => {
                let claimed = text(item, "claimant").zip(number(item, "claimed_ms"));
                let (claimant, until_ms) =
                    claimed.ok_or_else(|| Fault::damaged(DAMAGED, "a claim of another form"))?;
                Some(Claim { claimant: claimant.to_owned(), until_ms })
            }
        };
        let is_too_large = item.contains_key("too_large");
        let has_list = ["names", "stores", "pages", "read_ms"].iter().any(|name| item.contains_key(*name));
        let list = if has_list { Some(NameList::read(item)?) } else { None };
        Ok(Self { list, is_too_large, claim })
    }
}

impl NameList {
    /// Parses the attributes of a list. A list that lacks some of its names is damaged: their stores would be unknown.
    fn read(item: &Item) -> Result<Self, Fault> {
        let parse = || {
            let names = text(item, "names")?.split_ascii_whitespace();
            let names: HashSet<StoreName> = names.map(StoreName::parse).collect::<Result<_, _>>().ok()?;
            let count = usize::try_from(number(item, "stores")?).ok()?;
            let pages = u32::try_from(number(item, "pages")?).ok()?;
            let read_at = ReceivedAt::from_millis(number(item, "read_ms")?)?;
            (names.len() == count).then_some(Self { names, pages, read_at })
        };
        parse().ok_or_else(|| Fault::damaged(DAMAGED, "a list of another form"))
    }

    /// Returns true if the names are too many for an item.
    pub(crate) fn is_too_large(&self) -> bool {
        // Each name with a space behind it.
        let len = |name: &StoreName| name.as_str().len().saturating_add(1);
        self.names.iter().map(len).sum::<usize>() > MAX_LEN
    }

    /// Returns the names in one text, sorted.
    fn text(&self) -> String {
        let mut names: Vec<&str> = self.names.iter().map(StoreName::as_str).collect();
        names.sort_unstable();
        names.join(" ")
    }
}

impl SharedNames {
    /// The names of this provider's stores.
    pub(crate) fn new(table: &Table, provider: &'static str) -> Self {
        Self { dynamo: table.dynamo.clone(), provider }
    }

    /// Reads the item, which may lack the newest list.
    ///
    /// # Errors
    /// If the table cannot be read, or the item is damaged.
    pub(crate) async fn read(&self) -> Result<Shared, Fault> {
        let item = self.dynamo.get_with(self.key(), Consistency::Eventual).await?;
        item.as_ref().map_or_else(|| Ok(Shared::default()), Shared::read)
    }

    /// Claims the next list, unless another instance has, or there is a newer list than `seen`. A call that the SDK
    /// repeats finds its own claim.
    ///
    /// # Errors
    /// If the write fails, or the item is damaged.
    pub(crate) async fn claim(
        &self,
        seen: &Shared,
        claimant: &str,
        now: ReceivedAt,
    ) -> Result<Claimed, Fault> {
        let after = |duration: Duration| number_value(now.millis().saturating_add(millis(duration)));
        let seen_ms = seen.list.as_ref().map_or(0, |list| list.read_at.millis());
        let claim = Expressions::update("SET claimed_ms = :until, claimant = :claimant, expires = :expires")
            .only_if(
                "(attribute_not_exists(claimed_ms) OR claimed_ms <= :now OR claimed_ms > :last OR \
                 claimant = :claimant) AND \
                 (attribute_not_exists(read_ms) OR read_ms <= :seen OR read_ms > :future)",
            )
            .value(":until", after(CLAIM))
            .value(":claimant", text_value(claimant))
            .value(":expires", expires(now))
            .value(":now", number_value(now.millis()))
            .value(":last", after(CLAIM.saturating_add(MAX_SKEW)))
            .value(":seen", number_value(seen_ms))
            .value(":future", after(MAX_SKEW));
        match self.dynamo.update(self.key(), claim, NOT_CLAIMED).await? {
            Written::Done => Ok(Claimed::Won),
            Written::ConditionFailed(item) => Shared::read(&item).map(Claimed::Lost),
        }
    }

    /// Stores a list, and ends the claim. Of a list that is too large, it stores only that it is.
    ///
    /// # Errors
    /// If the write fails.
    pub(crate) async fn publish(
        &self,
        list: &NameList,
        replacing: Replacing,
        now: ReceivedAt,
    ) -> Result<(), Fault> {
        let mut item = self.key().into_item();
        item.insert("expires".to_owned(), expires(now));
        if list.is_too_large() {
            item.insert("too_large".to_owned(), AttributeValue::Bool(true));
            return self.dynamo.put(item, Expressions::default(), NOT_SHARED).await.map(|_| ());
        }
        let count = i64::try_from(list.names.len()).unwrap_or(i64::MAX);
        item.extend([
            ("names".to_owned(), AttributeValue::S(list.text())),
            ("stores".to_owned(), number_value(count)),
            ("pages".to_owned(), number_value(list.pages.into())),
            ("read_ms".to_owned(), number_value(list.read_at.millis())),
        ]);
        let older = "attribute_not_exists(read_ms) OR read_ms < :read OR read_ms > :future";
        let condition = match replacing {
            Replacing::Any => Expressions::default(),
            Replacing::Older => Expressions::condition(older)
                .value(":read", number_value(list.read_at.millis()))
                .value(":future", number_value(now.millis().saturating_add(millis(MAX_SKEW)))),
        };
        self.dynamo.put(item, condition, NOT_SHARED).await.map(|_| ())
    }

    /// A store's name has no underscore, so this is no store's partition. Stored data: the value must stay.
    fn key(&self) -> Key {
        Key::new(format!("{}/_stores", self.provider), "names")
    }
}

fn expires(now: ReceivedAt) -> AttributeValue {
    number_value(now.millis().saturating_add(EXPIRES_MS).div_euclid(1_000))
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_aws::{FakeAws, arrival};
    use inlet::fault::FaultKind;

    fn shared(aws: &FakeAws) -> SharedNames {
        SharedNames::new(&aws.table(), "acme")
    }

    fn list(names: &[&str], read_ms: usize) -> NameList {
        let names = names.iter().map(|name| StoreName::parse(name).unwrap()).collect();
        NameList { names, pages: 1, read_at: arrival(read_ms) }
    }

    async fn claim(aws: &FakeAws, seen: &Shared, claimant: &str, at: usize) -> Claimed {
        aws.run(shared(aws).claim(seen, claimant, arrival(at))).await.0.unwrap()
    }

    async fn publish(aws: &FakeAws, list: &NameList, now: usize) {
        aws.run(shared(aws).publish(list, Replacing::Older, arrival(now))).await.0.unwrap();
    }

    async fn read(aws: &FakeAws) -> Result<Shared, Fault> {
        aws.run(shared(aws).read()).await.0
    }

    #[tokio::test]
    async fn one_instance_has_the_claim_until_it_ends() {
        let (aws, nothing) = (FakeAws::default(), Shared::default());
        let ms = usize::try_from(CLAIM.as_millis()).unwrap();
        assert_eq!(claim(&aws, &nothing, "a", 10_000).await, Claimed::Won);
        let Claimed::Lost(seen) = claim(&aws, &nothing, "b", 10_001).await else { panic!("two claims") };
        assert!(
            seen.is_claimed_by_other("b", arrival(10_001)) && !seen.is_claimed_by_other("a", arrival(10_001))
        );
        assert_eq!(claim(&aws, &nothing, "a", 10_002).await, Claimed::Won, "a repeated call");
        assert!(matches!(claim(&aws, &nothing, "b", 10_001 + ms).await, Claimed::Lost(_)));
        assert_eq!(claim(&aws, &nothing, "b", 10_002 + ms).await, Claimed::Won, "it ended");
    }

    #[tokio::test]
    async fn a_claim_from_the_future_counts_for_a_moment_only() {
        let (aws, nothing) = (FakeAws::default(), Shared::default());
        let skew = usize::try_from(MAX_SKEW.as_millis()).unwrap();
        assert_eq!(claim(&aws, &nothing, "ahead", 100_000).await, Claimed::Won);
        assert!(
            matches!(claim(&aws, &nothing, "b", 100_000 - skew).await, Claimed::Lost(_)),
            "within the skew"
        );
        let seen = read(&aws).await.unwrap();
        assert!(!seen.is_claimed_by_other("b", arrival(99_999 - skew)));
        assert_eq!(claim(&aws, &nothing, "b", 99_999 - skew).await, Claimed::Won);
    }

    #[tokio::test]
    async fn a_list_is_read_as_it_was_stored_and_ends_the_claim() {
        let aws = FakeAws::default();
        assert_eq!(read(&aws).await.unwrap(), Shared::default());
        claim(&aws, &Shared::default(), "a", 1_000).await;
        for names in [&["b", "a-1"][..], &[]] {
            let list = list(names, 1_000 - names.len());
            aws.run(shared(&aws).publish(&list, Replacing::Any, arrival(2_000))).await.0.unwrap();
            let seen = read(&aws).await.unwrap();
            assert_eq!(seen, Shared { list: Some(list), is_too_large: false, claim: None });
            assert_eq!(seen.current(arrival(2_000)).unwrap().1.as_secs(), 1);
        }
    }

    #[tokio::test]
    async fn an_older_list_never_replaces_a_newer_one() {
        let aws = FakeAws::default();
        publish(&aws, &list(&["new"], 1_000), 1_100).await;
        publish(&aws, &list(&["old"], 999), 1_200).await;
        assert_eq!(read(&aws).await.unwrap().list, Some(list(&["new"], 1_000)));
        let Claimed::Lost(seen) = claim(&aws, &Shared::default(), "a", 1_300).await else {
            panic!("a claim although there is a list that the claimant has not seen")
        };
        assert_eq!(claim(&aws, &seen, "a", 1_300).await, Claimed::Won);
    }

    #[tokio::test]
    async fn a_list_from_the_future_is_not_used_and_is_replaced() {
        let aws = FakeAws::default();
        let now = arrival(10_000);
        publish(&aws, &list(&["a"], 11_999), 11_999).await;
        assert_eq!(read(&aws).await.unwrap().current(now).unwrap().1, Duration::ZERO, "within the skew");
        publish(&aws, &list(&["a"], 12_001), 12_001).await;
        assert_eq!(read(&aws).await.unwrap().current(now), None);
        assert_eq!(claim(&aws, &Shared::default(), "b", 10_000).await, Claimed::Won);
        publish(&aws, &list(&["b"], 10_000), 10_000).await;
        assert_eq!(read(&aws).await.unwrap().list, Some(list(&["b"], 10_000)));
    }

    #[tokio::test]
    async fn a_list_that_lacks_a_name_is_damaged() {
        let aws = FakeAws::default();
        for (name, value) in [
            ("names", text_value("a")),
            ("names", text_value("a b_c")),
            ("names", number_value(1)),
            ("read_ms", text_value("today")),
            ("stores", number_value(3)),
            ("pages", number_value(-1)),
            ("claimed_ms", text_value("soon")),
        ] {
            let replaced = list(&["a", "b"], 1_000);
            aws.run(shared(&aws).publish(&replaced, Replacing::Any, arrival(1_000))).await.0.unwrap();
            let damage = Expressions::update("SET #name = :value").name("#name", name).value(":value", value);
            let dynamo = aws.table().dynamo;
            aws.run(dynamo.update(shared(&aws).key(), damage, NOT_SHARED)).await.0.unwrap();
            assert_eq!(read(&aws).await.unwrap_err().kind, FaultKind::Damaged, "{name}");
        }
    }

    #[tokio::test]
    async fn a_list_that_is_too_large_is_not_shared() {
        let aws = FakeAws::default();
        let names = (0..5_000).map(|n| StoreName::parse(&format!("{n:0>63}")).unwrap()).collect();
        publish(&aws, &list(&["a"], 1_000), 1_000).await;
        publish(&aws, &NameList { names, ..list(&[], 2_000) }, 2_000).await;
        assert_eq!(read(&aws).await.unwrap(), Shared { list: None, is_too_large: true, claim: None });
        publish(&aws, &list(&["b"], 3_000), 3_000).await;
        let seen = read(&aws).await.unwrap();
        assert_eq!((seen.list, seen.is_too_large), (Some(list(&["b"], 3_000)), false));
    }
}
