//! `inlet store add`: sets a store up, step by step, and waits for its first delivery.

use std::time::Duration;

use clap::Subcommand;
use inlet::received_at::ReceivedAt;
use inlet::tools::registration::{Api, ChangeOptions};
use inlet_aws::client::clock;
use inlet_aws::dynamodb::time_index::Arrival;
use inlet_aws::operate::quarantine_list::{QuarantinedDelivery, quarantined_deliveries};
use inlet_aws::operate::selection::Selection;
use serde::Serialize;

use crate::commands::secret::{self, CREDENTIAL_HELP, CredentialInput};
use crate::commands::urls::print_manual_steps;
use crate::commands::webhook::register::{parse_option, provider_help};
use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::deployment::secrets;
use crate::events::delivery_log::counts_by_store;
use crate::events::follow::{Follow, unless_stopped};
use crate::failure::Failure;
use crate::http;
use crate::input::suggest::similar;
use crate::input::time_arg::{forever, now_plus_skew};
use crate::options::DeploymentArgs;
use crate::output::{Output, Page, Report, counted, prompt};
use crate::webhook::access::AccessFrom;
use crate::webhook::api_client::ApiAt;
use crate::webhook::register::{Wanted, register};
use crate::webhook::session::{Session, check_is_public, credentials, destination};

/// The arguments of `inlet store`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Set a store up: its credential, its URLs, their registration, and a wait for the first delivery
    #[command(after_help = after_help())]
    Add(Box<AddArguments>),
}

/// The arguments of `inlet store add`.
#[derive(Debug, clap::Args)]
struct AddArguments {
    #[command(flatten)]
    input: CredentialInput,
    /// Encrypt the credential with this KMS key
    #[arg(long, value_name = "KEY")]
    kms_key: Option<String>,
    /// Number of minutes to wait for the first delivery; 0: do not wait
    #[arg(long, value_name = "MINUTES", default_value_t = 15)]
    wait: u64,
    #[command(flatten)]
    registration: RegistrationArguments,
}

/// The registration of the URLs at the provider.
#[derive(Debug, clap::Args)]
struct RegistrationArguments {
    /// Register the URLs through the provider's API without asking
    #[arg(long, short)]
    yes: bool,
    /// Do not register the URLs: print how to
    #[arg(long, conflicts_with = "yes")]
    no_register: bool,
    /// An option of the provider, listed below
    #[arg(long = "option", value_name = "NAME=VALUE", value_parser = parse_option)]
    options: Vec<(String, String)>,
    /// Base URL of the deployment as the provider sees it, if it has a custom domain
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Base URL of the provider's API, such as a sandbox; HTTPS, or on this machine
    #[arg(long, value_name = "URL")]
    api: Option<String>,
    #[command(flatten)]
    access: AccessFrom,
}

fn after_help() -> String {
    format!(
        "{CREDENTIAL_HELP}\n\nThe command asks before it registers the URLs through the provider's API. Without a \
         terminal, it registers them if --yes is given. It can be run again: it leaves what is done.\n\n{}\n\nExamples:\n  \
         inlet store add zid/riyadh\n  inlet store add tiki/hcm --generate --save keys.json --option warehouse=sgn",
        provider_help().trim_end()
    )
}

/// Pause between two looks at the quarantine.
const EVERY: Duration = Duration::from_secs(2);

/// Maximum time of a request to a receiver.
const PROBE: Duration = Duration::from_secs(5);

/// Runs the subcommand.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let Action::Add(arguments) = arguments.action;
    let deployment = Deployment::find_to_change(options, output).await?;
    let store = arguments.input.store.clone();
    add_credential(&arguments, &deployment, output).await?;
    // Before the registration: a provider may send at once.
    let began = clock::now();
    let table = deployment.table();
    let selection = Selection {
        provider: Some(store.provider.to_string()),
        store: Some(store.store.clone()),
        ..Selection::between(began, forever())
    };
    let mut follow = Box::pin(Follow::from_now(&table, selection)).await?;
    let session = Box::pin(register_urls(&store, &arguments.registration, &deployment, output)).await?;
    if arguments.wait == 0 {
        return Ok(());
    }
    let wait = Duration::from_secs(arguments.wait.saturating_mul(60));
    let minutes = counted(arguments.wait, "minute", "minutes");
    output.note(format_args!("3. Waiting for the first delivery of {store}, for {minutes}; Ctrl-C ends"));
    let first = async {
        tokio::select! {
            new = follow.next(output) => new.map(First::Event),
            refused = first_refusal(&deployment, &store, began) => refused.map(First::Refusal),
        }
    };
    let first = tokio::time::timeout(wait, Box::pin(unless_stopped(first))).await;
    match first {
        Ok(Some(Ok(First::Event(events)))) => output.report(&Arrived::of(&store, &events)),
        Ok(Some(Ok(First::Refusal(refused)))) => Err(refusal(&deployment, &store, &refused)),
        Ok(Some(Err(failure))) => Err(failure),
        Ok(None) => {
            let inlet = &deployment.inlet;
            output.note(format_args!(
                "stopped waiting; see later deliveries with: {inlet} tail --store {store}"
            ));
            Ok(())
        }
        Err(_late) => Err(diagnose(&deployment, &store, began, session.as_ref(), output).await),
    }
}

