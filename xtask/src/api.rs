//! The REST API against its own description: schemathesis.

use crate::{process, python, workspace};
use anyhow::Result;
use std::{path::Path, process::Command};

/// A short run against this binary.
pub(crate) fn check(program: &Path) -> Result<()> {
    let script = workspace::root().join("end2end/api/run.py");
    process::run(
        Command::new(python::environment()?)
            .arg(script)
            .arg(program),
    )
}
