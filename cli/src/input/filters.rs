//! Which events are meant: the filters that listing, following and replaying share.

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

/// Whose events are meant.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Which events")]
pub(crate) struct SourceFilter {
    /// Only this provider's
    #[arg(long, value_name = "NAME")]
    provider: Option<ProviderHandle>,
    /// Only this store's: riyadh, or zid/riyadh
    #[arg(long, value_name = "[PROVIDER/]STORE")]
    store: Option<Store>,
}

/// Which events are meant: those that fit everything that is said.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Which events")]
pub(crate) struct Filters {
    #[command(flatten)]
    source: SourceFilter,
    /// Only these: the provider's name (order.create) or the message's type (commerce.order.created)
    #[arg(long = "type", value_name = "NAME")]
    event_type: Option<String>,
    /// Only of this thing: order/81230457, or zid/riyadh/order/81230457
    #[arg(long, value_name = "[PROVIDER/STORE/]KIND/ID")]
    entity: Option<Entity>,
}

/// A store, with or without its provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Store {
    provider: Option<ProviderHandle>,
    name: StoreName,
}

/// A thing that events are about, with or without its store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entity {
    store: Option<StoreAddress>,
    /// `{kind}/{entity}`, as in a message's `subject`.
    subject: String,
}

/// A thing that events are about, in full: `zid/riyadh/order/81230457`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntityPath(String);

/// The text names nothing that events are about.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAnEntity {
    /// It has the wrong number of parts.
    #[error("a thing is written kind/id or provider/store/kind/id, as in zid/riyadh/order/81230457")]
    Form,
    /// It is the id of an event.
    #[error("that is an event's id; the thing that it is about is {0}")]
    Event(String),
    /// There is no such kind.
    #[error("{0} is no kind of thing; kinds are order, product, stock, customer and the like")]
    Kind(String),
    /// The store is none.
    #[error(transparent)]
    Store(#[from] NotAnAddress),
}

impl SourceFilter {
    /// The selection of all that is theirs, in this time.
    ///
    /// # Errors
    /// When provider and store contradict each other.
    pub(crate) fn selection(&self, from: ReceivedAt, until: ReceivedAt) -> Result<Selection, Failure> {
        let all = Filters { source: self.clone(), ..Filters::default() };
        all.selection(from, until)
    }
}

impl Filters {
    /// The selection of what fits, in this time.
    ///
    /// # Errors
    /// When two of the filters contradict each other.
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

    /// Whether one thing alone is meant, so that its history is not long.
    pub(crate) fn names_an_entity(&self) -> bool {
        self.entity.is_some()
    }

    /// The same filters as they are said on the command line, for a command to go on with.
    pub(crate) fn to_flags(&self) -> String {
        let mut said = String::new();
        let mut say = |flag: &str, value: Option<String>| {
            said.extend(value.map(|value| format!(" --{flag} {value}")));
        };
        say("provider", self.source.provider.map(|provider| provider.to_string()));
        say("store", self.source.store.as_ref().map(Store::to_flags));
        say("type", self.event_type.as_deref().map(quoted));
        say("entity", self.entity.as_ref().map(Entity::to_flags));
        said
    }
}

/// What all that is said agrees on.
fn consistent<T: PartialEq>(
    what: &str,
    said: impl IntoIterator<Item = Option<T>>,
) -> Result<Option<T>, Failure> {
    let mut said = said.into_iter().flatten();
    let first = said.next();
    let contradicts = |other: T| Some(&other) != first.as_ref();
    if said.any(contradicts) {
        return Err(Failure::Unusable {
            what: format!("the filters name more than one {what}, and no event is of both"),
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
    /// The path, which is the key of the thing's history.
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

/// How far back is looked where nobody says.
pub(crate) const A_DAY: Duration = Duration::from_hours(24);

/// A span of time.
#[derive(Clone, Copy, Debug, clap::Args)]
#[command(next_help_heading = "Which events")]
pub(crate) struct Span {
    /// Received then or later: 15m, 24h, 7d (ago), 2025-06-12, 2025-06-12T08:01:12Z
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<TimeArg>,
    /// Received before then, written the same way
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
    fn what_is_said_twice_has_to_agree() {
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
            let told = selection.as_ref().map(|s| {
                (s.provider.as_deref(), s.store.as_ref().map(StoreName::as_str), s.entity.as_deref())
            });
            assert_eq!(told, want, "{filters:?}");
        }
    }

    #[test]
    fn what_is_no_thing_says_why() {
        for (text, why) in [
            ("81230457", "a thing is written"),
            ("orders/8", "orders is no kind"),
            ("order/", "a thing is written"),
            ("shop/riyadh/order/8", "shop is no provider"),
            ("zid/riyadh/order/8/9f2c41d8a3b7e6f0", "the thing that it is about is zid/riyadh/order/8"),
        ] {
            let error = text.parse::<Entity>().unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
        assert!("order/8".parse::<EntityPath>().is_err(), "a history is of one store");
    }

    #[test]
    fn filters_are_said_as_a_shell_takes_them() {
        let mut filters = filters(Some("zid"), Some("riyadh"), Some("order/BDG%2F03"));
        filters.event_type = Some("it's".into());
        assert_eq!(
            filters.to_flags(),
            r" --provider zid --store riyadh --type 'it'\''s' --entity order/BDG%2F03"
        );
    }
}
