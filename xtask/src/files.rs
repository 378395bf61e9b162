//! Folders of files, as a whole.

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// A file's path within a folder, and its contents.
pub(crate) type Files = BTreeMap<PathBuf, Vec<u8>>;

/// SHA-256 over the contents, one after the other, in hexadecimal.
pub(crate) fn digest<'a>(contents: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in contents {
        hash.update(part);
    }
    let mut text = String::new();
    for byte in hash.finalize() {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Makes the folder hold these files and no others.
pub(crate) fn synchronise(root: &Path, files: &Files) -> Result<()> {
    for (path, contents) in files {
        let path = root.join(path);
        if fs::read(&path).is_ok_and(|last| last == *contents) {
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, contents).with_context(|| format!("cannot write {}", path.display()))?;
    }
    for path in paths(root)? {
        if !files.contains_key(&path) {
            fs::remove_file(root.join(&path))
                .with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    remove_empty(root)
}

/// All files below the folder.
pub(crate) fn read(root: &Path) -> Result<Files> {
    paths(root)?
        .into_iter()
        .map(|path| {
            let contents = fs::read(root.join(&path))
                .with_context(|| format!("cannot read {}", path.display()))?;
            Ok((path, contents))
        })
        .collect()
}

/// The paths of all files below the folder, relative to it.
fn paths(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let here = root.join(&folder);
        let entries =
            fs::read_dir(&here).with_context(|| format!("cannot list {}", here.display()))?;
        for entry in entries {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    Ok(found)
}

fn remove_empty(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_empty(&entry.path())?;
            if fs::read_dir(entry.path())?.next().is_none() {
                fs::remove_dir(entry.path())?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(of: &[(&str, &str)]) -> Files {
        of.iter()
            .map(|(path, contents)| (path.into(), contents.as_bytes().to_vec()))
            .collect()
    }

    #[test]
    fn a_new_build_replaces_the_old_one_and_keeps_what_is_the_same() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().join("site");
        let first = files(&[
            ("build", "1"),
            ("pkg/1/a.js", "one"),
            ("robots.txt", "same"),
        ]);
        synchronise(&root, &first).unwrap();
        let written = fs::metadata(root.join("robots.txt"))
            .unwrap()
            .modified()
            .unwrap();

        let second = files(&[
            ("build", "2"),
            ("pkg/2/a.js", "two"),
            ("robots.txt", "same"),
        ]);
        synchronise(&root, &second).unwrap();
        assert_eq!(read(&root).unwrap(), second);
        assert!(!root.join("pkg/1").exists());
        let kept = fs::metadata(root.join("robots.txt"))
            .unwrap()
            .modified()
            .unwrap();
        assert_eq!(written, kept);
    }

    #[test]
    fn the_digest_is_sha_256_in_hexadecimal() {
        let of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest([b"a".as_slice(), b"bc"]), of_abc);
    }
}
