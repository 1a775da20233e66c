//! `inlet secret`: the stores' credentials, set, rotated, listed and retired. None is ever shown but on purpose.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use inlet::tools::credential_shape::{CredentialShape, Field, Issuer};
use inlet_aws::client::clock;
use rand::distr::{Alphanumeric, SampleString as _};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::deployment::Deployment;
use crate::deployment::address::{Scope, StoreAddress};
use crate::deployment::secrets::{self, Kept, Past};
use crate::deployment::stores;
use crate::failure::Failure;
use crate::input::source::Source;
use crate::options::DeploymentArgs;
use crate::output::prompt;
use crate::output::{Output, Page, Report, counted};
use crate::providers::{ALL, ProviderHandle};

/// How many characters a generated value has where the provider asks for no other number: of 62 each, 190 bits.
const GENERATED: usize = 32;

/// How long a receiver goes by what it read: `inlet_aws::secrets`.
const PROPAGATION_NOTE: &str = "Receivers take it up within five minutes, or, when a delivery does not verify, ten seconds after they last looked.";

/// What can be said to `inlet secret`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Set a store's first credential
    #[command(after_help = CREDENTIAL_HELP)]
    Set {
        #[command(flatten)]
        input: CredentialInput,
        /// Encrypt it with this KMS key; every later credential of the store is encrypted with it too
        #[arg(long, value_name = "KEY")]
        kms_key: Option<String>,
    },
    /// Put a new credential in front; the old ones stay live until they are retired
    #[command(after_help = CREDENTIAL_HELP)]
    Rotate(CredentialInput),
    /// List the live credentials: their form, their lengths and their age, never their values
    List {
        /// A provider, or one store: zid, zid/riyadh; otherwise every store that has a secret
        #[arg(value_name = "PROVIDER[/STORE]")]
        scope: Option<Scope>,
    },
    /// Take a credential out: what is proved by it is refused from then on
    Retire {
        /// The store: zid/riyadh
        store: StoreAddress,
        /// The credential, by its number in the list; otherwise the oldest
        #[arg(value_parser = clap::value_parser!(u16).range(1..), conflicts_with = "all")]
        number: Option<u16>,
        /// All of them, the newest too: the store receives nothing any more
        #[arg(long)]
        all: bool,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

/// How a credential may be given.
const CREDENTIAL_HELP: &str = "\
The values are asked for at the terminal and not shown. Scripts give them on standard input: a JSON object, or a line
for each field, as in username=inlet. --generate makes strong ones.

For example:
  inlet secret set zid/riyadh
  inlet secret set tiki/hcm --generate --save keys.json
  vault kv get -format=json -field=data … | inlet secret rotate zort/bangkok";

/// A credential and where it comes from.
#[derive(Debug, clap::Args)]
struct CredentialInput {
    /// The store: zid/riyadh
    store: StoreAddress,
    /// The credential's form, where the provider has several
    #[arg(long, value_name = "FORM")]
    form: Option<String>,
    /// Make strong values
    #[arg(long)]
    generate: bool,
    /// Write the generated credential to standard output, once, to be pasted at the provider
    #[arg(long, requires = "generate", conflicts_with = "save")]
    reveal: bool,
    /// Write the generated credential to a new file that only you can read
    #[arg(long, requires = "generate", value_name = "FILE")]
    save: Option<PathBuf>,
}

/// Does what is asked.
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

async fn set(
    input: &CredentialInput,
    kms_key: Option<String>,
    deployment: &Deployment,
    output: &mut Output,
) -> Result<(), Failure> {
    // Before anybody types a secret for nothing.
    if secrets::read(deployment, &input.store).await?.is_some() {
        return Err(secrets::exists(deployment, &input.store));
    }
    let credential = input.credential()?;
    input.keep_aside(&credential)?;
    let created = secrets::create(deployment, &input.store, credential.clone(), kms_key).await;
    input.unless_written(created, &credential, deployment).await?;
    output.note(format_args!("{} has its secret. {PROPAGATION_NOTE}", input.store));
    input.told(Done::Set, 1, &credential, deployment, output)
}

async fn rotate(
    input: &CredentialInput,
    deployment: &Deployment,
    output: &mut Output,
) -> Result<(), Failure> {
    let (store, inlet) = (&input.store, &deployment.inlet);
    if secrets::read(deployment, store).await?.is_none() {
        return Err(secrets::none(deployment, store));
    }
    let credential = input.credential()?;
    input.keep_aside(&credential)?;
    let in_front = |live: &[Value]| {
        if live.contains(&credential) {
            return Err(Failure::Unusable {
                what: format!("{store} has this credential already"),
                next: format!("give another one, or look: {inlet} secret list {store}"),
            });
        }
        Ok(std::iter::once(credential.clone()).chain(live.iter().cloned()).collect())
    };
    let rotated = secrets::update(deployment, store, in_front).await;
    let live = input.unless_written(rotated, &credential, deployment).await?;
    output.note(format_args!(
        "{store} has a new secret in front, and the old one still counts. {PROPAGATION_NOTE}\n\
         Now change it at the provider; when nothing uses the old one any more: {inlet} secret retire {store}"
    ));
    input.told(Done::Rotated, live, &credential, deployment, output)
}

async fn retire(
    store: &StoreAddress,
    number: Option<u16>,
    yes: bool,
    deployment: &Deployment,
    output: &mut Output,
) -> Result<(), Failure> {
    let kept = secrets::read(deployment, store).await?.ok_or_else(|| secrets::none(deployment, store))?;
    let (inlet, count) = (&deployment.inlet, kept.credentials.len());
    let number = number.map_or(count, usize::from);
    let chosen = number.checked_sub(1).and_then(|index| kept.credentials.get(index)).cloned();
    let chosen = chosen.ok_or_else(|| Failure::NotFound {
        what: format!("credential number {number} of {store}"),
        next: format!("it has {count}: {inlet} secret list {store}"),
    })?;
    // Before anybody is asked for nothing; it counts when nobody else changes them.
    without(&kept.credentials, &chosen, store, inlet)?;
    prompt::confirm(&format!("Retire credential {number} of {count} of {store}?"), yes)?;
    let live = secrets::update(deployment, store, |live| without(live, &chosen, store, inlet)).await?;
    output.note(format_args!("Credential {number} of {store} is retired."));
    output.report(&Changed { store: store.to_string(), done: Done::Retired, live })
}

/// The live credentials without one of them, of which it may not be the last.
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
                "put a new one in front first: {inlet} secret rotate {store}. To receive nothing any more, say --all"
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
    prompt::confirm(&format!("Remove every credential of {store}? It receives nothing any more then."), yes)?;
    secrets::remove(deployment, store).await?;
    output.note(format_args!("{store} has no credential any more: what is sent to it is refused."));
    output.report(&Changed { store: store.to_string(), done: Done::Retired, live: 0 })
}

