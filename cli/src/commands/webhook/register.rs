//! `inlet webhook register`: registers a store's URLs at the provider.

use std::fmt::Write as _;

use inlet::tools::registration::ChangeOptions;

use crate::commands::urls::print_manual_steps;
use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::deployment::{secrets, stores};
use crate::failure::Failure;
use crate::options::DeploymentArgs;
use crate::output::Output;
use crate::providers::ALL;
use crate::webhook::access::AccessFrom;
use crate::webhook::api_client::ApiAt;
use crate::webhook::register::{Wanted, register};
use crate::webhook::session::{Session, check_is_public, credentials, destination, events};

/// The arguments of `inlet webhook register`.
#[derive(Debug, clap::Args)]
#[command(after_help = after_help())]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub(crate) struct Arguments {
    /// The store, such as zid/riyadh
    store: StoreAddress,
    /// The events; default: all events that the provider's API can register
    events: Vec<String>,
    /// An option of the provider, listed below
    #[arg(long = "option", value_name = "NAME=VALUE", value_parser = parse_option)]
    options: Vec<(String, String)>,
    /// Recreate existing registrations with the newest credential, also those that the provider has disabled
    #[arg(long)]
    renew: bool,
    /// Replace the URLs of other receivers, and keys that all receivers share
    #[arg(long)]
    replace: bool,
    /// List the registrations and print the calls, without changing anything
    #[arg(long)]
    dry_run: bool,
    /// Do not ask for confirmation before replacing registrations that the provider cannot list
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

/// Registers the URLs, or prints the manual steps.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let Arguments { store, at, .. } = &arguments;
    let events = events(store, &arguments.events)?;
    let deployment = Deployment::find(options).await?;
    let destination = destination(&deployment, store, arguments.base_url.as_deref())?;
    let Some(api) = store.provider.api else {
        stores::note_unless_exists(&deployment, store, output).await;
        return print_manual_steps(
            &deployment.inlet,
            arguments.base_url.as_deref().unwrap_or(&deployment.api),
            store,
            output,
        );
    };
    check_is_public(&deployment, arguments.base_url.as_deref(), &api, at)?;
    let live = credentials(&deployment, store).await?;
    if live.is_empty() {
        return Err(secrets::not_found(&deployment, store).await);
    }
    let older = live.len().saturating_sub(1);
    let access = arguments.access.read(&api)?;
    let of_store = (store, deployment.inlet.as_str());
    let session = Session::open(of_store, &api, destination, access, live, &arguments.options, at)?;
    let allowed = ChangeOptions { take_over: arguments.replace, renew: arguments.renew };
    let Arguments { dry_run, yes, .. } = arguments;
    register(&session, &Wanted { events: &events, allowed, dry_run, yes }, output).await?;
    if older > 0 && !dry_run {
        output.note(format!(
            "Older credentials of {store} that stay live until `{} secret retire {store}`: {older}.",
            deployment.inlet
        ));
    }
    Ok(())
}

/// Parses an option of a provider.
pub(crate) fn parse_option(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("an option is written NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn after_help() -> String {
    let mut text = provider_help();
    text.push_str(
        "\nTo rotate a secret without losing events:\n\
         1. inlet secret rotate STORE              adds the new secret; the old one stays live\n\
         2. inlet webhook register STORE --renew   registers the new secret at the provider\n\
         3. inlet secret retire STORE              removes the old secret, once deliveries use the new one",
    );
    text
}

/// Returns each provider's access fields and options, from its own crate.
pub(crate) fn provider_help() -> String {
    let mut text = "Access (--access) and options (--option) of each provider:\n".to_owned();
    for &provider in ALL.iter() {
        let Some(api) = provider.api else {
            let _ = writeln!(text, "  {provider}: no documented API; the command prints the manual steps");
            continue;
        };
        let _ = writeln!(text, "  {provider}: {}", api.source);
        for (field, help) in api.access {
            let _ = writeln!(text, "    {field}: {help}");
        }
        for option in api.options {
            let _ = writeln!(text, "    --option {}=…: {}", option.name, option.help);
        }
    }
    text
}
