//! `latchkey audit …`: checking and exporting the audit trail.

use std::io::{self, BufWriter, Write};

use anyhow::{Context, Result, bail};
use clap::{Subcommand, ValueEnum};
use domain::error::Error;
use service::{Actor, Services, audit::ExportedRecord};

use super::{open, say, user::told};
use crate::config::Settings;

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

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Format {
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values with a header (RFC 4180)
    Csv,
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
    if matches!(format, Format::Csv) {
        writeln!(out, "{}\r", COLUMNS.join(","))?;
    }
    let exported = services
        .export_audit(&Actor::console(), |record| {
            let written = match format {
                Format::Jsonl => jsonl(&mut out, &record),
                Format::Csv => csv(&mut out, &record),
            };
            written.map_err(Stop::Output)
        })
        .await;
    match exported {
        Ok(_) => out.flush().context("cannot write to standard output"),
        Err(Stop::Told(error)) => Err(told(&error)),
        Err(Stop::Output(error)) => Err(error),
    }
}

fn jsonl(out: &mut impl Write, record: &ExportedRecord) -> Result<()> {
    serde_json::to_writer(&mut *out, record)?;
    Ok(writeln!(out)?)
}

const COLUMNS: [&str; 19] = [
    "chain",
    "id",
    "recordedAt",
    "action",
    "category",
    "operation",
    "outcome",
    "actor",
    "via",
    "address",
    "object",
    "stateBefore",
    "stateAfter",
    "cause",
    "reason",
    "clientId",
    "requestId",
    "previousHash",
    "hash",
];

fn csv(out: &mut impl Write, record: &ExportedRecord) -> Result<()> {
    let record = serde_json::to_value(record)?;
    let fields: Vec<_> = COLUMNS
        .iter()
        .map(|column| match &record[*column] {
            serde_json::Value::String(text) => quoted(text),
            serde_json::Value::Null => String::new(),
            number => number.to_string(),
        })
        .collect();
    Ok(writeln!(out, "{}\r", fields.join(","))?)
}

/// A CSV field. A text that a spreadsheet would take for a formula is kept from being one (A8).
fn quoted(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        "'"
    } else {
        ""
    };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A8.
    #[test]
    fn a_field_is_quoted_and_never_a_formula() {
        for (text, field) in [
            ("a", "\"a\""),
            ("a,b\n", "\"a,b\n\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
            ("+1", "\"'+1\""),
            ("@x", "\"'@x\""),
        ] {
            assert_eq!(quoted(text), field);
        }
    }
}