impl CredentialInput {
    /// The credential, from a generator, the terminal or standard input; of a form that the receiver takes.
    fn credential(&self) -> Result<Value, Failure> {
        let provider = self.store.provider;
        let form = self.form(provider)?;
        let credential = if self.generate {
            generated(provider, form)?
        } else if io::stdin().is_terminal() {
            asked(form)?
        } else {
            read(&Source::Stdin.bytes()?)
        };
        provider.shape_of(&credential)?;
        Ok(credential)
    }

    fn form(&self, provider: ProviderHandle) -> Result<&'static CredentialShape, Failure> {
        let forms = provider.shapes;
        let known = || forms.iter().map(|form| form.name).collect::<Vec<_>>().join(", ");
        let chosen = match &self.form {
            Some(name) => forms.iter().find(|form| form.name == name),
            None => forms.first(),
        };
        chosen.ok_or_else(|| Failure::Unusable {
            what: format!("{provider} has no such form of a credential"),
            next: format!("choose one of these with --form: {}", known()),
        })
    }

    /// Writes the generated credential to its file before anything counts on it.
    fn keep_aside(&self, credential: &Value) -> Result<(), Failure> {
        match &self.save {
            Some(path) => private_file(path, credential),
            None => Ok(()),
        }
    }

    /// Takes the file back where the credential was not written after all, so that the next try is not held up by it.
    async fn unless_written<T>(
        &self,
        outcome: Result<T, Failure>,
        credential: &Value,
        deployment: &Deployment,
    ) -> Result<T, Failure> {
        if let (Err(_), Some(path)) = (&outcome, &self.save) {
            let kept = secrets::read(deployment, &self.store).await;
            // Where nobody can tell, the file stays: the credential may be live and nowhere else.
            if kept.is_ok_and(|kept| kept.is_none_or(|kept| !kept.credentials.contains(credential))) {
                let _ = std::fs::remove_file(path);
            }
        }
        outcome
    }

    /// Shows what was done; or, where that is asked for, the credential and nothing else.
    fn told(
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
                "It is in {} and nowhere else. `{} webhook register {}` gives it to the provider where that can be \
                 done; to paste it yourself, rotate once more with --reveal or --save FILE.",
                deployment.parameter(&self.store),
                deployment.inlet,
                self.store
            ));
        }
        output.report(&Changed { store: self.store.to_string(), done, live })
    }
}

