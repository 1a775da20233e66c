//! `inlet secret`: sets, rotates, lists and retires credentials. Never shows one unasked.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use inlet::tools::credential_shape::{CredentialShape, Field, Issuer};
use inlet_aws::client::clock;
use rand::distr::{Alphanumeric, SampleString as _};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::deployment::Deployment;
use crate::deployment::address::{Scope, StoreAddress};
use crate::deployment::secrets::{self, StoredSecret, Version};
use crate::deployment::stores;
use crate::failure::Failure;
use crate::input::source::Source;
use crate::options::DeploymentArgs;
use crate::output::prompt;
use crate::output::table::{Cell, Column};
use crate::output::{Output, Page, Report, counted};
use crate::private_file;
use crate::providers::ProviderHandle;

/// Length of a generated value if the provider requires none: 32 of 62 characters are 190 bits.
const GENERATED_LENGTH: usize = 32;

/// The time until receivers use a change: `inlet_aws::secrets`.
const PROPAGATION_NOTE: &str =
    "Receivers use it within five minutes, or within ten seconds once a delivery fails verification.";

/// The arguments of `inlet secret`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Set the first credential of a store
    #[command(after_help = format!("{CREDENTIAL_HELP}{SET_EXAMPLES}"))]
    Set {
        #[command(flatten)]
        input: CredentialInput,
        /// Encrypt with this KMS key; later credentials of the store use it too
        #[arg(long, value_name = "KEY")]
        kms_key: Option<String>,
    },
    /// Add a new credential; older ones stay live until they are retired
    #[command(after_help = format!("{CREDENTIAL_HELP}{ROTATE_EXAMPLES}"))]
    Rotate(CredentialInput),
    /// List the live credentials: shape, lengths and age, never values
    List {
        /// A provider or a store: zid, zid/riyadh; default: every store with a secret
        #[arg(value_name = "PROVIDER[/STORE]")]
        scope: Option<Scope>,
    },
    /// Remove a credential; receivers then reject its deliveries
    Retire {
        /// The store, such as zid/riyadh
        store: StoreAddress,
        /// Number of the credential in the list; default: the oldest
        #[arg(value_parser = clap::value_parser!(u16).range(1..), conflicts_with = "all")]
        number: Option<u16>,
        /// Remove all credentials; receivers then reject every delivery of the store
        #[arg(long)]
        all: bool,
        /// Do not ask for confirmation
        #[arg(long, short)]
        yes: bool,
    },
}

/// Help about the input of a credential.
pub(crate) const CREDENTIAL_HELP: &str = "\
The command asks for the values at the terminal and does not show them. Scripts write them to standard input: a JSON
object, or a line for each field, such as username=inlet. --generate creates strong values.";

const SET_EXAMPLES: &str = "

Examples:
  inlet secret set zid/riyadh
  inlet secret set tiki/hcm --generate --save keys.json
  vault kv get -format=json -field=data … | inlet secret set zort/bangkok";

const ROTATE_EXAMPLES: &str = "

Examples:
  inlet secret rotate zid/riyadh
  inlet secret rotate tiki/hcm --generate --save keys.json
  vault kv get -format=json -field=data … | inlet secret rotate zort/bangkok";

/// A credential and its source.
#[derive(Debug, clap::Args)]
pub(crate) struct CredentialInput {
    /// The store, such as zid/riyadh
    pub(crate) store: StoreAddress,
    /// Shape of the credential, if the provider has several
    #[arg(long, value_name = "SHAPE")]
    shape: Option<String>,
    /// Generate strong values
    #[arg(long)]
    generate: bool,
    /// Write the generated credential to standard output, once, to paste it at the provider
    #[arg(long, requires = "generate", conflicts_with = "save")]
    reveal: bool,
    /// Write the generated credential to a new file that only you can read
    #[arg(long, requires = "generate", value_name = "FILE")]
    save: Option<PathBuf>,
}

/// Runs the subcommand.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let deployment = match arguments.action {
        Action::List { .. } => Deployment::find(options).await?,
        _ => Deployment::find_to_change(options, output).await?,
    };
    match arguments.action {
        Action::Set { input, kms_key } => set(&input, kms_key, &deployment, output).await,
        Action::Rotate(input) => rotate(&input, &deployment, output).await,
        Action::List { scope } => list(scope, &deployment, output).await,
        Action::Retire { store, number: _, all: true, yes } => {
            retire_all(&store, yes, &deployment, output).await
        }
        Action::Retire { store, number, all: false, yes } => {
            retire(&store, number, yes, &deployment, output).await
        }
    }
}

