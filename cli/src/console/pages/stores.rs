//! The stores: their URLs, and the age and shape of their credentials. No value of a credential leaves this file's
//! [`Credential::of`].

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use inlet::received_at::ReceivedAt;
use inlet::tools::portal::Portal;
use serde_json::Value;

use crate::console::pages::{Params, Shell, given, respond};
use crate::console::state::{Console, Shared, now};
use crate::console::text::{At, Text, ago, in_query};
use crate::deployment::address::StoreAddress;
use crate::deployment::secrets;
use crate::deployment::stores::suggestion_among;
use crate::failure::Failure;
use crate::input::filters::Filters;
use crate::providers::ProviderHandle;

#[derive(Template)]
#[template(path = "console/stores.html")]
struct StoresPage {
    shell: Shell,
    stores: Vec<StoreRow>,
    chosen: Option<StoreView>,
}

/// A store in the list.
struct StoreRow {
    name: Text,
    href: String,
    chosen: bool,
}

/// The chosen store.
struct StoreView {
    name: Text,
    raw_name: String,
    credentials: Vec<Credential>,
    written: Option<At>,
    written_ago: String,
    problem: Option<Text>,
    /// The question for the store that was probably meant.
    meant: Option<Text>,
    urls: Vec<Url>,
    steps: Vec<String>,
    not_documented: Vec<&'static str>,
    source: &'static str,
    events_href: String,
    quarantine_href: String,
}

/// A live credential, without its values.
struct Credential {
    number: usize,
    shape: Text,
    fields: Text,
    since: Option<At>,
    age: String,
}

struct Url {
    /// Its name, in the parts between which a line may end.
    event: Vec<&'static str>,
    url: Text,
}

/// Shows the stores, and one of them in full.
pub(crate) async fn show(State(console): State<Shared>, Query(params): Query<Params>) -> Response {
    let page = read(&console, &params).await;
    respond(&console, page)
}

async fn read(console: &Console, params: &Params) -> Result<StoresPage, Failure> {
    let known = console.stores().await?;
    let chosen = match given(params, "store") {
        Some(text) => Some(named(text, &known, &console.deployment.inlet)?),
        None => known.first().cloned(),
    };
    let meant = chosen.as_ref().and_then(|store| suggestion_among(store, &known));
    let stores = known.iter().map(|store| StoreRow {
        name: Text::line(&store.to_string()),
        href: format!("/stores?store={}", in_query(&store.to_string())),
        chosen: chosen.as_ref() == Some(store),
    });
    let stores = stores.collect();
    let chosen = match chosen {
        Some(store) => {
            let view = StoreView::read(console, &store).await?;
            Some(StoreView { meant: meant.as_deref().map(Text::line), ..view })
        }
        None => None,
    };
    Ok(StoresPage { shell: Shell::new(console, "stores", "Stores"), stores, chosen })
}

/// Returns the store that a text names: one with credentials, or one by its provider and name, which may have none yet.
///
/// # Errors
/// If no store with credentials has the name alone: with a similar name, if there is one.
fn named(text: &str, known: &[StoreAddress], inlet: &str) -> Result<StoreAddress, Failure> {
    let filters = Filters::parse(Some(text), None, None)?;
    let first = filters.stores_among(known).into_iter().next();
    if let Some(store) = first.or_else(|| filters.store_address()) {
        return Ok(store);
    }
    filters.check_store(known, inlet)?;
    Err(Failure::NotFound {
        what: format!("store of {text} with a secret"),
        next: "choose a store of the list".to_owned(),
    })
}

