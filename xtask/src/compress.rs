//! Compressing once, as hard as it goes, so that the server never has to.

use crate::{files::digest, workspace};
use anyhow::{Context as _, Result};
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};
use std::{
    collections::HashSet,
    ffi::OsString,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

/// The file name endings that compressing makes smaller.
const WORTH: [&str; 9] = [
    "css",
    "html",
    "ico",
    "js",
    "json",
    "svg",
    "txt",
    "wasm",
    "webmanifest",
];

/// Says whether to put compressed copies beside this file.
pub(crate) fn worth(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| WORTH.iter().any(|known| ending == *known))
}

/// Compressed copies by the digest of their original: the best compression of
/// the WebAssembly takes seconds, and most edits leave most files alone.
pub(crate) struct Cache {
    folder: PathBuf,
    used: HashSet<OsString>,
}

impl Cache {
    /// Opens the cache that the last run left.
    pub(crate) fn open() -> Result<Self> {
        let folder = workspace::cache().join("compressed");
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Self {
            folder,
            used: HashSet::new(),
        })
    }

    /// The ending and the contents of each compressed copy.
    pub(crate) fn copies(&mut self, contents: &[u8]) -> Result<[(&'static str, Vec<u8>); 2]> {
        Ok([
            ("br", self.copy("br", contents, brotli)?),
            ("gz", self.copy("gz", contents, gzip)?),
        ])
    }

    fn copy(
        &mut self,
        ending: &str,
        contents: &[u8],
        compress: fn(&[u8]) -> Result<Vec<u8>>,
    ) -> Result<Vec<u8>> {
        let name = format!("{}.{ending}", digest([contents]));
        let path = self.folder.join(&name);
        self.used.insert(name.into());
        if let Ok(copy) = fs::read(&path) {
            return Ok(copy);
        }
        let copy = compress(contents)?;
        // Renamed when whole: an interrupted run must not leave half a copy.
        let unfinished = path.with_extension("unfinished");
        fs::write(&unfinished, &copy)
            .and_then(|()| fs::rename(&unfinished, &path))
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(copy)
    }

    /// Forgets what this run did not ask for.
    pub(crate) fn prune(self) -> Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if !self.used.contains(&entry.file_name()) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

fn brotli(contents: &[u8]) -> Result<Vec<u8>> {
    let parameters = BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        size_hint: contents.len(),
        ..BrotliEncoderParams::default()
    };
    let mut copy = Vec::new();
    brotli::BrotliCompress(&mut &*contents, &mut copy, &parameters)
        .context("cannot compress with brotli")?;
    Ok(copy)
}

fn gzip(contents: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder
        .write_all(contents)
        .and_then(|()| encoder.finish())
        .context("cannot compress with gzip")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn both_copies_unpack_to_the_original() {
        let original = "latchkey ".repeat(1000);
        let packed = brotli(original.as_bytes()).unwrap();
        let mut unpacked = String::new();
        brotli::Decompressor::new(&*packed, 4096)
            .read_to_string(&mut unpacked)
            .unwrap();
        assert_eq!(unpacked, original);

        let packed = gzip(original.as_bytes()).unwrap();
        let mut unpacked = String::new();
        flate2::read::GzDecoder::new(&*packed)
            .read_to_string(&mut unpacked)
            .unwrap();
        assert_eq!(unpacked, original);
    }

    #[test]
    fn pictures_that_are_packed_already_are_left_alone() {
        assert!(worth(Path::new("pkg/latchkey_bg.wasm")));
        assert!(worth(Path::new("favicon.svg")));
        assert!(!worth(Path::new("touch.png")));
        assert!(!worth(Path::new("build")));
    }
}
