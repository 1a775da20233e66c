//! The deployment: found by its stack's name in an AWS account, or by the file that `make up` wrote.

pub(crate) mod address;
pub(crate) mod stores;
pub(crate) mod secrets;
pub(crate) mod api_access;

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{AppName, BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sdk_cloudformation::types::Stack;
use aws_sdk_ssm::config::retry::RetryConfig;
use aws_sdk_ssm::config::timeout::TimeoutConfig;
use aws_sdk_ssm::config::{RuntimeComponents, SharedHttpClient};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_types::SdkConfig;
use inlet_aws::client::config::LogLevel;
use inlet_aws::client::connect::{Clients, dated};
use inlet_aws::dynamodb::table::Table;
use inlet_aws::operate::dead_letters::{DeadLetters, HeldLetters};
use inlet_aws::sqs::SqsQueue;
use serde::Deserialize;

use crate::failure::Failure;
use crate::options::DeploymentArgs;
use crate::output::Output;

/// The file that `make up` writes below its working directory.
const LOCAL_STACK: &str = ".local/stack.json";

/// The name of the local stack: local/paths.py.
const LOCAL_STACK_NAME: &str = "inlet-local";

/// The stages without backups and deletion protection in the template.
const DISPOSABLE: [&str; 2] = ["dev", "local"];

/// The local stack keeps events this long: the template's default.
const LOCAL_RETENTION_DAYS: u32 = 90;

/// Maximum time to open a connection and of one attempt at a call. Longer than a receiver's: a person's network may be
/// far from the region.
const CONNECT: Duration = Duration::from_secs(5);
const ATTEMPT: Duration = Duration::from_secs(20);
const ATTEMPTS: u32 = 4;

/// The attempts at a call whose time limit is below that of a command that reads, such as a check of `inlet doctor`.
const HURRIED_ATTEMPTS: u32 = 2;

/// Maximum wait before the second attempt: the SDK's own.
const MAX_FIRST_BACKOFF: Duration = Duration::from_secs(1);

/// Maximum time of a call with all its attempts, for commands that only read: a person waits for the result.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// The same for commands that change something: a repeated call costs less than work that ended half-way.
const CHANGE_TIMEOUT: Duration = Duration::from_mins(1);

/// The least time limit with the local stack: the emulator sometimes stops for seconds.
const LOCAL_TIMEOUT: Duration = Duration::from_secs(30);

/// A deployment of Inlet.
#[derive(Clone, Debug)]
pub(crate) struct Deployment {
    /// The name of the CloudFormation stack.
    pub(crate) stack: String,
    /// `inlet` with the options that select this deployment: the start of every command in a hint.
    pub(crate) inlet: String,
    /// The options that selected it.
    pub(crate) options: DeploymentArgs,
    /// The stage: part of the parameter paths and of the log groups' names.
    pub(crate) stage: String,
    /// The base URL: providers send to `{api}/{provider}/{store}/{topic}`.
    pub(crate) api: String,
    /// The name of the event table.
    pub(crate) table_name: String,
    /// The URL of the event queue.
    pub(crate) queue_url: String,
    /// The URL of the dead-letter queue.
    pub(crate) dead_letter_queue_url: String,
    /// The name of the event bus.
    pub(crate) bus: String,
    /// Retention of events, in days.
    pub(crate) retention_days: u32,
    /// The log level of the functions.
    pub(crate) log_level: LogLevel,
    /// True for the local stack.
    pub(crate) is_local: bool,
    /// The dead letters that this process holds.
    pub(crate) held_letters: HeldLetters,
    /// The configuration of all AWS clients: region, credentials, HTTP client, retries and timeouts.
    pub(crate) config: SdkConfig,
}

impl Deployment {
    /// Finds the deployment, for commands that only read. Their calls of AWS end after ten seconds without a response.
    ///
    /// # Errors
    /// If there is none, or if AWS cannot be called.
    pub(crate) async fn find(options: &DeploymentArgs) -> Result<Self, Failure> {
        Self::find_within(options, READ_TIMEOUT).await
    }

    /// Finds the deployment. No call of AWS takes longer than `time_limit`.
    ///
    /// # Errors
    /// The errors of [`find`](Self::find).
    pub(crate) async fn find_within(options: &DeploymentArgs, time_limit: Duration) -> Result<Self, Failure> {
        if options.local {
            return Self::local(options, Path::new("."), time_limit.max(LOCAL_TIMEOUT));
        }
        Self::in_the_account(options, time_limit).await
    }

    /// Finds the deployment and prints its name, for commands that change it.
    ///
    /// # Errors
    /// The errors of [`find`](Self::find).
    pub(crate) async fn find_to_change(
        options: &DeploymentArgs,
        output: &mut Output,
    ) -> Result<Self, Failure> {
        let deployment = Self::find_within(options, CHANGE_TIMEOUT).await?;
        output.note(format_args!("stack: {}", deployment.stack));
        Ok(deployment)
    }

    /// Returns a deployment of which nothing responds, for tests of what happens before AWS is called.
    #[cfg(test)]
    pub(crate) fn unreachable() -> Self {
        let anybody = Credentials::new("test", "test", None, None, "tests");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(anybody))
            // The port of the discard service: nothing listens.
            .endpoint_url("http://127.0.0.1:9")
            .http_client(http_client(ProxyConfig::disabled()).expect("a client"))
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts(READ_TIMEOUT))
            .build();
        Self {
            stack: "canary-stack".to_owned(),
            inlet: "inlet".to_owned(),
            options: DeploymentArgs::of_stack("inlet", None),
            stage: "canary-stage".to_owned(),
            api: "http://127.0.0.1:9".to_owned(),
            table_name: "table".to_owned(),
            queue_url: "http://127.0.0.1:9/queue".to_owned(),
            dead_letter_queue_url: "http://127.0.0.1:9/dead".to_owned(),
            bus: "bus".to_owned(),
            retention_days: LOCAL_RETENTION_DAYS,
            log_level: LogLevel::Info,
            is_local: true,
            held_letters: HeldLetters::default(),
            config,
        }
    }

    /// Returns a deployment whose services are at this address, with the limits of a command, for tests of errors.
    #[cfg(test)]
    pub(crate) fn at(endpoint: &str, time_limit: Duration) -> Self {
        let deployment = Self::unreachable();
        let config = deployment.config.clone().into_builder().endpoint_url(endpoint);
        let config = config.retry_config(retries(time_limit)).timeout_config(timeouts(time_limit)).build();
        Self { api: endpoint.to_owned(), config, ..deployment }
    }

    /// Returns true for a deployment without real business.
    pub(crate) fn is_disposable(&self) -> bool {
        self.is_local || DISPOSABLE.contains(&self.stage.as_str())
    }

    /// Returns the AWS clients that the functions use too.
    pub(crate) fn clients(&self) -> Clients {
        Clients::new(&self.config)
    }

    /// Returns the event table.
    pub(crate) fn table(&self) -> Table {
        Table::new(self.clients().dynamodb, self.table_name.clone(), self.retention_days)
    }

    /// Returns the event queue.
    pub(crate) fn queue(&self) -> SqsQueue {
        SqsQueue::new(self.clients().sqs, self.queue_url.clone())
    }

    /// Returns the dead-letter queue, with the queue and the table behind it.
    pub(crate) fn dead_letters(&self) -> DeadLetters {
        let dead_letters = SqsQueue::new(self.clients().sqs, self.dead_letter_queue_url.clone());
        let held = self.held_letters.clone();
        DeadLetters { dead_letters, queue: self.queue(), table: self.table(), held }
    }

    /// Returns the name of the parameter with a store's credentials.
    pub(crate) fn parameter(&self, store: &crate::deployment::address::StoreAddress) -> String {
        format!("/inlet/{}/{store}", self.stage)
    }

    fn local(options: &DeploymentArgs, here: &Path, time_limit: Duration) -> Result<Self, Failure> {
        let file = find_upwards(here).ok_or_else(|| Failure::NoLocalStack(LOCAL_STACK.into()))?;
        let unreadable =
            |cause: Box<dyn std::error::Error + Send + Sync>| Failure::LocalStack(file.clone(), cause);
        let text = std::fs::read_to_string(&file).map_err(|error| unreadable(error.into()))?;
        let facts: LocalStack = serde_json::from_str(&text).map_err(|error| unreadable(error.into()))?;
        // The emulator checks the key id and allows everything.
        let anybody = Credentials::new("test", "test", None, None, "local stack");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(facts.region))
            .credentials_provider(SharedCredentialsProvider::new(anybody))
            .endpoint_url(facts.endpoint)
            // It is on this machine, so a proxy cannot reach it.
            .http_client(http_client(ProxyConfig::disabled())?)
            .retry_config(retries(time_limit))
            .timeout_config(timeouts(time_limit))
            .build();
        Ok(Self {
            stack: LOCAL_STACK_NAME.to_owned(),
            inlet: options.inlet(),
            options: options.clone(),
            stage: facts.stage,
            api: facts.api,
            table_name: facts.table,
            queue_url: facts.queue_url,
            dead_letter_queue_url: facts.dlq_url,
            bus: facts.bus,
            retention_days: LOCAL_RETENTION_DAYS,
            log_level: LogLevel::Info,
            is_local: true,
            held_letters: HeldLetters::default(),
            config,
        })
    }

    async fn in_the_account(options: &DeploymentArgs, time_limit: Duration) -> Result<Self, Failure> {
        let config = configuration(options, time_limit).await?;
        let region = config.region().ok_or(Failure::NoRegion)?.to_string();
        let credentials = config.credentials_provider().ok_or(Failure::NoRegion)?;
        let loaded = tokio::time::timeout(time_limit, credentials.provide_credentials()).await;
        let loaded = loaded.map_err(|late| Failure::NoCredentials(late.into()))?;
        loaded.map_err(|error| Failure::NoCredentials(error.into()))?;

        let client = aws_sdk_cloudformation::Client::new(&config);
        let described = client.describe_stacks().stack_name(&options.stack).send().await;
        let missing = || Failure::NotDeployed { stack: options.stack.clone(), region: region.clone() };
        let described = described.map_err(|error| match error.as_service_error() {
            Some(error) if error.meta().message().is_some_and(|text| text.contains("does not exist")) => {
                missing()
            }
            _ => Failure::aws("the stack cannot be looked up", &error),
        })?;
        let stack = described.stacks.unwrap_or_default().into_iter().next().ok_or_else(missing)?;
        Self::of_stack(options, &stack, config)
    }

    fn of_stack(options: &DeploymentArgs, stack: &Stack, config: SdkConfig) -> Result<Self, Failure> {
        let lacks = |missing| Failure::NotInlet { stack: options.stack.clone(), missing };
        let output = |wanted: &'static str| {
            let found = stack.outputs().iter().find(|output| output.output_key() == Some(wanted));
            found.and_then(|output| output.output_value()).map(str::to_owned).ok_or_else(|| lacks(wanted))
        };
        let parameter = |wanted: &'static str| {
            let found = stack.parameters().iter().find(|one| one.parameter_key() == Some(wanted));
            found.and_then(|one| one.parameter_value()).map(str::to_owned).ok_or_else(|| lacks(wanted))
        };
        Ok(Self {
            stack: options.stack.clone(),
            inlet: options.inlet(),
            options: options.clone(),
            stage: parameter("Stage")?,
            api: output("ApiUrl")?,
            table_name: output("TableName")?,
            queue_url: output("QueueUrl")?,
            dead_letter_queue_url: output("DeadLetterQueueUrl")?,
            bus: output("BusName")?,
            retention_days: parameter("RetentionDays")?.parse().map_err(|_| lacks("RetentionDays"))?,
            log_level: LogLevel::parse(&parameter("LogLevel")?).ok_or_else(|| lacks("LogLevel"))?,
            is_local: false,
            held_letters: HeldLetters::default(),
            config,
        })
    }
}

