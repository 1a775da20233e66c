//! Work on the items of many entities: those of an entity one after the other, and several entities at once.

use futures_util::stream::{self, StreamExt as _};
use inlet::fault::Fault;

use crate::dynamodb::by_entity::CONCURRENT_ENTITIES;

/// Does the work of each item. After a fault, no later item of that entity is begun; the other entities continue.
/// Returns the first fault.
///
/// # Errors
/// If the work of an item fails.
pub(crate) async fn each_in_order<T, F: Future<Output = Result<(), Fault>>>(
    groups: Vec<Vec<T>>,
    work: impl Fn(T) -> F,
) -> Result<(), Fault> {
    let work = &work;
    let in_order = |group: Vec<T>| async move {
        for item in group {
            work(item).await?;
        }
        Ok(())
    };
    let rows: Vec<_> = groups.into_iter().map(in_order).collect();
    let mut ended = stream::iter(rows).buffer_unordered(CONCURRENT_ENTITIES);
    let mut first = Ok(());
    while let Some(result) = ended.next().await {
        first = first.and(result);
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::sync::Mutex;

    use crate::dynamodb::by_entity::group_by_entity;

    fn entity<'i>(item: &'i &str) -> &'i str {
        item.split('/').next().unwrap()
    }

    #[tokio::test]
    async fn a_fault_stops_its_entity_alone() {
        let begun = Mutex::new(Vec::new());
        let work = |item: &'static str| {
            begun.lock().unwrap().push(item);
            async move { if item == "a/2" { Err(Fault::transient("planned", item)) } else { Ok(()) } }
        };
        let groups = group_by_entity(["a/1", "b/1", "a/2", "b/2", "a/3", "b/3"], entity);
        let fault = each_in_order(groups, work).await.unwrap_err();
        assert_eq!(fault.chain(), "planned: a/2");
        let mut begun = begun.into_inner().unwrap();
        begun.sort_unstable();
        assert_eq!(begun, ["a/1", "a/2", "b/1", "b/2", "b/3"]);
    }
}
