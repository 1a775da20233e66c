//! The configuration of a function: all of its environment variables, read once.

use std::fmt;
use std::net::SocketAddr;

/// The level of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Failures of Inlet or of AWS.
    Error,
    /// Also rejected deliveries, and deliveries that were accepted with a fault.
    Warn,
    /// Also accepted deliveries.
    Info,
    /// Also probes and blocked messages.
    Debug,
}

/// The configuration of a function.
#[derive(Clone, PartialEq, Eq)]
pub struct Config {
    /// The deployment's stage, which is a part of the parameters' path.
    pub stage: String,
    /// The name of the event table.
    pub table: String,
    /// The URL of the event queue.
    pub queue_url: String,
    /// The URL of the dead-letter queue. Only the processor has it.
    pub dead_letter_queue_url: Option<String>,
    /// The name of the event bus. Only the processor has it.
    pub bus: Option<String>,
    /// The receivers' function names by provider, `{provider}={function},…`. Only the router has it.
    pub receivers: Option<String>,
    /// The ARN of the Lambda function that gets the events instead of the bus. Only the processor has it.
    pub consumer_function: Option<String>,
    /// The URL of the endpoint that gets the events instead of the bus. Only the processor has it.
    pub consumer_url: Option<String>,
    /// Maximum time of one call of that function or endpoint, in seconds; `None` for the default.
    pub consumer_timeout_seconds: Option<u32>,
    /// The age in seconds at which the sweeper sends an unprocessed event again. Only the sweeper has it.
    pub resend_after_seconds: Option<u32>,
    /// The lifetime of a receiver's list of store names in seconds, if it is not the default. The local stack has a
    /// shorter one, because its tests configure stores and use them immediately.
    pub store_names_seconds: Option<u32>,
    /// The retention of events, in days.
    pub retention_days: u32,
    /// The lowest level that is logged.
    pub log_level: LogLevel,
    /// The AWS region.
    pub region: String,
    /// The credentials of the function's role.
    pub credentials: Credentials,
    /// The endpoint of an emulator instead of AWS: the SDKs' own `AWS_ENDPOINT_URL`.
    pub endpoint: Option<String>,
    /// The address of the X-Ray daemon: `AWS_XRAY_DAEMON_ADDRESS`, which Lambda sets.
    pub xray_daemon: Option<SocketAddr>,
    /// A file of root certificates instead of Amazon's: the SDKs' own `AWS_CA_BUNDLE`.
    pub ca_bundle: Option<String>,
}

/// AWS credentials. They have no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The access key's id.
    pub access_key_id: String,
    /// The access key.
    pub secret_access_key: String,
    /// The session token. Every role has one.
    pub session_token: Option<String>,
}

/// An incomplete or invalid configuration, with all of its errors.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// Variables that are not set.
    pub missing: Vec<&'static str>,
    /// Variables with an invalid value.
    pub invalid: Vec<&'static str>,
}

impl ConfigError {
    /// The error that this variable is not set.
    pub fn without(name: &'static str) -> Self {
        Self { missing: vec![name], invalid: Vec::new() }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "environment: missing [{}], invalid [{}]", self.missing.join(", "), self.invalid.join(", "))
    }
}

