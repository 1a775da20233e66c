//! The filters that select events in `list`, `tail`, `stats`, `forward`, `replay` and others.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::time::Duration;

use inlet::canonical::Kind;
use inlet::event::encode_entity;
use inlet::received_at::ReceivedAt;
use inlet::store::StoreName;
use inlet_aws::operate::find::find_entities;
use inlet_aws::operate::selection::{Condition, ContentFilter, Selection, matches_pattern};

use crate::deployment::Deployment;
use crate::deployment::address::{NotAnAddress, StoreAddress};
use crate::deployment::stores;
use crate::failure::Failure;
use crate::input::suggest::did_you_mean;
use crate::input::time_arg::TimeArg;
use crate::providers::{ALL, ProviderHandle};
use crate::shell::quoted;
use crate::zone::Zone;

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
    /// Only these events: the provider's name (order.create) or the message's type (order.created); * matches any text; several with commas
    #[arg(long = "type", value_name = "NAME", value_delimiter = ',', value_parser = parse_type)]
    event_types: Vec<String>,
    /// Only events of this entity: 81230457, order/81230457, or zid/riyadh/order/81230457
    #[arg(long, value_name = "[PROVIDER/STORE/][KIND/]ID")]
    entity: Option<EntityArg>,
}

/// Selects events by what only the stored event has. Each match costs a read.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Filters")]
pub(crate) struct ContentArgs {
    /// Only events whose message has this value: data.status=cancelled, data.status!=new; give it again for a further condition
    #[arg(long = "where", value_name = "FIELD=VALUE", value_parser = Condition::parse)]
    conditions: Vec<Condition>,
    /// Only events whose body or message contains this text, in upper or lower case
    #[arg(long, value_name = "TEXT")]
    grep: Option<String>,
    /// Only events with this trust; several with commas
    #[arg(long, value_name = "TRUST", value_delimiter = ',', value_parser = TRUSTS)]
    trust: Vec<String>,
    /// Only events with this origin; several with commas
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',', value_parser = ORIGINS)]
    origin: Vec<String>,
}

/// The words for trust and origin in messages.
const TRUSTS: [&str; 5] = ["signed", "signed_fields", "shared_secret", "url_token", "fetched"];
const ORIGINS: [&str; 4] = ["webhook", "fallback", "quarantine", "reconciled"];

impl ContentArgs {
    /// Returns the filter.
    pub(crate) fn filter(&self) -> ContentFilter {
        ContentFilter {
            trust: self.trust.clone(),
            origin: self.origin.clone(),
            conditions: self.conditions.clone(),
            text: self.grep.clone(),
        }
    }

    /// Returns the filters as command-line flags, for a command that continues.
    pub(crate) fn to_flags(&self) -> String {
        let mut given = String::new();
        let mut add = |flag: &str, value: String| {
            given.extend([" --", flag, " ", &quoted(&value)]);
        };
        self.conditions.iter().for_each(|condition| add("where", condition.to_string()));
        self.grep.iter().for_each(|text| add("grep", text.clone()));
        if !self.trust.is_empty() {
            add("trust", self.trust.join(","));
        }
        if !self.origin.is_empty() {
            add("origin", self.origin.join(","));
        }
        given
    }
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

/// An entity, or its id alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EntityArg {
    /// The kind and the id, with or without the store.
    Known(Entity),
    /// The id alone.
    Bare(String),
}

/// The text is not an entity.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAnEntity {
    /// It has the wrong number of parts.
    #[error("an entity is an id, kind/id or provider/store/kind/id, such as zid/riyadh/order/81230457")]
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
        all.select(None, from, until)
    }
}

impl Filters {
    /// Returns the selection of the matching events in this time. Looks up an entity that is given by its id alone.
    ///
    /// # Errors
    /// If two filters contradict each other, a type is mistyped, or no entity or several ones have the id.
    pub(crate) async fn selection(
        &self,
        deployment: &Deployment,
        from: ReceivedAt,
        until: ReceivedAt,
    ) -> Result<Selection, Failure> {
        // Before any call.
        self.check_types(&deployment.inlet)?;
        let without_entity = self.select(None, from, until)?;
        match &self.entity {
            None => Ok(without_entity),
            Some(EntityArg::Known(entity)) => self.select(Some(entity), from, until),
            Some(EntityArg::Bare(id)) => {
                let entity = find_entity(deployment, id, &without_entity).await?;
                self.select(Some(&entity), from, until)
            }
        }
    }