/// Sets the first credential of a store.
///
/// # Errors
/// If the store has one, the credential is invalid, or it cannot be written.
pub(crate) async fn set(
    input: &CredentialInput,
    kms_key: Option<String>,
    deployment: &Deployment,
    output: &mut Output,
) -> Result<(), Failure> {
    // Before the user enters a secret in vain.
    if secrets::read(deployment, &input.store).await?.is_some() {
        return Err(secrets::already_exists(deployment, &input.store));
    }
    let credential = input.credential()?;
    input.save_to_file(&credential)?;
    let created = secrets::create(deployment, &input.store, credential.clone(), kms_key).await;
    input.remove_file_unless_written(created, &credential, deployment).await?;
    output.note(format_args!("{} has its first credential. {PROPAGATION_NOTE}", input.store));
    input.report(Done::Set, 1, &credential, deployment, output)
}

async fn rotate(
    input: &CredentialInput,
    deployment: &Deployment,
    output: &mut Output,
) -> Result<(), Failure> {
    let (store, inlet) = (&input.store, &deployment.inlet);
    if secrets::read(deployment, store).await?.is_none() {
        return Err(secrets::not_found(deployment, store).await);
    }
    let credential = input.credential()?;
    input.save_to_file(&credential)?;
    let add_first = |live: &[Value]| {
        if live.contains(&credential) {
            return Err(Failure::Unusable {
                what: format!("{store} already has this credential"),
                next: format!(
                    "give another credential; list the existing ones with `{inlet} secret list {store}`"
                ),
            });
        }
        Ok(std::iter::once(credential.clone()).chain(live.iter().cloned()).collect())
    };
    let rotated = secrets::update(deployment, store, add_first).await;
    let live = input.remove_file_unless_written(rotated, &credential, deployment).await?;
    output.note(format_args!(
        "{store} has a new credential, and the old one stays live. {PROPAGATION_NOTE}\n\
         Change the credential at the provider. Once deliveries use the new one, run: {inlet} secret retire {store}"
    ));
    input.report(Done::Rotated, live, &credential, deployment, output)
}

async fn retire(
    store: &StoreAddress,
    number: Option<u16>,
    yes: bool,
    deployment: &Deployment,
    output: &mut Output,
) -> Result<(), Failure> {
    let Some(secret) = secrets::read(deployment, store).await? else {
        return Err(secrets::not_found(deployment, store).await);
    };
    let (inlet, count) = (&deployment.inlet, secret.credentials.len());
    let number = number.map_or(count, usize::from);
    let chosen = number.checked_sub(1).and_then(|index| secret.credentials.get(index)).cloned();
    let chosen = chosen.ok_or_else(|| Failure::NotFound {
        what: format!("credential number {number} of {store}"),
        next: format!("list the {count} credentials with `{inlet} secret list {store}`"),
    })?;
    // Before the question. The update below checks again under the lock.
    without(&secret.credentials, &chosen, store, inlet)?;
    prompt::confirm(&format!("Retire credential {number} of {count} of {store}?"), yes)?;
    let live = secrets::update(deployment, store, |live| without(live, &chosen, store, inlet)).await?;
    output.note(format_args!("Credential {number} of {store} is retired."));
    output.report(&Changed { store: store.to_string(), done: Done::Retired, live })
}

/// Returns the credentials without one of them. The last one cannot be removed.
fn without(
    live: &[Value],
    retired: &Value,
    store: &StoreAddress,
    inlet: &str,
) -> Result<Vec<Value>, Failure> {
    let left: Vec<Value> = live.iter().filter(|one| *one != retired).cloned().collect();
    if left.is_empty() {
        return Err(Failure::Unusable {
            what: format!("it is the only credential of {store}"),
            next: format!(
                "add a new credential first with `{inlet} secret rotate {store}`; to reject every delivery of the store, give --all"
            ),
        });
    }
    Ok(left)
}

