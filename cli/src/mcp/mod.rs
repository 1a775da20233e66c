//! The deployment for agents, by the Model Context Protocol over standard input and output.
//!
//! 1. [`tools`]: the tools and their responses.
//! 2. [`descriptions`]: the names, descriptions and parameters of the tools.
//! 3. [`arguments`]: the arguments of a call, parsed.
//! 4. [`dry_calls`]: the counts that confirm a change.
//! 5. [`fence`]: marks data from outside as data.

mod tools;
mod descriptions;
mod arguments;
mod dry_calls;
mod fence;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::transport::io::stdio;
use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt as _};

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::mcp::tools::Tools;
use crate::output::printable;
use crate::stop_signal::StopSignals;

/// Serves the tools until the client closes the connection, or a stop signal. Dead letters that are held are given back.
///
/// # Errors
/// If standard input or output fails, or the client does not speak the protocol.
pub(crate) async fn serve(deployment: Deployment, allow_write: bool) -> Result<(), Failure> {
    let failed = |error: String| Failure::Problem {
        what: format!("the client does not speak the Model Context Protocol: {error}"),
        next: "let an agent start this command; see docs/mcp.md".to_owned(),
    };
    let server = Server { tools: Tools::new(deployment, allow_write) };
    let (work, held) = server.tools.unfinished();
    let running = Box::pin(server.serve(stdio())).await.map_err(|error| failed(error.to_string()))?;
    let mut signals = StopSignals::new();
    let ended = tokio::select! {
        ended = running.waiting() => Some(ended),
        () = signals.next() => None,
    };
    work.stop_redrives();
    tokio::select! {
        () = held.given_back() => {}
        () = signals.next() => {}
    }
    match ended {
        Some(ended) => ended.map(drop).map_err(|error| failed(error.to_string())),
        // The runtime would wait for the thread that reads standard input.
        None => std::process::exit(0),
    }
}

struct Server {
    tools: Tools,
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("inlet", env!("CARGO_PKG_VERSION")))
            .with_instructions(self.tools.instructions())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.tools.list()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.tools.list().into_iter().find(|tool| tool.name == name)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        let Some(called) = Box::pin(self.tools.call(&request.name, arguments)).await else {
            return Err(ErrorData::invalid_params(
                format!("there is no tool {}", printable(&request.name)),
                None,
            ));
        };
        let result = match called {
            Ok(text) => CallToolResult::success(vec![ContentBlock::text(text)]),
            Err(failure) => {
                let text = printable(&failure.sentence(self.tools.options()));
                CallToolResult::error(vec![ContentBlock::text(text)])
            }
        };
        Ok(result.into())
    }
}
