//! `latchkey audit …`: checking and exporting the audit trail.

use std::io::{self, BufWriter, Write};

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use domain::error::Error;
use service::{Actor, Services};

use super::{open, say, user::told};
use crate::{
    config::Settings,
    export::{Format, RECORD_COLUMNS},
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check every record, head and checkpoint; ends with 1 when something was tampered with
    Verify,
    /// Write every record to standard output
    Export {
        /// The form of the records
        #[arg(long, value_enum, default_value_t = Format::Jsonl)]
        format: Format,
    },
}

impl Command {
    pub(super) async fn run(self, settings: &Settings) -> Result<()> {
        let services = open(settings).await?;
        let result = match self {
            Self::Verify => verify(&services).await,
            Self::Export { format } => export(&services, format).await,
        };
        services.close().await;
        result
    }
}

async fn verify(services: &Services) -> Result<()> {
    let report = services.check_audit(&Actor::console()).await;
    let report = report.map_err(|error| told(&error))?;
    say(format_args!(
        "chains: {}, records: {}, checkpoints: {}",
        report.chains, report.records, report.checkpoints
    ))?;
    for finding in &report.findings {
        say(finding)?;
    }
    if !report.findings.is_empty() {
        bail!("the audit trail was tampered with");
    }
    say("The audit trail is whole.")
}

/// Why an export stops.
enum Stop {
    Told(Error),
    Output(anyhow::Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Told(error)
    }
}

async fn export(services: &Services, format: Format) -> Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    format.begin(&mut out, &RECORD_COLUMNS)?;
    let exported = services
        .export_audit(&Actor::console(), |record| {
            let written = format.write(&mut out, &RECORD_COLUMNS, &record);
            written.map_err(|error| Stop::Output(error.into()))
        })
        .await;
    match exported {
        Ok(_) => out.flush().context("cannot write to standard output"),
        Err(Stop::Told(error)) => Err(told(&error)),
        Err(Stop::Output(error)) => Err(error),
    }
}
