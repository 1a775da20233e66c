//! `inlet reverify`: verifies held deliveries again, once the secret is mended.

use inlet::receive::Fault;
use inlet_aws::reverify::Reverified;
use serde::Serialize;
use tokio::sync::watch;

use crate::address::{Scope, StoreAddress};
use crate::arguments::Place;
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::long_work::{Ended, see};
use crate::output::{Output, Page, Report, counted, printable};
use crate::prompt::confirm;
use crate::providers::ALL;
use crate::stores;

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
pub(crate) async fn run(arguments: Arguments, place: &Place, output: &mut Output) -> Result<(), Failure> {
    let Arguments { scope, dry_run, yes } = arguments;
    let deployment = Deployment::find_to_change(place, output).await?;
    let stores = match scope {
        Some(Scope::Store(store)) => vec![store],
        Some(Scope::Provider(provider)) => stores::of(&deployment, &[provider]).await?,
        None => stores::of(&deployment, &ALL).await?,
    };
    let mut told = Told { stores: held(&deployment, stores).await?, dry_run };
    let total: u64 = told.stores.iter().map(|store| store.held).sum();
    if dry_run || total == 0 {
        return output.report(&told);
    }
    confirm(&format!("Verify {} again?", counted(total, "held delivery", "held deliveries")), yes)?;

    let mut stopped = false;
    for store in &mut told.stores {
        let reverified = watch::Sender::new(Reverified::default());
        let bar = output.progress("verified", Some(store.held));
        let work = store.address.provider.reverify(&deployment, &store.address.store, &reverified);
        let ended = see(work, &reverified, &bar, done).await;
        store.take(&reverified.borrow(), &ended);
        stopped = matches!(ended, Ended::Stopped);
        if stopped {
            break;
        }
    }
    output.report(&told)?;
    told.verdict(stopped, &deployment.inlet)
}

/// The stores with something held, and how much.
async fn held(deployment: &Deployment, stores: Vec<StoreAddress>) -> Result<Vec<OfStore>, Failure> {
    let (table, mut of_stores) = (deployment.table(), Vec::new());
    for address in stores {
        let held = table.count_quarantined(address.provider.name(), &address.store).await;
        let held = held.map_err(|fault| Failure::Inlet { doing: "the quarantine cannot be read", fault })?;
        if held > 0 {
            let store = address.to_string();
            of_stores.push(OfStore { address, store, held, accepted: 0, refused: 0, failed: Vec::new() });
        }
    }
    Ok(of_stores)
}

fn done(sum: &Reverified) -> u64 {
    let done = sum.accepted.saturating_add(sum.refused).saturating_add(sum.failed.len());
    u64::try_from(done).unwrap_or(u64::MAX)
}

/// What became of the held deliveries.
#[derive(Debug, Serialize)]
struct Told {
    stores: Vec<OfStore>,
    #[serde(skip)]
    dry_run: bool,
}

/// What became of a store's.
#[derive(Debug, Serialize)]
struct OfStore {
    #[serde(skip)]
    address: StoreAddress,
    store: String,
    /// How many were held.
    held: u64,
    /// How many are events now.
    accepted: usize,
    /// How many still do not verify, and stay.
    refused: usize,
    /// Why others stay.
    failed: Vec<String>,
}

impl OfStore {
    fn take(&mut self, sum: &Reverified, ended: &Ended) {
        self.accepted = sum.accepted;
        self.refused = sum.refused;
        self.failed = sum.failed.iter().map(Fault::story).collect();
        if let Ended::Failed(fault) = ended {
            self.failed.push(fault.story());
        }
    }
}

impl Told {
    fn verdict(&self, stopped: bool, inlet: &str) -> Result<(), Failure> {
        let failed: usize = self.stores.iter().map(|store| store.failed.len()).sum();
        let refused: usize = self.stores.iter().map(|store| store.refused).sum();
        let again = format!("say `{inlet} reverify` again: what is an event by now is not verified twice");
        if stopped {
            return Err(Failure::Partly { what: "it was stopped".to_owned(), next: again });
        }
        if failed > 0 {
            let what = "some held deliveries could not be taken in".to_owned();
            return Err(Failure::Partly { what, next: format!("ask `{inlet} doctor`, then {again}") });
        }
        if refused > 0 {
            let what = format!(
                "{} as before",
                counted(refused, "held delivery is refused", "held deliveries are refused")
            );
            let mut stores = self.stores.iter().filter(|store| store.refused > 0);
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

impl Report for Told {
    fn page(&self, page: &mut Page) {
        if self.stores.is_empty() {
            return page.line("nothing is held");
        }
        if self.dry_run {
            let row = |store: &OfStore| [store.store.clone(), store.held.to_string()];
            return page.table(["store", "held"], self.stores.iter().map(row));
        }
        let row = |store: &OfStore| {
            let counts = [store.accepted, store.refused, store.failed.len()].map(|count| count.to_string());
            let [accepted, refused, failed] = counts;
            [store.store.clone(), store.held.to_string(), accepted, refused, failed]
        };
        page.table(["store", "held", "events now", "still refused", "failed"], self.stores.iter().map(row));
        for store in &self.stores {
            for why in &store.failed {
                page.line(format_args!("{}: {}", store.store, printable(why)));
            }
        }
    }
}
