//! A file that takes a new key's value, so that unattended rotation loses nothing half-way.
//!
//! The file beside it (`FILE.latchkey-new`) is made, and the room for the value taken, before the
//! server is asked. It holds the value before it takes the place of `FILE`. What a run that was
//! killed left there is taken over by the next one. Should the answer be lost on its way, the old
//! key still works for the overlap, and the next run reissues again.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use domain::key::KEY_CHARS;
use secrecy::{ExposeSecret, SecretString};

use super::{
    credential::ApiKey,
    failure::{Failure, Kind},
};
use crate::files;

/// How long the old key goes on working when the new value goes to a file.
pub(super) const OVERLAP_HOURS: u32 = 1;

/// The file, and the one beside it that is locked and has room for a value.
#[derive(Debug)]
pub(super) struct NewValue {
    path: PathBuf,
    beside: PathBuf,
    file: File,
    /// What an earlier run left.
    pub(super) left: Option<ApiKey>,
    /// Whether the file beside holds the only copy of a value.
    precious: bool,
}

impl NewValue {
    /// Makes sure that a value can be kept at `path`.
    pub(super) fn reserve(path: &Path) -> Result<Self, Failure> {
        // The link stays and what it leads to is replaced.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let Some(name) = path.file_name().filter(|_| !path.is_dir()) else {
            let path = path.display();
            return Err(Failure::usage(format!("--to-file: {path} is a folder")));
        };
        let mut name = name.to_owned();
        name.push(".latchkey-new");
        let beside = path.with_file_name(name);
        let failed = |error: &io::Error| Failure::file("write", &beside, error);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(&beside)
            .map_err(|error| failed(&error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let message = format!("another run is about to write {}", path.display());
                return Err(Failure::new(Kind::Conflict, message));
            }
            Err(TryLockError::Error(error)) => return Err(failed(&error)),
        }
        let mut text = String::new();
        let left = file
            .read_to_string(&mut text)
            .ok()
            .and_then(|_| ApiKey::parse(&text));
        let mut reserved = Self {
            path,
            file,
            precious: left.is_some(),
            left,
            beside: beside.clone(),
        };
        if !reserved.precious {
            reserved
                .write(&" ".repeat(KEY_CHARS))
                .map_err(|error| failed(&error))?;
        }
        Ok(reserved)
    }

    /// What an earlier run left is of no use.
    pub(super) fn forget_left(&mut self) {
        self.left = None;
        self.precious = false;
    }

    /// Keeps a new value.
    pub(super) fn keep(mut self, value: &SecretString) -> Result<(), Failure> {
        self.precious = true;
        let written = self.write(value.expose_secret());
        written.map_err(|error| Failure::file("write", &self.beside, &error))?;
        self.put_in_place()
    }

    /// Lets the file beside take the place. It has to hold a value.
    pub(super) fn put_in_place(self) -> Result<(), Failure> {
        let moved = fs::rename(&self.beside, &self.path).and_then(|()| {
            let folder = self
                .path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
        });
        moved.map_err(|error| {
            let message = format!(
                "the new key is in {}, which cannot take the place of {}: {error}",
                self.beside.display(),
                self.path.display()
            );
            Failure::new(Kind::Failed, message)
        })
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        self.file.rewind()?;
        writeln!(self.file, "{text}")?;
        self.file.set_len(text.len() as u64 + 1)?;
        self.file.sync_all()
    }
}

impl Drop for NewValue {
    fn drop(&mut self) {
        if !self.precious {
            // An empty file that stays does no harm.
            let _ = files::remove(&self.beside);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, symlink};

    use domain::key::{RANDOM_BYTES, assemble, write};

    use super::*;

    fn key(seed: u8) -> String {
        write(&assemble(&[seed; RANDOM_BYTES]))
    }

    fn files(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_value_takes_the_place_at_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "old").unwrap();
        let link = folder.path().join("link");
        symlink("key", &link).unwrap();
        let reserved = NewValue::reserve(&link).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        reserved.keep(&key(1).into()).unwrap();
        assert_eq!(fs::read_to_string(&link).unwrap(), format!("{}\n", key(1)));
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(files(folder.path()), ["key", "link"]);
    }

    #[test]
    fn a_run_that_gets_no_value_leaves_everything_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "old").unwrap();
        drop(NewValue::reserve(&path).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(files(folder.path()), ["key"]);
    }

    /// A run that was killed between the answer and the rename.
    #[test]
    fn a_value_that_an_earlier_run_left_is_found_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(folder.path().join("key.latchkey-new"), key(2) + "\n").unwrap();
        drop(NewValue::reserve(&path).unwrap());
        let reserved = NewValue::reserve(&path).unwrap();
        assert_eq!(
            reserved.left.as_ref().unwrap().value.expose_secret(),
            key(2)
        );
        reserved.put_in_place().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), key(2) + "\n");
        assert_eq!(files(folder.path()), ["key"]);
    }

    #[test]
    fn two_runs_at_once_do_not_write_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let first = NewValue::reserve(&path).unwrap();
        let second = NewValue::reserve(&path).unwrap_err();
        assert_eq!(second.kind, Kind::Conflict);
        first.keep(&key(3).into()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), key(3) + "\n");
    }

    #[test]
    fn a_place_that_cannot_be_written_is_told_before_anything_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        let failure = NewValue::reserve(&folder.path().join("none/key")).unwrap_err();
        assert!(
            failure.to_string().starts_with("cannot write "),
            "{failure}"
        );
        let failure = NewValue::reserve(folder.path()).unwrap_err();
        assert_eq!(failure.kind, Kind::Usage);
    }
}
