//! The filters that select events in `list`, `tail`, `stats`, `forward` and `replay`.

use std::str::FromStr;
use std::time::Duration;

use inlet::canonical::Kind;
use inlet::received_at::ReceivedAt;
use inlet::store::StoreName;
use inlet_aws::operate::replay::Selection;

use crate::deployment::address::{NotAnAddress, StoreAddress};
use crate::failure::Failure;
use crate::input::time_arg::TimeArg;
use crate::providers::ProviderHandle;
use crate::shell::quoted;

/// Selects events by provider and store.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Filters")]
pub(crate) struct SourceFilter {
    /// Only events of this provider
    #[arg(long, value_name = "NAME")]
    provider: Option<ProviderHandle>,
    /// Only events of this store: riyadh, or zid/riyadh
    #[arg(long, value_name = "[PROVIDER/]STORE")]
    store: Option<Store>,
}

/// Selects events that match all filters.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Filters")]
pub(crate) struct Filters {
    #[command(flatten)]
    source: SourceFilter,
    /// Only this event: the provider's name (order.create) or the message's type (commerce.order.created)
    #[arg(long = "type", value_name = "NAME")]
    event_type: Option<String>,
    /// Only events of this entity: order/81230457, or zid/riyadh/order/81230457
    #[arg(long, value_name = "[PROVIDER/STORE/]KIND/ID")]
    entity: Option<Entity>,
}

/// A store, with or without its provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Store {
    provider: Option<ProviderHandle>,
    name: StoreName,
}

/// An entity, with or without its store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entity {
    store: Option<StoreAddress>,
    /// `{kind}/{entity}`, as in a message's `subject`.
    subject: String,
}

/// An entity with its store: `zid/riyadh/order/81230457`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntityPath(String);

/// The text is not an entity.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAnEntity {
    /// It has the wrong number of parts.
    #[error("an entity is kind/id or provider/store/kind/id, such as zid/riyadh/order/81230457")]
    Form,
    /// It is the id of an event.
    #[error("this is the id of an event; its entity is {0}")]
    Event(String),
    /// There is no such kind.
    #[error("{0} is not a kind; kinds are order, product, stock, customer and others")]
    Kind(String),
    /// The store is invalid.
    #[error(transparent)]
    Store(#[from] NotAnAddress),
}

impl SourceFilter {
    /// Returns the selection of all events of the source in this time.
    ///
    /// # Errors
    /// If provider and store contradict each other.
    pub(crate) fn selection(&self, from: ReceivedAt, until: ReceivedAt) -> Result<Selection, Failure> {
        let all = Filters { source: self.clone(), ..Filters::default() };
        all.selection(from, until)
    }
}

impl Filters {
    /// Returns the selection of the matching events in this time.
    ///
    /// # Errors
    /// If two filters contradict each other.
    pub(crate) fn selection(&self, from: ReceivedAt, until: ReceivedAt) -> Result<Selection, Failure> {
        let of_store = self.source.store.as_ref();
        let of_entity = self.entity.as_ref().and_then(|entity| entity.store.as_ref());
        let provider = [
            self.source.provider,
            of_store.and_then(|store| store.provider),
            of_entity.map(|store| store.provider),
        ];
        let store = [of_store.map(|store| &store.name), of_entity.map(|store| &store.store)];
        Ok(Selection {
            provider: consistent("provider", provider)?.map(|provider| provider.to_string()),
            store: consistent("store", store)?.cloned(),
            event_type: self.event_type.clone(),
            entity: self.entity.as_ref().map(|entity| entity.subject.clone()),
            from,
            until,
        })
    }

    /// Returns true if the filters name one entity, whose history is short.
    pub(crate) fn names_an_entity(&self) -> bool {
        self.entity.is_some()
    }

    /// Returns the filters as command-line flags, for a command that continues.
    pub(crate) fn to_flags(&self) -> String {
        let mut given = String::new();
        let mut add = |flag: &str, value: Option<String>| {
            given.extend(value.map(|value| format!(" --{flag} {value}")));
        };
        add("provider", self.source.provider.map(|provider| provider.to_string()));
        add("store", self.source.store.as_ref().map(Store::to_flags));
        add("type", self.event_type.as_deref().map(quoted));
        add("entity", self.entity.as_ref().map(Entity::to_flags));
        given
    }
}

/// Returns the value that all filters agree on.
fn consistent<T: PartialEq>(
    what: &str,
    given: impl IntoIterator<Item = Option<T>>,
) -> Result<Option<T>, Failure> {
    let mut given = given.into_iter().flatten();
    let first = given.next();
    let contradicts = |other: T| Some(&other) != first.as_ref();
    if given.any(contradicts) {
        return Err(Failure::Unusable {
            what: format!("the filters name more than one {what}, so no event matches"),
            next: format!("name the {what} once"),
        });
    }
    Ok(first)
}

