//! `inlet webhook register`: tells a provider where to send.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use inlet::tools::registration::{ChangeOptions, CurrentRegistrations, Step};

use crate::commands::urls::by_hand;
use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::deployment::secrets;
use crate::failure::Failure;
use crate::options::DeploymentArgs;
use crate::output::Output;
use crate::output::prompt::confirm;
use crate::providers::ALL;
use crate::webhook::{AccessFrom, ApiAt, Session, Work, credentials, destination, events, reachable};

/// What can be said to `inlet webhook register`.
#[derive(Debug, clap::Args)]
#[command(after_help = after_help())]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub(crate) struct Arguments {
    /// The store, as in zid/riyadh
    store: StoreAddress,
    /// The events; otherwise all that the provider's API can register
    events: Vec<String>,
    /// A setting of the provider's own, listed below
    #[arg(long = "option", value_name = "NAME=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
    /// Make anew what is registered already: with the newest credential, and out of a broken state
    #[arg(long)]
    renew: bool,
    /// Take over what another receiver holds: its URLs and, where all share them, the keys
    #[arg(long)]
    replace: bool,
    /// Ask what is there, show what would be asked to change it, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask whether it is meant, where it replaces what nobody can see
    #[arg(long, short)]
    yes: bool,
    /// The deployment's address as the provider is to see it, where it has a domain of its own
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    #[command(flatten)]
    access: AccessFrom,
    #[command(flatten)]
    at: ApiAt,
}

/// Tells the provider, or says how it is done by hand.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let Arguments { store, settings, at, .. } = &arguments;
    let rows = events(store, &arguments.events)?;
    let deployment = Deployment::find(options).await?;
    let destination = destination(&deployment, store, arguments.base_url.as_deref())?;
    let Some(api) = store.provider.api() else {
        return by_hand(arguments.base_url.as_deref().unwrap_or(&deployment.api), store, output);
    };
    reachable(&deployment, arguments.base_url.as_deref(), &api, at)?;
    let live = credentials(&deployment, store).await?;
    if live.is_empty() {
        return Err(secrets::none(&deployment, store));
    }
    let older = live.len().saturating_sub(1);
    let access = arguments.access.read(&api)?;
    let session = Session::open(&api, destination, access, live, settings, at)?;
    let look = session.look().await?;
    let change = ChangeOptions { take_over: arguments.replace, renew: arguments.renew };
    let steps = look.present.register(&rows, change)?;
    if arguments.dry_run {
        return output.report(&Work::planned(store, session.base(), steps));
    }
    if !look.asked {
        confirm(&replaces(store, &steps), arguments.yes)?;
    }
    let again = |present: &dyn CurrentRegistrations| {
        present.register(&rows, ChangeOptions { renew: false, ..change })
    };
    let work = Work::done(store, session.base(), session.carry_out(&look, steps, again, output).await);
    output.report(&work)?;
    work.end()?;
    if older > 0 {
        output.note(format!(
            "Older credentials of {store} that stay live until `{} secret retire {store}`: {older}.",
            deployment.inlet
        ));
    }
    Ok(())
}

/// What is asked before something is replaced that nobody can see.
fn replaces(store: &StoreAddress, steps: &[Step]) -> String {
    let notes: BTreeSet<&str> =
        steps.iter().flat_map(|step| &step.items).filter_map(|item| item.note.as_deref()).collect();
    let question = format!("Register {store}?");
    notes.into_iter().chain([question.as_str()]).collect::<Vec<_>>().join(" ")
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("a setting is written NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// What each provider asks for, from its own crate.
fn after_help() -> String {
    let mut text = "What opens each provider's API (--access), and its settings (--option):\n".to_owned();
    for provider in ALL {
        let Some(api) = provider.api() else {
            let _ = writeln!(text, "  {provider}: no documented API; the steps are printed");
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
    text.push_str(
        "\nThe order that loses nothing: `inlet secret rotate STORE` puts the new secret beside the old one, \
         `inlet webhook register STORE --renew` tells the provider, and once deliveries come with it \
         `inlet secret retire STORE` takes the old one out.",
    );
    text
}
