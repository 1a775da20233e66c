//! `inlet webhook unregister`: takes back what `inlet webhook register` did.

use inlet::tools::registration::{CurrentRegistrations, PlanError, Planned};

use crate::commands::urls::by_hand;
use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::failure::Failure;
use crate::options::DeploymentArgs;
use crate::output::Output;
use crate::output::prompt::confirm;
use crate::webhook::{AccessFrom, ApiAt, Session, Work, credentials, destination, events};

/// What can be said to `inlet webhook unregister`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The store, as in zid/riyadh
    store: StoreAddress,
    /// The events; otherwise everything that comes to this store
    events: Vec<String>,
    /// Ask what is there, show what would be asked to change it, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask whether it is meant
    #[arg(long, short)]
    yes: bool,
    /// The deployment's address as the provider sees it, where it has a domain of its own
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    #[command(flatten)]
    access: AccessFrom,
    #[command(flatten)]
    at: ApiAt,
}

/// Takes it back, or says how it is done by hand.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let Arguments { store, at, .. } = &arguments;
    let rows = events(store, &arguments.events)?;
    let deployment = Deployment::find(options).await?;
    let destination = destination(&deployment, store, arguments.base_url.as_deref())?;
    let Some(api) = store.provider.api() else {
        return by_hand(arguments.base_url.as_deref().unwrap_or(&deployment.api), store, output);
    };
    if !api.can_list {
        return Err(PlanError::NotDocumented("how to remove what is registered there").into());
    }
    let live = credentials(&deployment, store).await?;
    let session = Session::open(&api, destination, arguments.access.read(&api)?, live, &[], at)?;
    let look = session.look().await?;
    let steps = look.present.unregister(&rows)?;
    if arguments.dry_run {
        return output.report(&Work::planned(store, session.base(), steps));
    }
    let removed =
        steps.iter().flat_map(|step| &step.items).filter(|item| item.planned == Planned::Remove).count();
    confirm(&format!("Remove {removed} registrations of {store}?"), arguments.yes || removed == 0)?;
    let again = |present: &dyn CurrentRegistrations| present.unregister(&rows);
    let work = Work::done(store, session.base(), session.carry_out(&look, steps, again, output).await);
    output.report(&work)?;
    work.end()
}