/// A credential of random letters and digits, which no form or URL has to escape.
fn generated(provider: ProviderHandle, form: &CredentialShape) -> Result<Value, Failure> {
    if let Issuer::Other(who) = form.chosen_by {
        return Err(Failure::Unusable {
            what: format!("this credential of {provider} cannot be generated"),
            next: format!("it is given by {who}; leave --generate out and enter it"),
        });
    }
    let value = |field: &Field| {
        let characters = field.characters.unwrap_or(GENERATED);
        (field.name.to_owned(), Value::String(Alphanumeric.sample_string(&mut rand::rng(), characters)))
    };
    Ok(Value::Object(form.fields.iter().map(value).collect()))
}

/// Asks for each field at the terminal, unseen.
fn asked(form: &CredentialShape) -> Result<Value, Failure> {
    let mut fields = Map::new();
    for field in form.fields {
        let optional = if field.required { "" } else { ", empty for none" };
        let text = prompt::secret(&format!("{} ({}{optional}): ", field.name, field.about))?;
        if field.required || !text.is_empty() {
            fields.insert(field.name.to_owned(), Value::String(text));
        }
    }
    Ok(Value::Object(fields))
}

/// A JSON object, or a line for each field.
fn read(bytes: &[u8]) -> Value {
    if let Ok(given) = serde_json::from_slice(bytes) {
        return given;
    }
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let field = |line: &str| line.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.into()));
    lines.map(field).collect::<Option<Map<String, Value>>>().map(Value::Object).unwrap_or_default()
}

/// A file that nobody else can read, and that was not there before.
fn private_file(path: &Path, credential: &Value) -> Result<(), Failure> {
    let failed = |error| Failure::file("the credential cannot be written", path, error);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(format!("{credential:#}\n").as_bytes()).map_err(failed)
}

async fn list(scope: Option<Scope>, deployment: &Deployment, output: &mut Output) -> Result<(), Failure> {
    let stores = match scope {
        Some(Scope::Store(store)) => vec![store],
        Some(Scope::Provider(provider)) => stores::of(deployment, &[provider]).await?,
        None => stores::of(deployment, &ALL).await?,
    };
    let mut listed = Vec::new();
    for store in &stores {
        let kept = secrets::read(deployment, store).await?.ok_or_else(|| secrets::none(deployment, store))?;
        // Who may not read the past does without the ages.
        let past = secrets::history(deployment, store).await.unwrap_or_default();
        listed.extend(live(store, &kept, &past));
    }
    output.report(&Secrets { credentials: listed })
}

fn live(store: &StoreAddress, kept: &Kept, past: &[Past]) -> Vec<Live> {
    let numbered = (1_usize..).zip(&kept.credentials);
    numbered
        .map(|(number, credential)| {
            let form = store.provider.shape_of(credential);
            let first = past.iter().find(|version| version.credentials.contains(credential));
            let since = first.and_then(|version| version.written).or(kept.written).map(|time| time.secs());
            Live {
                store: store.to_string(),
                number,
                form: form.as_ref().ok().map(|form| form.name),
                problem: form.err().map(|failure| failure.to_string()),
                characters: characters(store.provider, credential),
                age_seconds: since.map(|since| (clock::now().millis() / 1000).saturating_sub(since)),
            }
        })
        .collect()
}

