//! The command line.

mod audit;
mod demo;
mod keys;
mod policy;
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
use clap::{Parser, Subcommand};
use service::{Services, clock::SystemClock, entropy::OsEntropy};

use crate::config::{ConfigError, Flags, Settings};

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

#[derive(Debug, Subcommand)]
enum Command {
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
    /// Check or export the audit trail, also while the server runs
    #[command(subcommand)]
    Audit(audit::Command),
    /// Rotate the key pair that tokens are signed with, also while the server runs
    #[command(subcommand)]
    Keys(keys::Command),
    /// Print the OpenAPI document of the REST API
    Openapi,
    /// Fill an empty database with very many sample keys, for measuring
    Demo(demo::Arguments),
    /// Bring the database's schema up to date, and end
    Migrate,
}

impl Cli {
    /// Carries the command out. 0: done; 1: refused or failed; 2: wrong arguments or settings.
    pub async fn run(self) -> ExitCode {
        let Err(error) = self.execute().await else {
            return ExitCode::SUCCESS;
        };
        // Nobody is left to tell when standard error is closed.
        let _ = writeln!(io::stderr(), "latchkey: {error:#}");
        if error.is::<ConfigError>() {
            ExitCode::from(2)
        } else {
            ExitCode::FAILURE
        }
    }

    async fn execute(self) -> anyhow::Result<()> {
        let settings = Settings::load(&self.flags, environment(), self.config.as_deref())?;
        match self
            .command
            .unwrap_or_else(|| Command::Serve(serve::Arguments::default()))
        {
            Command::Serve(arguments) => serve::run(settings, arguments).await,
            Command::User(command) => command.run(&settings).await,
            Command::Role(command) => command.run(&settings).await,
            Command::Policy(command) => command.run(&settings).await,
            Command::Audit(command) => command.run(&settings).await,
            Command::Keys(command) => command.run(&settings).await,
            Command::Openapi => say(format_args!("{:#}", crate::netbackup::openapi())),
            Command::Demo(arguments) => arguments.run(&settings).await,
            Command::Migrate => {
                open(&settings).await?.close().await;
                say("The database is up to date.")
            }
        }
    }
}

/// What is not text cannot be a setting of ours.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        Some((name, value.to_string_lossy().into_owned()))
    })
}

async fn open(settings: &Settings) -> anyhow::Result<Services> {
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(OsEntropy));
    Ok(Services::open(settings.options(), clock, entropy).await?)
}

/// Writes a line to standard output.
fn say(line: impl std::fmt::Display) -> anyhow::Result<()> {
    writeln!(io::stdout(), "{line}").context("cannot write to standard output")
}
