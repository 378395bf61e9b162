//! `latchkey demo`: very many sample keys, for measuring.

use std::io::{self, IsTerminal, Write};

use anyhow::Result;
use clap::Args;
use service::demo::Many;

use super::{open, say};
use crate::config::Settings;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// How many keys to make
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    keys: u64,
    /// The same seed makes the same users and keys
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
}

impl Arguments {
    pub(super) async fn run(self, settings: &Settings) -> Result<()> {
        let services = open(settings).await?;
        let many = Many {
            keys: self.keys,
            seed: self.seed,
        };
        let filled = services
            .fill_with_many(many, |made| tell(made, self.keys))
            .await;
        services.close().await;
        filled?;
        say(format_args!(
            "{} sample keys are in the database.",
            self.keys
        ))
    }
}

/// Progress, for whoever watches.
fn tell(made: u64, of: u64) {
    let mut out = io::stderr();
    if out.is_terminal() {
        let end = if made == of { "; indexes …\n" } else { "" };
        // Nobody is left to tell when standard error is closed.
        let _ = write!(out, "\r{made} of {of} keys{end}");
        let _ = out.flush();
    }
}
