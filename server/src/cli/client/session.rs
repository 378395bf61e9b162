//! The sessions of somebody's client commands, one a server, in a file for their owner alone.

use std::{
    collections::BTreeMap,
    env, fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use domain::Instant;
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use crate::files;

/// A token, and what to tell of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Session {
    pub(super) token: Token,
    pub(super) user_name: String,
    pub(super) user_domain: String,
    pub(super) user_domain_type: String,
    pub(super) expiry_date_time: Instant,
    /// `None`: the system's roots.
    pub(super) cacert: Option<PathBuf>,
}

/// The text of a token; cannot print itself.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Token(pub(super) String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

/// All sessions, by the server's address.
#[derive(Debug)]
pub(super) struct Sessions {
    path: PathBuf,
    all: BTreeMap<String, Session>,
}

impl Sessions {
    pub(super) fn load() -> Result<Self, Failure> {
        let path = path(|name| env::var_os(name).filter(|value| !value.is_empty()))?;
        let all = match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|_| {
                let path = path.display();
                Failure::usage(format!(
                    "{path} is not what `latchkey login` wrote; remove it"
                ))
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(Failure::file("read", &path, &error)),
        };
        Ok(Self { path, all })
    }

    pub(super) fn find(&self, server: &str) -> Option<&Session> {
        self.all.get(server)
    }

    /// The server of the only session.
    pub(super) fn only_server(&self) -> Option<&str> {
        let mut servers = self.all.keys();
        servers
            .next()
            .filter(|_| servers.next().is_none())
            .map(|server| &**server)
    }

    pub(super) fn add(&mut self, server: &str, session: Session) -> Result<(), Failure> {
        self.all.insert(server.to_owned(), session);
        self.save()
    }

    pub(super) fn delete(&mut self, server: &str) -> Result<(), Failure> {
        self.all.remove(server);
        self.save()
    }

    fn save(&self) -> Result<(), Failure> {
        let text = serde_json::to_vec_pretty(&self.all).map_err(io::Error::from);
        text.and_then(|text| {
            if let Some(folder) = self.path.parent().filter(|folder| !folder.exists()) {
                fs::DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(folder)?;
            }
            files::replace(&self.path, &text)
        })
        .map_err(|error| Failure::file("write", &self.path, &error))
    }
}

/// Where the XDG base directory specification puts what a program remembers.
fn path(variable: impl Fn(&str) -> Option<std::ffi::OsString>) -> Result<PathBuf, Failure> {
    if let Some(path) = variable("LATCHKEY_SESSION_FILE") {
        return Ok(path.into());
    }
    let absolute = |name| {
        variable(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_STATE_HOME")
        .or_else(|| Some(absolute("HOME")?.join(Path::new(".local/state"))))
        .map(|folder| folder.join("latchkey/sessions.json"))
        .ok_or_else(|| Failure::usage("there is no HOME; name a file in LATCHKEY_SESSION_FILE"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_where_a_program_s_state_belongs() {
        let place = |variables: &[(&str, &str)]| {
            let find = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).into())
            };
            path(find).ok().map(|path| path.display().to_string())
        };
        let (home, state) = (("HOME", "/h"), ("XDG_STATE_HOME", "/s"));
        let is = |text: &str| Some(text.to_owned());
        assert_eq!(place(&[home]), is("/h/.local/state/latchkey/sessions.json"));
        assert_eq!(place(&[home, state]), is("/s/latchkey/sessions.json"));
        assert_eq!(place(&[home, ("LATCHKEY_SESSION_FILE", "f")]), is("f"));
        assert_eq!(place(&[("HOME", "relative")]), None);
        assert_eq!(place(&[]), None);
    }
}
