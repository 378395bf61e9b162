//! The secret files: pepper, audit key, token key pair, and the server's name.
//!
//! They live in the data directory (mode 0600), or where the settings say. An empty database gets
//! new ones; a database that knows other ones refuses to be opened without them.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use crate::{
    core::Options,
    entropy::{SecretSource, random},
    saml::key::SamlKey,
    secret::Pepper,
    store::OpenError,
    token::TokenKeys,
};

/// Where the first administrator's password waits when there is no terminal to show it on.
pub const INITIAL_PASSWORD_FILE: &str = "initial-admin-password";

/// The secrets of a server.
pub(crate) struct Secrets {
    /// For the digests of keys.
    pub(crate) pepper: Pepper,
    /// For the heads of the audit chains.
    pub(crate) audit_key: Pepper,
    /// For REST tokens.
    pub(crate) token_keys: TokenKeys,
    /// Names this server among those on one database.
    pub(crate) server: String,
}

/// A secret's name in the database, its setting and its file.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    setting: &'static str,
    pub(crate) file: &'static str,
}

const PEPPER: Kind = Kind {
    name: "pepper",
    setting: "LATCHKEY_PEPPER_FILE",
    file: "pepper",
};
const AUDIT_KEY: Kind = Kind {
    name: "audit key",
    setting: "LATCHKEY_AUDIT_KEY_FILE",
    file: "audit-key",
};
const TOKEN_KEY: Kind = Kind {
    name: "token key",
    setting: "LATCHKEY_TOKEN_KEY_FILE",
    file: "token-key.pem",
};
/// Made when it is first needed ([`crate::saml`]).
pub(crate) const SAML_KEY: Kind = Kind {
    name: "SAML key",
    setting: "LATCHKEY_SAML_KEY_FILE",
    file: "saml-key.pem",
};

/// Looks up a secret's fingerprint in the database.
pub(crate) struct Known<'a>(pub(crate) &'a [(String, String)]);

impl Known<'_> {
    fn fingerprint(&self, kind: &Kind) -> Option<&str> {
        self.0
            .iter()
            .find(|(name, _)| name == kind.name)
            .map(|(_, fingerprint)| &**fingerprint)
    }
}

impl Secrets {
    /// Reads the secrets, or makes those that neither the disk has nor the database knows. The
    /// caller holds the [`lock`].
    pub(crate) fn load(
        options: &Options,
        known: &Known<'_>,
        entropy: &dyn SecretSource,
    ) -> Result<Self, OpenError> {
        let load = |kind: &Kind, set: Option<&PathBuf>, make: &dyn Fn() -> Made| {
            load(kind, set, &options.data_dir, known, make)
        };
        let key = || -> Made {
            Ok(Zeroizing::new(
                BASE64_STANDARD.encode(random::<32>(entropy)?) + "\n",
            ))
        };
        let pem = || -> Made { TokenKeys::generate(entropy) };

        let pepper_text = load(&PEPPER, options.pepper_file.as_ref(), &key)?;
        let audit_text = load(&AUDIT_KEY, options.audit_key_file.as_ref(), &key)?;
        let token_pem = load(&TOKEN_KEY, options.token_key_file.as_ref(), &pem)?;
        let secrets = Self {
            pepper: read_key(&PEPPER, &pepper_text)?,
            audit_key: read_key(&AUDIT_KEY, &audit_text)?,
            token_keys: TokenKeys::from_pem(&token_pem).ok_or_else(|| {
                OpenError(format!(
                    "the {} file is not an Ed25519 private key in PKCS#8 PEM",
                    TOKEN_KEY.name
                ))
            })?,
            server: server_name(&options.data_dir, entropy)?,
        };
        let mut of_kinds = secrets.of_kinds().to_vec();
        if options.saml_key_file.is_some() || known.fingerprint(&SAML_KEY).is_some() {
            let unused = || -> Made { Err(crate::entropy::EntropyError) };
            let pem = load(&SAML_KEY, options.saml_key_file.as_ref(), &unused)?;
            let key = SamlKey::from_pem(&pem).ok_or_else(|| {
                OpenError(format!(
                    "the {} file does not hold a private RSA key and its certificate in PEM",
                    SAML_KEY.name
                ))
            })?;
            of_kinds.push((&SAML_KEY, key.fingerprint()));
        }
        for (kind, fingerprint) in of_kinds {
            if known
                .fingerprint(kind)
                .is_some_and(|known| known != fingerprint)
            {
                return Err(OpenError(format!(
                    "the {} does not belong to this database: supply the right file, by the \
                     setting {} or as {} in the data directory",
                    kind.name, kind.setting, kind.file
                )));
            }
        }
        Ok(secrets)
    }

