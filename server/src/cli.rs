//! The command line.

mod approval;
mod audit;
mod client;
mod demo;
mod keys;
mod mail;
mod policy;
mod provider;
mod role;
mod serve;
mod user;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, error::ErrorKind};
use clap_complete::Shell;
#[cfg(not(feature = "testing"))]
use service::clock::SystemClock;
use service::{Services, entropy::OsEntropy};

use crate::{
    config::{ConfigError, Flags, HEADING, Settings},
    tls,
};

/// Manages the whole life of API keys: a server, a browser application and a REST API.
#[derive(Debug, Parser)]
#[command(
    name = "latchkey",
    version,
    after_help = "Settings come from the command line, else from LATCHKEY_… in the environment, \
                  else from latchkey.toml, else they have their defaults."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// The settings' file [default: latchkey.toml in the working directory, if it is there]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Settings")]
    config: Option<PathBuf>,
    #[command(flatten)]
    flags: Flags,
}

/// What is done where the server's data is, and what is asked of a server anywhere.
#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Here(Here),
    #[command(flatten)]
    There(client::Command),
    /// Print the completions for a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
}

/// Commands that open the database or the data directory, and go by the settings.
#[derive(Debug, Subcommand)]
enum Here {
    /// Run the server (this is what happens without a command)
    Serve(serve::Arguments),
    /// Manage accounts, also while the server runs
    #[command(subcommand)]
    User(user::Command),
    /// Manage the roles that accounts can be given, also while the server runs
    #[command(subcommand)]
    Role(role::Command),
    /// Show or change the limits of keys, also while the server runs
    #[command(subcommand)]
    Policy(policy::Command),
    /// Manage the identity providers that people sign in by, also while the server runs
    #[command(subcommand)]
    Provider(provider::Command),
    /// Show what needs approval, or switch it off in an emergency, also while the server runs
    #[command(subcommand)]
    Approval(approval::Command),
    /// Check or export the audit trail, also while the server runs
    #[command(subcommand)]
    Audit(audit::Command),
    /// Rotate the key pair that tokens are signed with, also while the server runs
    #[command(subcommand)]
    Keys(keys::Command),
    /// Try the mail server that the settings name
    #[command(subcommand)]
    Mail(mail::Command),
    /// Print the OpenAPI document of the REST API
    Openapi,
    /// Fill an empty database with very many sample keys, for measuring
    Demo(demo::Arguments),
    /// Bring the database's schema up to date, and end
    Migrate,
    /// Print the certificate that clients of this server should trust (PEM)
    Cacert,
}

impl Cli {
    /// Reads the command line. Ends the program when that asks for help or is wrong.
    pub fn read() -> Self {
        let mut command = whole_command();
        let matches = command.get_matches_mut();
        let cli = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        if let (Some(flag), Some(Command::There(_) | Command::Completions { .. })) =
            (cli.setting(), &cli.command)
        {
            let message = format!("--{flag} is for the commands that go by the settings");
            command.error(ErrorKind::ArgumentConflict, message).exit();
        }
        cli
    }

    /// The name of a setting that was given.
    fn setting(&self) -> Option<String> {
        let file = self.config.as_ref().map(|_| "config".to_owned());
        self.flags.first().or(file)
    }

    /// Carries the command out. 0: done; 1: refused or failed; 2: wrong arguments or settings.
    pub async fn run(self) -> ExitCode {
        let Err(error) = self.execute().await else {
            return ExitCode::SUCCESS;
        };
        // Nobody is left to tell when standard error is closed.
        let _ = writeln!(io::stderr(), "latchkey: {error:#}");
        match error.downcast_ref::<client::Failure>() {
            Some(failure) => ExitCode::from(failure.kind as u8),
            None if error.is::<ConfigError>() => ExitCode::from(2),
            None => ExitCode::FAILURE,
        }
    }

    async fn execute(self) -> anyhow::Result<()> {
        match self.command {
            Some(Command::There(command)) => command.run(),
            Some(Command::Completions { shell }) => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut whole_command(), "latchkey", &mut script);
                let written = io::stdout().write_all(&script);
                written.context("cannot write to standard output")
            }
            Some(Command::Here(command)) => command.run(&self.flags, self.config).await,
            None => {
                let serve = Here::Serve(serve::Arguments::default());
                serve.run(&self.flags, self.config).await
            }
        }
    }
}

