//! Programs of the operating system that the tests need.

use crate::process;
use anyhow::{Result, bail};
use std::{env, path::PathBuf, process::Command};

/// The first of these programs that is on the `PATH`.
pub(crate) fn find(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<_> = env::split_paths(&path).collect();
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|candidate| candidate.is_file())
}

/// Says whether this process may do everything.
pub(crate) fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim_ascii() == b"0")
}

/// Installs a Debian package, where that is possible without asking anybody.
pub(crate) fn install(package: &str) -> Result<()> {
    if !is_root() || find(&["apt-get"]).is_none() {
        bail!("`{package}` is missing: please install it (sudo apt-get install {package})");
    }
    println!("installing {package}");
    process::run(Command::new("apt-get").args(["update", "-qq"]))?;
    process::run(
        Command::new("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["install", "-y", "-qq", "--no-install-recommends", package]),
    )
}