impl LogLevel {
    /// Parses a level: `error`, `warn`, `info` or `debug`, as in the template's parameter.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Error, Self::Warn, Self::Info, Self::Debug].into_iter().find(|level| level.as_str() == name)
    }

    /// Returns the level's name in a log line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// [`ConfigError`] with every variable that is missing or invalid.
    pub fn from_process() -> Result<Self, ConfigError> {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the world")]
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// Reads the variables that `lookup` returns.
    ///
    /// # Errors
    /// [`ConfigError`] with every variable that is missing or invalid.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let value = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let mut wrong = ConfigError { missing: Vec::new(), invalid: Vec::new() };
        let mut required = |name: &'static str| {
            value(name).unwrap_or_else(|| {
                wrong.missing.push(name);
                String::new()
            })
        };
        let stage = required("INLET_STAGE");
        let table = required("INLET_TABLE");
        let queue_url = required("INLET_QUEUE_URL");
        let retention_days = required("INLET_RETENTION_DAYS");
        let region = required("AWS_REGION");
        let access_key_id = required("AWS_ACCESS_KEY_ID");
        let secret_access_key = required("AWS_SECRET_ACCESS_KEY");

        let retention_days = retention_days.parse().unwrap_or_else(|_| {
            wrong.invalid.push("INLET_RETENTION_DAYS");
            0
        });
        let mut seconds = |name: &'static str| {
            let text = value(name)?;
            let seconds = text.parse::<u32>().ok();
            if seconds.is_none() {
                wrong.invalid.push(name);
            }
            seconds
        };
        let resend_after_seconds = seconds("INLET_SETTLED_SECONDS");
        let store_names_seconds = seconds("INLET_STORE_NAMES_SECONDS");
        let consumer_timeout_seconds = seconds("INLET_CONSUMER_TIMEOUT_SECONDS");
        let consumer_function = value("INLET_CONSUMER_FUNCTION");
        let consumer_url = value("INLET_CONSUMER_URL");
        if consumer_function.is_some() && consumer_url.is_some() {
            wrong.invalid.push("INLET_CONSUMER_URL");
        }
        let log_level = value("INLET_LOG_LEVEL").map_or(Some(LogLevel::Info), |name| LogLevel::parse(&name));
        let log_level = log_level.unwrap_or_else(|| {
            wrong.invalid.push("INLET_LOG_LEVEL");
            LogLevel::Info
        });
        if !wrong.missing.is_empty() || !wrong.invalid.is_empty() {
            return Err(wrong);
        }
        let session_token = value("AWS_SESSION_TOKEN");
        let credentials = Credentials { access_key_id, secret_access_key, session_token };
        let (endpoint, ca_bundle) = (value("AWS_ENDPOINT_URL"), value("AWS_CA_BUNDLE"));
        // An invalid address costs the traces and must not cost deliveries.
        let xray_daemon = value("AWS_XRAY_DAEMON_ADDRESS").and_then(|address| address.parse().ok());
        let (dead_letter_queue_url, bus) = (value("INLET_DEAD_LETTER_QUEUE_URL"), value("INLET_BUS"));
        let receivers = value("INLET_RECEIVERS");
        Ok(Self {
            stage,
            table,
            queue_url,
            dead_letter_queue_url,
            bus,
            receivers,
            consumer_function,
            consumer_url,
            consumer_timeout_seconds,
            resend_after_seconds,
            store_names_seconds,
            retention_days,
            log_level,
            region,
            credentials,
            endpoint,
            xray_daemon,
            ca_bundle,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Option<String> {
        let value = match name {
            "INLET_STAGE" => "dev",
            "INLET_TABLE" => "t",
            "INLET_QUEUE_URL" => "https://sqs/q",
            "INLET_RETENTION_DAYS" => "90",
            "AWS_REGION" => "eu-central-1",
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "x",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn reads_what_the_template_sets() {
        let config = Config::from_lookup(lookup).map_err(|e| e.to_string()).unwrap();
        assert_eq!((config.retention_days, config.log_level), (90, LogLevel::Info));
        assert_eq!(config.endpoint, None);
    }

    #[test]
    fn one_error_names_all_missing_and_invalid_variables() {
        let Err(wrong) = Config::from_lookup(|name| match name {
            "INLET_LOG_LEVEL" => Some("loud".into()),
            "INLET_RETENTION_DAYS" => Some("soon".into()),
            "INLET_TABLE" => Some(String::new()),
            other => lookup(other),
        }) else {
            panic!("it was read as complete");
        };
        assert_eq!(wrong.missing, ["INLET_TABLE"]);
        assert_eq!(wrong.invalid, ["INLET_RETENTION_DAYS", "INLET_LOG_LEVEL"]);
    }
}
