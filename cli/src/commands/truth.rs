//! `inlet truth`: the completeness of the events, by store and kind. It reads the providers' own APIs and publishes
//! nothing.

use inlet::reconcile::Counts;
use serde::Serialize;
use tokio::sync::Mutex;

use crate::commands::reconcile::{
    KindReport, carry_out, comparison, first_change, unreadable, unseen_deletions,
};
use crate::deployment::Deployment;
use crate::deployment::address::{Scope, StoreAddress};
use crate::deployment::{api_access, stores};
use crate::failure::Failure;
use crate::input::time_arg::TimeArg;
use crate::options::DeploymentArgs;
use crate::output::{Output, Page, Report, printable};
use crate::provider_api::ProviderApi;
use crate::reconciliation::{Reconciliation, Sessions};

/// The arguments of `inlet truth`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Arguments {
    /// A provider or a store: zid, zid/riyadh; default: every store with a secret
    #[arg(value_name = "PROVIDER[/STORE]")]
    scope: Option<Scope>,
    /// Count the objects that changed since then: 7d (ago), 2025-06-12, or an RFC 3339 time
    #[arg(long, value_name = "TIME", default_value = "24h")]
    since: TimeArg,
    /// Base URL of a sandbox or a twin of the provider's API; HTTPS, or on this machine
    #[arg(long, value_name = "URL")]
    api: Option<String>,
}

const HELP: &str = "\
Of the objects whose settled state changed at the provider, the share whose state webhooks brought. A list that could not
be read to its end has no share. The access of each store is the one that `inlet access set` stored.";

/// Compares each store, and prints the shares.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let Arguments { scope, since, api } = arguments;
    let deployment = Deployment::find(options).await?;
    let since = first_change(since, &deployment, output)?;
    let stores = stores::of_scope(&deployment, scope).await?;
    let mut sessions = Sessions::default();
    let mut report = Truth { since: since.to_string(), stores: Vec::new() };
    for store in &stores {
        let Some(readable) = store.provider.readable() else {
            report.stores.push(StoreTruth::unknown(store, "the provider's API cannot be read"));
            continue;
        };
        let Some(access) = api_access::read(&deployment, store).await? else {
            stores::check_exists(&deployment, store).await?;
            report.stores.push(StoreTruth::unknown(store, "no access to the provider's API is stored"));
            continue;
        };
        let provider = store.provider.name;
        let session = Mutex::new(sessions.begin(provider, &readable, &access));
        let api = ProviderApi::new(api.as_deref())?;
        let comparison = comparison(&deployment, store, &readable, api, access, since);
        let comparison = Reconciliation { session, ..comparison };
        let unreadable = unreadable(store.provider, &readable, &comparison.kinds);
        let (compared, stopped) = carry_out(&comparison, store, output).await?;
        sessions.end(provider, &readable, &comparison.access, comparison.session.into_inner());
        if stopped {
            return Err(Failure::Partial {
                what: "the comparison was stopped".to_owned(),
                next: format!("run `{} truth` again", deployment.inlet),
            });
        }
        let store = store.to_string();
        let kinds: Vec<&str> = compared.kinds.iter().map(|kind| kind.kind).collect();
        let deletions = Some(unseen_deletions(&kinds, &readable, &deployment.inlet));
        report.stores.push(StoreTruth { store, unknown: None, kinds: compared.kinds, unreadable, deletions });
    }
    output.report(&report)?;
    report.verdict(&deployment.inlet)
}

/// The completeness of all stores.
#[derive(Debug, Serialize)]
struct Truth {
    since: String,
    stores: Vec<StoreTruth>,
}

/// The completeness of a store.
#[derive(Debug, Serialize)]
struct StoreTruth {
    store: String,
    /// The reason why nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<&'static str>,
    kinds: Vec<KindReport>,
    /// The kinds that webhooks bring and the API does not list.
    unreadable: Vec<&'static str>,
    /// A sentence about deletions. This command does not look for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    deletions: Option<String>,
}

impl StoreTruth {
    fn unknown(store: &StoreAddress, reason: &'static str) -> Self {
        let store = store.to_string();
        Self { store, unknown: Some(reason), kinds: Vec::new(), unreadable: Vec::new(), deletions: None }
    }
}

impl Truth {
    fn verdict(&self, inlet: &str) -> Result<(), Failure> {
        let is_unread = |store: &&StoreTruth| store.kinds.iter().any(|kind| kind.error.is_some());
        let unread: Vec<&str> =
            self.stores.iter().filter(is_unread).map(|store| store.store.as_str()).collect();
        if unread.is_empty() {
            return Ok(());
        }
        Err(Failure::Partial {
            what: format!("the provider's API could not be read to the end: {}", unread.join(", ")),
            next: format!(
                "set the access again with `{inlet} access set`, or wait until the provider responds; then run `{inlet} truth` again"
            ),
        })
    }
}

impl Report for Truth {
    fn page(&self, page: &mut Page) {
        page.line(format_args!("Changes at the provider since {}", self.since));
        let mut rows = Vec::new();
        for store in &self.stores {
            for kind in &store.kinds {
                let Counts { arrived, reconciled, missed, unknown, .. } = kind.counts;
                let counts = [arrived, reconciled, missed, unknown].map(|count| count.to_string());
                let [arrived, reconciled, missed, unknown] = counts;
                let name = kind.kind.to_owned();
                rows.push([store.store.clone(), name, kind.share(), arrived, reconciled, missed, unknown]);
            }
            if store.unknown.is_some() {
                let none = || "-".to_owned();
                let unknown = "unknown".to_owned();
                rows.push([store.store.clone(), none(), unknown, none(), none(), none(), none()]);
            }
        }
        let heads = ["store", "kind", "by webhook", "arrived", "reconciled", "missed", "not comparable"];
        page.table(heads, rows);
        for store in &self.stores {
            if let Some(reason) = store.unknown {
                page.line(format_args!("{}: {reason}", store.store));
            }
            for kind in &store.kinds {
                if let Some(reason) = kind.why_unknown() {
                    page.line(format_args!("{} {}: {}", store.store, kind.kind, printable(&reason)));
                }
            }
            if !store.unreadable.is_empty() {
                let kinds = store.unreadable.join(", ");
                page.aside(format_args!("{}: the API lists no {kinds}", store.store));
            }
            if let Some(deletions) = &store.deletions {
                page.aside(format_args!("{}: {deletions}", store.store));
            }
        }
    }
}