impl Store {
    fn to_flags(&self) -> String {
        self.provider.map_or_else(|| self.name.to_string(), |provider| format!("{provider}/{}", self.name))
    }
}

impl Entity {
    fn to_flags(&self) -> String {
        let store = self.store.as_ref().map(|store| format!("{store}/")).unwrap_or_default();
        quoted(&format!("{store}{}", self.subject))
    }
}

impl EntityPath {
    /// Returns the path, which is the partition key of the entity's events.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Store {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        if text.contains('/') {
            let StoreAddress { provider, store } = text.parse()?;
            return Ok(Self { provider: Some(provider), name: store });
        }
        Ok(Self { provider: None, name: StoreName::parse(text)? })
    }
}

impl FromStr for Entity {
    type Err = NotAnEntity;

    fn from_str(text: &str) -> Result<Self, NotAnEntity> {
        let parts: Vec<&str> = text.split('/').collect();
        match parts.as_slice() {
            [kind, id] => Ok(Self { store: None, subject: subject(kind, id)? }),
            [provider, store, kind, id] => {
                let store = Some(format!("{provider}/{store}").parse()?);
                Ok(Self { store, subject: subject(kind, id)? })
            }
            [path @ .., _digest] if path.len() == 4 => Err(NotAnEntity::Event(path.join("/"))),
            _ => Err(NotAnEntity::Form),
        }
    }
}

impl FromStr for EntityPath {
    type Err = NotAnEntity;

    fn from_str(text: &str) -> Result<Self, NotAnEntity> {
        let Entity { store, subject } = text.parse()?;
        Ok(Self(format!("{}/{subject}", store.ok_or(NotAnEntity::Form)?)))
    }
}

fn subject(kind: &str, id: &str) -> Result<String, NotAnEntity> {
    if id.is_empty() {
        return Err(NotAnEntity::Form);
    }
    Kind::parse(kind).map(|kind| format!("{kind}/{id}")).ok_or_else(|| NotAnEntity::Kind(kind.to_owned()))
}

/// The default time span.
pub(crate) const A_DAY: Duration = Duration::from_hours(24);

/// A time span.
#[derive(Clone, Copy, Debug, clap::Args)]
#[command(next_help_heading = "Filters")]
pub(crate) struct Span {
    /// Received at this time or later: 15m, 24h, 7d (ago), 2025-06-12, 2025-06-12T08:01:12Z
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<TimeArg>,
    /// Received before this time
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<TimeArg>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filters(provider: Option<&str>, store: Option<&str>, entity: Option<&str>) -> Filters {
        let source = SourceFilter {
            provider: provider.map(|text| text.parse().unwrap()),
            store: store.map(|text| text.parse().unwrap()),
        };
        Filters { source, event_type: None, entity: entity.map(|text| text.parse().unwrap()) }
    }

    #[test]
    fn filters_must_not_contradict_each_other() {
        let at = ReceivedAt::EPOCH;
        for (filters, want) in [
            (filters(None, None, None), Some((None, None, None))),
            (filters(None, Some("zid/riyadh"), None), Some((Some("zid"), Some("riyadh"), None))),
            (filters(Some("zid"), Some("riyadh"), None), Some((Some("zid"), Some("riyadh"), None))),
            (filters(None, None, Some("order/8")), Some((None, None, Some("order/8")))),
            (
                filters(None, Some("riyadh"), Some("zid/riyadh/order/8")),
                Some((Some("zid"), Some("riyadh"), Some("order/8"))),
            ),
            (filters(Some("zort"), Some("zid/riyadh"), None), None),
            (filters(None, Some("jeddah"), Some("zid/riyadh/order/8")), None),
        ] {
            let selection = filters.selection(at, at).ok();
            let parts = selection.as_ref().map(|s| {
                (s.provider.as_deref(), s.store.as_ref().map(StoreName::as_str), s.entity.as_deref())
            });
            assert_eq!(parts, want, "{filters:?}");
        }
    }

    #[test]
    fn an_invalid_entity_has_a_reason() {
        for (text, why) in [
            ("81230457", "an entity is kind/id"),
            ("orders/8", "orders is not a kind"),
            ("order/", "an entity is kind/id"),
            ("shop/riyadh/order/8", "shop is not a provider"),
            ("zid/riyadh/order/8/9f2c41d8a3b7e6f0", "its entity is zid/riyadh/order/8"),
        ] {
            let error = text.parse::<Entity>().unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
        assert!("order/8".parse::<EntityPath>().is_err(), "a history belongs to one store");
    }

    #[test]
    fn filters_become_flags_for_a_shell() {
        let mut filters = filters(Some("zid"), Some("riyadh"), Some("order/BDG%2F03"));
        filters.event_type = Some("it's".into());
        assert_eq!(
            filters.to_flags(),
            r" --provider zid --store riyadh --type 'it'\''s' --entity order/BDG%2F03"
        );
    }
}