/// The first thing that happens to the store.
enum First {
    Event(Vec<Arrival>),
    Refusal(Box<QuarantinedDelivery>),
}

/// Sets the first credential, unless the store has one.
async fn add_credential(
    arguments: &AddArguments,
    deployment: &Deployment,
    output: &mut Output,
) -> Result<(), Failure> {
    let store = &arguments.input.store;
    if secrets::read(deployment, store).await?.is_some() {
        output.note(format_args!("1. {store} has a credential already; it stays as it is"));
        return Ok(());
    }
    if arguments.input.reads_standard_input() && arguments.registration.access.is_standard_input() {
        return Err(Failure::Unusable {
            what: "standard input cannot have both the credential and the access to the provider's API"
                .to_owned(),
            next: "give the access with --access FILE or in INLET_ACCESS".to_owned(),
        });
    }
    output.note(format_args!("1. The credential of {store}"));
    Box::pin(secret::set(&arguments.input, arguments.kms_key.clone(), deployment, output)).await
}

/// Registers the URLs through the provider's API if the user agrees, or prints how to register them. Returns the opened
/// API if they are registered.
///
/// # Errors
/// If the registration fails.
async fn register_urls(
    store: &StoreAddress,
    arguments: &RegistrationArguments,
    deployment: &Deployment,
    output: &mut Output,
) -> Result<Option<Session>, Failure> {
    let base_url = arguments.base_url.as_deref();
    let Some(api) = store.provider.api else {
        output.note("2. Registration at the provider");
        return print_manual_steps(&deployment.inlet, base_url.unwrap_or(&deployment.api), store, output)
            .map(|()| None);
    };
    let at = ApiAt::new(arguments.api.clone());
    let is_public = check_is_public(deployment, base_url, &api, &at);
    if arguments.yes {
        is_public?;
    } else if let Some(reason) = not_asked(arguments, is_public) {
        note_by_hand(store, deployment, &reason, output);
        return Ok(None);
    } else {
        let question = format!("2. Register the URLs of {store} at {}?", at.base(api.base));
        match prompt::confirm(&question, false) {
            Ok(()) => {}
            Err(Failure::Declined) => {
                note_by_hand(store, deployment, "they are not registered", output);
                return Ok(None);
            }
            Err(failure) => return Err(failure),
        }
    }
    let session = open(store, (&api, &at), arguments, deployment).await?;
    let wanted =
        Wanted { events: &[], allowed: ChangeOptions::default(), dry_run: false, yes: arguments.yes };
    register(&session, &wanted, output).await?;
    Ok(Some(session))
}

/// Returns why the user is not asked whether to register the URLs.
fn not_asked(arguments: &RegistrationArguments, is_public: Result<(), Failure>) -> Option<String> {
    if arguments.no_register {
        return Some("--no-register is given".to_owned());
    }
    if let Err(failure) = is_public {
        return Some(failure.to_string());
    }
    (!prompt::is_possible()).then(|| "there is no terminal to ask, and --yes is not given".to_owned())
}

fn note_by_hand(store: &StoreAddress, deployment: &Deployment, reason: &str, output: &mut Output) {
    let inlet = &deployment.inlet;
    output.note(format_args!(
        "2. The URLs are for you to register: {reason}. Register them with: {inlet} webhook register {store}\n   \
         or by hand: {inlet} urls {store}"
    ));
}

async fn open(
    store: &StoreAddress,
    (api, at): (&Api, &ApiAt),
    arguments: &RegistrationArguments,
    deployment: &Deployment,
) -> Result<Session, Failure> {
    let destination = destination(deployment, store, arguments.base_url.as_deref())?;
    let access = arguments.access.read(api)?;
    let live = credentials(deployment, store).await?;
    Session::open((store, &deployment.inlet), api, destination, access, live, &arguments.options, at)
}

