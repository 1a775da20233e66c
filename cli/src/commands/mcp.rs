//! `inlet mcp`: serves the deployment to an agent, by the Model Context Protocol over standard input and output.

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::mcp;
use crate::options::DeploymentArgs;

/// The arguments of `inlet mcp`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Offer tools that change something too: replay, redrive, reverify and forget
    #[arg(long)]
    allow_write: bool,
}

/// Serves until the client closes standard input.
pub(crate) async fn run(arguments: Arguments, options: &DeploymentArgs) -> Result<(), Failure> {
    let deployment = Deployment::find(options).await?;
    Box::pin(mcp::serve(deployment, arguments.allow_write)).await
}
