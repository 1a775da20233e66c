//! Deletions, by the absence of an object from a list that should contain it.
//!
//! No provider lists what was deleted, so a deletion whose webhook was lost shows only where an object that has events
//! is no longer in the list. An absence is much weaker than a state that was read, so four things must come together:
//!
//! 1. The list has every object that exists, not the changes of a window: [`Source::WHOLE_LISTS`].
//! 2. Two reads of the list, both to the end and at least the provider's retry window apart, lack the object. Only a read
//!    to the end makes a [`WholeList`].
//! 3. The lists contain other objects that have events: a list without any is of another store, or of none.
//! 4. Where the API returns a single object, it returns none under this id.
//!
//! Nothing is published: an absence is reported.

use std::collections::BTreeSet;
use std::future::Future;

use jiff::Timestamp;

use super::observation::{Comparison, Coverage, Observation, Then, Window};
use super::reader::{Api, Detail, MOST_PAGES, Reader, Session, Unread};
use super::source::Source;
use crate::canonical::{Canonical, Kind};
use crate::event::EventId;
use crate::fault::Fault;
use crate::received_at::ReceivedAt;
use crate::store::StoreName;

/// The verbs of the events after which an object exists no more.
const VERBS_OF_DELETION: [&str; 2] = ["deleted", "erased"];

/// An entity that has events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownEntity {
    /// Its path.
    pub path: String,
    /// The arrival of its newest event.
    pub newest: ReceivedAt,
    /// True if one of its events is its deletion.
    pub is_deleted: bool,
}

/// The port to the entities that have events.
pub trait EntityLog {
    /// Returns the entities whose path begins with `prefix`, each once.
    fn entities(&self, prefix: &str) -> impl Future<Output = Result<Vec<KnownEntity>, Fault>> + Send;
}

/// Returns true if an event of this type is the deletion of its entity: `commerce.product.deleted`.
pub fn is_deletion(canonical_type: &str) -> bool {
    canonical_type.rsplit('.').next().is_some_and(|verb| VERBS_OF_DELETION.contains(&verb))
}

/// A list that was read to its end: the paths of the entities in it. Only [`Reader`]'s walk makes one.
#[derive(Debug)]
struct WholeList {
    begun: ReceivedAt,
    paths: BTreeSet<String>,
}

/// The deletions of one kind, or the reason why they are not known.
#[derive(Debug)]
pub enum Deletions {
    /// The list was read twice to its end.
    Known {
        /// The paths of the entities that were published, and that neither list contains.
        absent: Vec<String>,
        /// Number of entities that neither list contains and that the API returns by their id: the list hides them.
        hidden: u64,
    },
    /// Nothing is known.
    Unknown(NoAbsence),
}

/// The reason why an absence means nothing.
#[derive(Debug, thiserror::Error)]
pub enum NoAbsence {
    /// No page of the provider documents a list of all objects of this kind.
    #[error("the API lists the objects of a window, so an absence means nothing")]
    WindowedList,
    /// A list was read, and not to its end.
    #[error("the list could not be read to its end")]
    IncompleteList,
    /// A list could not be read.
    #[error(transparent)]
    Unread(#[from] Unread),
    /// The list has none of the objects that have events.
    #[error("the list has no object of which there is an event, so it may be the list of another store")]
    UnrelatedList,
}

/// The list of one store that is read for absences.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a> {
    /// The store.
    pub store: &'a StoreName,
    /// The kind of object.
    pub kind: Kind,
}

/// Reads the list of a kind twice, and returns the entities that were published and that it lacks. Takes the provider's
/// retry window at least.
///
/// # Errors
/// If the entities cannot be read.
pub async fn find_absent<S: Source, A: Api + Sync, L: EntityLog + Sync>(
    listed: Listed<'_>,
    api: &A,
    access: &S::Access,
    session: &mut Session,
    log: &L,
) -> Result<Deletions, Fault> {
    if !S::WHOLE_LISTS.contains(&listed.kind) {
        return Ok(Deletions::Unknown(NoAbsence::WindowedList));
    }
    let mut reader = Reader::<S, A>::new(api, access, session);
    let first = match whole_list(&mut reader, listed).await {
        Ok(list) => list,
        Err(reason) => return Ok(Deletions::Unknown(reason)),
    };
    let age = reader.now().since(first.begun);
    reader.pause(S::RETRY_WINDOW.saturating_sub(age)).await;
    let second = match whole_list(&mut reader, listed).await {
        Ok(list) => list,
        Err(reason) => return Ok(Deletions::Unknown(reason)),
    };
    // The events are read last: the webhook of a deletion may have arrived meanwhile.
    let known = log.entities(&format!("{}/{}/{}/", S::NAME, listed.store, listed.kind)).await?;
    let candidates = match absent(&known, &first, &second) {
        Ok(candidates) => candidates,
        Err(reason) => return Ok(Deletions::Unknown(reason)),
    };
    let (mut absent, mut hidden) = (Vec::new(), 0_u64);
    for path in candidates {
        match reader.detail(&bare(listed.kind, path)).await {
            Ok(Detail::Gone | Detail::NoRequest) => absent.push(path.to_owned()),
            Ok(Detail::Whole(_)) => hidden = hidden.saturating_add(1),
            Err(unread) => return Ok(Deletions::Unknown(unread.into())),
        }
    }
    Ok(Deletions::Known { absent, hidden })
}

