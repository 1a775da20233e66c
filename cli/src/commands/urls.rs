//! `inlet urls`: the URLs to paste into the providers' portals.

use inlet::catalogue::Row;
use inlet::portal::Portal;
use serde::Serialize;

use crate::address::{Scope, StoreAddress};
use crate::arguments::Place;
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::output::{Output, Page, Report};
use crate::providers::ALL;
use crate::stores;

/// What can be said to `inlet urls`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A provider, or one store: zid, zid/riyadh; otherwise every store that has a secret
    #[arg(value_name = "PROVIDER[/STORE]")]
    scope: Option<Scope>,
}

/// Prints them.
pub(crate) async fn run(arguments: Arguments, place: &Place, output: &mut Output) -> Result<(), Failure> {
    let deployment = Deployment::find(place).await?;
    let stores = match arguments.scope {
        Some(Scope::Store(store)) => vec![store],
        Some(Scope::Provider(provider)) => stores::of(&deployment, &[provider]).await?,
        None => stores::of(&deployment, &ALL).await?,
    };
    output
        .report(&Urls { stores: stores.iter().map(|store| StoreUrls::of(&deployment.api, store)).collect() })
}

/// Prints those of a store whose provider has no documented API that could be told them.
pub(crate) fn by_hand(api: &str, store: &StoreAddress, output: &mut Output) -> Result<(), Failure> {
    output.note(format_args!(
        "{} documents no API for webhooks: a person tells it where to send.",
        store.provider
    ));
    output.report(&Urls { stores: vec![StoreUrls::of(api.trim_end_matches('/'), store)] })
}

/// The URLs of the stores.
#[derive(Debug, Serialize)]
struct Urls {
    stores: Vec<StoreUrls>,
}

/// The URLs of one store, and what to do with them.
#[derive(Debug, Serialize)]
struct StoreUrls {
    store: String,
    urls: Vec<Url>,
    steps: Vec<String>,
    not_documented: &'static [&'static str],
    source: &'static str,
}

#[derive(Debug, Serialize)]
struct Url {
    event: &'static str,
    url: String,
}

impl StoreUrls {
    fn of(api: &str, store: &StoreAddress) -> Self {
        let url = |event: &'static Row| {
            // Without the query: a provider adds its own.
            let topic =
                store.provider.address(event).topic.map(|topic| format!("/{topic}")).unwrap_or_default();
            Url { event: event.event, url: format!("{api}/{store}{topic}") }
        };
        let Portal { steps, not_documented, source } = store.provider.portal();
        Self {
            store: store.to_string(),
            urls: store.provider.events().iter().map(url).collect(),
            steps: steps.iter().map(|step| step.replace("{store}", store.store.as_str())).collect(),
            not_documented,
            source,
        }
    }
}

impl Report for Urls {
    fn page(&self, page: &mut Page) {
        for (index, store) in self.stores.iter().enumerate() {
            if index > 0 {
                page.line("");
            }
            page.heading(&store.store);
            page.table(
                ["event", "url"],
                store.urls.iter().map(|url| [url.event.to_owned(), url.url.clone()]),
            );
            page.line("");
            page.line("To do:");
            for (number, step) in (1_usize..).zip(&store.steps) {
                page.line(format_args!("  {number}. {step}"));
            }
            if !store.not_documented.is_empty() {
                page.line("What no page tells, so try it:");
            }
            for unknown in store.not_documented {
                page.line(format_args!("  - {unknown}"));
            }
            page.aside(format_args!("Told on {}", store.source));
        }
    }
}
