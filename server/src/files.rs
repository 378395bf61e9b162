//! Files that hold secrets.

use std::{fs, io, path::Path};

use service::secrets::write_secret;

/// Replaces a file as a whole, for its owner alone: whoever reads it sees the old contents or the
/// new ones, also after a loss of power.
pub(crate) fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    remove(&beside)?;
    write_secret(&beside, contents)?;
    fs::rename(beside, path)
}

/// Removes a file if it is there.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
