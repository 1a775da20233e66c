//! `inlet webhook list`: lists the registrations at the provider.

use inlet::tools::registration::{Change, ChangeOptions, Planned};

use crate::commands::urls::print_manual_steps;
use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::deployment::stores;
use crate::failure::Failure;
use crate::options::DeploymentArgs;
use crate::output::Output;
use crate::webhook::access::AccessFrom;
use crate::webhook::api_client::ApiAt;
use crate::webhook::report::Listed;
use crate::webhook::session::{Session, credentials, destination};

/// The arguments of `inlet webhook list`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The store, such as zid/riyadh
    store: StoreAddress,
    /// Base URL of the deployment as the provider sees it, if it has a custom domain
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    #[command(flatten)]
    access: AccessFrom,
    #[command(flatten)]
    at: ApiAt,
}

/// Lists and compares.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let Arguments { store, base_url, access, at } = arguments;
    let deployment = Deployment::find(options).await?;
    stores::note_unless_exists(&deployment, &store, output).await;
    let destination = destination(&deployment, &store, base_url.as_deref())?;
    let Some(api) = store.provider.api else {
        return print_manual_steps(
            &deployment.inlet,
            base_url.as_deref().unwrap_or(&deployment.api),
            &store,
            output,
        );
    };
    if !api.can_list {
        return output.report(&Listed::unknown(&store, api.base));
    }
    let live = credentials(&deployment, &store).await?;
    let of_store = (&store, deployment.inlet.as_str());
    let session = Session::open(of_store, &api, destination.clone(), access.read(&api)?, live, &[], &at)?;
    let listing = session.list().await?;
    // The events that a registration of everything would add. Unknown without a usable secret.
    let everything = Change::Register { events: &[], options: ChangeOptions::default() };
    let missing = session.plan(&listing, everything).ok().map(|steps| {
        let items = steps.into_iter().flat_map(|step| step.items);
        items.filter(|item| item.planned == Planned::Add).map(|item| item.event).collect()
    });
    let registrations = listing.current.registrations;
    let listed = Listed::of(of_store, session.base(), &destination, registrations, missing);
    output.report(&listed)?;
    listed.end()
}