impl StoreView {
    async fn read(console: &Console, address: &StoreAddress) -> Result<Self, Failure> {
        let StoreAddress { provider, store } = address;
        let now = now();
        let (kept, history) = tokio::join!(
            secrets::read(&console.deployment, address),
            secrets::history(&console.deployment, address),
        );
        let (credentials, written, problem) = match kept {
            Ok(Some(kept)) => {
                // The history explains the ages. Without permission to read it, they are not known.
                let history = history.unwrap_or_default();
                let since = |credential: &Value| {
                    history
                        .iter()
                        .find(|version| version.credentials.contains(credential))
                        .and_then(|version| version.written)
                        .and_then(|at| ReceivedAt::from_millis(at.secs().saturating_mul(1_000)))
                };
                let numbered = (1_usize..).zip(&kept.credentials);
                let credentials: Vec<Credential> = numbered
                    .map(|(number, value)| Credential::of(*provider, number, value, since(value), now))
                    .collect();
                let written =
                    kept.written.and_then(|at| ReceivedAt::from_millis(at.secs().saturating_mul(1_000)));
                (credentials, written, None)
            }
            Ok(None) => (
                Vec::new(),
                None,
                Some("the store has no credentials: receivers refuse its deliveries".to_owned()),
            ),
            Err(failure) => (Vec::new(), None, Some(failure.sentence(&console.deployment.options))),
        };
        let Portal { steps, not_documented, source } = provider.portal;
        let api = &console.deployment.api;
        let urls = provider.events.iter().filter(|event| provider.sends(event)).map(|event| {
            let topic = provider.address(event).topic.map(|topic| format!("/{topic}")).unwrap_or_default();
            Url {
                event: event.event.split_inclusive(['.', '_', '-', '/']).collect(),
                url: Text::line(&format!("{api}/{address}{topic}")),
            }
        });
        let name = address.to_string();
        Ok(Self {
            name: Text::line(&name),
            credentials,
            written: written.map(At::of_time),
            written_ago: written.map(|at| ago(at, now)).unwrap_or_default(),
            problem: problem.as_deref().map(Text::line),
            meant: None,
            urls: urls.collect(),
            steps: steps.iter().map(|step| step.replace("{store}", store.as_str())).collect(),
            not_documented: not_documented.to_vec(),
            source,
            events_href: format!("/events?store={}", in_query(&name)),
            quarantine_href: format!("/quarantine?store={}", in_query(&name)),
            raw_name: name,
        })
    }
}

impl Credential {
    fn of(
        provider: ProviderHandle,
        number: usize,
        value: &Value,
        since: Option<ReceivedAt>,
        now: ReceivedAt,
    ) -> Self {
        let shape = provider.shape_of(value).map_or("unknown shape", |shape| shape.name);
        let length = |value: &Value| value.as_str().map_or(0, |text| text.chars().count());
        let fields: Vec<String> = value
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| format!("{name}: {} characters", length(value)))
            .collect();
        Self {
            number,
            shape: Text::line(shape),
            fields: Text::line(&fields.join(", ")),
            since: since.map(At::of_time),
            age: since.map(|at| ago(at, now)).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_mistyped_store_has_a_suggestion() {
        let known: Vec<StoreAddress> =
            ["zid/riyadh", "zort/bangkok"].map(|text| text.parse().unwrap()).into();
        let found = |text: &str| named(text, &known, "inlet");
        for (text, store, meant) in [
            ("zid/riyadh", "zid/riyadh", None),
            ("riyadh", "zid/riyadh", None),
            ("zort", "zort/bangkok", None),
            ("zid/riyad", "zid/riyad", Some("did you mean zid/riyadh?")),
            ("zort/riyadh", "zort/riyadh", Some("did you mean zid/riyadh?")),
            ("zid/hanoi", "zid/hanoi", None),
        ] {
            let chosen = found(text).unwrap();
            assert_eq!(chosen.to_string(), store, "{text}");
            assert_eq!(suggestion_among(&chosen, &known).as_deref(), meant, "{text}");
        }
        for (text, next) in [("riyad", "did you mean zid/riyadh?"), ("shop/riyadh", "zid"), ("tiki", "list")]
        {
            let failure = found(text).unwrap_err();
            let hint = failure.hint(&crate::options::DeploymentArgs::of_stack("inlet", None));
            assert!(hint.contains(next), "{text}: {failure}: {hint}");
        }
    }

    #[test]
    fn a_credential_is_shown_by_shape_and_lengths() {
        let zid: ProviderHandle = "zid".parse().unwrap();
        let value = json!({"username": "canary-name", "password": "canary-word"});
        let credential = Credential::of(zid, 1, &value, None, ReceivedAt::EPOCH);
        let shown = format!("{} {}", credential.shape, credential.fields);
        assert!(!shown.contains("canary"), "{shown}");
        assert!(shown.contains("password: 11 characters"), "{shown}");
        let odd = Credential::of(zid, 1, &json!("canary"), None, ReceivedAt::EPOCH);
        assert!(!format!("{} {}", odd.shape, odd.fields).contains("canary"));
    }
}
