//! What the tests need of Python: one environment, with what is pinned here.

use crate::{process, tools, workspace};
use anyhow::{Context as _, Result};
use std::{fs, path::PathBuf, process::Command};

/// What is installed: what tries the REST API, and a mail server.
const WANTED: [&str; 2] = ["schemathesis==4.32.5", "aiosmtpd==1.4.6"];

/// The environment's Python; the environment is made when it is not there.
pub(crate) fn environment() -> Result<PathBuf> {
    let folder = workspace::target().join("python");
    let python = folder.join("bin/python");
    let (stamp, wanted) = (folder.join("installed"), WANTED.join(" "));
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
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
    ];
    process::run(Command::new(&python).args(pip).args(WANTED))?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(python)
}
