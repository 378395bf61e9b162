//! Builds, runs and tests Latchkey; nothing else has to be installed.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool reports to its terminal"
)]

mod api;
mod bench;
mod browser;
mod clients;
mod compress;
mod files;
mod flood;
mod fuzz;
mod licences;
mod measure;
mod postgres;
mod process;
mod python;
mod server;
mod site;
mod size;
mod split;
mod start;
mod style;
mod test;
mod tools;
mod wasm;
mod workspace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Builds, runs and tests Latchkey.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the browser application and the server that carries it
    Build {
        /// Optimise the server (the browser application always is)
        #[arg(long)]
        release: bool,
    },
    /// Build, then start Latchkey with the given arguments (`serve` by default)
    Run {
        /// Optimise the server
        #[arg(long)]
        release: bool,
        /// Serve with sample people and keys to try things with
        #[arg(long, conflicts_with = "args")]
        demo: bool,
        #[arg(last = true)]
        args: Vec<String>,
    },
    /// Build, then write the pictures of the documentation from a demonstration
    Screenshots,
    /// Print what a browser loads first, and fail when the WebAssembly is too large
    Size,
    /// Print how long the release build takes to start, and its memory
    Measure,
    /// Print how long something takes in a release build
    Bench { what: bench::Bench },
    /// Look for SAML messages that break the parser
    Fuzz {
        /// For how long
        #[arg(long, default_value_t = 600)]
        seconds: u32,
    },
    /// Run every check in order, up to the first that fails
    Test {
        /// Only this step (may be repeated)
        #[arg(long, value_name = "STEP")]
        only: Vec<test::Step>,
        /// Further arguments for the runner of the unit tests
        #[arg(last = true)]
        args: Vec<String>,
    },
}

fn main() -> ExitCode {
    // The causes in one line: where in this tool the error rose helps nobody.
    execute().map_or_else(
        |error| {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

fn execute() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Build { release } => {
            let site = site::build()?;
            let program = server::build(&site, release)?;
            println!("{}", program.display());
            Ok(())
        }
        Command::Run {
            release,
            demo,
            args,
        } => {
            let site = site::build()?;
            let args = if demo {
                ["serve", "--demo"].map(str::to_owned).to_vec()
            } else {
                args
            };
            server::run(&server::build(&site, release)?, &args)
        }
        Command::Screenshots => test::screenshots(),
        Command::Size => size::check(&site::build()?),
        Command::Measure => measure::run(),
        Command::Bench { what } => bench::run(what),
        Command::Fuzz { seconds } => fuzz::run(seconds),
        Command::Test { only, args } => test::run(&only, &args),
    }
}
