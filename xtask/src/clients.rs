//! Scripts and gateways as people have them, against the finished program.

use crate::{process, tools, workspace};
use anyhow::{Result, ensure};
use std::{path::Path, process::Command};

/// What the scripts and gateways are written in: how to tell that it is there, and the Debian
/// package that brings it.
const NEEDED: [(&[&str], &str); 8] = [
    (&["curl", "--version"], "curl"),
    (&["jq", "--version"], "jq"),
    (&["perl", "-MLWP::UserAgent", "-e1"], "libwww-perl"),
    (
        &["perl", "-MLWP::Protocol::https", "-e1"],
        "liblwp-protocol-https-perl",
    ),
    (
        &["perl", "-MIO::Socket::SSL", "-e1"],
        "libio-socket-ssl-perl",
    ),
    (&["perl", "-MJSON", "-e1"], "libjson-perl"),
    (&["nginx", "-v"], "nginx-light"),
    (&["caddy", "version"], "caddy"),
];
/// The second is Debian's own, which its packages of modules are for.
const PYTHONS: [&str; 2] = ["python3", "/usr/bin/python3"];

/// Runs them against this binary.
pub(crate) fn run(program: &Path) -> Result<()> {
    for (test, package) in NEEDED {
        if !succeeds(test) {
            tools::install(package)?;
            ensure!(succeeds(test), "`{}` fails with {package}", test.join(" "));
        }
    }
    let python = python()?;
    let folder = workspace::root().join("end2end");
    process::run(
        Command::new("node")
            .args([
                "--test",
                "--test-reporter=spec",
                "clients/clients.mjs",
                "clients/gateways.mjs",
            ])
            .current_dir(&folder)
            .env("LATCHKEY_BIN", program)
            .env("LATCHKEY_TEST_PYTHON", python),
    )
}

fn succeeds(line: &[&str]) -> bool {
    process::output(Command::new(line[0]).args(&line[1..])).is_ok()
}

/// The Python that has `requests`.
fn python() -> Result<&'static str> {
    let find = || {
        let mut all = PYTHONS.into_iter();
        all.find(|python| succeeds(&[python, "-c", "import requests"]))
    };
    if find().is_none() {
        tools::install("python3-requests")?;
    }
    let found = find();
    ensure!(found.is_some(), "no Python has the module `requests`");
    Ok(found.unwrap_or_default())
}
