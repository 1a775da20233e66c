//! `inlet reverify`: verifies held deliveries again, once the secret is mended.

use inlet::fault::Fault;
use inlet_aws::operate::quarantine_list;
use inlet_aws::reverify::Reverified;
use serde::Serialize;
use tokio::sync::watch;

use crate::deployment::Deployment;
use crate::deployment::address::{Scope, StoreAddress};
use crate::deployment::stores;
use crate::failure::Failure;
use crate::options::DeploymentArgs;
use crate::output::progress::{self, RunOutcome};
use crate::output::prompt::confirm;
use crate::output::{Output, Page, Report, counted, printable};
use crate::providers::ALL;

/// What can be said to `inlet reverify`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A provider, or one store: zid, zid/riyadh; otherwise every store that has a secret
    #[arg(value_name = "PROVIDER[/STORE]")]
    scope: Option<Scope>,
    /// Count what is held and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

/// Counts, asks and verifies.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let Arguments { scope, dry_run, yes } = arguments;
    let deployment = Deployment::find_to_change(options, output).await?;
    let stores = match scope {
        Some(Scope::Store(store)) => vec![store],
        Some(Scope::Provider(provider)) => stores::of(&deployment, &[provider]).await?,
        None => stores::of(&deployment, &ALL).await?,
    };
    let mut told = ReverifyReport { stores: count_quarantined(&deployment, stores).await?, dry_run };
    let total: u64 = told.stores.iter().map(|store| store.quarantined).sum();
    if dry_run || total == 0 {
        return output.report(&told);
    }
    confirm(
        &format!("Verify {} again?", counted(total, "quarantined delivery", "quarantined deliveries")),
        yes,
    )?;

    let mut stopped = false;
    for store in &mut told.stores {
        let reverified = watch::Sender::new(Reverified::default());
        let bar = output.progress("verified", Some(store.quarantined));
        let work = store.address.provider.reverify(&deployment, &store.address.store, &reverified);
        let ended = progress::run(work, &reverified, &bar, done).await;
        store.take(&reverified.borrow(), &ended);
        stopped = matches!(ended, RunOutcome::Stopped);
        if stopped {
            break;
        }
    }
    output.report(&told)?;
    told.verdict(stopped, &deployment.inlet)
}

/// The stores with something held, and how much.
async fn count_quarantined(
    deployment: &Deployment,
    stores: Vec<StoreAddress>,
) -> Result<Vec<StoreReport>, Failure> {
    let (table, mut reports) = (deployment.table(), Vec::new());
    for address in stores {
        let quarantined =
            quarantine_list::count_quarantined(&table, address.provider.name(), &address.store).await;
        let quarantined =
            quarantined.map_err(|fault| Failure::Inlet { doing: "the quarantine cannot be read", fault })?;
        if quarantined > 0 {
            let store = address.to_string();
            reports.push(StoreReport {
                address,
                store,
                quarantined,
                accepted: 0,
                still_failing: 0,
                errors: Vec::new(),
            });
        }
    }
    Ok(reports)
}

fn done(sum: &Reverified) -> u64 {
    let done = sum.accepted.saturating_add(sum.refused).saturating_add(sum.failed.len());
    u64::try_from(done).unwrap_or(u64::MAX)
}

/// What became of the held deliveries.
#[derive(Debug, Serialize)]
struct ReverifyReport {
    stores: Vec<StoreReport>,
    #[serde(skip)]
    dry_run: bool,
}

/// What became of a store's.
#[derive(Debug, Serialize)]
struct StoreReport {
    #[serde(skip)]
    address: StoreAddress,
    store: String,
    /// How many were held.
    quarantined: u64,
    /// How many are events now.
    accepted: usize,
    /// How many still do not verify, and stay.
    still_failing: usize,
    /// Why others stay.
    errors: Vec<String>,
}

impl StoreReport {
    fn take(&mut self, sum: &Reverified, ended: &RunOutcome) {
        self.accepted = sum.accepted;
        self.still_failing = sum.refused;
        self.errors = sum.failed.iter().map(Fault::chain).collect();
        if let RunOutcome::Failed(fault) = ended {
            self.errors.push(fault.chain());
        }
    }
}

impl ReverifyReport {
    fn verdict(&self, stopped: bool, inlet: &str) -> Result<(), Failure> {
        let failed: usize = self.stores.iter().map(|store| store.errors.len()).sum();
        let refused: usize = self.stores.iter().map(|store| store.still_failing).sum();
        let again = format!("say `{inlet} reverify` again: what is an event by now is not verified twice");
        if stopped {
            return Err(Failure::Partly { what: "it was stopped".to_owned(), next: again });
        }
        if failed > 0 {
            let what = "some quarantined deliveries could not be accepted".to_owned();
            return Err(Failure::Partly { what, next: format!("ask `{inlet} doctor`, then {again}") });
        }
        if refused > 0 {
            let what = format!(
                "{} as before",
                counted(
                    refused,
                    "quarantined delivery still fails verification",
                    "quarantined deliveries still fail verification"
                )
            );
            let mut stores = self.stores.iter().filter(|store| store.still_failing > 0);
            // Of several, each is mended alone.
            let store = match (stores.next(), stores.next()) {
                (Some(store), None) => store.store.as_str(),
                _ => "STORE",
            };
            let next = format!(
                "compare the store's secret with the provider's portal, mend it with \
                 `{inlet} secret rotate {store}`, then say `{inlet} reverify` again"
            );
            return Err(Failure::Partly { what, next });
        }
        Ok(())
    }
}

impl Report for ReverifyReport {
    fn page(&self, page: &mut Page) {
        if self.stores.is_empty() {
            return page.line("nothing is quarantined");
        }
        if self.dry_run {
            let row = |store: &StoreReport| [store.store.clone(), store.quarantined.to_string()];
            return page.table(["store", "quarantined"], self.stores.iter().map(row));
        }
        let row = |store: &StoreReport| {
            let counts =
                [store.accepted, store.still_failing, store.errors.len()].map(|count| count.to_string());
            let [accepted, refused, failed] = counts;
            [store.store.clone(), store.quarantined.to_string(), accepted, refused, failed]
        };
        page.table(
            ["store", "quarantined", "accepted", "still failing", "errors"],
            self.stores.iter().map(row),
        );
        for store in &self.stores {
            for why in &store.errors {
                page.line(format_args!("{}: {}", store.store, printable(why)));
            }
        }
    }
}
