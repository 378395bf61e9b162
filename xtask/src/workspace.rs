//! Where things are.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The repository's folder.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// Cargo's target folder.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// What this tool keeps between runs so as not to do work twice.
pub(crate) fn cache() -> PathBuf {
    target().join("xtask")
}

/// Where the server embeds the browser application from; `.cargo/config.toml` says it.
pub(crate) fn site() -> PathBuf {
    env::var_os("LATCHKEY_SITE").map_or_else(|| target().join("site"), PathBuf::from)
}
