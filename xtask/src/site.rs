//! The site folder: every file that the server embeds and serves as it is.
//!
//! ```text
//! target/site/build                        the build's id
//! target/site/pkg/<id>/latchkey.js         the browser application, each file
//! target/site/pkg/<id>/latchkey_bg.wasm    with a .br and a .gz beside it
//! target/site/pkg/<id>/latchkey.css
//! target/site/favicon.svg …                what lies in app/public
//! ```
//!
//! The WebAssembly is called what leptos' `HydrationScripts` asks for as long as
//! `LEPTOS_OUTPUT_NAME` is not set while leptos compiles; and it never is here.

use crate::{
    compress,
    files::{self, Files, digest},
    style, wasm, workspace,
};
use anyhow::{Result, ensure};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A site folder that is complete.
pub(crate) struct Site {
    root: PathBuf,
    build: String,
}

impl Site {
    /// The build's id: the same contents have the same id.
    pub(crate) fn build(&self) -> &str {
        &self.build
    }

    /// The folder of the browser application's files.
    pub(crate) fn package(&self) -> PathBuf {
        self.root.join("pkg").join(&self.build)
    }
}

/// The site as the last build left it, or built now if there is none: good
/// enough for checks that only compile the server.
pub(crate) fn any() -> Result<Site> {
    let root = workspace::site();
    match fs::read_to_string(root.join("build")) {
        Ok(build) if !build.is_empty() => Ok(Site { root, build }),
        _ => build(),
    }
}

/// Brings the site folder up to date. What is up to date already is not written,
/// so that the server is not compiled anew for nothing.
pub(crate) fn build() -> Result<Site> {
    let mut package = files::read(&wasm::build()?)?;
    package.insert("latchkey.css".into(), style::build()?.into_bytes());
    let mut build = digest(package.values().map(Vec::as_slice));
    build.truncate(12);

    let public = workspace::root().join("app/public");
    let mut files = if public.is_dir() {
        files::read(&public)?
    } else {
        Files::new()
    };
    let folder = Path::new("pkg").join(&build);
    files.extend(
        package
            .into_iter()
            .map(|(path, contents)| (folder.join(path), contents)),
    );
    let mut files = with_compressed(files)?;
    files.insert("build".into(), build.clone().into_bytes());

    let root = workspace::site();
    // The folder's place can be set from outside: only one of ours is cleaned up.
    ensure!(
        !root.exists() || root.join("build").is_file() || root.starts_with(workspace::target()),
        "{} is not a site folder (LATCHKEY_SITE): it has no file `build`",
        root.display()
    );
    files::synchronise(&root, &files)?;
    Ok(Site { root, build })
}

fn with_compressed(files: Files) -> Result<Files> {
    let mut cache = compress::Cache::open()?;
    let mut all = Files::new();
    for (path, contents) in files {
        if compress::worth(&path) {
            for (ending, copy) in cache.copies(&contents)? {
                let mut name = path.clone().into_os_string();
                name.push(".");
                name.push(ending);
                all.insert(name.into(), copy);
            }
        }
        all.insert(path, contents);
    }
    cache.prune()?;
    Ok(all)
}
