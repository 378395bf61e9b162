//! Settings: command line > environment (`LATCHKEY_…`) > `latchkey.toml` > defaults.
//!
//! A wrong or unknown setting stops the start with a message that names it, where it came from
//! and what is allowed. The value of a secret setting is never repeated.

mod catalogue;
mod layers;
mod mail;
mod parse;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
};

use secrecy::SecretString;
use service::{Limits, Options, notices::Notifying};

use self::{catalogue::Name, layers::Layers};
pub use self::{
    catalogue::{Flags, HEADING, SETTINGS, Setting},
    mail::{Mail, Security},
    parse::{Listen, LogFormat, public_url as server_url},
};
use crate::{
    network::{Networks, TrustedProxies},
    tls,
};

/// The settings' file in the working directory, read when no other is named.
pub const FILE: &str = "latchkey.toml";

/// Why the settings cannot be used. A message for the operator.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl ConfigError {
    /// A setting that must be something.
    pub(crate) fn about(setting: &str, expected: &str) -> Self {
        Self(format!("The setting `{setting}` must be {expected}."))
    }
}

impl From<tls::CannotUse> for ConfigError {
    fn from(error: tls::CannotUse) -> Self {
        Self(error.to_string())
    }
}

/// What the operator decides.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen; never empty.
    pub listen: Vec<Listen>,
    /// Where the certificate comes from. `None`: no address is served with TLS.
    pub tls: Option<tls::Source>,
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
    pub saml_key_file: Option<PathBuf>,
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
    /// How mail is sent. `None`: it is not.
    pub mail: Option<Mail>,
    /// Private networks that webhooks may be in.
    pub webhook_networks: Networks,
    /// Whether webhooks may be without TLS.
    pub webhook_http: bool,
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
        let data_dir = layers
            .get(Name::DataDir, parse::path)?
            .unwrap_or_else(|| "data".into());
        let tls = tls_source(&layers, &data_dir)?;
        Ok(Self {
            listen: listen(&layers, tls.is_some())?,
            tls,
            public_url: layers.get(Name::PublicUrl, parse::public_url)?,
            data_dir,
            database_url: layers.get(Name::DatabaseUrl, parse::database_url)?,
            pepper_file: layers.get(Name::PepperFile, parse::path)?,
            token_key_file: layers.get(Name::TokenKeyFile, parse::path)?,
            saml_key_file: layers.get(Name::SamlKeyFile, parse::path)?,
            audit_key_file: layers.get(Name::AuditKeyFile, parse::path)?,
            audit_checkpoint_file: layers.get(Name::AuditCheckpointFile, parse::path)?,
            log: layers
                .get(Name::Log, parse::log_filter)?
                .unwrap_or_else(|| "info".to_owned()),
            log_format: layers
                .get(Name::LogFormat, parse::log_format)?
                .unwrap_or_default(),
            trusted_proxies: layers
                .get(Name::TrustedProxies, parse::networks)?
                .map(TrustedProxies::new)
                .unwrap_or_default(),
            mail: Mail::load(&layers)?,
            webhook_networks: layers
                .get(Name::WebhookAllowPrivate, parse::networks)?
                .unwrap_or_default(),
            webhook_http: layers
                .get(Name::WebhookAllowHttp, parse::switch)?
                .unwrap_or_default(),
            limits,
        })
    }

    /// The address that people open, without a slash at the end.
    pub fn public_url(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| {
            let with_tls = self.listen.iter().find(|listen| listen.tls);
            let Some(Listen { address, tls }) = with_tls.or(self.listen.first()) else {
                return String::new();
            };
            let host = match address.ip() {
                // "Every address" is none that a browser could open.
                IpAddr::V4(Ipv4Addr::UNSPECIFIED) | IpAddr::V6(Ipv6Addr::UNSPECIFIED) => {
                    "localhost".to_owned()
                }
                IpAddr::V4(ip) => ip.to_string(),
                IpAddr::V6(ip) => format!("[{ip}]"),
            };
            let scheme = if *tls { "https" } else { "http" };
            format!("{scheme}://{host}:{}", address.port())
        })
    }

    /// The name or address of the public address, without brackets and port.
    pub fn public_host(&self) -> String {
        let url: Result<http::Uri, _> = self.public_url().parse();
        let host = url.ok().and_then(|url| url.host().map(str::to_owned));
        let host = host.unwrap_or_default();
        host.trim_matches(['[', ']']).to_owned()
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
            saml_key_file: self.saml_key_file.clone(),
            audit_key_file: self.audit_key_file.clone(),
            audit_checkpoint_file: self.audit_checkpoint_file.clone(),
            limits: self.limits.clone(),
            notifying: Notifying {
                mail: self.mail.as_ref().map(Mail::told),
                http_allowed: self.webhook_http,
            },
        }
    }
}

/// Where the certificate comes from.
fn tls_source(layers: &Layers, data_dir: &Path) -> Result<Option<tls::Source>, ConfigError> {
    let certificate = layers.get(Name::TlsCertificateFile, parse::path)?;
    let key = layers.get(Name::TlsKeyFile, parse::path)?;
    let self_signed = layers.get(Name::TlsSelfSigned, parse::switch)?;
    match (certificate, key, self_signed.unwrap_or_default()) {
        (None, None, false) => Ok(None),
        (None, None, true) => Ok(Some(tls::Source::SelfSigned(data_dir.join(tls::FOLDER)))),
        (Some(certificate), Some(key), false) => Ok(Some(tls::Source::Files { certificate, key })),
        (Some(_), Some(_), true) => Err(ConfigError(
            "The setting `tls_self_signed` must not be given together with `tls_certificate_file`."
                .to_owned(),
        )),
        (certificate, ..) => {
            let (given, missing) = match certificate {
                Some(_) => ("tls_certificate_file", "tls_key_file"),
                None => ("tls_key_file", "tls_certificate_file"),
            };
            Err(ConfigError(format!(
                "The setting `{missing}` must be given together with `{given}`."
            )))
        }
    }
}

/// Addresses with TLS need a certificate, and a certificate that no address needs is a mistake.
fn listen(layers: &Layers, certificate: bool) -> Result<Vec<Listen>, ConfigError> {
    let Some(given) = layers.get(Name::Listen, parse::listen)? else {
        let port = if certificate { 1556 } else { 8080 };
        let address = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port);
        let tls = certificate;
        return Ok(vec![Listen { address, tls }]);
    };
    match (given.iter().any(|listen| listen.tls), certificate) {
        (true, false) => Err(ConfigError(
            "The setting `listen` has an address with https://, which needs \
             `tls_certificate_file` and `tls_key_file`, or `tls_self_signed`."
                .to_owned(),
        )),
        (false, true) => Err(ConfigError(
            "The setting `listen` has no address with https://, such as https://0.0.0.0:1556, \
             for the certificate that is given."
                .to_owned(),
        )),
        _ => Ok(given),
    }
}

#[cfg(test)]
mod tests;