async fn retire_all(
    store: &StoreAddress,
    yes: bool,
    deployment: &Deployment,
    output: &mut Output,
) -> Result<(), Failure> {
    // Before the question.
    if secrets::read(deployment, store).await?.is_none() {
        return Err(secrets::not_found(deployment, store).await);
    }
    prompt::confirm(
        &format!("Remove every credential of {store}? Receivers will reject all its deliveries."),
        yes,
    )?;
    secrets::remove(deployment, store).await?;
    output.note(format_args!("{store} has no credential: receivers reject its deliveries."));
    output.report(&Changed { store: store.to_string(), done: Done::Retired, live: 0 })
}

impl CredentialInput {
    /// Returns true if the credential comes from standard input, and not from a person or a generator.
    pub(crate) fn reads_standard_input(&self) -> bool {
        !self.generate && !io::stdin().is_terminal()
    }

    /// Generates a credential or reads it from the terminal or standard input. The receiver accepts its shape.
    fn credential(&self) -> Result<Value, Failure> {
        let provider = self.store.provider;
        let shape = self.shape(provider)?;
        let credential = if self.generate {
            generate(provider, shape)?
        } else if io::stdin().is_terminal() {
            ask(shape)?
        } else {
            parse(&Source::Stdin.bytes()?)
        };
        provider.shape_of(&credential)?;
        Ok(credential)
    }

    fn shape(&self, provider: ProviderHandle) -> Result<&'static CredentialShape, Failure> {
        let shapes = provider.shapes;
        let known = || shapes.iter().map(|shape| shape.name).collect::<Vec<_>>().join(", ");
        let chosen = match &self.shape {
            Some(name) => shapes.iter().find(|shape| shape.name == name),
            None => shapes.first(),
        };
        chosen.ok_or_else(|| Failure::Unusable {
            what: format!("{provider} has no credential of this shape"),
            next: format!("give one of these with --shape: {}", known()),
        })
    }

    /// Writes the generated credential to its file, before it is live.
    fn save_to_file(&self, credential: &Value) -> Result<(), Failure> {
        match &self.save {
            Some(path) => private_file(path, credential),
            None => Ok(()),
        }
    }

    /// Removes the file if the credential was not written, so that the next attempt can create it.
    async fn remove_file_unless_written<T>(
        &self,
        outcome: Result<T, Failure>,
        credential: &Value,
        deployment: &Deployment,
    ) -> Result<T, Failure> {
        if let (Err(_), Some(path)) = (&outcome, &self.save) {
            let secret = secrets::read(deployment, &self.store).await;
            // If the secret cannot be read, the file stays: the credential may be live and exist nowhere else.
            if secret.is_ok_and(|secret| secret.is_none_or(|secret| !secret.credentials.contains(credential)))
            {
                let _ = std::fs::remove_file(path);
            }
        }
        outcome
    }

    /// Prints the change; with --reveal only the credential.
    fn report(
        &self,
        done: Done,
        live: usize,
        credential: &Value,
        deployment: &Deployment,
        output: &mut Output,
    ) -> Result<(), Failure> {
        if self.reveal {
            return output.bytes(format!("{credential:#}\n").as_bytes());
        }
        if self.generate && self.save.is_none() {
            output.note(format_args!(
                "The credential is only in {}. Register it at the provider with `{} webhook register {}` if it has an \
                 API; to paste it by hand, rotate again with --reveal or --save FILE.",
                deployment.parameter(&self.store),
                deployment.inlet,
                self.store
            ));
        }
        output.report(&Changed { store: self.store.to_string(), done, live })
    }
}

/// Returns a credential of random letters and digits, which need no escaping in an HTML form or URL.
fn generate(provider: ProviderHandle, shape: &CredentialShape) -> Result<Value, Failure> {
    if let Issuer::Other(who) = shape.issuer {
        return Err(Failure::Unusable {
            what: format!("this credential of {provider} cannot be generated"),
            next: format!("enter it without --generate: it is issued by {who}"),
        });
    }
    let value = |field: &Field| {
        let characters = field.characters.unwrap_or(GENERATED_LENGTH);
        (field.name.to_owned(), Value::String(Alphanumeric.sample_string(&mut rand::rng(), characters)))
    };
    Ok(Value::Object(shape.fields.iter().map(value).collect()))
}

/// Asks for each field at the terminal, without showing the input.
fn ask(shape: &CredentialShape) -> Result<Value, Failure> {
    let mut fields = Map::new();
    for field in shape.fields {
        let optional = if field.required { "" } else { ", empty for none" };
        let text = prompt::secret(&format!("{} ({}{optional}): ", field.name, field.about))?;
        if field.required || !text.is_empty() {
            fields.insert(field.name.to_owned(), Value::String(text));
        }
    }
    Ok(Value::Object(fields))
}

