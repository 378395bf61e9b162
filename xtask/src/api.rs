//! The REST API against its own description: schemathesis, in a Python environment of its own.

use crate::{process, tools, workspace};
use anyhow::{Context as _, Result};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What is installed.
const WANTED: &str = "schemathesis==4.32.5";

/// A short run against this binary.
pub(crate) fn check(program: &Path) -> Result<()> {
    let python = environment()?;
    let script = workspace::root().join("end2end/api/run.py");
    process::run(Command::new(python).arg(script).arg(program))
}

/// The environment's Python; the environment is made when it is not there.
fn environment() -> Result<PathBuf> {
    let folder = workspace::target().join("schemathesis");
    let python = folder.join("bin/python");
    let stamp = folder.join("installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == WANTED) {
        return Ok(python);
    }
    if tools::find(&["python3"]).is_none() {
        tools::install("python3")?;
    }
    let make = || process::run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
    if make().is_err() {
        tools::install("python3-venv")?;
        make()?;
    }
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        WANTED,
    ];
    process::run(Command::new(&python).args(pip))?;
    fs::write(&stamp, WANTED).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(python)
}
