//! `inlet webhook list`: shows what a provider's own API says is registered.

use inlet::tools::registration::{ChangeOptions, Planned};

use crate::commands::urls::by_hand;
use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::failure::Failure;
use crate::options::DeploymentArgs;
use crate::output::Output;
use crate::webhook::{AccessFrom, ApiAt, Listed, Look, Session, credentials, destination};

/// What can be said to `inlet webhook list`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The store, as in zid/riyadh
    store: StoreAddress,
    /// The deployment's address as the provider sees it, where it has a domain of its own
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    #[command(flatten)]
    access: AccessFrom,
    #[command(flatten)]
    at: ApiAt,
}

/// Asks and shows.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let Arguments { store, base_url, access, at } = arguments;
    let deployment = Deployment::find(options).await?;
    let destination = destination(&deployment, &store, base_url.as_deref())?;
    let Some(api) = store.provider.api() else {
        return by_hand(base_url.as_deref().unwrap_or(&deployment.api), &store, output);
    };
    if !api.can_list {
        return output.report(&Listed::unknown(&store, api.base));
    }
    let live = credentials(&deployment, &store).await?;
    let session = Session::open(&api, destination.clone(), access.read(&api)?, live, &[], &at)?;
    let Look { present, .. } = session.look().await?;
    // What a registration of everything would add is missing. Without a usable secret there is no such plan.
    let missing = present.register(&[], ChangeOptions::default()).ok().map(|steps| {
        let items = steps.into_iter().flat_map(|step| step.items);
        items.filter(|item| item.planned == Planned::Add).map(|item| item.event).collect()
    });
    let listed = Listed::of(&store, session.base(), &destination, present.registrations(), missing);
    output.report(&listed)?;
    listed.end()
}