/// The fields of `.local/stack.json` that the command needs.
#[derive(Deserialize)]
struct LocalStack {
    endpoint: String,
    region: String,
    api: String,
    table: String,
    queue_url: String,
    dlq_url: String,
    bus: String,
    stage: String,
}

/// Returns the local stack's file in this folder or the nearest one above.
fn find_upwards(here: &Path) -> Option<PathBuf> {
    let here = here.canonicalize().ok()?;
    here.ancestors().map(|folder| folder.join(LOCAL_STACK)).find(|file| file.is_file())
}

/// Loads region and credentials from the SDK's usual sources. A named profile is the only source, as in the AWS CLI:
/// keys in the environment may belong to another account.
async fn configuration(options: &DeploymentArgs, time_limit: Duration) -> Result<SdkConfig, Failure> {
    let http_client = http_client(ProxyConfig::from_env())?;
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http_client.clone())
        .retry_config(retries(time_limit))
        .timeout_config(timeouts(time_limit));
    if let Ok(name) = AppName::new("inlet") {
        loader = loader.app_name(name);
    }
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &options.region {
        loader = loader.region(Region::new(region.clone()));
    }
    let config = loader.load().await;
    let Some(profile) = &options.profile else { return Ok(config) };
    // A profile may need calls of its own: single sign-on, roles.
    let asking =
        ProviderConfig::without_region().with_region(config.region().cloned()).with_http_client(http_client);
    let keys = ProfileFileCredentialsProvider::builder().configure(&asking).profile_name(profile).build();
    Ok(config.into_builder().credentials_provider(SharedCredentialsProvider::new(keys)).build())
}

