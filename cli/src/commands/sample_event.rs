//! `inlet sample-event`: writes a delivery as an event file for `sam local invoke`.

use std::io::{self, Write as _};
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
use crate::private_file;
use crate::providers::ProviderHandle;

/// The arguments of `inlet sample-event`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  inlet --local sample-event zid order.create > order.json && sam local invoke ZidFunction -e order.json

The file contains a valid proof of the store. Keep it secret unless the credential is a test credential.")]
pub(crate) struct Arguments {
    /// The provider to simulate
    provider: ProviderHandle,
    /// The event, or one of its samples: order.create, order.create-guest-digital
    event: String,
    /// The store that receives the delivery
    #[arg(long, value_name = "NAME", default_value = "demo", value_parser = StoreName::parse)]
    store: StoreName,
    /// The store's credential, a JSON object in a file or on standard input (-); default: the deployment's own
    #[arg(long, value_name = "FILE")]
    credential: Option<Source>,
    /// The body, a file or standard input (-), used byte for byte; default: the sample
    #[arg(long, value_name = "FILE")]
    body: Option<Source>,
    /// Write to this file, readable only by you; default: standard output
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
    let event = sample_event::api_gateway_event(provider, &simulated.with_body(template.row, body));
    let text = format!("{event:#}\n");
    match arguments.output {
        Some(path) => {
            write_private(&path, &text).map_err(|error| Failure::file("it cannot be written", path, error))
        }
        None => output.bytes(text.as_bytes()),
    }
}

/// Writes a file that only the owner can read, even if it existed with other permissions: it contains a valid proof.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = private_file::options().create(true).truncate(true).open(path)?;
    private_file::restrict(&file)?;
    file.write_all(text.as_bytes())
}

fn no_sample(store: &StoreAddress, event: &str) -> Failure {
    Failure::Unusable {
        what: format!("{} documents no body of {event}", store.provider),
        next: "give a body with --body FILE, or --body - for standard input".to_owned(),
    }
}
