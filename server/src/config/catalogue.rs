//! The settings that there are: one table for the command line, the environment, the file and
//! the help.

use std::collections::BTreeMap;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

/// Stands above the settings in the help.
pub const HEADING: &str = "Settings";

/// Names a setting within this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    Listen,
    TlsCertificateFile,
    TlsKeyFile,
    TlsSelfSigned,
    PublicUrl,
    DataDir,
    DatabaseUrl,
    PepperFile,
    TokenKeyFile,
    SamlKeyFile,
    AuditKeyFile,
    AuditCheckpointFile,
    Log,
    LogFormat,
    TrustedProxies,
    SessionIdle,
    SessionMax,
    LockoutFailures,
    LockoutTime,
    FailuresPerMinute,
    RequestsPerSecond,
    RequestBurst,
    SmtpAddress,
    SmtpSecurity,
    SmtpUser,
    SmtpPasswordFile,
    SmtpSender,
    SmtpRootCertificateFile,
    WebhookAllowPrivate,
    WebhookAllowHttp,
}

/// A setting as people meet it.
#[derive(Debug)]
pub struct Setting {
    pub(super) name: Name,
    /// Its name in `latchkey.toml`.
    pub key: &'static str,
    /// Stands for the value in the help.
    pub placeholder: &'static str,
    /// What it decides.
    pub help: &'static str,
    /// What holds without it, in words.
    pub default: &'static str,
    /// Whether the value may never be shown.
    pub secret: bool,
    /// Whether it is true or false, and true when the command line only names it.
    pub switch: bool,
}

impl Setting {
    /// Its name in the environment: `LATCHKEY_…`.
    pub fn variable(&self) -> String {
        format!("LATCHKEY_{}", self.key.to_ascii_uppercase())
    }

    /// Its name on the command line, without the dashes in front.
    pub fn flag(&self) -> String {
        self.key.replace('_', "-")
    }
}

