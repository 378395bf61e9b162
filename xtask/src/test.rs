//! Everything that must hold, in the order in which a fault shows soonest.

use crate::{
    api, browser, clients, licences, postgres, process, python,
    server::{self, FOR_TESTS},
    site::{self, Site},
    size, tools, wasm,
};
use anyhow::{Result, ensure};
use clap::ValueEnum;
use std::{
    process::Command,
    time::{Duration, Instant},
};

const TOOL: [&str; 2] = ["--package", "xtask"];

/// A step of `cargo xtask test`.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub(crate) enum Step {
    /// The code is formatted
    Fmt,
    /// Licences and sources of the dependencies
    Licences,
    /// The browser application builds and is small enough
    Site,
    /// Lints of what runs on the server, and of this tool
    Clippy,
    /// Lints of what runs in the browser
    ClippyWasm,
    /// Unit, store and router tests
    Unit,
    /// Examples in the documentation
    Doctest,
    /// The documentation builds without a warning
    Doc,
    /// Scripts in several languages, and gateways, over TLS
    Clients,
    /// The REST API keeps to its OpenAPI document
    Api,
    /// Journeys in a real browser
    E2e,
}

/// Runs the steps (all when none is named), up to the first that fails.
pub(crate) fn run(only: &[Step], runner_args: &[String]) -> Result<()> {
    let chosen = |step: &&Step| only.is_empty() || only.contains(step);
    let steps: Vec<Step> = Step::value_variants()
        .iter()
        .filter(chosen)
        .copied()
        .collect();
    let mut report = Vec::new();
    for step in &steps {
        let name = name(*step);
        println!("=== {name}");
        let start = Instant::now();
        let result = execute(*step, runner_args);
        report.push((name, start.elapsed(), result.is_ok()));
        if let Err(error) = result {
            println!("{error:#}");
            break;
        }
    }
    summary(&report, steps.len())
}

fn summary(report: &[(String, Duration, bool)], planned: usize) -> Result<()> {
    println!("=== summary");
    for (name, time, passed) in report {
        let verdict = if *passed { "ok" } else { "FAILED" };
        println!("{name:<12} {:>7.1} s  {verdict}", time.as_secs_f64());
    }
    let passed = report.iter().filter(|(_, _, passed)| *passed).count();
    let failed = report.len() - passed;
    let skipped = planned - report.len();
    println!("{passed} passed, {failed} failed, {skipped} not run");
    ensure!(failed == 0, "a step failed");
    Ok(())
}

fn name(step: Step) -> String {
    let value = step.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

fn execute(step: Step, runner_args: &[String]) -> Result<()> {
    match step {
        Step::Fmt => process::run(process::cargo("fmt").args(["--all", "--check"])),
        Step::Licences => licences::check(),
        Step::Site => size::check(&site::build()?),
        Step::Clippy => {
            let site = site::any()?;
            clippy(
                server::cargo("clippy", &site)
                    .args(FOR_TESTS)
                    .arg("--all-targets"),
            )?;
            clippy(process::cargo("clippy").args(TOOL).arg("--all-targets"))
        }
        Step::ClippyWasm => clippy(&mut wasm::clippy()?),
        Step::Unit => {
            let site = site::any()?;
            postgres::with(|postgres| unit(&site, postgres, runner_args))
        }
        Step::Doctest => {
            let site = site::any()?;
            process::run(server::cargo("test", &site).args(FOR_TESTS).arg("--doc"))
        }
        Step::Doc => process::run(
            server::cargo("doc", &site::any()?)
                .args(FOR_TESTS)
                .args(["--no-deps", "--lib", "--document-private-items"])
                .env("RUSTDOCFLAGS", "-D warnings"),
        ),
        Step::Clients => clients::run(&server::for_tests(&site::any()?)?.server),
        Step::Api => api::check(&server::for_tests(&site::any()?)?.server),
        Step::E2e => browser::journeys(&server::for_tests(&site::build()?)?),
    }
}

/// Writes `docs/screenshots`.
pub(crate) fn screenshots() -> Result<()> {
    browser::pictures(&server::for_tests(&site::build()?)?)
}

fn clippy(command: &mut Command) -> Result<()> {
    process::run(command.args(["--", "-D", "warnings"]))
}

fn unit(site: &Site, postgres: (&str, &str), runner_args: &[String]) -> Result<()> {
    // Runs the mail server that the tests send to.
    let python = python::environment()?;
    let run = |mut cargo: Command, packages: &[&str]| {
        cargo.args(packages).args(runner_args);
        process::run(cargo.envs([postgres]).env("LATCHKEY_TEST_PYTHON", &python))
    };
    let runner = || {
        if tools::find(&["cargo-nextest"]).is_some() {
            let mut cargo = server::cargo("nextest", site);
            cargo.arg("run");
            cargo
        } else {
            let mut cargo = server::cargo("test", site);
            cargo.args(["--lib", "--bins", "--tests"]);
            cargo
        }
    };
    // Arguments of one's own choose among the product's tests.
    if runner_args.is_empty() {
        run(runner(), &TOOL)?;
    }
    run(runner(), &FOR_TESTS)
}
