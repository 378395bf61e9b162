//! The server's binary.

use crate::{process, site::Site, workspace};
use anyhow::{Context as _, Result};
use std::{
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::Command,
};

/// One set of packages and features for every call that is no release: what it compiles is compiled
/// once. The frontend is not among them (`hydrate` and `ssr` must not meet), and this tool is apart,
/// for it shares next to nothing with the server.
pub(crate) const FOR_TESTS: [&str; 10] = [
    "--package",
    "latchkey-server",
    "--package",
    "latchkey-service",
    "--package",
    "latchkey-app",
    "--package",
    "latchkey-domain",
    // The clock that journeys move.
    "--features",
    "latchkey-server/testing",
];

/// Builds the server with the site embedded, optimised or as for tests, and returns its path.
pub(crate) fn build(site: &Site, optimised: bool) -> Result<PathBuf> {
    if optimised {
        release(site)
    } else {
        Ok(for_tests(site)?.server)
    }
}

/// Builds the server for people.
pub(crate) fn release(site: &Site) -> Result<PathBuf> {
    let package = ["--package", "latchkey-server", "--bin", "latchkey"];
    process::run(cargo("build", site).args(package).arg("--release"))?;
    Ok(workspace::target().join("release/latchkey"))
}

/// Programs for tests.
pub(crate) struct ForTests {
    /// The server, with the site embedded.
    pub(crate) server: PathBuf,
    /// What prepares a server's data for the journeys.
    pub(crate) stage: PathBuf,
}

/// Builds them. Together: the example brings the features that tests have, so that nothing is
/// compiled but what the tests compiled already.
pub(crate) fn for_tests(site: &Site) -> Result<ForTests> {
    let programs = ["--bin", "latchkey", "--example", "stage"];
    process::run(cargo("build", site).args(FOR_TESTS).args(programs))?;
    let debug = workspace::target().join("debug");
    Ok(ForTests {
        server: debug.join("latchkey"),
        stage: debug.join("examples/stage"),
    })
}

/// A cargo call that compiles the server: it learns the build's id, because a
/// changed file in the site folder alone would not make cargo look again.
pub(crate) fn cargo(subcommand: &str, site: &Site) -> Command {
    let mut command = process::cargo(subcommand);
    command.env("LATCHKEY_BUILD", site.build());
    command
}

/// Turns this process into the server.
pub(crate) fn run(program: &Path, args: &[String]) -> Result<()> {
    let error = Command::new(program)
        .args(args)
        // The default data directory then always is the one that git ignores.
        .current_dir(workspace::root())
        .exec();
    Err(error).with_context(|| format!("cannot start {}", program.display()))
}
