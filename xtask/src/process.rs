//! Starting other programs.

use crate::workspace;
use anyhow::{Context as _, Result, bail};
use std::{env, ffi::OsStr, process::Command};

/// A cargo call in the repository's folder, as if it were typed by hand.
///
/// Cargo describes this tool's own package to it in the environment. Passed on,
/// that makes build scripts that watch those variables (ring's does) run anew,
/// and everything above them compile anew, each time.
pub(crate) fn cargo(subcommand: &str) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.arg(subcommand).current_dir(workspace::root());
    for (name, _) in env::vars_os() {
        if describes_this_package(&name) {
            command.env_remove(name);
        }
    }
    command
}

fn describes_this_package(variable: &OsStr) -> bool {
    const PREFIXES: [&str; 4] = [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_",
    ];
    let name = variable.to_string_lossy();
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Runs it with this tool's own input and output; its failure is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start `{}`", line(command)))?;
    if !status.success() {
        bail!("`{}` failed: {status}", line(command));
    }
    Ok(())
}

/// Runs it and returns what it writes to standard output; its failure is an error.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>> {
    let output = command
        .output()
        .with_context(|| format!("cannot start `{}`", line(command)))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed: {}\n{complaint}", line(command), output.status);
    }
    Ok(output.stdout)
}

fn line(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}