/// Parses a JSON object, or a line for each field.
fn parse(bytes: &[u8]) -> Value {
    if let Ok(given) = serde_json::from_slice(bytes) {
        return given;
    }
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let field = |line: &str| line.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.into()));
    lines.map(field).collect::<Option<Map<String, Value>>>().map(Value::Object).unwrap_or_default()
}

/// Writes a new file that only the owner can read.
fn private_file(path: &Path, credential: &Value) -> Result<(), Failure> {
    let failed = |error| Failure::file("the credential cannot be written", path, error);
    let mut file = private_file::options().create_new(true).open(path).map_err(failed)?;
    file.write_all(format!("{credential:#}\n").as_bytes()).map_err(failed)
}

async fn list(scope: Option<Scope>, deployment: &Deployment, output: &mut Output) -> Result<(), Failure> {
    let stores = stores::of_scope(deployment, scope).await?;
    let mut listed = Vec::new();
    for store in &stores {
        let Some(secret) = secrets::read(deployment, store).await? else {
            return Err(secrets::not_found(deployment, store).await);
        };
        // Without permission for the history there are no ages.
        let history = secrets::history(deployment, store).await.unwrap_or_default();
        listed.extend(live(store, &secret, &history));
    }
    output.report(&Secrets { credentials: listed })
}

fn live(store: &StoreAddress, secret: &StoredSecret, history: &[Version]) -> Vec<Live> {
    let numbered = (1_usize..).zip(&secret.credentials);
    numbered
        .map(|(number, credential)| {
            let shape = store.provider.shape_of(credential);
            let first = history.iter().find(|version| version.credentials.contains(credential));
            let since = first.and_then(|version| version.written).or(secret.written).map(|time| time.secs());
            Live {
                store: store.to_string(),
                number,
                shape: shape.as_ref().ok().map(|shape| shape.name),
                problem: shape.err().map(|failure| failure.to_string()),
                characters: characters(store.provider, credential),
                age_seconds: since.map(|since| (clock::now().millis() / 1000).saturating_sub(since)),
            }
        })
        .collect()
}

/// Returns the lengths of the known fields. The names of unknown fields may contain a value by mistake.
fn characters(provider: ProviderHandle, credential: &Value) -> BTreeMap<&'static str, usize> {
    let fields = provider.shapes.iter().flat_map(|shape| shape.fields);
    let length = |field: &Field| credential.get(field.name)?.as_str().map(|text| text.chars().count());
    fields.filter_map(|field| Some((field.name, length(field)?))).collect()
}

/// The result of a change.
#[derive(Debug, Serialize)]
struct Changed {
    store: String,
    done: Done,
    /// Number of live credentials.
    live: usize,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Done {
    Set,
    Rotated,
    Retired,
}

impl Report for Changed {
    fn page(&self, page: &mut Page) {
        page.line(format_args!(
            "{}: {}",
            self.store,
            counted(self.live, "live credential", "live credentials")
        ));
    }
}

/// The live credentials, without values.
#[derive(Debug, Serialize)]
struct Secrets {
    credentials: Vec<Live>,
}

#[derive(Debug, Serialize)]
struct Live {
    store: String,
    number: usize,
    shape: Option<&'static str>,
    problem: Option<String>,
    characters: BTreeMap<&'static str, usize>,
    age_seconds: Option<i64>,
}

impl Report for Secrets {
    fn page(&self, page: &mut Page) {
        if let Some(width) = page.width() {
            self.narrow_table(page, width);
        } else {
            self.wide_table(page);
        }
        for live in &self.credentials {
            if let Some(problem) = &live.problem {
                page.line(format_args!("{} {}: {problem}", live.store, live.number));
            }
        }
    }
}

/// The columns on a terminal.
const COLUMNS: [Column; 5] = [
    Column::shrinking("store", 8),
    Column::fixed("number"),
    Column::fixed("shape"),
    Column::shrinking("fields", 12),
    Column::fixed("age"),
];

impl Secrets {
    fn narrow_table(&self, page: &mut Page, width: usize) {
        let row = |live: &Live| {
            // Short: the numbers of characters.
            let fields = live.characters.iter().map(|(name, count)| format!("{name} ({count})"));
            [
                Cell::new(&live.store),
                Cell::new(live.number.to_string()),
                Cell::new(live.shape.unwrap_or("INVALID")),
                Cell::new(fields.collect::<Vec<_>>().join(", ")),
                Cell::new(live.age_seconds.map_or_else(|| "?".to_owned(), age)),
            ]
        };
        let rows: Vec<_> = self.credentials.iter().map(row).collect();
        page.fitted(COLUMNS, &rows, width);
    }

