//! `inlet urls`: prints the webhook URLs to paste into the providers' portals.

use inlet::provider::catalogue::EventSpec;
use inlet::tools::portal::Portal;
use serde::Serialize;

use crate::deployment::Deployment;
use crate::deployment::address::{Scope, StoreAddress};
use crate::deployment::stores;
use crate::failure::Failure;
use crate::options::DeploymentArgs;
use crate::output::{Output, Page, Report};
use crate::providers::{ALL, ProviderHandle};

/// The arguments of `inlet urls`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A provider or a store: zid, zid/riyadh; default: every store with a secret
    #[arg(value_name = "PROVIDER[/STORE]")]
    scope: Option<Scope>,
}

/// Prints the URLs.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let deployment = Deployment::find(options).await?;
    let stores = match arguments.scope {
        // Its URLs may be registered before its secret is set.
        Some(Scope::Store(store)) => {
            stores::note_unless_exists(&deployment, &store, output).await;
            vec![store]
        }
        scope => stores::of_scope(&deployment, scope).await?,
    };
    output.report(&Urls::of(&deployment.inlet, &deployment.api, &stores))
}

/// Prints the URLs and the manual steps of a store whose provider documents no API for webhooks.
pub(crate) fn print_manual_steps(
    inlet: &str,
    api: &str,
    store: &StoreAddress,
    output: &mut Output,
) -> Result<(), Failure> {
    output.note(format_args!("{} documents no API for webhooks. Register the URLs by hand:", store.provider));
    output.report(&Urls::of(inlet, api.trim_end_matches('/'), std::slice::from_ref(store)))
}

/// The URLs of the stores, by provider.
#[derive(Debug, Serialize)]
struct Urls {
    providers: Vec<ProviderUrls>,
    /// `inlet` with the options of the deployment.
    #[serde(skip)]
    inlet: String,
}

/// The stores of a provider, and the manual steps.
#[derive(Debug, Serialize)]
struct ProviderUrls {
    provider: &'static str,
    stores: Vec<StoreUrls>,
    steps: Vec<String>,
    not_documented: Vec<String>,
    source: &'static str,
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

impl Urls {
    fn of(inlet: &str, api: &str, stores: &[StoreAddress]) -> Self {
        let providers = ALL.iter().map(|provider| {
            let of_provider = stores.iter().filter(|store| store.provider == *provider);
            ProviderUrls::of(inlet, api, *provider, &of_provider.collect::<Vec<_>>())
        });
        let providers = providers.filter(|provider| !provider.stores.is_empty()).collect();
        Self { providers, inlet: inlet.to_owned() }
    }
}

impl ProviderUrls {
    fn of(inlet: &str, api: &str, provider: ProviderHandle, stores: &[&StoreAddress]) -> Self {
        let Portal { steps, not_documented, source } = provider.portal;
        let step = |step: &&str| match stores {
            [only] => DeploymentArgs::complete_commands(step, inlet, only),
            _ => DeploymentArgs::complete_commands(step, inlet, format!("{}/{{store}}", provider.name)),
        };
        Self {
            provider: provider.name,
            stores: stores.iter().map(|store| StoreUrls::of(api, store)).collect(),
            steps: steps.iter().map(step).collect(),
            not_documented: not_documented.iter().map(step).collect(),
            source,
        }
    }

    fn page(&self, page: &mut Page) {
        for store in &self.stores {
            page.heading(&store.store);
            page.table(
                ["event", "url"],
                store.urls.iter().map(|url| [url.event.to_owned(), url.url.clone()]),
            );
            page.line("");
        }
        page.line(format_args!("Steps at {}:", self.provider));
        for (number, step) in (1_usize..).zip(&self.steps) {
            page.line(format_args!("  {number}. {step}"));
        }
        if !self.not_documented.is_empty() {
            page.line("Not documented, so test it:");
        }
        for unknown in &self.not_documented {
            page.line(format_args!("  - {unknown}"));
        }
        page.aside(format_args!("Source: {}", self.source));
    }
}

impl StoreUrls {
    fn of(api: &str, store: &StoreAddress) -> Self {
        let url = |event: &'static EventSpec| {
            // Without the query: the provider adds its own.
            let topic =
                store.provider.address(event).topic.map(|topic| format!("/{topic}")).unwrap_or_default();
            Url { event: event.event, url: format!("{api}/{store}{topic}") }
        };
        let events = store.provider.events.iter().filter(|event| store.provider.sends(event));
        Self { store: store.to_string(), urls: events.map(url).collect() }
    }
}

impl Report for Urls {
    fn page(&self, page: &mut Page) {
        if self.providers.is_empty() {
            page.line(format_args!(
                "No store has a secret yet. Give the name of a store, for example: {} urls zid/riyadh",
                self.inlet
            ));
        }
        for (index, provider) in self.providers.iter().enumerate() {
            if index > 0 {
                page.line("");
            }
            provider.page(page);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_of_the_steps_selects_the_deployment() {
        let inlet = "inlet --stack prod --profile night";
        let stores = ["zid/acc16".parse().unwrap(), "tiki/hcm".parse().unwrap()];
        for stores in [&stores[..], &[]] {
            let mut page = Page::default();
            Urls::of(inlet, "https://api.test", stores).page(&mut page);
            let text = page.plain();
            assert!(text.contains(inlet), "{text}");
            assert!(!text.replace(inlet, "").contains("inlet "), "{text}");
        }
    }

    #[test]
    fn an_event_that_is_never_sent_has_no_url() {
        let urls = StoreUrls::of("https://api.test", &"zid/riyadh".parse().unwrap());
        let events: Vec<&str> = urls.urls.iter().map(|url| url.event).collect();
        for shape in ["order", "product", "abandoned_cart", "customer", "category"] {
            assert!(!events.contains(&shape), "Zid sends no {shape}: {events:?}");
        }
        assert!(events.contains(&"order.create"), "{events:?}");
        assert!(events.contains(&"app.market.application.install"), "{events:?}");
    }
}
