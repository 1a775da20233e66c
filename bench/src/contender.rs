//! The programs that are measured, and the commands that start them.

use std::path::PathBuf;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::backends::Backends;
use crate::certificates::Certificates;
use crate::place;

/// A program that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Contender {
    /// R0: the smallest program that runs on Lambda.
    Hello,
    /// R1: Rust as the SDK's and the runtime's own examples show it.
    Idiomatic,
    /// R2: Node.js 20 with AWS SDK v3 in one bundle.
    Node,
    /// R3: Python 3.11 with boto3.
    Python,
    /// F1: a loop that only verifies and parses, with our own code.
    Floor,
    /// Ours.
    Inlet,
}

impl Contender {
    /// All contenders, in the order of the tables.
    pub const ALL: [Self; 6] =
        [Self::Hello, Self::Idiomatic, Self::Node, Self::Python, Self::Floor, Self::Inlet];

    /// The contenders that run on Lambda.
    pub const FUNCTIONS: [Self; 5] = [Self::Hello, Self::Idiomatic, Self::Node, Self::Python, Self::Inlet];

    /// The contenders that do the whole job.
    pub const WORKERS: [Self; 4] = [Self::Idiomatic, Self::Node, Self::Python, Self::Inlet];

    /// The contenders whose instructions can be counted: valgrind cannot follow a just-in-time compiler.
    pub const COUNTED: [Self; 3] = [Self::Hello, Self::Idiomatic, Self::Inlet];

    /// Returns its name in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hello => "R0 hello",
            Self::Idiomatic => "R1 Rust default",
            Self::Node => "R2 Node.js",
            Self::Python => "R3 Python",
            Self::Floor => "F1 floor",
            Self::Inlet => "Inlet",
        }
    }

    /// Returns the deployed file; ours is one per provider.
    pub fn file(self, provider: &str) -> PathBuf {
        let state = place::state();
        match self {
            Self::Hello => state.join("stripped/peer-hello"),
            Self::Idiomatic => state.join("stripped/peer-idiomatic"),
            Self::Node => state.join("node/index.js"),
            Self::Python => place::bench().join("peers/python/bootstrap.py"),
            Self::Floor => state.join("stripped/inlet-bench-floor"),
            Self::Inlet => state.join(format!("stripped/inlet-{provider}")),
        }
    }

    /// Returns the command that starts it.
    pub fn command(self, provider: &str) -> Vec<PathBuf> {
        let file = self.file(provider);
        match self {
            Self::Hello | Self::Idiomatic | Self::Floor | Self::Inlet => vec![file],
            Self::Node => vec!["node".into(), file],
            Self::Python => vec![place::state().join("python/bin/python"), file],
        }
    }

    /// Returns the command that starts the copy in another folder of built files; a script has none.
    pub fn command_in(self, folder: &str, provider: &str) -> Vec<PathBuf> {
        let (wanted, stripped) = (place::state().join(folder), place::state().join("stripped"));
        let swap =
            |file: PathBuf| file.strip_prefix(&stripped).map_or(file.clone(), |name| wanted.join(name));
        self.command(provider).into_iter().map(swap).collect()
    }

    /// Sets the function's environment: these variables and `PATH`, and no other.
    pub fn surround(
        self,
        command: &mut Command,
        certificates: &Certificates,
        backends: &Backends,
        runtime: &str,
    ) {
        let aws = format!("https://localhost:{}", backends.address.port());
        let roots = match self {
            Self::Inlet => &certificates.amazon_and_ours,
            _ => &certificates.system_and_ours,
        };
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("AWS_LAMBDA_RUNTIME_API", runtime)
            .env("AWS_LAMBDA_FUNCTION_NAME", "bench")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
            .env("AWS_LAMBDA_LOG_LEVEL", "INFO")
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_DEFAULT_REGION", "eu-central-1")
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
            // As long as a role's token.
            .env("AWS_SESSION_TOKEN", "IQoJb3JpZ2luX2Vj".repeat(60))
            .env("AWS_ENDPOINT_URL", aws)
            .env("AWS_CA_BUNDLE", roots)
            // rustls-native-certs and Node read their roots from here.
            .env("SSL_CERT_FILE", roots)
            .env("NODE_EXTRA_CA_CERTS", &certificates.ours)
            .env("INLET_STAGE", "bench")
            .env("INLET_TABLE", "inlet-bench-EventTable-1A2B3C4D5E6F7")
            .env(
                "INLET_QUEUE_URL",
                "https://sqs.eu-central-1.amazonaws.com/123456789012/inlet-bench-EventQueue.fifo",
            )
            .env("INLET_RETENTION_DAYS", "90")
            .env("INLET_LOG_LEVEL", "info");
    }
}