    fn select(
        &self,
        entity: Option<&Entity>,
        from: ReceivedAt,
        until: ReceivedAt,
    ) -> Result<Selection, Failure> {
        let of_store = self.source.store.as_ref();
        let of_entity = entity.and_then(|entity| entity.store.as_ref());
        let provider = [
            self.source.provider,
            of_store.and_then(|store| store.provider),
            of_entity.map(|store| store.provider),
        ];
        let store = [of_store.map(|store| &store.name), of_entity.map(|store| &store.store)];
        Ok(Selection {
            provider: consistent("provider", provider)?.map(|provider| provider.to_string()),
            store: consistent("store", store)?.cloned(),
            event_types: self.event_types.clone(),
            entity: entity.map(|entity| entity.subject.clone()),
            ..Selection::between(from, until)
        })
    }

    /// Returns the filters of texts that a page or an agent was given, in the forms of the command's options: a provider or
    /// a store, types with commas, an entity.
    ///
    /// # Errors
    /// [`Failure::Unusable`] if a text has another form.
    pub(crate) fn parse(
        store: Option<&str>,
        types: Option<&str>,
        entity: Option<&str>,
    ) -> Result<Self, Failure> {
        let unusable = |what: String, next: &str| Failure::Unusable { what, next: next.to_owned() };
        let mut source = SourceFilter::default();
        if let Some(text) = store {
            match text.parse::<ProviderHandle>() {
                Ok(provider) => source.provider = Some(provider),
                Err(_) => {
                    let store = text.parse::<Store>();
                    let next = "give a provider or a store: zid, riyadh, zid/riyadh";
                    source.store = Some(store.map_err(|error| unusable(error.to_string(), next))?);
                }
            }
        }
        let entity = entity.map(|text| {
            // An id of a page is encoded already.
            if text.contains('%') && !text.contains('/') {
                return Ok(EntityArg::Bare(text.to_owned()));
            }
            let next = "give a number, order/81230457, or zid/riyadh/order/81230457";
            text.parse::<EntityArg>().map_err(|error| unusable(format!("{text}: {error}"), next))
        });
        let types = types.into_iter().flat_map(|types| types.split(','));
        let event_types = types.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
        Ok(Self { source, event_types, entity: entity.transpose()? })
    }

    /// Returns the selection of the matching events in this time, without a look-up: an entity's id that is given alone
    /// is returned beside it.
    ///
    /// # Errors
    /// If two filters contradict each other.
    pub(crate) fn selection_and_id(
        &self,
        from: ReceivedAt,
        until: ReceivedAt,
    ) -> Result<(Selection, Option<String>), Failure> {
        Ok(match &self.entity {
            None => (self.select(None, from, until)?, None),
            Some(EntityArg::Known(entity)) => (self.select(Some(entity), from, until)?, None),
            Some(EntityArg::Bare(id)) => (self.select(None, from, until)?, Some(id.clone())),
        })
    }

    /// Returns those of these stores that the filters select.
    pub(crate) fn stores_among(&self, stores: &[StoreAddress]) -> Vec<StoreAddress> {
        let of_store = self.source.store.as_ref();
        let provider = self.source.provider.or(of_store.and_then(|store| store.provider));
        let is_selected = |store: &&StoreAddress| {
            provider.is_none_or(|provider| provider == store.provider)
                && of_store.is_none_or(|wanted| wanted.name == store.store)
        };
        stores.iter().filter(is_selected).cloned().collect()
    }

    /// Returns the store of the filters, if its provider is known too.
    pub(crate) fn store_address(&self) -> Option<StoreAddress> {
        let Store { provider, name } = self.source.store.as_ref()?;
        let provider = provider.or(self.source.provider)?;
        Some(StoreAddress { provider, store: name.clone() })
    }

    /// Returns the filters that select all events of a source.
    pub(crate) fn of_source(source: SourceFilter) -> Self {
        Self { source, ..Self::default() }
    }

    /// Returns true if the filters name one entity, whose history is short.
    pub(crate) fn names_an_entity(&self) -> bool {
        self.entity.is_some()
    }

    /// Returns true if no filter is given.
    pub(crate) fn is_empty(&self) -> bool {
        self.source.provider.is_none()
            && self.source.store.is_none()
            && self.event_types.is_empty()
            && self.entity.is_none()
    }

