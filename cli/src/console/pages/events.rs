//! The events, newest first, with a search.

use std::time::Duration;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use inlet::event::EventId;
use inlet::received_at::ReceivedAt;
use inlet_aws::dynamodb::time_index::Arrival;
use inlet_aws::history::event_status::event_statuses;
use inlet_aws::operate::selection::{Condition, ContentFilter, Selection};

use crate::console::pages::{Params, Shell, given, respond};
use crate::console::state::{Console, Shared, now};
use crate::console::text::{At, Text, ago, in_query};
use crate::credentials::without_credentials;
use crate::events::list::{Listed, State as EventState};
use crate::events::page::{EventPage, Wanted, read};
use crate::failure::Failure;
use crate::input::event_ids::{self, EventRef, look_up};
use crate::input::filters::Filters;
use crate::input::suggest::did_you_mean;
use crate::input::time_arg::{TimeArg, now_plus_skew};
use crate::zone::Zone;

/// Events of a page.
const LIMIT: usize = 50;

/// The time after which a search pauses and shows what it found.
const TIME_LIMIT: Duration = Duration::from_millis(150);

/// The time for which a number that no entity has is looked up as a short id.
const NUMBER_TIME_LIMIT: Duration = Duration::from_secs(1);

/// The choices of the time to search.
const SPANS: [(&str, &str); 5] = [
    ("1h", "last hour"),
    ("24h", "last 24 hours"),
    ("7d", "last 7 days"),
    ("30d", "last 30 days"),
    ("all", "everything stored"),
];
const DEFAULT_SPAN: &str = "24h";

/// The choices of the state.
const STATES: [(&str, &str, Option<EventState>); 4] = [
    ("", "any state", None),
    ("waiting", "waiting", Some(EventState::Waiting)),
    ("parked", "parked", Some(EventState::Parked)),
    ("processed", "processed", Some(EventState::Processed)),
];

/// The parameters of a search. A page of older events has `until` too.
const SEARCH: [&str; 7] = ["store", "type", "entity", "state", "since", "where", "grep"];

/// The other parameters of this page, and those of the form that replays all events of a search.
const OTHERS: [&str; 4] = ["until", "rows", "all", "form_token"];

#[derive(Template)]
#[template(path = "console/events.html")]
struct EventsPage {
    shell: Shell,
    search: Search,
    rows: Rows,
}

/// The rows alone, for the live update.
#[derive(Template)]
#[template(path = "console/event_rows.html")]
struct RowsPage {
    rows: Rows,
}