    fn wide_table(&self, page: &mut Page) {
        let row = |live: &Live| {
            let fields = live.characters.iter().map(|(name, count)| format!("{name} ({count} characters)"));
            [
                live.store.clone(),
                live.number.to_string(),
                live.shape.unwrap_or("INVALID").to_owned(),
                fields.collect::<Vec<_>>().join(", "),
                live.age_seconds.map_or_else(|| "?".to_owned(), age),
            ]
        };
        page.table(["store", "number", "shape", "fields", "age"], self.credentials.iter().map(row));
    }
}

/// Returns a duration in its largest unit.
pub(crate) fn age(seconds: i64) -> String {
    const UNITS: [(i64, &str); 3] = [(86_400, "days"), (3_600, "hours"), (60, "minutes")];
    let in_unit = |(length, name): &(i64, &str)| {
        let count = seconds.checked_div(*length).unwrap_or_default();
        (count > 1).then(|| format!("{count} {name}"))
    };
    UNITS.iter().find_map(in_unit).unwrap_or_else(|| format!("{seconds} s"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::providers::ALL;

    #[test]
    fn a_credential_is_one_line_of_80_columns() {
        let live = Live {
            store: "zid/riyadh".into(),
            number: 1,
            shape: Some("basic"),
            problem: None,
            characters: [("username", 32), ("password", 32), ("url_token", 32)].into(),
            age_seconds: Some(7_200),
        };
        let secrets = Secrets { credentials: vec![live] };
        let mut page = Page::of_width(80);
        secrets.page(&mut page);
        let text = page.plain();
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(text.contains("password (32), url_token (32), username (32)"), "{text}");
        let mut page = Page::default();
        secrets.page(&mut page);
        assert!(page.plain().contains("username (32 characters)"), "a pipe has everything");
    }

    #[test]
    fn a_credential_is_json_or_lines() {
        assert_eq!(parse(br#"{"a":"1"}"#), json!({"a": "1"}));
        assert_eq!(
            parse(b"username=inlet\npassword=a=b \n"),
            json!({"username": "inlet", "password": "a=b "})
        );
        assert_eq!(parse(b"canary"), Value::Null);
    }

    #[test]
    fn a_generated_credential_is_valid_and_new() {
        for &provider in ALL.iter() {
            for shape in provider.shapes {
                match (shape.issuer, generate(provider, shape)) {
                    (Issuer::Store, Ok(credential)) => {
                        assert_eq!(provider.shape_of(&credential).unwrap(), shape, "{provider}");
                        assert_ne!(generate(provider, shape).unwrap(), credential, "{provider}");
                    }
                    (Issuer::Other(_), Err(failure)) => assert_eq!(failure.exit_code(), 2, "{provider}"),
                    (issuer, _) => panic!("{provider} {} is chosen by {issuer:?}", shape.name),
                }
            }
        }
    }

    #[test]
    fn the_last_credential_cannot_be_retired() {
        let store: StoreAddress = "zid/riyadh".parse().unwrap();
        let (first, second) = (json!({"password": "1"}), json!({"password": "2"}));
        let left = without(&[first.clone(), second.clone()], &second, &store, "inlet").unwrap();
        assert_eq!(left, std::slice::from_ref(&first));
        let failure = without(&left, &first, &store, "inlet").unwrap_err();
        assert_eq!(failure.exit_code(), 2, "an empty list would be left: {failure}");
        assert_eq!(without(&left, &second, &store, "inlet").unwrap(), left, "it is retired already");
    }

    #[test]
    fn an_age_has_its_largest_unit() {
        for (seconds, want) in
            [(5, "5 s"), (100, "100 s"), (120, "2 minutes"), (7_200, "2 hours"), (200_000, "2 days")]
        {
            assert_eq!(age(seconds), want);
        }
    }
}