    /// Returns why no event matches, if the store is not known: with a similar name, if there is one. Nothing is checked if
    /// the caller may not list the stores: a suggestion is not worth a failure of its own.
    ///
    /// # Errors
    /// [`Failure::NotFound`] with the reason.
    pub(crate) async fn check_names(&self, deployment: &Deployment) -> Result<(), Failure> {
        let Some(Store { provider, .. }) = &self.source.store else { return Ok(()) };
        let provider = provider.or(self.source.provider);
        let providers = provider.map_or_else(|| ALL.clone(), |provider| vec![provider]);
        match stores::list_stores(deployment, &providers).await {
            Ok(stores) => self.check_store(&stores, &deployment.inlet),
            Err(_) => Ok(()),
        }
    }

    /// Checks that the store of the filters is one of these, which have a secret.
    ///
    /// # Errors
    /// [`Failure::NotFound`] with a similar name, if there is one.
    pub(crate) fn check_store(&self, stores: &[StoreAddress], inlet: &str) -> Result<(), Failure> {
        let Some(Store { provider, name }) = &self.source.store else { return Ok(()) };
        let provider = provider.or(self.source.provider);
        let of_provider = |store: &&StoreAddress| provider.is_none_or(|provider| provider == store.provider);
        let stores: Vec<StoreAddress> = stores.iter().filter(of_provider).cloned().collect();
        stores::check_is_one_of(name, &stores, inlet)
    }

    /// Checks that a provider of the filters has each of the types, which may have a pattern.
    ///
    /// # Errors
    /// [`Failure::NotFound`] with a similar name, if there is one. An undocumented type is possible without one.
    pub(crate) fn check_types(&self, inlet: &str) -> Result<(), Failure> {
        let of_store = self.source.store.as_ref().and_then(|store| store.provider);
        let only = self.source.provider.or(of_store);
        let providers: Vec<ProviderHandle> =
            ALL.iter().copied().filter(|provider| only.is_none_or(|only| only == *provider)).collect();
        let types: Vec<String> = providers.iter().flat_map(|provider| provider.types()).collect();
        for wanted in &self.event_types {
            let is_known = types.iter().any(|known| {
                matches_pattern(wanted, known)
                    || known.strip_prefix("commerce.").is_some_and(|short| matches_pattern(wanted, short))
            });
            if is_known {
                continue;
            }
            let patterns = if wanted.contains('*') { patterns(&types) } else { BTreeSet::new() };
            let known = types.iter().chain(&patterns).map(String::as_str);
            if let Some(meant) = did_you_mean(wanted, known) {
                return Err(Failure::NotFound {
                    what: format!("event type {wanted}"),
                    next: format!("{meant} `{inlet} events` lists all of them"),
                });
            }
        }
        Ok(())
    }

    /// Returns the filters as command-line flags, for a command that continues.
    pub(crate) fn to_flags(&self) -> String {
        let mut given = String::new();
        let mut add = |flag: &str, value: Option<String>| {
            given.extend(value.map(|value| format!(" --{flag} {value}")));
        };
        add("provider", self.source.provider.map(|provider| provider.to_string()));
        add("store", self.source.store.as_ref().map(Store::to_flags));
        add("type", (!self.event_types.is_empty()).then(|| quoted(&self.event_types.join(","))));
        add("entity", self.entity.as_ref().map(|entity| quoted(&entity.to_string())));
        given
    }
}

/// Returns the only entity with this id among those of the stores with a secret.
///
/// # Errors
/// [`Failure::NotFound`] if no entity has it, [`Failure::Unusable`] if several ones have.
pub(crate) async fn find_entity(
    deployment: &Deployment,
    id: &str,
    of: &Selection,
) -> Result<Entity, Failure> {
    let is_provider =
        |provider: &&ProviderHandle| of.provider.as_ref().is_none_or(|name| *name == provider.name);
    let providers: Vec<ProviderHandle> = ALL.iter().filter(is_provider).copied().collect();
    let mut stores = stores::list_stores(deployment, &providers).await?;
    stores.retain(|store| of.store.as_ref().is_none_or(|name| *name == store.store));
    let paths = stores
        .iter()
        .flat_map(|store| store.provider.kinds().into_iter().map(move |kind| format!("{store}/{kind}/{id}")));
    let found = find_entities(&deployment.table(), paths.collect()).await;
    let found = found.map_err(|fault| Failure::Inlet { context: "the entity cannot be looked up", fault })?;
    let inlet = &deployment.inlet;
    match found.as_slice() {
        [only] => only.parse().map_err(|error: NotAnEntity| Failure::Unusable {
            what: error.to_string(),
            next: "give the entity as provider/store/kind/id".to_owned(),
        }),
        [] => Err(Failure::NotFound {
            what: format!("entity {id} in any store with a secret"),
            next: format!(
                "search the contents of the last week: `{inlet} list --since 7d --grep {}`",
                quoted(id)
            ),
        }),
        several => Err(Failure::Unusable {
            what: format!("{} entities have the id {id}", several.len()),
            next: format!("give one of them: {}", several.join(", ")),
        }),
    }
}

