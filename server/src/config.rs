//! Settings: command line > environment (`LATCHKEY_…`) > `latchkey.toml` > defaults.
//!
//! A wrong or unknown setting stops the start with a message that names it, where it came from
//! and what is allowed. The value of a secret setting is never repeated.

mod catalogue;
mod layers;
mod parse;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
};

use secrecy::SecretString;
use service::{Limits, Options};

use self::{catalogue::Name, layers::Layers};
pub use self::{
    catalogue::{Flags, SETTINGS, Setting},
    parse::LogFormat,
};
use crate::network::TrustedProxies;

/// The settings' file in the working directory, read when no other is named.
pub const FILE: &str = "latchkey.toml";

/// Why the settings cannot be used. A message for the operator.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

/// What the operator decides.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen. Port 0: the system chooses.
    pub listen: SocketAddr,
    /// How people and clients reach the server: scheme and authority, without a slash at the end.
    public_url: Option<String>,
    /// Holds the secrets, and the embedded database.
    pub data_dir: PathBuf,
    /// `None`: SQLite in the data directory.
    pub database_url: Option<SecretString>,
    /// `None`: in the data directory.
    pub pepper_file: Option<PathBuf>,
    /// `None`: in the data directory.
    pub token_key_file: Option<PathBuf>,
    /// `None`: in the data directory.
    pub audit_key_file: Option<PathBuf>,
    /// `None`: in the data directory.
    pub audit_checkpoint_file: Option<PathBuf>,
    /// Which log lines to write, as `tracing_subscriber::EnvFilter` reads it.
    pub log: String,
    /// How to write them.
    pub log_format: LogFormat,
    /// Whose `X-Forwarded-For` counts.
    pub trusted_proxies: TrustedProxies,
    /// How long and how often.
    pub limits: Limits,
}

impl Settings {
    /// Reads the settings.
    ///
    /// `file` is the one that `--config` names; without it [`FILE`] in the working directory is
    /// read if it is there. `environment` is the process's environment, whole.
    ///
    /// # Errors
    /// The first setting that is wrong, and what is wrong with it.
    pub fn load(
        flags: &Flags,
        environment: impl IntoIterator<Item = (String, String)>,
        file: Option<&Path>,
    ) -> Result<Self, ConfigError> {
        let layers = Layers::new(flags, environment, file)?;
        let default = Limits::default();
        let limits = Limits {
            session_idle: layers
                .get(Name::SessionIdle, parse::duration)?
                .unwrap_or(default.session_idle),
            session_max: layers
                .get(Name::SessionMax, parse::duration)?
                .unwrap_or(default.session_max),
            lockout_failures: layers
                .get(Name::LockoutFailures, parse::count)?
                .unwrap_or(default.lockout_failures),
            lockout_time: layers
                .get(Name::LockoutTime, parse::duration)?
                .unwrap_or(default.lockout_time),
            failures_per_minute: layers
                .get(Name::FailuresPerMinute, parse::count)?
                .unwrap_or(default.failures_per_minute),
            requests_per_second: layers
                .get(Name::RequestsPerSecond, parse::count)?
                .unwrap_or(default.requests_per_second),
            request_burst: layers
                .get(Name::RequestBurst, parse::count)?
                .unwrap_or(default.request_burst),
            ..default
        };
        Ok(Self {
            listen: layers
                .get(Name::Listen, parse::address)?
                .unwrap_or(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 8080)),
            public_url: layers.get(Name::PublicUrl, parse::public_url)?,
            data_dir: layers
                .get(Name::DataDir, parse::path)?
                .unwrap_or_else(|| "data".into()),
            database_url: layers.get(Name::DatabaseUrl, parse::database_url)?,
            pepper_file: layers.get(Name::PepperFile, parse::path)?,
            token_key_file: layers.get(Name::TokenKeyFile, parse::path)?,
            audit_key_file: layers.get(Name::AuditKeyFile, parse::path)?,
            audit_checkpoint_file: layers.get(Name::AuditCheckpointFile, parse::path)?,
            log: layers
                .get(Name::Log, parse::log_filter)?
                .unwrap_or_else(|| "info".to_owned()),
            log_format: layers
                .get(Name::LogFormat, parse::log_format)?
                .unwrap_or_default(),
            trusted_proxies: layers
                .get(Name::TrustedProxies, parse::proxies)?
                .unwrap_or_default(),
            limits,
        })
    }

    /// The address that people open, without a slash at the end.
    pub fn public_url(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| {
            let host = match self.listen.ip() {
                // "Every address" is none that a browser could open.
                IpAddr::V4(Ipv4Addr::UNSPECIFIED) | IpAddr::V6(Ipv6Addr::UNSPECIFIED) => {
                    "localhost".to_owned()
                }
                IpAddr::V4(ip) => ip.to_string(),
                IpAddr::V6(ip) => format!("[{ip}]"),
            };
            format!("http://{host}:{}", self.listen.port())
        })
    }

    /// Whether cookies are `Secure` and named `__Host-…`: people reach the server by https.
    pub fn secure_cookies(&self) -> bool {
        self.public_url().starts_with("https://")
    }

    /// What the service needs of them.
    pub fn options(&self) -> Options {
        Options {
            database_url: self.database_url.clone(),
            data_dir: self.data_dir.clone(),
            pepper_file: self.pepper_file.clone(),
            token_key_file: self.token_key_file.clone(),
            audit_key_file: self.audit_key_file.clone(),
            audit_checkpoint_file: self.audit_checkpoint_file.clone(),
            limits: self.limits.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
