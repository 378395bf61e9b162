//! The server's binary.

use crate::{process, site::Site, workspace};
use anyhow::{Context as _, Result};
use std::{
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::Command,
};

/// Builds the server with the site embedded and returns the binary's path. What is no release is
/// for tests, and has the clock that they move.
pub(crate) fn build(site: &Site, release: bool) -> Result<PathBuf> {
    let mut cargo = cargo("build", site);
    cargo.args(["--package", "latchkey-server", "--bin", "latchkey"]);
    if release {
        cargo.arg("--release");
    } else {
        cargo.args(["--features", "testing"]);
    }
    process::run(&mut cargo)?;
    let profile = if release { "release" } else { "debug" };
    Ok(workspace::target().join(profile).join("latchkey"))
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