/// Returns the maximum number of rows.
pub(crate) fn parse_limit(text: &str) -> Result<usize, &'static str> {
    match text.parse() {
        Ok(0) | Err(_) => Err("a limit is a number of rows, 1 or more"),
        Ok(limit) => Ok(limit),
    }
}

/// Returns a type or a pattern as the user wrote it.
fn parse_type(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Err("a type is empty; give names such as order.create,order.created, or order.*");
    }
    Ok(text.to_owned())
}

/// Returns the patterns that each select several of the types: `order.*`, `*.created`.
fn patterns(types: &[String]) -> BTreeSet<String> {
    let short = types.iter().filter_map(|known| known.strip_prefix("commerce."));
    let names = types.iter().map(String::as_str).chain(short);
    names
        .flat_map(|name| {
            let starts = name.match_indices('.').filter_map(|(at, _)| name.get(..at));
            let end = name.rsplit_once('.').map(|(_, end)| format!("*.{end}"));
            starts.map(|start| format!("{start}.*")).chain(end).collect::<Vec<_>>()
        })
        .collect()
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
    /// Returns the entity's path, which is the partition key of its events. None without a store.
    pub(crate) fn path(&self) -> Option<String> {
        self.store.as_ref().map(|store| format!("{store}/{}", self.subject))
    }
}

impl std::fmt::Display for EntityArg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Known(Entity { store: Some(store), subject }) => write!(f, "{store}/{subject}"),
            Self::Known(Entity { store: None, subject }) => f.write_str(subject),
            Self::Bare(id) => f.write_str(id),
        }
    }
}

impl EntityArg {
    /// Returns the path of the entity. Looks it up if it is given by its id, or without its store.
    ///
    /// # Errors
    /// If no entity or several ones have the id.
    pub(crate) async fn path(&self, deployment: &Deployment) -> Result<String, Failure> {
        let everything = Selection::between(ReceivedAt::EPOCH, ReceivedAt::EPOCH);
        let found = match self {
            Self::Known(entity) => match entity.path() {
                Some(path) => return Ok(path),
                None => find_subject(deployment, &entity.subject).await?,
            },
            Self::Bare(id) => find_entity(deployment, id, &everything).await?,
        };
        Ok(found.path().unwrap_or_default())
    }
}

