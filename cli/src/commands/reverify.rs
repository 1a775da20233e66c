//! `inlet reverify`: verifies quarantined deliveries again after the secret is corrected.

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
use crate::providers::Quarantined;

/// The arguments of `inlet reverify`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A provider or a store: zid, zid/riyadh; default: every store with a secret
    #[arg(value_name = "PROVIDER[/STORE]")]
    scope: Option<Scope>,
    /// Count the deliveries without verifying any
    #[arg(long)]
    dry_run: bool,
    /// Do not ask for confirmation
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
    let named = match &scope {
        Some(Scope::Store(store)) => Some(store.clone()),
        _ => None,
    };
    let stores = stores::of_scope(&deployment, scope).await?;
    let mut report = ReverifyReport { stores: count_quarantined(&deployment, stores).await?, dry_run };
    let total: u64 = report.stores.iter().map(|store| store.quarantined).sum();
    if let Some(store) = named.filter(|_| total == 0) {
        stores::check_exists(&deployment, &store).await?;
    }
    if dry_run || total == 0 {
        return output.report(&report);
    }
    confirm(
        &format!("Verify {} again?", counted(total, "quarantined delivery", "quarantined deliveries")),
        yes,
    )?;

    let mut stopped = false;
    let clients = Quarantined {
        table: deployment.table(),
        queue: deployment.queue(),
        ssm: deployment.clients().ssm,
        stage: deployment.stage.clone(),
    };
    for store in &mut report.stores {
        let reverified = watch::Sender::new(Reverified::default());
        let bar = output.progress("verified", Some(store.quarantined));
        let work = store.address.provider.reverify(&clients, &store.address.store, &reverified);
        let ended = progress::run(work, &reverified, &bar, done).await;
        store.set_counts(&reverified.borrow(), &ended);
        stopped = matches!(ended, RunOutcome::Stopped);
        if stopped {
            break;
        }
    }
    output.report(&report)?;
    report.verdict(stopped, &deployment.inlet)
}

/// Returns the stores with quarantined deliveries and their number.
async fn count_quarantined(
    deployment: &Deployment,
    stores: Vec<StoreAddress>,
) -> Result<Vec<StoreReport>, Failure> {
    let (table, mut reports) = (deployment.table(), Vec::new());
    for address in stores {
        let quarantined =
            quarantine_list::count_quarantined(&table, address.provider.name, &address.store).await;
        let quarantined = quarantined
            .map_err(|fault| Failure::Inlet { context: "the quarantine cannot be read", fault })?;
        if quarantined > 0 {
            let store = address.to_string();
            reports.push(StoreReport {
                address,
                store,
                quarantined,
                accepted: 0,
                still_failing: 0,
                forgotten: 0,
                errors: Vec::new(),
            });
        }
    }
    Ok(reports)
}

fn done(sum: &Reverified) -> u64 {
    let done = [sum.accepted, sum.refused, sum.forgotten, sum.failed.len()]
        .into_iter()
        .fold(0, usize::saturating_add);
    u64::try_from(done).unwrap_or(u64::MAX)
}

/// The result of the reverification.
#[derive(Debug, Serialize)]
struct ReverifyReport {
    stores: Vec<StoreReport>,
    #[serde(skip)]
    dry_run: bool,
}

/// The result of a store.
#[derive(Debug, Serialize)]
struct StoreReport {
    #[serde(skip)]
    address: StoreAddress,
    store: String,
    /// Number of quarantined deliveries before.
    quarantined: u64,
    /// Number of deliveries that are events now.
    accepted: usize,
    /// Number of deliveries that still fail verification. They stay in quarantine.
    still_failing: usize,
    /// Number of deliveries that were deleted, because their entity was forgotten since they arrived.
    forgotten: usize,
    /// The errors of other deliveries. They stay in quarantine.
    errors: Vec<String>,
}

impl StoreReport {
    fn set_counts(&mut self, sum: &Reverified, ended: &RunOutcome) {
        self.accepted = sum.accepted;
        self.still_failing = sum.refused;
        self.forgotten = sum.forgotten;
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
        let again =
            format!("run `{inlet} reverify` again: it only reads deliveries that are still in quarantine");
        if stopped {
            return Err(Failure::Partial { what: "the reverification was stopped".to_owned(), next: again });
        }
        if failed > 0 {
            let what = "some quarantined deliveries could not be accepted".to_owned();
            return Err(Failure::Partial { what, next: format!("run `{inlet} doctor`, then {again}") });
        }
        if refused > 0 {
            let what = counted(
                refused,
                "quarantined delivery still fails verification",
                "quarantined deliveries still fail verification",
            );
            let mut stores = self.stores.iter().filter(|store| store.still_failing > 0);
            // Each of several stores has its own secret.
            let store = match (stores.next(), stores.next()) {
                (Some(store), None) => store.store.as_str(),
                _ => "STORE",
            };
            let next = format!(
                "compare the store's secret with the provider's portal, correct it with \
                 `{inlet} secret rotate {store}`, then run `{inlet} reverify` again"
            );
            return Err(Failure::Partial { what, next });
        }
        Ok(())
    }
}

impl Report for ReverifyReport {
    fn page(&self, page: &mut Page) {
        if self.stores.is_empty() {
            return page.line("the quarantine is empty");
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
            if store.forgotten > 0 {
                let deliveries = counted(store.forgotten, "delivery", "deliveries");
                page.line(format_args!("{}: {deliveries} of forgotten entities deleted", store.store));
            }
            for why in &store.errors {
                page.line(format_args!("{}: {}", store.store, printable(why)));
            }
        }
    }
}
