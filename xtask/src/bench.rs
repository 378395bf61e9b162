//! Figures that are no tests: how long something takes on this machine.

use crate::{flood, postgres, process};
use anyhow::Result;
use clap::ValueEnum;

/// What `cargo xtask bench` measures.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Bench {
    /// Checking an audit trail of 100,000 records
    Audit,
    /// Other people's requests while 10,000 keys are deleted
    Bulk,
    /// Ten thousand wrong keys from one address: memory, and another client's requests
    Flood,
    /// The list of everybody's keys, at 1,000 and at 1,000,000 keys
    Lists,
}

/// Measures it in a release build, and prints the figures.
pub(crate) fn run(bench: Bench) -> Result<()> {
    let example = match bench {
        Bench::Audit => "bench_audit",
        Bench::Bulk => "bench_bulk",
        Bench::Flood => return flood::run(),
        Bench::Lists => "bench_lists",
    };
    let mut cargo = process::cargo("run");
    cargo.args(["--release", "--package", "latchkey-service"]);
    cargo.args(["--features", "testing", "--example", example]);
    postgres::with(|postgres| process::run(cargo.envs([postgres])))
}
