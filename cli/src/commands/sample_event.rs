//! `inlet sample-event`: a delivery as the event file that `sam local invoke` takes.

use std::fs::{OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use inlet::store::StoreName;
use inlet_aws::operate::sample_event;

use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::deployment::secrets;
use crate::failure::Failure;
use crate::input::source::Source;
use crate::load::simulated_provider::{EventTemplate, SimulatedProvider};
use crate::options::DeploymentArgs;
use crate::output::Output;
use crate::providers::ProviderHandle;

/// What can be said to `inlet sample-event`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
For example:
  inlet --local sample-event zid order.create > order.json && sam local invoke ZidFunction -e order.json

The event carries the store's proof. It is a secret wherever the store's own credential is one.")]
pub(crate) struct Arguments {
    /// The provider to play
    provider: ProviderHandle,
    /// The event, or one of its samples: order.create, order.create-guest-digital
    event: String,
    /// The store that is sent to
    #[arg(long, value_name = "NAME", default_value = "demo", value_parser = StoreName::parse)]
    store: StoreName,
    /// The store's credential as a JSON object in a file or on standard input (-), instead of the deployment's own
    #[arg(long, value_name = "FILE")]
    credential: Option<Source>,
    /// The body, byte for byte, from a file or standard input (-), instead of the sample
    #[arg(long, value_name = "FILE")]
    body: Option<Source>,
    /// Write it to this file, that only you can read, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Writes the event.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let store = StoreAddress { provider: arguments.provider, store: arguments.store };
    let template = EventTemplate::named(store.provider, &arguments.event)?;
    let credential = match &arguments.credential {
        Some(source) => source.credential(store.provider)?,
        None => secrets::newest(&Deployment::find(options).await?, &store).await?,
    };
    let body = match (&arguments.body, template.sample) {
        (Some(source), _) => source.bytes()?,
        (None, Some(sample)) => sample.body.to_vec(),
        (None, None) => return Err(no_sample(&store, &arguments.event)),
    };
    let provider = store.provider.name;
    let simulated = SimulatedProvider { provider: store.provider, store: store.store, credential };
    let event = sample_event::api_gateway_event(provider, &simulated.exactly(template.row, body));
    let text = format!("{event:#}\n");
    match arguments.output {
        Some(path) => {
            private(&path, &text).map_err(|error| Failure::file("it cannot be written", path, error))
        }
        None => output.bytes(text.as_bytes()),
    }
}

/// Writes a file that nobody else can read, whoever could read what was there: a live proof stands in it.
fn private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(OURS).open(path)?;
    // A device, as /dev/stdout, stays as it is.
    if file.metadata()?.is_file() {
        file.set_permissions(Permissions::from_mode(OURS))?;
    }
    file.write_all(text.as_bytes())
}

/// Read and written by the owner alone.
const OURS: u32 = 0o600;

fn no_sample(store: &StoreAddress, event: &str) -> Failure {
    Failure::Unusable {
        what: format!("no page of {} shows the body of {event}", store.provider),
        next: "give one with --body FILE, or with --body - on standard input".to_owned(),
    }
}