/// Returns the functions' HTTP client and TLS stack, with the machine's root certificates. Its responses correct the
/// command's clock.
fn http_client(proxy: ProxyConfig) -> Result<SharedHttpClient, Failure> {
    let tls = TlsContext::builder().with_trust_store(TrustStore::default()).build();
    let tls = tls.map_err(|error| Failure::Tls(error.into()))?;
    let client = Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder()
            .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
            .tls_context(tls.clone())
            .proxy_config(proxy.clone());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.build()
    });
    Ok(dated(client))
}

/// Returns the retries that fit into the time limit of a call. If AWS throttles every attempt, the call must end with
/// AWS's error and not with the time limit, which would look like a network without a response.
fn retries(time_limit: Duration) -> RetryConfig {
    let attempts = if time_limit < READ_TIMEOUT { HURRIED_ATTEMPTS } else { ATTEMPTS };
    // The SDK waits up to this before the second attempt, and up to twice as long before each further one.
    let backoff = time_limit.div_f32(20.0).min(MAX_FIRST_BACKOFF);
    RetryConfig::standard().with_max_attempts(attempts).with_initial_backoff(backoff)
}

/// Returns the limits of calls. A first attempt that hangs leaves time for a second one.
fn timeouts(time_limit: Duration) -> TimeoutConfig {
    let attempt = ATTEMPT.min(time_limit.mul_f32(0.6));
    TimeoutConfig::builder()
        .connect_timeout(CONNECT.min(attempt))
        .operation_attempt_timeout(attempt)
        .operation_timeout(time_limit)
        .build()
}