/// Every setting, in the order of the help.
pub const SETTINGS: [Setting; 30] = [
    setting(
        Name::Listen,
        "listen",
        "ADDRESSES",
        "Where to listen, separated by commas; https:// before an address: with TLS",
        "127.0.0.1:8080, with TLS https://127.0.0.1:1556",
    ),
    setting(
        Name::TlsCertificateFile,
        "tls_certificate_file",
        "FILE",
        "The certificate and those that lead to its root (PEM); read anew when it changes",
        "none",
    ),
    setting(
        Name::TlsKeyFile,
        "tls_key_file",
        "FILE",
        "The certificate's private key (PEM); read anew when it changes",
        "none",
    ),
    Setting {
        switch: true,
        ..setting(
            Name::TlsSelfSigned,
            "tls_self_signed",
            "true|false",
            "Make a certificate to try TLS with; `latchkey cacert` prints what clients need",
            "false",
        )
    },
    setting(
        Name::PublicUrl,
        "public_url",
        "URL",
        "How people reach the server; https makes cookies secure",
        "the first address of `listen`, one with TLS before others",
    ),
    setting(
        Name::DataDir,
        "data_dir",
        "FOLDER",
        "Holds the secrets and the embedded database",
        "./data",
    ),
    Setting {
        secret: true,
        ..setting(
            Name::DatabaseUrl,
            "database_url",
            "URL",
            "sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME",
            "SQLite in the data directory",
        )
    },
    setting(
        Name::PepperFile,
        "pepper_file",
        "FILE",
        "The secret that is mixed into the digests of keys",
        "in the data directory",
    ),
    setting(
        Name::TokenKeyFile,
        "token_key_file",
        "FILE",
        "The key that tokens are signed with (PKCS#8 PEM)",
        "in the data directory",
    ),
    setting(
        Name::SamlKeyFile,
        "saml_key_file",
        "FILE",
        "The key and certificate of SAML messages (PEM)",
        "in the data directory",
    ),
    setting(
        Name::AuditKeyFile,
        "audit_key_file",
        "FILE",
        "The key that authenticates the audit trail",
        "in the data directory",
    ),
    setting(
        Name::AuditCheckpointFile,
        "audit_checkpoint_file",
        "FILE",
        "Where signed checkpoints of the audit trail are appended; keep it elsewhere",
        "in the data directory",
    ),
    setting(
        Name::Log,
        "log",
        "FILTER",
        "Which log lines to write, e.g. info or warn,server=debug",
        "info",
    ),
    setting(
        Name::LogFormat,
        "log_format",
        "text|json",
        "How to write them",
        "text",
    ),
    setting(
        Name::TrustedProxies,
        "trusted_proxies",
        "NETWORKS",
        "Whose X-Forwarded-For counts: addresses and networks, separated by commas",
        "none",
    ),
    setting(
        Name::SessionIdle,
        "session_idle",
        "DURATION",
        "A session without use ends after this",
        "30m",
    ),
    setting(
        Name::SessionMax,
        "session_max",
        "DURATION",
        "A session ends after this at the latest",
        "12h",
    ),
    setting(
        Name::LockoutFailures,
        "lockout_failures",
        "NUMBER",
        "Failed sign-ins per user and address before further ones are refused",
        "10",
    ),
    setting(
        Name::LockoutTime,
        "lockout_time",
        "DURATION",
        "For how long they are refused",
        "15m",
    ),
    setting(
        Name::FailuresPerMinute,
        "failures_per_minute",
        "NUMBER",
        "Failed authentications a minute and address before further ones are 429",
        "60",
    ),
    setting(
        Name::RequestsPerSecond,
        "requests_per_second",
        "NUMBER",
        "Requests a second from an address, and by a user, in the long run",
        "100",
    ),
    setting(
        Name::RequestBurst,
        "request_burst",
        "NUMBER",
        "And at once",
        "500",
    ),
    setting(
        Name::SmtpAddress,
        "smtp_address",
        "HOST:PORT",
        "The mail server that notices are sent by; the port may be left out",
        "none: notices are shown in the application only",
    ),
    setting(
        Name::SmtpSecurity,
        "smtp_security",
        "none|starttls|tls",
        "How it is reached",
        "starttls",
    ),
    setting(
        Name::SmtpUser,
        "smtp_user",
        "NAME",
        "The user name for it; never sent without TLS",
        "none",
    ),
    setting(
        Name::SmtpPasswordFile,
        "smtp_password_file",
        "FILE",
        "Holds the password for it",
        "none",
    ),
    setting(
        Name::SmtpSender,
        "smtp_sender",
        "ADDRESS",
        "Whom mail comes from; needed with smtp_address",
        "none",
    ),
    setting(
        Name::SmtpRootCertificateFile,
        "smtp_root_certificate_file",
        "FILE",
        "The roots that its certificate may lead to (PEM)",
        "the system's",
    ),
    setting(
        Name::WebhookAllowPrivate,
        "webhook_allow_private",
        "NETWORKS",
        "Private networks that webhooks may be in, separated by commas",
        "none",
    ),
    Setting {
        switch: true,
        ..setting(
            Name::WebhookAllowHttp,
            "webhook_allow_http",
            "true|false",
            "Whether webhooks may be without TLS",
            "false",
        )
    },
];

const fn setting(
    name: Name,
    key: &'static str,
    placeholder: &'static str,
    help: &'static str,
    default: &'static str,
) -> Setting {
    Setting {
        name,
        key,
        placeholder,
        help,
        default,
        secret: false,
        switch: false,
    }
}

/// The settings given on the command line, by their key.
#[derive(Debug, Clone, Default)]
pub struct Flags(pub(super) BTreeMap<&'static str, String>);

impl Flags {
    /// The name of one that was given, without the dashes in front. `None`: none was.
    pub fn first(&self) -> Option<String> {
        self.0.keys().next().map(|key| key.replace('_', "-"))
    }
}

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        command.args(SETTINGS.iter().map(|setting| {
            let arg = Arg::new(setting.key)
                .long(setting.flag())
                .value_name(setting.placeholder)
                .help(format!(
                    "{} [{}, default: {}]",
                    setting.help,
                    setting.variable(),
                    setting.default
                ))
                .help_heading(HEADING)
                .action(ArgAction::Set)
                .global(true);
            if setting.switch {
                arg.num_args(0..=1)
                    .require_equals(true)
                    .default_missing_value("true")
            } else {
                arg
            }
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = SETTINGS.iter().filter_map(|setting| {
            let value = matches.get_one::<String>(setting.key)?;
            Some((setting.key, value.clone()))
        });
        Ok(Self(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.extend(Self::from_arg_matches(matches)?.0);
        Ok(())
    }
}
