//! The size of the refused requests that the quarantine takes in an hour, over all instances of a provider's receiver.
//!
//! Each instance has token buckets, but a flood starts a thousand instances. So an instance reserves a block of the
//! hour's quota before it keeps refused requests of a store, with one conditional update of the hour's item, and uses it
//! up before it reserves the next. When nothing is left, it makes no call until the next hour: a forged request costs a
//! sixteenth of an update at most, and none at all once the quota is used up. An instance that ends leaves the rest of
//! its blocks unused.
//!
//! Deferred requests have no quota: they are answered 2xx, and forgeries must not displace them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use inlet::fault::Fault;
use inlet::received_at::ReceivedAt;
use inlet::store::StoreName;

use crate::dynamodb::attributes::number_value;
use crate::dynamodb::dynamo::{Dynamo, Expressions, Key, Written};
use crate::dynamodb::keys::QUARANTINE;

/// The quota of a store in an hour, in KiB: 64 MiB, some 10,000 orders of 6 KB. A secret that is wrong at a large shop
/// costs no genuine delivery.
const STORE_QUOTA: u32 = 64 * 1_024;

/// The quota of all stores of a provider in an hour, in KiB: four stores may be flooded at the same time. In 72 hours,
/// the time that they are kept, a provider's quarantine grows to 18 GiB at most.
const TOTAL_QUOTA: u32 = 4 * STORE_QUOTA;

/// The part of a quota that an instance reserves at once, in KiB: sixteen small requests. A thousand instances that get a
/// few forged requests each reserve no more than one store's quota.
const BLOCK: u32 = 64;

const HOUR_MS: i64 = 60 * 60 * 1_000;

/// The attribute with the sum of all stores. Stored data: the value must stay.
const TOTAL: &str = "total";

const NOT_RESERVED: &str = "the quarantine's quota cannot be read";

/// The blocks that an instance has reserved, for one hour.
#[derive(Debug, Default)]
pub(crate) struct Quota(Mutex<Blocks>);

#[derive(Debug, Default)]
struct Blocks {
    hour: i64,
    left: HashMap<StoreName, QuotaState>,
}

/// The state of a store's quota, as an instance knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum QuotaState {
    /// This much of a block is left, in KiB.
    Reserved(u32),
    /// The quota of this hour is used up.
    Nothing,
}

/// The result of a look at the reserved blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    /// There was enough.
    Enough,
    /// Another block has to be reserved.
    TooLittle,
    /// The quota of this hour is used up.
    Nothing,
}

impl Blocks {
    /// Takes `cost` from the store's block.
    fn take(&mut self, store: &StoreName, cost: u32, hour: i64) -> Taken {
        if self.hour != hour {
            *self = Self { hour, left: HashMap::new() };
        }
        match self.left.get_mut(store) {
            Some(QuotaState::Nothing) => Taken::Nothing,
            Some(QuotaState::Reserved(left)) if *left >= cost => {
                *left = left.saturating_sub(cost);
                Taken::Enough
            }
            Some(QuotaState::Reserved(_)) | None => Taken::TooLittle,
        }
    }
}

impl Quota {
    /// Takes the cost of a request, in KiB, from its store's quota of the hour. Returns false if it is used up.
    ///
    /// # Errors
    /// If a block cannot be reserved.
    pub(crate) async fn take(
        &self,
        dynamo: &Dynamo,
        (provider, store): (&str, &StoreName),
        cost: u32,
        received_at: ReceivedAt,
    ) -> Result<bool, Fault> {
        let hour = received_at.millis().div_euclid(HOUR_MS);
        match self.blocks(|blocks| blocks.take(store, cost, hour)) {
            Taken::Enough => return Ok(true),
            Taken::Nothing => return Ok(false),
            Taken::TooLittle => {}
        }
        let block = BLOCK.max(cost);
        let is_reserved = reserve(dynamo, (provider, store), block, hour).await?;
        let left =
            if is_reserved { QuotaState::Reserved(block.saturating_sub(cost)) } else { QuotaState::Nothing };
        self.blocks(|blocks| blocks.left.insert(store.clone(), left));
        Ok(is_reserved)
    }

    fn blocks<T>(&self, work: impl FnOnce(&mut Blocks) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Adds a block to the hour's item, if the store's quota and the total have room for it.
async fn reserve(
    dynamo: &Dynamo,
    (provider, store): (&str, &StoreName),
    block: u32,
    hour: i64,
) -> Result<bool, Fault> {
    let room = |quota: u32| number_value(quota.saturating_sub(block).into());
    let add = Expressions::update("ADD #total :block, #store :block SET expires = :expires")
        .only_if(
            "(attribute_not_exists(#total) OR #total <= :total) AND (attribute_not_exists(#store) OR #store <= :room)",
        )
        .name("#total", TOTAL)
        .name("#store", &format!("store/{store}"))
        .value(":block", number_value(block.into()))
        .value(":total", room(TOTAL_QUOTA))
        .value(":room", room(STORE_QUOTA))
        .value(":expires", dynamo.expires(hour.saturating_mul(HOUR_MS)));
    let written = dynamo.update(hour_key(provider, hour), add, NOT_RESERVED).await?;
    Ok(matches!(written, Written::Done))
}

/// Returns the key of an hour's item. A store's name has no underscore, so this is no store's partition. Stored data: the
/// value must stay.
fn hour_key(provider: &str, hour: i64) -> Key {
    let began = ReceivedAt::from_millis(hour.saturating_mul(HOUR_MS)).unwrap_or(ReceivedAt::EPOCH);
    Key::new(format!("{QUARANTINE}{provider}/_quota"), began.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> StoreName {
        StoreName::parse(text).unwrap()
    }

    #[test]
    fn a_block_is_used_up_before_the_next_is_reserved() {
        let mut blocks = Blocks::default();
        assert_eq!(blocks.take(&name("a"), 4, 7), Taken::TooLittle);
        blocks.left.insert(name("a"), QuotaState::Reserved(BLOCK));
        let taken = (0..17).filter(|_| blocks.take(&name("a"), 4, 7) == Taken::Enough).count();
        assert_eq!(taken, 16, "one update for sixteen small requests");
        assert_eq!(blocks.take(&name("b"), 4, 7), Taken::TooLittle, "another store has its own blocks");
    }

    #[test]
    fn a_used_up_quota_costs_no_call_until_the_next_hour() {
        let mut blocks = Blocks { hour: 7, left: HashMap::from([(name("a"), QuotaState::Nothing)]) };
        assert_eq!(blocks.take(&name("a"), 4, 7), Taken::Nothing);
        assert_eq!(blocks.take(&name("a"), 4, 8), Taken::TooLittle, "the quota of the next hour");
    }

    #[test]
    fn an_hours_item_is_no_stores_partition() {
        let key = hour_key("zid", 486_032);
        assert_eq!((key.pk.as_str(), key.sk.as_str()), ("quarantine/zid/_quota", "2025-06-12T08:00:00.000Z"));
        assert!(StoreName::parse("_quota").is_err());
    }
}
