//! The `latchkey` program.

use std::process::ExitCode;

use server::cli::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    Cli::read().run().await
}