/// Returns the only entity with this kind and id among those of the stores with a secret.
async fn find_subject(deployment: &Deployment, subject: &str) -> Result<Entity, Failure> {
    let stores = stores::list_stores(deployment, &ALL).await?;
    let paths = stores.iter().map(|store| format!("{store}/{subject}")).collect();
    let found = find_entities(&deployment.table(), paths).await;
    let found = found.map_err(|fault| Failure::Inlet { context: "the entity cannot be looked up", fault })?;
    match found.as_slice() {
        [only] => only.parse().map_err(|error: NotAnEntity| Failure::Unusable {
            what: error.to_string(),
            next: "give the entity as provider/store/kind/id".to_owned(),
        }),
        [] => Err(Failure::NotFound {
            what: format!("entity {subject} in any store with a secret"),
            next: format!("list the stored events with `{} list`", deployment.inlet),
        }),
        several => Err(Failure::Unusable {
            what: format!("several stores have {subject}"),
            next: format!("give one of them: {}", several.join(", ")),
        }),
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

impl FromStr for EntityArg {
    type Err = NotAnEntity;

    fn from_str(text: &str) -> Result<Self, NotAnEntity> {
        if text.is_empty() {
            return Err(NotAnEntity::Form);
        }
        if text.contains('/') { text.parse().map(Self::Known) } else { Ok(Self::Bare(encode_entity(text))) }
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
    /// Received at this time or later: 15m, 2h30m, 7d (ago), yesterday, 14:30, 2025-06-12, 2025-06-12T08:01:12Z
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<TimeArg>,
    /// Received before this time
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<TimeArg>,
}

impl Span {
    /// Checks that the span does not end before it starts.
    ///
    /// # Errors
    /// [`Failure::Unusable`] with both times.
    pub(crate) fn check(self, now: ReceivedAt, zone: &Zone) -> Result<(), Failure> {
        let (Some(since), Some(until)) = (self.since, self.until) else { return Ok(()) };
        let (since, until) = (since.before(now, zone), until.before(now, zone));
        if since <= until {
            return Ok(());
        }
        Err(Failure::Unusable {
            what: format!(
                "the time ends before it starts: --since is {}, --until is {}",
                zone.show_named(since),
                zone.show_named(until)
            ),
            next: "give --until a later time than --since; 2h is earlier than 1h".to_owned(),
        })
    }

    /// Returns true if neither end is given.
    pub(crate) fn is_empty(self) -> bool {
        self.since.is_none() && self.until.is_none()
    }

    /// Returns the span as command-line flags with absolute times, for a command that continues.
    pub(crate) fn to_flags(self, now: ReceivedAt, zone: &Zone) -> String {
        let flag = |name: &str, time: Option<TimeArg>| {
            time.map(|time| format!(" --{name} {}", time.before(now, zone))).unwrap_or_default()
        };
        flag("since", self.since) + &flag("until", self.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filters(provider: Option<&str>, store: Option<&str>, entity: Option<&str>) -> Filters {
        let source = SourceFilter {
            provider: provider.map(|text| text.parse().unwrap()),
            store: store.map(|text| text.parse().unwrap()),
        };
        Filters { source, event_types: Vec::new(), entity: entity.map(|text| text.parse().unwrap()) }
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
            let entity = filters.entity.as_ref().map(|entity| match entity {
                EntityArg::Known(entity) => entity,
                EntityArg::Bare(id) => panic!("{id}"),
            });
            let selection = filters.select(entity, at, at).ok();
            let parts = selection.as_ref().map(|s| {
                (s.provider.as_deref(), s.store.as_ref().map(StoreName::as_str), s.entity.as_deref())
            });
            assert_eq!(parts, want, "{filters:?}");
        }
    }

    #[test]
    fn texts_have_the_forms_of_the_options() {
        let at = ReceivedAt::EPOCH;
        let of = |store, types, entity| {
            Filters::parse(store, types, entity).unwrap().selection_and_id(at, at).unwrap()
        };
        let everything = Selection::between(at, at);
        assert_eq!(of(None, None, None), (everything.clone(), None));
        let (selection, id) =
            of(Some("riyadh"), Some("order.create, order.status.update,"), Some("81230457"));
        assert_eq!((selection.provider, id.as_deref()), (None, Some("81230457")));
        assert_eq!(selection.store.unwrap().as_str(), "riyadh");
        assert_eq!(selection.event_types, ["order.create", "order.status.update"]);
        assert_eq!(of(Some("zid"), None, None).0.provider.as_deref(), Some("zid"));
        assert_eq!(of(None, None, Some("BDG%2F03")).1.as_deref(), Some("BDG%2F03"), "encoded on a page");
        assert_eq!(of(None, None, Some("SO 7")).1.as_deref(), Some("SO%207"));
        let (selection, id) = of(None, None, Some("zid/riyadh/order/8"));
        assert_eq!((selection.entity_path().as_deref(), id), (Some("zid/riyadh/order/8"), None));
        for (store, entity) in
            [(Some("shop/riyadh"), None), (Some("Riyadh!"), None), (None, Some("orders/8"))]
        {
            assert_eq!(
                Filters::parse(store, None, entity).unwrap_err().exit_code(),
                2,
                "{store:?} {entity:?}"
            );
        }
    }

    #[test]
    fn a_mistyped_store_has_a_suggestion() {
        let stores: Vec<StoreAddress> = ["zid/acc6", "zort/bangkok"].map(|text| text.parse().unwrap()).into();
        let parsed = |text| Filters::parse(Some(text), None, None).unwrap();
        for (text, selected, meant) in [
            ("acc6", 1, None),
            ("zid/acc6", 1, None),
            ("zid", 1, None),
            ("zort/acc6", 0, Some("zort/bangkok")),
            ("zid/acc61", 0, Some("did you mean zid/acc6?")),
            ("bangok", 0, Some("did you mean zort/bangkok?")),
        ] {
            let filters = parsed(text);
            assert_eq!(filters.stores_among(&stores).len(), selected, "{text}");
            let next = filters.check_store(&stores, "inlet").err();
            let next =
                next.map(|failure| failure.hint(&crate::options::DeploymentArgs::of_stack("inlet", None)));
            assert_eq!(next.is_some(), meant.is_some(), "{text}: {next:?}");
            assert!(next.unwrap_or_default().contains(meant.unwrap_or_default()), "{text}");
        }
    }

    #[test]
    fn an_invalid_entity_has_a_reason() {
        for (text, why) in [
            ("orders/8", "orders is not a kind"),
            ("order/", "an entity is an id, kind/id"),
            ("shop/riyadh/order/8", "shop is not a provider"),
            ("zid/riyadh/order/8/9f2c41d8a3b7e6f0", "its entity is zid/riyadh/order/8"),
        ] {
            let error = text.parse::<Entity>().unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
        assert_eq!("SO 7".parse::<EntityArg>().unwrap(), EntityArg::Bare("SO%207".to_owned()), "an id alone");
    }

    #[test]
    fn filters_become_flags_for_a_shell() {
        let mut filters = filters(Some("zid"), Some("riyadh"), Some("order/BDG%2F03"));
        filters.event_types = vec!["it's".into(), "order.*".into()];
        assert_eq!(
            filters.to_flags(),
            r" --provider zid --store riyadh --type 'it'\''s,order.*' --entity order/BDG%2F03"
        );
    }

    #[test]
    fn a_mistyped_type_or_pattern_has_a_suggestion() {
        let of = |name: &str| Filters { event_types: vec![name.to_owned()], ..Filters::default() };
        for known in
            ["order.create", "order.created", "commerce.order.created", "order.*", "something.else.entirely"]
        {
            assert!(of(known).check_types("inlet").is_ok(), "{known}");
        }
        for (wanted, meant) in [
            ("order.creat", "did you mean order.create"),
            ("ordr.*", "did you mean order.*"),
            ("*.creatd", "*.created"),
        ] {
            let failure = of(wanted).check_types("inlet").unwrap_err();
            let next = failure.hint(&crate::options::DeploymentArgs::of_stack("inlet", None));
            assert!(failure.exit_code() == 3 && next.contains(meant), "{wanted}: {next}");
        }
    }

    #[tokio::test]
    async fn each_of_several_types_is_checked_before_any_call() {
        let event_types = vec!["order.create".to_owned(), "ordr.create".to_owned()];
        let filters = Filters { event_types, ..Filters::default() };
        let at = ReceivedAt::EPOCH;
        let failure = filters.selection(&Deployment::unreachable(), at, at).await.unwrap_err();
        assert!(failure.to_string().contains("event type ordr.create"), "{failure}");
        assert_eq!(failure.exit_code(), 3);
        for empty in ["", " "] {
            assert!(parse_type(empty).is_err(), "{empty:?}");
        }
        assert_eq!(parse_type(" order.create"), Ok("order.create".to_owned()), "after a comma and a blank");
    }

    #[test]
    fn a_span_that_ends_before_it_starts_is_an_error() {
        let (now, zone) = (ReceivedAt::parse("2025-06-12T08:00:00Z").unwrap(), Zone::default());
        let check = |since: &str, until: &str| {
            Span { since: since.parse().ok(), until: until.parse().ok() }.check(now, &zone)
        };
        for (since, until) in [("2h", "1h"), ("1h", "1h"), ("1h", ""), ("", "2h"), ("yesterday", "today")] {
            assert!(check(since, until).is_ok(), "{since} {until}");
        }
        let failure = check("1h", "2h").unwrap_err();
        assert_eq!(failure.exit_code(), 2);
        assert!(failure.to_string().contains("--since is 2025-06-12T07:00:00"), "{failure}");
    }

    #[test]
    fn a_limit_is_at_least_one_row() {
        assert_eq!(parse_limit("20"), Ok(20));
        for text in ["0", "", "-1", "many"] {
            assert!(parse_limit(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn filters_of_the_content_become_flags() {
        let content = ContentArgs {
            conditions: vec![Condition::parse("data.status=cancelled").unwrap()],
            grep: Some("Al Noor".into()),
            trust: vec!["signed".into(), "url_token".into()],
            origin: Vec::new(),
        };
        let flags = " --where 'data.status=cancelled' --grep 'Al Noor' --trust 'signed,url_token'";
        assert_eq!(content.to_flags(), flags);
    }
}
