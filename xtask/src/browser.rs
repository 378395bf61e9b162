//! The journeys through the finished program in a real browser.

use crate::{process, server::ForTests, tools, workspace};
use anyhow::{Context as _, Result};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The same engine without windows comes first: it takes a third less time.
const CHROMIUM: [&str; 6] = [
    "chromium-headless-shell",
    "chrome-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// Runs the journeys against these programs.
pub(crate) fn journeys(programs: &ForTests) -> Result<()> {
    // Two files at once: a journey waits more than it works.
    let arguments = ["--test", "--test-concurrency=2", "--test-reporter=spec"];
    node(&arguments, programs)
}

/// Takes the pictures of the documentation of these programs.
pub(crate) fn pictures(programs: &ForTests) -> Result<()> {
    node(&["pictures.mjs"], programs)
}

fn node(arguments: &[&str], programs: &ForTests) -> Result<()> {
    let chromium = chromium()?;
    let folder = workspace::root().join("end2end");
    install_packages(&folder)?;
    // Some journeys put into the database what they cannot wait for.
    if tools::find(&["sqlite3"]).is_none() {
        tools::install("sqlite3")?;
    }
    process::run(
        Command::new("node")
            .args(arguments)
            .current_dir(&folder)
            .env("LATCHKEY_BIN", &programs.server)
            .env("LATCHKEY_TEST_STAGE", &programs.stage)
            .env("LATCHKEY_TEST_CHROMIUM", chromium),
    )
}

fn chromium() -> Result<PathBuf> {
    if let Some(chosen) = env::var_os("LATCHKEY_TEST_CHROMIUM") {
        return Ok(chosen.into());
    }
    if let Some(found) = tools::find(&CHROMIUM) {
        return Ok(found);
    }
    if tools::install(CHROMIUM[0]).is_err() {
        // Not every distribution has a package of its own for it.
        tools::install("chromium")?;
    }
    tools::find(&CHROMIUM).context("no Chromium found; name one in LATCHKEY_TEST_CHROMIUM")
}

/// `npm ci`, unless it ran for this very lock file already.
fn install_packages(folder: &Path) -> Result<()> {
    let wanted = fs::read(folder.join("package-lock.json")).context("no package-lock.json")?;
    let stamp = folder.join("node_modules/.installed-for");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    tools::find(&["npm"]).context("`npm` is missing: please install Node 20 or newer")?;
    process::run(
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(folder),
    )?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}