    /// What the database remembers of each secret.
    pub(crate) fn fingerprints(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.of_kinds()
            .into_iter()
            .map(|(kind, fingerprint)| (kind.name, fingerprint))
    }

    fn of_kinds(&self) -> [(&'static Kind, String); 3] {
        [
            (&PEPPER, self.pepper.fingerprint()),
            (&AUDIT_KEY, self.audit_key.fingerprint()),
            (&TOKEN_KEY, self.token_keys.fingerprint()),
        ]
    }
}

type Made = Result<Zeroizing<String>, crate::entropy::EntropyError>;

fn load(
    kind: &Kind,
    set: Option<&PathBuf>,
    data_dir: &Path,
    known: &Known<'_>,
    make: &dyn Fn() -> Made,
) -> Result<Zeroizing<String>, OpenError> {
    let path = set.cloned().unwrap_or_else(|| data_dir.join(kind.file));
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(cause) if cause.kind() != io::ErrorKind::NotFound || set.is_some() => {
            Err(OpenError::because(
                format_args!("cannot read the {} file {}", kind.name, path.display()),
                cause,
            ))
        }
        Err(_) if known.fingerprint(kind).is_some() => Err(OpenError(format!(
            "the database is in use with another {}: supply its file, by the setting {} or as {}",
            kind.name,
            kind.setting,
            path.display()
        ))),
        Err(_) => {
            let text = make().map_err(|cause| {
                OpenError::because(format_args!("cannot make the {}", kind.name), cause)
            })?;
            write_secret(&path, text.as_bytes()).map_err(|cause| {
                OpenError::because(format_args!("cannot write {}", path.display()), cause)
            })?;
            Ok(text)
        }
    }
}

fn read_key(kind: &Kind, text: &str) -> Result<Pepper, OpenError> {
    BASE64_STANDARD
        .decode(text.trim())
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .map(Pepper::new)
        .ok_or_else(|| {
            OpenError(format!(
                "the {} file must hold 32 bytes in base64",
                kind.name
            ))
        })
}

/// A name for this server, made once: 128 random bits.
fn server_name(data_dir: &Path, entropy: &dyn SecretSource) -> Result<String, OpenError> {
    let path = data_dir.join("server-id");
    let failed = |cause: &dyn std::fmt::Display| {
        OpenError::because(format_args!("cannot use {}", path.display()), cause)
    };
    match fs::read_to_string(&path) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            let bytes: [u8; 16] = random(entropy).map_err(|cause| failed(&cause))?;
            let name = domain::audit::hex(&bytes);
            write_secret(&path, format!("{name}\n").as_bytes()).map_err(|cause| failed(&cause))?;
            Ok(name)
        }
        Err(cause) => Err(failed(&cause)),
    }
}

/// Writes a new file that only its owner may read, and that survives loss of power. An existing
/// file is never overwritten.
///
/// # Errors
/// As the operating system says.
pub fn write_secret(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(contents)?;
    file.sync_all()?;
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

/// Makes the data directory if need be and locks it against other processes that are about to
/// make schema and secrets. Released when the file is dropped.
pub(crate) fn lock(data_dir: &Path) -> Result<File, OpenError> {
    let failed = |cause| {
        OpenError::because(
            format_args!("cannot use the data directory {}", data_dir.display()),
            cause,
        )
    };
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data_dir)
        .map_err(failed)?;
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(data_dir.join("lock"))
        .map_err(failed)?;
    file.lock().map_err(failed)?;
    Ok(file)
}