impl Here {
    async fn run(self, flags: &Flags, file: Option<PathBuf>) -> anyhow::Result<()> {
        let settings = Settings::load(flags, environment(), file.as_deref())?;
        match self {
            Self::Serve(arguments) => serve::run(settings, arguments).await,
            Self::User(command) => command.run(&settings).await,
            Self::Role(command) => command.run(&settings).await,
            Self::Policy(command) => command.run(&settings).await,
            Self::Provider(command) => command.run(&settings).await,
            Self::Approval(command) => command.run(&settings).await,
            Self::Audit(command) => command.run(&settings).await,
            Self::Keys(command) => command.run(&settings).await,
            Self::Mail(command) => command.run(&settings).await,
            Self::Openapi => say(format_args!("{:#}", crate::netbackup::openapi())),
            Self::Demo(arguments) => arguments.run(&settings).await,
            Self::Migrate => {
                open(&settings).await?.close().await;
                say("The database is up to date.")
            }
            Self::Cacert => {
                let made_here = || tls::Source::SelfSigned(settings.data_dir.join(tls::FOLDER));
                say(settings.tls.unwrap_or_else(made_here).root()?.trim_end())
            }
        }
    }
}

/// The command line with its two families apart: settings are shown with the commands that go by
/// them.
fn whole_command() -> clap::Command {
    let there = client::Command::augment_subcommands(clap::Command::new("there"));
    let names: Vec<_> = there
        .get_subcommands()
        .map(|c| c.get_name().to_owned())
        .collect();
    let is_there = |name: &str| names.iter().any(|known| known == name);
    let mut command = Cli::command();
    let lines = |wanted: &dyn Fn(&str) -> bool| -> String {
        let wanted = command.get_subcommands().filter(|c| wanted(c.get_name()));
        let line = |c: &clap::Command| {
            let about = c.get_about().map(ToString::to_string).unwrap_or_default();
            format!("  {:<12} {about}\n", c.get_name())
        };
        wanted.map(line).collect()
    };
    let families = format!(
        "Where the server's data is:\n{}\nAgainst a server anywhere (see `latchkey login --help`):\n{}\n\
         For both:\n{}",
        lines(&|name| !is_there(name) && name != "completions"),
        lines(&is_there),
        lines(&|name| name == "completions"),
    );
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{families}\nOptions:\n{{options}}{{after-help}}"
    );
    // After this the global settings have reached every command.
    command.build();
    for name in names.iter().map(String::as_str).chain(["completions"]) {
        command = command.mut_subcommand(name, hide_settings);
    }
    command.help_template(template)
}

fn hide_settings(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|arg| {
        let setting = arg.get_help_heading() == Some(HEADING);
        arg.hide(setting)
    });
    command.mut_subcommands(hide_settings)
}

/// What is not text cannot be a setting of ours.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        Some((name, value.to_string_lossy().into_owned()))
    })
}

async fn open(settings: &Settings) -> anyhow::Result<Services> {
    let (clock, entropy) = (Arc::new(clock(settings)), Arc::new(OsEntropy));
    Ok(Services::open(settings.options(), clock, entropy).await?)
}

#[cfg(all(feature = "testing", not(debug_assertions)))]
compile_error!("a release has the machine's clock, and none that a file moves");

/// The machine's clock.
#[cfg(not(feature = "testing"))]
const fn clock(_: &Settings) -> SystemClock {
    SystemClock
}

/// The machine's clock, which journeys move by a file in the data directory.
#[cfg(feature = "testing")]
fn clock(settings: &Settings) -> service::clock::MovedClock {
    service::clock::MovedClock::by(settings.data_dir.join("test-clock"))
}

/// Writes a line to standard output.
fn say(line: impl std::fmt::Display) -> anyhow::Result<()> {
    writeln!(io::stdout(), "{line}").context("cannot write to standard output")
}
