//! The options that every command has: which deployment it works on, and the format of its output.

use clap::builder::FalseyValueParser;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, ColorChoice};

use crate::shell::quoted;
use crate::zone::Zone;

/// The name of the CloudFormation stack if no option names one.
const DEFAULT_STACK: &str = "inlet";

/// Selects the deployment.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Deployment")]
pub(crate) struct DeploymentArgs {
    /// Use the local stack that `make up` started. --stack, --profile and --region override the environment variable
    #[arg(long, global = true, env = "INLET_LOCAL", value_parser = FalseyValueParser::new())]
    pub(crate) local: bool,
    /// Name of the CloudFormation stack
    #[arg(long, global = true, value_name = "NAME", env = "INLET_STACK", default_value = DEFAULT_STACK)]
    pub(crate) stack: String,
    /// AWS profile; default: the AWS SDK's usual sources of credentials
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// AWS region; default: the region of the profile
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) region: Option<String>,
    /// True if the command line, and not only the environment, names the stack.
    #[arg(skip)]
    names_stack: bool,
}

/// Selects the format of the output.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Write JSON: one document, or one line per event for commands that run until Ctrl-C
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Write no notes and no progress
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Write every column in full, also on a terminal; default on a terminal: a line per row
    #[arg(long, global = true)]
    pub(crate) wide: bool,
    /// Number of columns that tables fit into; default: the terminal's, and everything in a pipe
    #[arg(long, global = true, value_name = "COLUMNS", conflicts_with = "wide", value_parser = clap::value_parser!(u16).range(20..))]
    pub(crate) width: Option<u16>,
    /// Time zone of times in text, such as Asia/Riyadh or UTC; JSON has UTC; default: this machine's zone
    #[arg(long, global = true, value_name = "ZONE")]
    pub(crate) tz: Option<Zone>,
    /// Program that shows long output page by page on a terminal; empty: none
    #[arg(
        long,
        global = true,
        value_name = "COMMAND",
        env = "PAGER",
        hide_env_values = true,
        default_value = "less -FRX"
    )]
    pub(crate) pager: String,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value_t = ColorChoice::Auto)]
    pub(crate) color: ColorChoice,
}

#[cfg(test)]
impl OutputArgs {
    /// Returns the options of output that is not read.
    pub(crate) fn quiet() -> Self {
        let (json, quiet, wide, color) = (false, true, false, ColorChoice::Never);
        Self { json, quiet, wide, width: None, tz: None, pager: String::new(), color }
    }
}

impl DeploymentArgs {
    /// Returns the options with those of the command line preferred to the environment: a forgotten `INLET_LOCAL`
    /// must not redirect a change of an account's deployment to the local stack, or the other way round.
    ///
    /// # Errors
    /// [`ErrorKind::ArgumentConflict`] if the command line names both the local stack and an account's stack.
    pub(crate) fn resolve(self, matches: &ArgMatches) -> Result<Self, clap::Error> {
        let is_given = |name: &&str| matches.value_source(name) == Some(ValueSource::CommandLine);
        let Some(account_option) = ["stack", "profile", "region"].into_iter().find(is_given) else {
            return Ok(self);
        };
        if is_given(&"local") {
            let text = format!(
                "--local and --{account_option} cannot be combined: --local is the stack on this machine"
            );
            return Err(clap::Error::raw(ErrorKind::ArgumentConflict, text));
        }
        Ok(Self { local: false, names_stack: is_given(&"stack"), ..self })
    }

    /// Returns the options of a command line that names this stack and profile.
    #[cfg(test)]
    pub(crate) fn of_stack(stack: &str, profile: Option<&str>) -> Self {
        let profile = profile.map(str::to_owned);
        Self { local: false, stack: stack.to_owned(), profile, region: None, names_stack: true }
    }

    /// Returns the command that signs in with the same profile.
    pub(crate) fn sso_login(&self) -> String {
        let profile = self.profile.as_ref().map(|profile| format!(" --profile {}", quoted(profile)));
        format!("aws sso login{}", profile.unwrap_or_default())
    }

    /// Returns a provider's text with its placeholders filled: `{inlet}` is [`inlet`](Self::inlet), and `{store}` the
    /// store's address.
    pub(crate) fn complete_commands(text: &str, inlet: &str, store: impl std::fmt::Display) -> String {
        text.replace("{inlet}", inlet).replace("{store}", &store.to_string())
    }

    /// Returns `inlet` with the options that select the same deployment. Every command in a hint begins with it.
    pub(crate) fn inlet(&self) -> String {
        if self.local {
            return "inlet --local".to_owned();
        }
        let mut command = "inlet".to_owned();
        let stack = Some(&self.stack).filter(|stack| self.names_stack || *stack != DEFAULT_STACK);
        for (flag, value) in
            [("stack", stack), ("profile", self.profile.as_ref()), ("region", self.region.as_ref())]
        {
            command.extend(value.map(|value| format!(" --{flag} {}", quoted(value))));
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::ALL;

    #[test]
    fn a_provider_s_commands_get_deployment_and_store() {
        let inlet = DeploymentArgs::of_stack("prod", Some("shop")).inlet();
        let text = "Run `{inlet} webhook register {store} --renew`. Ask inlet's administrator.";
        let want = "Run `inlet --stack prod --profile shop webhook register zid/a --renew`. Ask inlet's administrator.";
        assert_eq!(DeploymentArgs::complete_commands(text, &inlet, "zid/a"), want);
        let steps = ALL.iter().flat_map(|provider| provider.portal.steps);
        let steps: Vec<&&str> = steps.filter(|step| step.contains("inlet")).collect();
        assert!(steps.len() >= 3, "{steps:?}");
        for step in steps {
            let bare = step.replace("{inlet} ", "");
            assert!(!bare.contains("inlet ") && step.contains("{store}"), "{step}");
        }
    }
}
