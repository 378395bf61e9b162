//! Where things are.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The repository's folder.
pub(crate) fn root() -> PathBuf {
    // Cargo says where it runs this tool from; what was so while it was compiled
    // is wrong after a move, or where two clones share a target folder.
    let here = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    here.parent()
        .map_or_else(|| here.clone(), Path::to_path_buf)
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