/// Waits for a refused delivery of the store that arrived since this time.
async fn first_refusal(
    deployment: &Deployment,
    store: &StoreAddress,
    since: ReceivedAt,
) -> Result<Box<QuarantinedDelivery>, Failure> {
    let table = deployment.table();
    loop {
        tokio::time::sleep(EVERY).await;
        let span = (since, now_plus_skew(clock::now()));
        let refused = quarantined_deliveries(&table, (store.provider.name, &store.store), span, 1).await;
        let refused =
            refused.map_err(|fault| Failure::Inlet { context: "the quarantine cannot be read", fault })?;
        if let Some(refused) = refused.into_iter().next() {
            return Ok(Box::new(refused));
        }
    }
}

fn refusal(deployment: &Deployment, store: &StoreAddress, refused: &QuarantinedDelivery) -> Failure {
    let (inlet, id) = (&deployment.inlet, &refused.digest);
    Failure::Refused {
        what: format!("a delivery of {store} arrived and was refused: {}", refused.reason),
        next: format!(
            "look at what was offered with `{inlet} quarantine show {id}`, correct the credential with \
             `{inlet} secret rotate {store}` or at the provider, then accept it with `{inlet} reverify {store}`"
        ),
    }
}

/// Returns why no delivery came, as far as the deployment can know.
async fn diagnose(
    deployment: &Deployment,
    store: &StoreAddress,
    since: ReceivedAt,
    session: Option<&Session>,
    output: &mut Output,
) -> Failure {
    let inlet = &deployment.inlet;
    let problem = |what: String, next: String| Failure::Problem { what, next };
    match probe(deployment, store).await {
        Some(200) => {}
        Some(404) => {
            return problem(
                format!("no delivery came, because the receiver of {} is not deployed", store.provider),
                "deploy it: docs/deploy.md has the parameter of each provider".to_owned(),
            );
        }
        status => {
            let status =
                status.map_or_else(|| "does not respond".to_owned(), |status| format!("responds {status}"));
            return problem(
                format!("no delivery came, and the receiver {status} at {}", deployment.api),
                format!("run `{inlet} doctor`"),
            );
        }
    }
    if let Some(session) = session
        && let Some(found) = session.problem().await
    {
        return problem(
            format!("no delivery of {store} came, and the provider's own list has the reason: {found}"),
            format!(
                "look with `{inlet} webhook list {store}`, and register again with `{inlet} webhook register {store} \
                 --renew`"
            ),
        );
    }
    let progress = output.progress("log lines read", None);
    let counted = counts_by_store(deployment, store.provider, (since, clock::now()), &progress).await;
    progress.finish_and_clear();
    let names = counted.map(|counted| counted.unknown_stores.most_frequent(usize::MAX)).unwrap_or_default();
    let names: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
    if let Some(wrong) = similar(store.store.as_str(), names.iter().copied()).first().or(names.first()) {
        return problem(
            format!(
                "deliveries came for {}/{wrong}, which has no secret, and none for {store}",
                store.provider
            ),
            format!("correct the URL at the provider: `{inlet} urls {store}` prints it"),
        );
    }
    problem(
        format!("no delivery of {store} came: the provider has sent none to this deployment"),
        format!(
            "compare the URLs at the provider with `{inlet} urls {store}`, check that the webhooks are active, and make \
             an event happen there; `{inlet} send {} --store {}` lists events to test the deployment itself with",
            store.provider, store.store
        ),
    )
}

/// Returns the status of the response of the store's receiver to a GET, which has no effect.
async fn probe(deployment: &Deployment, store: &StoreAddress) -> Option<u16> {
    let client = http::client(&deployment.api).ok()?;
    let url = format!("{}/{store}", deployment.api.trim_end_matches('/'));
    let response = client.get(url).timeout(PROBE).send().await.ok()?;
    Some(response.status().as_u16())
}

/// The first delivery.
#[derive(Debug, Serialize)]
struct Arrived {
    store: String,
    id: String,
    received: String,
    #[serde(rename = "type")]
    canonical_type: String,
}

impl Arrived {
    fn of(store: &StoreAddress, events: &[Arrival]) -> Self {
        let first = events.first();
        let text = |value: fn(&Arrival) -> String| first.map(value).unwrap_or_default();
        Self {
            store: store.to_string(),
            id: text(|event| event.id.to_string()),
            received: text(|event| event.received.clone()),
            canonical_type: text(|event| event.canonical_type.clone()),
        }
    }
}

impl Report for Arrived {
    fn page(&self, page: &mut Page) {
        let Self { store, id, received, canonical_type } = self;
        page.line(format_args!("{store} works: {canonical_type} arrived at {}", page.time_named(received)));
        page.line(format_args!("  {id}"));
    }
}