/// How long the values of known fields are. The names of others may be somebody's mistake, a value among them.
fn characters(provider: ProviderHandle, credential: &Value) -> BTreeMap<&'static str, usize> {
    let fields = provider.shapes.iter().flat_map(|form| form.fields);
    let length = |field: &Field| credential.get(field.name)?.as_str().map(|text| text.chars().count());
    fields.filter_map(|field| Some((field.name, length(field)?))).collect()
}

/// What a change of a store's credentials came to.
#[derive(Debug, Serialize)]
struct Changed {
    store: String,
    done: Done,
    /// How many are live now.
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

/// The live credentials, without a value.
#[derive(Debug, Serialize)]
struct Secrets {
    credentials: Vec<Live>,
}

#[derive(Debug, Serialize)]
struct Live {
    store: String,
    number: usize,
    form: Option<&'static str>,
    problem: Option<String>,
    characters: BTreeMap<&'static str, usize>,
    age_seconds: Option<i64>,
}

impl Report for Secrets {
    fn page(&self, page: &mut Page) {
        let row = |live: &Live| {
            let fields = live.characters.iter().map(|(name, count)| format!("{name} ({count} characters)"));
            [
                live.store.clone(),
                live.number.to_string(),
                live.form.unwrap_or("INVALID").to_owned(),
                fields.collect::<Vec<_>>().join(", "),
                live.age_seconds.map_or_else(|| "?".to_owned(), age),
            ]
        };
        page.table(["store", "number", "form", "fields", "age"], self.credentials.iter().map(row));
        for live in &self.credentials {
            if let Some(problem) = &live.problem {
                page.line(format_args!("{} {}: {problem}", live.store, live.number));
            }
        }
    }
}

/// A time in its largest unit.
fn age(seconds: i64) -> String {
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

    #[test]
    fn a_credential_is_read_as_json_or_as_lines() {
        assert_eq!(read(br#"{"a":"1"}"#), json!({"a": "1"}));
        assert_eq!(
            read(b"username=inlet\npassword=a=b \n"),
            json!({"username": "inlet", "password": "a=b "})
        );
        assert_eq!(read(b"canary"), Value::Null);
    }

    #[test]
    fn what_can_be_generated_fits_and_is_never_the_same() {
        for provider in ALL {
            for form in provider.shapes {
                match (form.chosen_by, generated(provider, form)) {
                    (Issuer::Store, Ok(credential)) => {
                        assert_eq!(provider.shape_of(&credential).unwrap(), form, "{provider}");
                        assert_ne!(generated(provider, form).unwrap(), credential, "{provider}");
                    }
                    (Issuer::Other(_), Err(failure)) => assert_eq!(failure.exit_code(), 2, "{provider}"),
                    (chosen_by, _) => panic!("{provider} {} is chosen by {chosen_by:?}", form.name),
                }
            }
        }
    }

    #[test]
    fn of_two_who_retire_the_last_two_the_second_is_refused() {
        let store: StoreAddress = "zid/riyadh".parse().unwrap();
        let (first, second) = (json!({"password": "1"}), json!({"password": "2"}));
        let left = without(&[first.clone(), second.clone()], &second, &store, "inlet").unwrap();
        assert_eq!(left, std::slice::from_ref(&first));
        let failure = without(&left, &first, &store, "inlet").unwrap_err();
        assert_eq!(failure.exit_code(), 2, "an empty list would be left: {failure}");
        assert_eq!(without(&left, &second, &store, "inlet").unwrap(), left, "it is retired already");
    }

    #[test]
    fn an_age_is_told_in_its_largest_unit() {
        for (seconds, want) in
            [(5, "5 s"), (100, "100 s"), (120, "2 minutes"), (7_200, "2 hours"), (200_000, "2 days")]
        {
            assert_eq!(age(seconds), want);
        }
    }
}
