//! The browser application: Rust to WebAssembly, then to what a browser can load.

use crate::{files::digest, process, split, workspace};
use anyhow::{Context as _, Result};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use wasm_bindgen_cli_support::Bindgen;

const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "wasm-release";

/// Part of the cache's key: change it together with the options in [`bind`].
const RECIPE: &str = "wasm-split 0.2.4, wasm-bindgen 0.2.130, web, no TypeScript, no names";

/// Splitting moves code, so it must know what refers to what. The same flag for every call, or
/// everything would be compiled anew.
const FLAGS: &str = "target.wasm32-unknown-unknown.rustflags=[\"-Clink-args=--emit-relocs\"]";

/// Compiles the browser application and returns the folder with the files that
/// a browser loads: `latchkey.js`, `latchkey_bg.wasm` and snippets, if any.
pub(crate) fn build() -> Result<PathBuf> {
    ensure_target()?;
    process::run(process::cargo("build").args([
        "--config",
        FLAGS,
        "--package",
        "latchkey-frontend",
        "--lib",
        "--target",
        TARGET,
        "--profile",
        PROFILE,
    ]))?;
    let raw = workspace::target()
        .join(TARGET)
        .join(PROFILE)
        .join("frontend.wasm");
    let raw = fs::read(&raw).with_context(|| format!("cannot read {}", raw.display()))?;
    let package = workspace::cache().join("package");
    let stamp = workspace::cache().join("package.input");
    let input = digest([RECIPE.as_bytes(), &raw]);
    if fs::read_to_string(&stamp).is_ok_and(|last| last == input) && package.is_dir() {
        return Ok(package);
    }
    if package.exists() {
        fs::remove_dir_all(&package).context("cannot remove the last package")?;
    }
    let parts = split::split(&raw, &workspace::cache().join("parts"))?;
    bind(parts.main, &package)?;
    for (path, contents) in parts.beside {
        let path = package.join(path);
        fs::write(&path, contents).with_context(|| format!("cannot write {}", path.display()))?;
    }
    fs::write(&stamp, input).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(package)
}

/// The flags and arguments with which clippy sees the code that runs in the browser.
pub(crate) fn clippy() -> Result<Command> {
    ensure_target()?;
    let mut command = process::cargo("clippy");
    // The build's profile, so that the macros and build scripts are compiled once.
    command.args(["--config", FLAGS]);
    command.args([
        "--package",
        "latchkey-frontend",
        "--package",
        "latchkey-app",
    ]);
    command.args(["--package", "latchkey-domain", "--lib"]);
    command.args(["--target", TARGET, "--profile", PROFILE]);
    Ok(command)
}

/// `rust-toolchain.toml` names the target, but rustup may be set not to act on it.
fn ensure_target() -> Result<()> {
    let mut probe = Command::new("rustc");
    probe.current_dir(workspace::root());
    let folder = process::output(probe.args(["--print", "target-libdir", "--target", TARGET]))?;
    let folder = String::from_utf8(folder).context("rustc names a folder that is not UTF-8")?;
    if Path::new(folder.trim()).is_dir() {
        return Ok(());
    }
    let mut add = Command::new("rustup");
    add.current_dir(workspace::root());
    process::run(add.args(["target", "add", TARGET]))
}

fn bind(raw: Vec<u8>, package: &Path) -> Result<()> {
    Bindgen::new()
        .input_bytes("latchkey", raw)
        .web(true)?
        .typescript(false)
        // Leptos' script passes the address of the WebAssembly.
        .omit_default_module_path(true)
        // The parts refer to what the linker exported.
        .keep_lld_exports(true)
        .demangle(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(package)
        .context("wasm-bindgen cannot bind the browser application")
}
