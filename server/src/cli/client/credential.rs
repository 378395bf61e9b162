//! `LATCHKEY_API_KEY`: a key without any sign-in.

use std::{fs, path::Path};

use domain::key::{self, Tag};
use secrecy::{ExposeSecret, SecretString};

use super::failure::{Failure, Kind};

pub(super) const VARIABLE: &str = "LATCHKEY_API_KEY";

/// A well-formed API key.
#[derive(Debug, Clone)]
pub(super) struct ApiKey {
    pub(super) value: SecretString,
    pub(super) tag: Tag,
}

impl ApiKey {
    /// `None`: the text is no key.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let bytes = key::parse(text.trim().as_bytes()).ok()?;
        Some(Self {
            value: key::write(&bytes).into(),
            tag: Tag::of(&bytes),
        })
    }
}

/// What the variable says: one key for any server, or one a server.
#[derive(Debug, Default)]
pub(super) struct Keys(Vec<(Option<String>, ApiKey)>);

impl Keys {
    pub(super) fn from_environment() -> Result<Self, Failure> {
        let text: SecretString = std::env::var(VARIABLE).unwrap_or_default().into();
        match text.expose_secret().strip_prefix('@') {
            None => Self::parse(text.expose_secret()),
            Some(path) => {
                let path = Path::new(path);
                let text = fs::read_to_string(path);
                let text = text.map_err(|error| Failure::file("read", path, &error))?;
                Self::parse(SecretString::from(text).expose_secret())
            }
        }
    }

    /// `KEY`, or `HOST:KEY` and further ones after commas; `HOST` may have a port. Empty: none.
    fn parse(text: &str) -> Result<Self, Failure> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::default());
        }
        let one = |entry: &str| {
            let (host, key) = match entry.trim().rsplit_once(':') {
                Some((host, key)) => (Some(host.to_ascii_lowercase()), key),
                None => (None, entry),
            };
            Some((host, ApiKey::parse(key)?))
        };
        let keys: Option<Vec<_>> = text.split(',').map(one).collect();
        keys.filter(|keys| keys.len() == 1 || keys.iter().all(|(host, _)| host.is_some()))
            .map(Self)
            .ok_or_else(|| {
                Failure::usage(format!(
                    "{VARIABLE}: Must be KEY, HOST1:KEY1,HOST2:KEY2 or @FILE with one of both."
                ))
            })
    }

    /// The server that the only entry names.
    pub(super) fn only_host(&self) -> Option<&str> {
        match &*self.0 {
            [(Some(host), _)] => Some(host),
            _ => None,
        }
    }

    /// The key for a server, `host` or `host:port`. `None`: the variable is not set.
    pub(super) fn for_server(&self, authority: &str) -> Result<Option<ApiKey>, Failure> {
        let authority = authority.to_ascii_lowercase();
        let without_port = authority
            .rsplit_once(':')
            .filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
            .map_or(&*authority, |(host, _)| host);
        let fits = |host: &Option<String>| match host {
            None => true,
            Some(host) => *host == authority || host == without_port,
        };
        match self.0.iter().find(|(host, _)| fits(host)) {
            Some((_, key)) => Ok(Some(key.clone())),
            None if self.0.is_empty() => Ok(None),
            None => Err(Failure::new(
                Kind::Unauthenticated,
                format!("{VARIABLE} has no key for {authority}"),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> String {
        key::write(&key::assemble(&[seed; key::RANDOM_BYTES]))
    }

    fn chosen(text: &str, authority: &str) -> Result<Option<String>, String> {
        let keys = Keys::parse(text).map_err(|error| error.to_string())?;
        let key = keys
            .for_server(authority)
            .map_err(|error| error.to_string())?;
        Ok(key.map(|key| key.value.expose_secret().to_owned()))
    }

    #[test]
    fn a_key_is_for_any_server_or_for_the_one_it_is_named_with() {
        let (one, two) = (key(1), key(2));
        assert_eq!(chosen(&format!("{one}\n"), "a:1556"), Ok(Some(one.clone())));
        assert_eq!(chosen(" ", "a:1556"), Ok(None));
        let named = format!("A:{one}, b:1556:{two},[::1]:{one}");
        for (authority, key) in [
            ("a", &one),
            ("a:443", &one),
            ("B:1556", &two),
            ("[::1]:1556", &one),
            ("[::1]", &one),
        ] {
            assert_eq!(
                chosen(&named, authority),
                Ok(Some(key.clone())),
                "{authority}"
            );
        }
        for other in ["b", "b:443", "c"] {
            let message = format!("LATCHKEY_API_KEY has no key for {other}");
            assert_eq!(chosen(&named, other), Err(message));
        }
        assert_eq!(
            Keys::parse(&format!("a:{one}")).unwrap().only_host(),
            Some("a")
        );
        assert_eq!(Keys::parse(&named).unwrap().only_host(), None);
    }

    /// K14.
    #[test]
    fn what_is_wrong_is_told_without_the_value() {
        let (one, two) = (key(1), key(2));
        let typo = one.replace('A', "B");
        for wrong in [
            typo,
            format!("{one},{two}"),
            format!("a:{one},{two}"),
            format!("a:{one},"),
        ] {
            let message = chosen(&wrong, "a").unwrap_err();
            assert!(
                message.starts_with("LATCHKEY_API_KEY: Must be KEY,"),
                "{message}"
            );
            assert!(!message.contains("lky_"));
        }
        assert!(!format!("{:?}", Keys::parse(&one).unwrap()).contains(&one));
    }
}
