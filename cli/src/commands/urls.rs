//! `inlet urls`: the URLs to paste into the providers' portals.

use inlet::catalogue::Row;
use inlet::sender::Address;
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

/// The URLs of the stores.
#[derive(Debug, Serialize)]
struct Urls {
    stores: Vec<StoreUrls>,
}

/// The URLs of one store.
#[derive(Debug, Serialize)]
struct StoreUrls {
    store: String,
    urls: Vec<Url>,
}

#[derive(Debug, Serialize)]
struct Url {
    event: &'static str,
    url: String,
}

impl StoreUrls {
    fn of(api: &str, store: &StoreAddress) -> Self {
        let url = |event: &'static Row| {
            let Address { topic, query, .. } = store.provider.address(event);
            let topic = topic.map(|topic| format!("/{topic}")).unwrap_or_default();
            let query = if query.is_empty() { query } else { format!("?{query}") };
            Url { event: event.event, url: format!("{api}/{store}{topic}{query}") }
        };
        Self { store: store.to_string(), urls: store.provider.events().iter().map(url).collect() }
    }
}

impl Report for Urls {
    fn page(&self, page: &mut Page) {
        for store in &self.stores {
            page.heading(&store.store);
            let rows = store.urls.iter().map(|url| [url.event.to_owned(), url.url.clone()]);
            page.table(["event", "url"], rows);
        }
    }
}