/// Returns the paths of the entities that were published before the first read, were not deleted, and are in neither
/// list.
///
/// # Errors
/// If the lists have no entity that was published.
fn absent<'a>(
    known: &'a [KnownEntity],
    first: &WholeList,
    second: &WholeList,
) -> Result<Vec<&'a str>, NoAbsence> {
    let is_listed = |entity: &KnownEntity| {
        [first, second].into_iter().any(|list| list.paths.contains(entity.path.as_str()))
    };
    if known.iter().any(|entity| !entity.is_deleted) && !known.iter().any(is_listed) {
        return Err(NoAbsence::UnrelatedList);
    }
    let is_absent = |entity: &&KnownEntity| {
        // An entity with an event since then was changed or created while the lists were read.
        !entity.is_deleted && entity.newest < first.begun && !is_listed(entity)
    };
    Ok(known.iter().filter(is_absent).map(|entity| entity.path.as_str()).collect())
}

/// Reads a list to its end.
async fn whole_list<S: Source, A: Api + Sync>(
    reader: &mut Reader<'_, S, A>,
    listed: Listed<'_>,
) -> Result<WholeList, NoAbsence> {
    let begun = reader.now();
    let now = Timestamp::from_millisecond(begun.millis()).unwrap_or(Timestamp::MIN);
    let Some(mut walk) = S::begin(listed.kind, Window { since: Timestamp::MIN, now }) else {
        return Err(NoAbsence::WindowedList);
    };
    let mut paths = BTreeSet::new();
    for _ in 0..MOST_PAGES {
        let page = reader.page(&walk).await?;
        let ids = page.observations.iter().map(|fetched| fetched.observation().entity.as_str());
        paths.extend(ids.map(|id| EventId::path_of(S::NAME, listed.store, listed.kind, id)));
        match page.then {
            Then::Continue(next) => walk = next,
            Then::Done(Coverage::Complete) => return Ok(WholeList { begun, paths }),
            Then::Done(Coverage::Incomplete | Coverage::Unknown) => return Err(NoAbsence::IncompleteList),
        }
    }
    Err(Unread::TooLong.into())
}

/// Returns an observation that has nothing but its id, to ask for the object.
fn bare(kind: Kind, path: &str) -> Observation {
    let id = path.rsplit('/').next().unwrap_or_default().to_owned();
    Observation {
        kind,
        data: Canonical::bare(kind, Some(id.clone())),
        entity: id,
        changed_at: None,
        comparison: Comparison::Newest,
        state: Vec::new(),
        history: Vec::new(),
        object: serde_json::Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> ReceivedAt {
        ReceivedAt::from_millis(1_749_715_200_000_i64.saturating_add(seconds.saturating_mul(1000))).unwrap()
    }

    fn list(begun: i64, ids: &[&str]) -> WholeList {
        let paths = ids.iter().map(|id| format!("zid/a/product/{id}")).collect();
        WholeList { begun: at(begun), paths }
    }

    fn known(id: &str, newest: i64, is_deleted: bool) -> KnownEntity {
        KnownEntity { path: format!("zid/a/product/{id}"), newest: at(newest), is_deleted }
    }

    #[test]
    fn an_entity_that_two_lists_lack_is_absent() {
        let entities = [known("1", -90, false), known("2", -80, false)];
        let found = absent(&entities, &list(0, &["1"]), &list(60, &["1"])).unwrap();
        assert_eq!(found, ["zid/a/product/2"]);
    }

    #[test]
    fn one_list_alone_proves_nothing() {
        let entities = [known("1", -90, false), known("2", -80, false)];
        for (first, second) in [(&["1", "2"][..], &["1"][..]), (&["1"][..], &["1", "2"][..])] {
            let found = absent(&entities, &list(0, first), &list(60, second)).unwrap();
            assert_eq!(found, Vec::<&str>::new(), "{first:?} {second:?}");
        }
    }

    #[test]
    fn a_deletion_that_arrived_is_not_reported() {
        let entities = [known("1", -90, false), known("2", 30, true), known("3", -10, true)];
        let found = absent(&entities, &list(0, &["1"]), &list(60, &["1"])).unwrap();
        assert_eq!(found, Vec::<&str>::new());
    }

    #[test]
    fn an_entity_with_an_event_since_the_first_read_is_not_absent() {
        let entities = [known("1", -90, false), known("2", 0, false), known("3", 30, false)];
        let found = absent(&entities, &list(0, &["1"]), &list(60, &["1"])).unwrap();
        assert_eq!(found, Vec::<&str>::new());
    }

    #[test]
    fn a_list_without_a_known_entity_proves_nothing() {
        let entities = [known("1", -90, false), known("2", -80, false)];
        for ids in [&[][..], &["8", "9"][..]] {
            let found = absent(&entities, &list(0, ids), &list(60, ids));
            assert!(matches!(found, Err(NoAbsence::UnrelatedList)), "{ids:?}: {found:?}");
        }
        // Without an event there is nothing to be absent.
        assert_eq!(absent(&[], &list(0, &[]), &list(60, &[])).unwrap(), Vec::<&str>::new());
    }

    #[test]
    fn the_verb_decides_what_a_deletion_is() {
        for (canonical_type, is_one) in [
            ("commerce.product.deleted", true),
            ("commerce.order.erased", true),
            ("commerce.product.updated", false),
            ("deleted.product.created", false),
        ] {
            assert_eq!(is_deletion(canonical_type), is_one, "{canonical_type}");
        }
    }
}
