//! `latchkey audit …`: checking and exporting the audit trail.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use domain::error::Error;
use service::{
    Actor, Services,
    audit::{ExportSum, ExportedRecord, TrailFilter},
};

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
        /// End with a signature over all lines before (JSON lines only)
        #[arg(long)]
        signed: bool,
    },
    /// Check that a file is a signed export of this installation, unchanged; ends with 1 otherwise
    CheckExport {
        /// The file
        file: PathBuf,
    },
    /// Write the key with which others check signed exports (PEM, RFC 8410)
    PublicKey,
}

impl Command {
    pub(super) async fn run(self, settings: &Settings) -> Result<()> {
        let services = open(settings).await?;
        let result = match self {
            Self::Verify => verify(&services).await,
            Self::Export { format, signed } => export(&services, format, signed).await,
            Self::CheckExport { file } => check_export(&services, &file),
            Self::PublicKey => public_key(&services),
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

async fn export(services: &Services, format: Format, signed: bool) -> Result<()> {
    if signed && format != Format::Jsonl {
        bail!("--signed: only JSON lines can be signed (--format jsonl)");
    }
    let mut out = BufWriter::new(io::stdout().lock());
    format.begin(&mut out, &RECORD_COLUMNS)?;
    let mut sum = signed.then(ExportSum::default);
    let mut write = |record: ExportedRecord| {
        let mut line = Vec::new();
        format.write(&mut line, &RECORD_COLUMNS, &record)?;
        if let Some(sum) = &mut sum {
            sum.take(&line, 1);
        }
        out.write_all(&line)
    };
    let exported = services
        .export_audit(&Actor::console(), |record| {
            write(record).map_err(|error| Stop::Output(error.into()))
        })
        .await;
    match exported {
        Ok(_) => {}
        Err(Stop::Told(error)) => return Err(told(&error)),
        Err(Stop::Output(error)) => return Err(error),
    }
    if let Some(sum) = sum {
        let line = services.sign_export(sum).map_err(|error| told(&error))?;
        out.write_all(line.as_bytes())?;
    }
    out.flush().context("cannot write to standard output")
}

fn check_export(services: &Services, file: &Path) -> Result<()> {
    let name = file.display();
    let open = File::open(file).with_context(|| format!("cannot open {name}"))?;
    let checked = services.check_export(BufReader::new(open));
    let seal = checked.with_context(|| format!("{name} proves nothing"))?;
    say(format_args!(
        "records: {}, exported: {}",
        seal.records,
        seal.at.format("%Y-%m-%d %H:%M:%S UTC")
    ))?;
    if seal.filter != TrailFilter::default() {
        let filter = serde_json::to_string(&seal.filter)?;
        say(format_args!("a part of the trail: {filter}"))?;
    }
    say("The file is as it was exported.")
}

fn public_key(services: &Services) -> Result<()> {
    let key = services.export_public_key().map_err(|error| told(&error))?;
    say(key.trim_end())
}
