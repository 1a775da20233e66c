//! `inlet webhook unregister`: removes the registrations of a store.

use inlet::tools::registration::{Change, PlanError, Planned};

use crate::commands::urls::print_manual_steps;
use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::deployment::stores;
use crate::failure::Failure;
use crate::options::DeploymentArgs;
use crate::output::Output;
use crate::output::prompt::confirm;
use crate::webhook::access::AccessFrom;
use crate::webhook::api_client::ApiAt;
use crate::webhook::carry_out::carry_out;
use crate::webhook::report::Work;
use crate::webhook::session::{Session, credentials, destination, events};
use crate::webhook::step_result::plan_failure;

/// The arguments of `inlet webhook unregister`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The store, such as zid/riyadh
    store: StoreAddress,
    /// The events; default: all registrations of the store
    events: Vec<String>,
    /// List the registrations and print the calls, without changing anything
    #[arg(long)]
    dry_run: bool,
    /// Do not ask for confirmation
    #[arg(long, short)]
    yes: bool,
    /// Base URL of the deployment as the provider sees it, if it has a custom domain
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    #[command(flatten)]
    access: AccessFrom,
    #[command(flatten)]
    at: ApiAt,
}

/// Removes the registrations, or prints the manual steps.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let Arguments { store, at, .. } = &arguments;
    let events = events(store, &arguments.events)?;
    let deployment = Deployment::find(options).await?;
    stores::note_unless_exists(&deployment, store, output).await;
    let destination = destination(&deployment, store, arguments.base_url.as_deref())?;
    let Some(api) = store.provider.api else {
        return print_manual_steps(
            &deployment.inlet,
            arguments.base_url.as_deref().unwrap_or(&deployment.api),
            store,
            output,
        );
    };
    if !api.can_list {
        let error = PlanError::NotDocumented("the removal of registrations at this provider");
        return Err(plan_failure(&error, &deployment.inlet, store));
    }
    let live = credentials(&deployment, store).await?;
    let access = arguments.access.read(&api)?;
    let of_store = (store, deployment.inlet.as_str());
    let session = Session::open(of_store, &api, destination, access, live, &[], at)?;
    let listing = session.list().await?;
    let change = Change::Unregister { events: &events };
    let steps = session.plan(&listing, change)?;
    if arguments.dry_run {
        return output.report(&Work::planned(store, session.base(), steps));
    }
    let removed =
        steps.iter().flat_map(|step| &step.items).filter(|item| item.planned == Planned::Remove).count();
    confirm(&format!("Remove {removed} registrations of {store}?"), arguments.yes || removed == 0)?;
    let outcomes = carry_out(&session, &listing, steps, change, output).await;
    let work = Work::done(store, session.base(), outcomes);
    output.report(&work)?;
    work.end()
}
