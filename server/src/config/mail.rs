//! The settings of mail.

use std::fs;

use domain::approval::is_mail;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use secrecy::SecretString;
use service::notices::MailServer;

use super::{
    ConfigError,
    catalogue::Name,
    layers::Layers,
    parse::{self, Expected},
};

/// How mail is sent.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The server's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How it is reached.
    pub security: Security,
    /// The user name and the password. `None`: the server asks for none.
    pub login: Option<(String, SecretString)>,
    /// Whom mail comes from.
    pub sender: String,
    /// The roots that the server's certificate may lead to. `None`: the system's.
    pub roots: Option<Vec<CertificateDer<'static>>>,
}

/// How the mail server is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Security {
    /// In clear.
    None,
    /// In clear until both have agreed on TLS, and no further without it (RFC 3207).
    #[default]
    StartTls,
    /// With TLS from the beginning (RFC 8314).
    Tls,
}

impl Security {
    fn parse(text: &str) -> Result<Self, Expected> {
        match text {
            "none" => Ok(Self::None),
            "starttls" => Ok(Self::StartTls),
            "tls" => Ok(Self::Tls),
            _ => Err("none, starttls or tls"),
        }
    }

    const fn port(self) -> u16 {
        match self {
            Self::None => 25,
            Self::StartTls => 587,
            Self::Tls => 465,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::None => "without TLS",
            Self::StartTls => "with STARTTLS",
            Self::Tls => "with TLS",
        }
    }
}

impl Mail {
    /// Reads the settings of mail. `None`: nothing is sent by mail.
    pub(super) fn load(layers: &Layers) -> Result<Option<Self>, ConfigError> {
        let address = layers.get(Name::SmtpAddress, host_and_port)?;
        let security = layers.get(Name::SmtpSecurity, Security::parse)?;
        let sender = layers.get(Name::SmtpSender, mailbox)?;
        let user = layers.get(Name::SmtpUser, some)?;
        let password = layers.get(Name::SmtpPasswordFile, parse::path)?;
        let roots = layers.get(Name::SmtpRootCertificateFile, parse::path)?;
        let given = [
            (security.is_some(), "smtp_security"),
            (sender.is_some(), "smtp_sender"),
            (user.is_some(), "smtp_user"),
            (password.is_some(), "smtp_password_file"),
            (roots.is_some(), "smtp_root_certificate_file"),
        ];
        let together = |missing: &str, given: &str| {
            ConfigError(format!(
                "The setting `{missing}` must be given together with `{given}`."
            ))
        };
        let Some((host, port)) = address else {
            let alone = given.iter().find(|(given, _)| *given);
            return alone.map_or(Ok(None), |(_, name)| Err(together("smtp_address", name)));
        };
        let security = security.unwrap_or_default();
        let login = match (user, password) {
            (None, None) => None,
            (Some(_), None) => return Err(together("smtp_password_file", "smtp_user")),
            (None, Some(_)) => return Err(together("smtp_user", "smtp_password_file")),
            (Some(_), Some(_)) if security == Security::None => {
                return Err(ConfigError(
                    "The setting `smtp_user` must not be given with `smtp_security` none: the \
                     password would be sent in clear."
                        .to_owned(),
                ));
            }
            (Some(user), Some(path)) => {
                let cannot = |why: &str| {
                    ConfigError(format!(
                        "The setting `smtp_password_file` names {}, which {why}.",
                        path.display()
                    ))
                };
                let text = fs::read_to_string(&path).map_err(|_| cannot("cannot be read"))?;
                let password = text.trim_end_matches(['\r', '\n']);
                if password.is_empty() {
                    return Err(cannot("is empty"));
                }
                Some((user, SecretString::from(password)))
            }
        };
        let roots = match roots {
            None => None,
            Some(path) => Some(
                CertificateDer::pem_file_iter(&path)
                    .and_then(Iterator::collect)
                    .ok()
                    .filter(|roots: &Vec<_>| !roots.is_empty())
                    .ok_or_else(|| {
                        ConfigError(format!(
                            "The setting `smtp_root_certificate_file` names {}, which holds no \
                             certificate.",
                            path.display()
                        ))
                    })?,
            ),
        };
        Ok(Some(Self {
            port: port.unwrap_or(security.port()),
            host,
            security,
            login,
            sender: sender.ok_or_else(|| together("smtp_sender", "smtp_address"))?,
            roots,
        }))
    }

    /// As people see it.
    pub(super) fn told(&self) -> MailServer {
        MailServer {
            address: format!("{}:{}", self.host, self.port),
            security: self.security.words(),
            sender: self.sender.clone(),
        }
    }
}

/// A name or an address, with or without a port.
fn host_and_port(text: &str) -> Result<(String, Option<u16>), Expected> {
    const EXPECTED: Expected = "a server such as mail.example.org or mail.example.org:587";
    let authority: http::uri::Authority = text.parse().map_err(|_| EXPECTED)?;
    let host = authority.host().trim_matches(['[', ']']);
    let port = authority.port_u16();
    let whole = authority.as_str().len()
        == authority.host().len() + authority.port().map_or(0, |port| port.as_str().len() + 1);
    if host.is_empty() || !whole || port == Some(0) {
        return Err(EXPECTED);
    }
    Ok((host.to_owned(), port))
}

fn mailbox(text: &str) -> Result<String, Expected> {
    if is_mail(text) && text.is_ascii() {
        Ok(text.to_owned())
    } else {
        Err("an address such as keys@example.org")
    }
}

fn some(text: &str) -> Result<String, Expected> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err("a user name");
    }
    Ok(text.to_owned())
}
