//! `inlet access`: stores the access to the providers' own APIs, which `inlet reconcile` and `inlet truth` read. Never
//! shows one.

use clap::Subcommand;
use inlet_aws::client::clock;
use serde::Serialize;

use crate::commands::secret::age;
use crate::deployment::Deployment;
use crate::deployment::address::{Scope, StoreAddress};
use crate::deployment::{api_access, stores};
use crate::failure::Failure;
use crate::options::DeploymentArgs;
use crate::output::prompt;
use crate::output::{Output, Page, Report};
use crate::providers::ALL;
use crate::webhook::access::AccessFrom;

/// The arguments of `inlet access`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Set or replace the access of a store
    #[command(after_help = SET_HELP)]
    Set {
        /// The store, such as zid/riyadh
        store: StoreAddress,
        #[command(flatten)]
        access: AccessFrom,
        /// Encrypt with this KMS key
        #[arg(long, value_name = "KEY")]
        kms_key: Option<String>,
    },
    /// List the stores that have an access, and its age
    List {
        /// A provider or a store: zid, zid/riyadh; default: every store
        #[arg(value_name = "PROVIDER[/STORE]")]
        scope: Option<Scope>,
    },
    /// Remove the access of a store
    Remove {
        /// The store, such as zid/riyadh
        store: StoreAddress,
        /// Do not ask for confirmation
        #[arg(long, short)]
        yes: bool,
    },
}

const SET_HELP: &str = "\
The access is a JSON object; docs/reconciliation.md lists its fields. It is stored encrypted in Parameter Store under
/inlet-access/{stage}/{provider}/{store}, which only the reconciler of the deployment can read.

Zid's products need store_id too, the number of the store: give it in a file with --access. Without it, the reconciler
reads the other lists alone.

Examples:
  inlet access set zid/riyadh
  inlet access set zort/bangkok --access zort-access.json";

/// Runs the subcommand.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    match arguments.action {
        Action::Set { store, access, kms_key } => {
            let deployment = Deployment::find_to_change(options, output).await?;
            set(&store, &access, kms_key, &deployment, output).await
        }
        Action::List { scope } => list(scope, &Deployment::find(options).await?, output).await,
        Action::Remove { store, yes } => {
            let deployment = Deployment::find_to_change(options, output).await?;
            stores::note_unless_exists(&deployment, &store, output).await;
            prompt::confirm(&format!("Remove the access to the API of {store}?"), yes)?;
            let done =
                if api_access::remove(&deployment, &store).await? { Done::Removed } else { Done::Absent };
            output.report(&Changed { store: store.to_string(), done })
        }
    }
}

async fn set(
    store: &StoreAddress,
    access: &AccessFrom,
    kms_key: Option<String>,
    deployment: &Deployment,
    output: &mut Output,
) -> Result<(), Failure> {
    let readable = store.provider.readable_or_failure()?;
    // Before the user enters it for another store.
    stores::note_unless_exists(deployment, store, output).await;
    let access = access.read_fields(readable.access)?;
    if !(readable.accepts)(&access) {
        return Err(Failure::Unusable {
            what: "a field of the access has another form".to_owned(),
            next: "give each field as a text; docs/reconciliation.md lists them".to_owned(),
        });
    }
    let is_new = !api_access::write(deployment, store, &access, kms_key).await?;
    output.note(format_args!("Check it with `{} reconcile {store} --since 1h --dry-run`.", deployment.inlet));
    let done = if is_new { Done::Set } else { Done::Replaced };
    output.report(&Changed { store: store.to_string(), done })
}

async fn list(scope: Option<Scope>, deployment: &Deployment, output: &mut Output) -> Result<(), Failure> {
    let (providers, only) = match scope {
        Some(Scope::Store(store)) => (vec![store.provider], Some(store)),
        Some(Scope::Provider(provider)) => (vec![provider], None),
        None => (ALL.clone(), None),
    };
    let stores = api_access::stores(deployment, &providers).await?;
    let now = clock::now().millis() / 1000;
    if let Some(only) = &only
        && stores.iter().all(|(store, _)| store != only)
    {
        stores::check_exists(deployment, only).await?;
    }
    let of_scope = stores.into_iter().filter(|(store, _)| only.as_ref().is_none_or(|only| only == store));
    let listed = of_scope.map(|(store, since)| Listed {
        store: store.to_string(),
        age_seconds: since.map(|since| now.saturating_sub(since)),
    });
    output.report(&Accesses { accesses: listed.collect() })
}

/// The result of a change.
#[derive(Debug, Serialize)]
struct Changed {
    store: String,
    done: Done,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Done {
    Set,
    Replaced,
    Removed,
    /// There was none.
    Absent,
}

impl Report for Changed {
    fn page(&self, page: &mut Page) {
        let Self { store, done } = self;
        let line = match done {
            Done::Set => format!("{store} has an access to its API."),
            Done::Replaced => format!("{store} has another access to its API."),
            Done::Removed => format!("{store} has no access to its API any more."),
            Done::Absent => format!("{store} had no access to its API."),
        };
        page.line(line);
    }
}

/// The stores with an access.
#[derive(Debug, Serialize)]
struct Accesses {
    accesses: Vec<Listed>,
}

#[derive(Debug, Serialize)]
struct Listed {
    store: String,
    age_seconds: Option<i64>,
}

impl Report for Accesses {
    fn page(&self, page: &mut Page) {
        if self.accesses.is_empty() {
            page.aside("no store has an access");
            return;
        }
        let row = |one: &Listed| [one.store.clone(), one.age_seconds.map_or_else(|| "?".to_owned(), age)];
        page.table(["store", "age"], self.accesses.iter().map(row));
    }
}