/// The rows of a page, and where it continues.
struct Rows {
    events: Vec<Row>,
    read_at: At,
    is_paused: bool,
    /// A note about the search: that the events have a short id, or why no event matches.
    note: Option<Text>,
    /// The time that the search reached.
    reached: Option<At>,
    /// The address of the next page.
    older: Option<String>,
    /// The address of the newest page, if this is not it.
    newest: Option<String>,
    allow_write: bool,
    /// True if the events are all or the newest of those that the search selects.
    is_search: bool,
    form_token: String,
    /// The search as hidden fields, for an action on all matching events.
    fields: Vec<(&'static str, String)>,
}

/// The form of the search, as it was filled in.
struct Search {
    stores: Vec<Choice>,
    states: Vec<Choice>,
    spans: Vec<Choice>,
    event_type: Text,
    entity: Text,
    /// A condition and a text, if the address has them.
    condition: Option<Text>,
    text: Option<Text>,
    /// The address of the live update; `None` on older pages.
    live: Option<String>,
}

/// A choice of a list.
struct Choice {
    value: Text,
    name: Text,
    chosen: bool,
}

/// An event in the list.
pub(crate) struct Row {
    pub(crate) at: At,
    pub(crate) ago: String,
    pub(crate) state: &'static str,
    pub(crate) reason: Option<Text>,
    pub(crate) ours: Text,
    pub(crate) theirs: Text,
    pub(crate) store: Text,
    pub(crate) entity: Text,
    pub(crate) id: Text,
    pub(crate) event_href: String,
    pub(crate) entity_href: String,
}

/// Shows a page of events.
pub(crate) async fn show(
    State(console): State<Shared>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let params = match once_each(pairs) {
        Ok(params) => params,
        Err(failure) => return respond::<RowsPage>(&console, Err(failure)),
    };
    if let Some(address) = given(&params, "entity").and_then(direct) {
        return Redirect::to(&address).into_response();
    }
    let mut rows = match rows(&console, &params).await {
        Ok(rows) => rows,
        Err(failure) => return respond::<RowsPage>(&console, Err(failure)),
    };
    let mut is_settled = false;
    if let Some(digest) = short_id(&params).filter(|_| rows.events.is_empty()) {
        match by_short_id(&console, digest).await {
            Ok(ByShortId::One(id)) => return Redirect::to(&event_address(id.as_str())).into_response(),
            Ok(ByShortId::Several(found)) => (rows, is_settled) = (*found, true),
            Ok(ByShortId::None(failure)) => {
                let sentence = Text::line(&failure.sentence(&console.deployment.options));
                rows.note.get_or_insert(sentence);
                is_settled = true;
            }
            Ok(ByShortId::Number) => {}
            Err(failure) => return respond::<RowsPage>(&console, Err(failure)),
        }
    }
    if params.contains_key("rows") {
        return respond(&console, Ok::<_, Failure>(RowsPage { rows }));
    }
    let mut search = Search::of(&console, &params).await;
    if is_settled {
        // The live update is of the search, which has no event.
        search.live = None;
    }
    let shell = Shell::new(&console, "events", "Events");
    respond(&console, Ok(EventsPage { shell, search, rows }))
}

/// Returns the parameters of a search.
///
/// # Errors
/// [`Failure::Unusable`] if one is given twice: only one of them would be used.
fn once_each(pairs: Vec<(String, String)>) -> Result<Params, Failure> {
    let mut params = Params::new();
    for (name, value) in pairs {
        if params.contains_key(&name) {
            return Err(Failure::Unusable {
                what: format!("the address has {name} more than once"),
                next: format!("give {name} once"),
            });
        }
        params.insert(name, value);
    }
    Ok(params)
}

/// Returns the parameters of a search that are given, for a link or form that repeats it.
fn given_search(params: &Params) -> Vec<(&'static str, String)> {
    SEARCH.into_iter().filter_map(|name| Some((name, given(params, name)?.to_owned()))).collect()
}

/// Returns the address of the event or entity that a searched text names completely.
fn direct(text: &str) -> Option<String> {
    if EventId::parse(text).is_ok() {
        return Some(event_address(text));
    }
    let is_entity = inlet_aws::operate::forget::Entity::parse(text).is_ok();
    is_entity.then(|| format!("/entity?path={}", in_query(text)))
}

async fn rows(console: &Console, params: &Params) -> Result<Rows, Failure> {
    let now = now();
    let wanted = wanted(console, params, now)?;
    let EventPage { events, older_before, is_paused } = read(&console.deployment.table(), &wanted).await?;
    let note = if events.is_empty() { unknown_name(console, params).await? } else { None };
    let page_before = |until: Option<&str>| {
        let kept = given_search(params).into_iter();
        let mut query: Vec<String> =
            kept.map(|(name, value)| format!("{name}={}", in_query(&value))).collect();
        query.extend(until.map(|until| format!("until={}", in_query(until))));
        format!("/events?{}", query.join("&"))
    };
    Ok(Rows {
        events: events.iter().map(|event| Row::of(event, now)).collect(),
        read_at: At::of_time(now),
        is_paused,
        note,
        reached: older_before.as_deref().filter(|_| is_paused).map(At::of),
        older: older_before.as_deref().map(|until| page_before(Some(until))),
        newest: given(params, "until").map(|_| page_before(None)),
        allow_write: console.allow_write,
        is_search: true,
        form_token: console.guard.form_token().to_owned(),
        fields: given_search(params),
    })
}

/// Returns the text of a search that may be the short id of an event, as tables print it. `None` for a live update and for
/// older pages, which repeat the search.
fn short_id(params: &Params) -> Option<&str> {
    let is_first = !params.contains_key("rows") && given(params, "until").is_none();
    let text = given(params, "entity").filter(|_| is_first)?;
    matches!(text.parse(), Ok(EventRef::Digest(_))).then_some(text)
}

/// The events with a short id.
enum ByShortId {
    /// The only one.
    One(EventId),
    /// The rows of several.
    Several(Box<Rows>),
    /// None, and why.
    None(Failure),
    /// None, but the text is a number, and most numbers are those of entities: the page says that no event matches.
    Number,
}

/// Looks up the events with a short id that no entity has.
///
/// # Errors
/// If the table cannot be read.
async fn by_short_id(console: &Console, digest: &str) -> Result<ByShortId, Failure> {
    let is_number = digest.bytes().all(|byte| byte.is_ascii_digit());
    // A page about an entity without an event must not take long.
    let time_limit = if is_number { NUMBER_TIME_LIMIT } else { event_ids::TIME_LIMIT };
    let found = match look_up(digest, &console.deployment, time_limit).await {
        Ok(found) => found,
        Err(Failure::NotFound { .. }) if is_number => return Ok(ByShortId::Number),
        Err(failure @ Failure::NotFound { .. }) => return Ok(ByShortId::None(failure)),
        Err(failure) => return Err(failure),
    };
    if let [only] = found.as_slice() {
        return Ok(ByShortId::One(only.id.clone()));
    }
    Ok(ByShortId::Several(Box::new(Rows::of_short_id(console, digest, found).await?)))
}

/// Returns the address of an event's page.
fn event_address(id: &str) -> String {
    format!("/event?id={}", in_query(id))
}

impl Rows {
    /// Returns the rows of the events that have the same short id.
    async fn of_short_id(console: &Console, digest: &str, found: Vec<Arrival>) -> Result<Self, Failure> {
        let now = now();
        let events: Vec<_> = found.iter().map(|arrival| (&arrival.id, arrival.received_at())).collect();
        let statuses = event_statuses(&console.deployment.table(), &events).await;
        let statuses =
            statuses.map_err(|fault| Failure::Inlet { context: "the receipts cannot be read", fault })?;
        let listed =
            found.iter().cloned().zip(statuses).map(|(arrival, status)| Listed::new(arrival, status));
        Ok(Self {
            events: listed.map(|event| Row::of(&event, now)).collect(),
            read_at: At::of_time(now),
            is_paused: false,
            note: Some(Text::line(&format!("{} events have the short id {digest}.", found.len()))),
            reached: None,
            older: None,
            newest: None,
            allow_write: console.allow_write,
            is_search: false,
            form_token: console.guard.form_token().to_owned(),
            fields: Vec::new(),
        })
    }
}

/// Returns the events that the parameters select.
///
/// # Errors
/// [`Failure::Unusable`] if a parameter is none of its kind.
pub(crate) fn wanted(console: &Console, params: &Params, now: ReceivedAt) -> Result<Wanted, Failure> {
    let unusable = |what: String, next: &str| Failure::Unusable { what, next: next.to_owned() };
    check_parameters(params)?;
    let span = given(params, "since").unwrap_or(DEFAULT_SPAN);
    let time = |text: &str| {
        let time = text.parse::<TimeArg>().map(|time| time.before(now, &Zone::default()));
        time.map_err(|error| unusable(error.to_string(), "choose a time of the list"))
    };
    let oldest = console.deployment.table().time_index.oldest(now);
    let from = if span == "all" { oldest } else { time(span)?.max(oldest) };
    let until = given(params, "until").map_or_else(|| Ok(now_plus_skew(now)), time)?;
    let condition = given(params, "where").map(Condition::parse).transpose();
    let condition =
        condition.map_err(|error| unusable(error.to_string(), "correct `where` in the address"))?;
    let content = ContentFilter {
        conditions: condition.into_iter().collect(),
        text: given(params, "grep").map(str::to_owned),
        ..ContentFilter::default()
    };
    let (selection, entity_id) = filters(params)?.selection_and_id(from, until)?;
    let selection = Selection { content, ..selection };
    let state = state(given(params, "state").unwrap_or_default())?;
    Ok(Wanted { selection, entity_id, state, limit: LIMIT, time_limit: TIME_LIMIT })
}

fn filters(params: &Params) -> Result<Filters, Failure> {
    Filters::parse(given(params, "store"), given(params, "type"), given(params, "entity"))
}

/// Checks that the search has no parameter without a meaning: ignoring it would list more than was asked for.
fn check_parameters(params: &Params) -> Result<(), Failure> {
    let mut names: Vec<&String> = params.keys().collect();
    names.sort();
    for name in names {
        if !SEARCH.contains(&name.as_str()) && !OTHERS.contains(&name.as_str()) {
            let next = did_you_mean(name, SEARCH)
                .unwrap_or_else(|| format!("use one of these: {}, until", SEARCH.join(", ")));
            return Err(Failure::Unusable { what: format!("a search has no parameter {name}"), next });
        }
    }
    Ok(())
}

fn state(text: &str) -> Result<Option<EventState>, Failure> {
    let known = STATES.iter().find(|(value, ..)| *value == text);
    known.map(|(.., state)| *state).ok_or_else(|| {
        let names = STATES.map(|(value, ..)| value);
        let next = did_you_mean(text, names.into_iter().filter(|name| !name.is_empty()));
        Failure::Unusable {
            what: format!("{text} is no state of an event"),
            next: next.unwrap_or_else(|| "use waiting, parked or processed".to_owned()),
        }
    })
}

/// Returns the reason why no event matches, if a type or a store of the search is not known.
async fn unknown_name(console: &Console, params: &Params) -> Result<Option<Text>, Failure> {
    let (filters, inlet) = (filters(params)?, &console.deployment.inlet);
    let mut checked = filters.check_types(inlet);
    if checked.is_ok() && given(params, "store").is_some() {
        // A page without the stores is shown too: only the suggestion is missing.
        if let Ok(stores) = console.stores().await {
            checked = filters.check_store(&stores, inlet);
        }
    }
    let sentence = |failure: Failure| Text::line(&failure.sentence(&console.deployment.options));
    Ok(checked.err().map(sentence))
}

impl Search {
    async fn of(console: &Console, params: &Params) -> Self {
        let chosen = |name: &str| given(params, name).unwrap_or_default();
        let choice = |value: &str, name: &str, chosen: &str| Choice {
            value: Text::line(value),
            name: Text::line(name),
            chosen: value == chosen,
        };
        let store = chosen("store");
        let mut stores = vec![choice("", "every store", store)];
        let known = console.stores().await.unwrap_or_default();
        let mut last = None;
        for address in &known {
            if last != Some(address.provider) {
                let provider = address.provider.to_string();
                stores.push(choice(&provider, &format!("{provider}, every store"), store));
                last = Some(address.provider);
            }
            let address = address.to_string();
            stores.push(choice(&address, &address, store));
        }
        // A store without credentials may have events too.
        if !stores.iter().any(|choice| choice.chosen) {
            stores.push(choice(store, store, store));
        }
        let state = chosen("state");
        let span = given(params, "since").unwrap_or(DEFAULT_SPAN);
        let mut spans: Vec<Choice> = SPANS.iter().map(|(value, name)| choice(value, name, span)).collect();
        if !spans.iter().any(|choice| choice.chosen) {
            spans.push(choice(span, &format!("since {span}"), span));
        }
        let live = given(params, "until").is_none().then(|| {
            let kept = given_search(params).into_iter();
            let query = kept.map(|(name, value)| format!("&{name}={}", in_query(&value)));
            format!("/events?rows{}", query.collect::<String>())
        });
        Self {
            stores,
            states: STATES.iter().map(|(value, name, _)| choice(value, name, state)).collect(),
            spans,
            event_type: Text::line(chosen("type")),
            entity: Text::line(chosen("entity")),
            condition: given(params, "where").map(Text::line),
            text: given(params, "grep").map(Text::line),
            live,
        }
    }
}

impl Row {
    /// Returns the row of an event.
    pub(crate) fn of(event: &Listed, now: ReceivedAt) -> Self {
        let mut path = event.id.splitn(5, '/');
        let mut next = || path.next().unwrap_or_default().to_owned();
        let (provider, store, kind, entity) = (next(), next(), next(), next());
        let entity_path = format!("{provider}/{store}/{kind}/{entity}");
        Self {
            ago: ReceivedAt::parse(&event.received).map(|at| ago(at, now)).unwrap_or_default(),
            at: At::of(&event.received),
            state: state_name(event.state),
            reason: event.parked_because.as_deref().map(|reason| Text::line(&without_credentials(reason))),
            ours: Text::line(&event.canonical_type),
            theirs: Text::line(&event.provider_type),
            store: Text::line(&format!("{provider}/{store}")),
            entity: Text::line(&format!("{kind}/{entity}")),
            id: Text::line(&event.id),
            event_href: event_address(&event.id),
            entity_href: format!("/entity?path={}", in_query(&entity_path)),
        }
    }
}

/// Returns the word for a state, which is its class in the style sheet too.
pub(crate) fn state_name(state: EventState) -> &'static str {
    match state {
        EventState::Processed => "processed",
        EventState::Waiting => "waiting",
        EventState::Parked => "parked",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complete_name_leads_to_its_page() {
        for (text, address) in [
            ("zid/a/order/1/0123456789abcdef", Some("/event?id=zid%2Fa%2Forder%2F1%2F0123456789abcdef")),
            ("zid/a/order/1", Some("/entity?path=zid%2Fa%2Forder%2F1")),
            ("order/1", None),
            ("1", None),
            ("//evil.test/a/b", None),
        ] {
            assert_eq!(direct(text).as_deref(), address, "{text}");
        }
    }

    #[test]
    fn a_short_id_is_looked_up_on_the_first_page_only() {
        for (pairs, digest) in [
            (&[("entity", "0123abcd")][..], Some("0123abcd")),
            (&[("entity", "81230457"), ("store", "zid")], Some("81230457")),
            (&[("entity", "0123")], None),
            (&[("entity", "order/8")], None),
            (&[("type", "0123abcd")], None),
            (&[("entity", "0123abcd"), ("until", "2025-06-12T08:00:00Z")], None),
            (&[("entity", "0123abcd"), ("rows", "")], None),
        ] {
            assert_eq!(short_id(&params(pairs)), digest, "{pairs:?}");
        }
    }

    fn params(pairs: &[(&str, &str)]) -> Params {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn console() -> Console {
        let (guard, _) = crate::console::security::AccessGuard::new(1);
        Console::new(crate::deployment::Deployment::unreachable(), guard, true)
    }

    #[test]
    fn a_search_takes_the_forms_of_the_command() {
        let search = params(&[
            ("type", "order.create,order.status.update"),
            ("where", "data.status=cancelled"),
            ("grep", "Al Noor"),
            ("state", "waiting"),
            ("entity", "81230457"),
        ]);
        let wanted = wanted(&console(), &search, now()).unwrap();
        assert_eq!(wanted.selection.event_types, ["order.create", "order.status.update"]);
        assert_eq!(wanted.selection.content.conditions, [Condition::parse("data.status=cancelled").unwrap()]);
        assert_eq!(wanted.selection.content.text.as_deref(), Some("Al Noor"));
        assert_eq!(
            (wanted.state, wanted.entity_id.as_deref()),
            (Some(EventState::Waiting), Some("81230457"))
        );
        assert_eq!(given_search(&search).len(), search.len(), "links and forms repeat the whole search");
    }

    #[test]
    fn a_search_refuses_what_it_cannot_use() {
        for (name, value, why, hint) in [
            ("state", "nosuch", "nosuch is no state", "waiting, parked or processed"),
            ("state", "waitin", "waitin is no state", "did you mean waiting?"),
            ("stat", "waiting", "no parameter stat", "did you mean state"),
            ("colour", "red", "no parameter colour", "store, type"),
            ("where", "x", "a condition is", "where"),
            ("store", "shop/a", "shop is not a provider", "zid"),
            ("since", "soon", "", "time"),
        ] {
            let failure = wanted(&console(), &params(&[(name, value)]), now()).unwrap_err();
            let next = failure.hint(&console().deployment.options);
            assert!(failure.to_string().contains(why) && next.contains(hint), "{name}: {failure}: {next}");
        }
        let twice = vec![("where".to_owned(), "a=1".to_owned()), ("where".to_owned(), "b=1".to_owned())];
        assert!(once_each(twice).unwrap_err().to_string().contains("where more than once"));
    }

    #[tokio::test]
    async fn an_unknown_type_has_a_suggestion() {
        let unknown = unknown_name(&console(), &params(&[("type", "ordr.create")])).await.unwrap();
        assert!(unknown.unwrap().to_string().contains("did you mean order.create"));
        assert_eq!(unknown_name(&console(), &params(&[("type", "order.*")])).await.unwrap(), None);
    }

    #[test]
    fn hostile_names_are_escaped_in_every_column() {
        let evil = "\"><script>alert(1)</script>\u{202e}";
        let listed = Listed {
            received: evil.to_owned(),
            id: format!("zid/a/order/{evil}/0123456789abcdef"),
            canonical_type: evil.to_owned(),
            provider_type: evil.to_owned(),
            state: EventState::Parked,
            processed: None,
            parked_because: Some(evil.to_owned()),
        };
        let rows = Rows {
            events: vec![Row::of(&listed, ReceivedAt::EPOCH)],
            read_at: At::of(evil),
            is_paused: true,
            note: None,
            reached: Some(At::of(evil)),
            older: None,
            newest: None,
            allow_write: true,
            is_search: true,
            form_token: "t".to_owned(),
            fields: vec![("type", evil.to_owned())],
        };
        let html = RowsPage { rows }.render().unwrap();
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains('\u{fffd}'), "the direction of writing is visible");
    }
}
