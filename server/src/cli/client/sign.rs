//! `latchkey login`, `whoami` and `logout`.

use std::io::{self, IsTerminal};

use anyhow::Result;
use chrono::TimeDelta;
use clap::{Args, ValueEnum};
use domain::principal::DomainType;
use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use service::clock::{Clock, SystemClock};

use super::{
    connection::{self, Connection, Credential},
    credential::ApiKey,
    failure::{Failure, Kind},
    output::Fields,
    session::{Session, Token},
};
use crate::{cli::user::read_secret, netbackup::date};

#[derive(Debug, Args)]
pub(in crate::cli) struct Login {
    /// The user name, for a sign-in with a password
    name: Option<String>,
    /// What to sign in with; it is asked for, or read from the first line of standard input
    #[arg(long = "login-type", value_enum, value_name = "TYPE", default_value_t)]
    by: LoginType,
    /// unixpwd, nt, vx or ldap
    #[arg(long, value_name = "TYPE", default_value = "unixpwd")]
    domain_type: DomainType,
    /// The domain; unixpwd has none
    #[arg(long, value_name = "DOMAIN", default_value = "")]
    domain: String,
    /// The second factor's code, or a recovery code; it is asked for when it is needed, or read from
    /// the next line of standard input
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    #[command(flatten)]
    connection: connection::Arguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum LoginType {
    /// A password
    #[default]
    Password,
    /// An API key, that of the environment if there is one
    Apikey,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Whoami {
    /// Ask the server whether it still holds
    #[arg(long)]
    verify: bool,
    #[command(flatten)]
    connection: connection::Arguments,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Logout {
    #[command(flatten)]
    connection: connection::Arguments,
}

/// Who somebody is, as the REST API names them.
pub(super) struct Who {
    pub(super) name: String,
    pub(super) domain: String,
    pub(super) domain_type: String,
}

impl Login {
    pub(super) fn run(&self) -> Result<()> {
        let mut connection = self.connection.connect()?;
        let (who, answer) = match self.by {
            LoginType::Password => self.by_password(&connection)?,
            LoginType::Apikey => by_key(&connection)?,
        };
        let answer = match answer["tokenType"].as_str() {
            Some("MFA") => login(
                &connection,
                answer["token"].as_str().unwrap_or_default(),
                &self.second_factor()?,
                "vx",
                "vrts.mfa.totp",
            )?,
            _ => answer,
        };
        let token = match answer["token"].as_str() {
            Some(token) => Token(token.to_owned()),
            None => return Err(Failure::new(Kind::Failed, "the server gave no token").into()),
        };
        let validity = answer["validity"]
            .as_u64()
            .and_then(|seconds| u32::try_from(seconds).ok());
        let session = Session {
            token,
            user_name: who.name,
            user_domain: who.domain,
            user_domain_type: who.domain_type,
            expiry_date_time: SystemClock.now()
                + TimeDelta::seconds(validity.unwrap_or_default().into()),
            cacert: connection
                .cacert
                .as_ref()
                .and_then(|path| path.canonicalize().ok()),
        };
        let fields = told(&connection, &session);
        let server = connection.server.clone();
        connection.sessions.add(&server, session)?;
        self.connection.output.show(fields)
    }

    fn by_password(&self, connection: &Connection) -> Result<(Who, Value)> {
        let Some(name) = self.name.clone() else {
            return Err(Failure::usage("NAME: A user name is needed.").into());
        };
        let password = secret("password", &format!("Password of {name}: "))?;
        let who = Who {
            name,
            domain: match self.domain_type {
                DomainType::Unixpwd => String::new(),
                _ => self.domain.clone(),
            },
            domain_type: self.domain_type.as_str().to_owned(),
        };
        let answer = login(
            connection,
            &who.name,
            &password,
            &who.domain_type,
            &self.domain,
        )?;
        Ok((who, answer))
    }

    fn second_factor(&self) -> Result<SecretString> {
        match &self.code {
            Some(code) => Ok(code.clone().into()),
            None => secret("code", "Code of the second factor: "),
        }
    }
}

fn by_key(connection: &Connection) -> Result<(Who, Value)> {
    let key = match &connection.key {
        Some(key) => key.clone(),
        None => ApiKey::parse(secret("key", "API key: ")?.expose_secret())
            .ok_or_else(|| Failure::new(Kind::Unauthenticated, "that is not an API key"))?,
    };
    let who = Who::of(connection, &Credential::Key(&key))?;
    let answer = login(connection, &who.name, &key.value, "vx", "vrts.apikey")?;
    Ok((who, answer))
}

fn login(
    connection: &Connection,
    name: &str,
    password: &SecretString,
    domain_type: &str,
    domain: &str,
) -> Result<Value, Failure> {
    let body = json!({
        "userName": name,
        "password": password.expose_secret(),
        "domainType": domain_type,
        "domainName": domain,
    });
    let path = format!("{}/login", crate::netbackup::BASE);
    let answer = connection.send(Method::POST, &path, &Credential::Nobody, Some(&body))?;
    Ok(answer.body)
}

/// Asked for at a terminal, without an echo; otherwise the next line of standard input.
fn secret(what: &str, prompt: &str) -> Result<SecretString> {
    if io::stdin().is_terminal() {
        let typed = rpassword::prompt_password(prompt).map(SecretString::from);
        return typed.map_err(|error| {
            Failure::usage(format!("cannot read from the terminal: {error}")).into()
        });
    }
    read_secret(what).map_err(|error| Failure::usage(error.to_string()).into())
}

impl Who {
    /// Whom a credential identifies.
    pub(super) fn of(
        connection: &Connection,
        credential: &Credential<'_>,
    ) -> Result<Self, Failure> {
        match credential {
            Credential::Key(key) => {
                let answer = connection.verify(key, &[])?;
                Ok(Self {
                    name: answer.header("x-latchkey-user"),
                    domain: answer.header("x-latchkey-domain"),
                    domain_type: answer.header("x-latchkey-domain-type"),
                })
            }
            Credential::Session(session) => Ok(Self {
                name: session.user_name.clone(),
                domain: session.user_domain.clone(),
                domain_type: session.user_domain_type.clone(),
            }),
            Credential::Nobody => Err(Failure::new(Kind::Unauthenticated, "not signed in")),
        }
    }
}

fn told(connection: &Connection, session: &Session) -> Fields {
    vec![
        ("server", connection.server.clone().into()),
        ("userName", session.user_name.clone().into()),
        ("userDomain", session.user_domain.clone().into()),
        ("userDomainType", session.user_domain_type.clone().into()),
        ("expiryDateTime", date(session.expiry_date_time).into()),
    ]
}

impl Whoami {
    pub(super) fn run(&self) -> Result<()> {
        let connection = self.connection.connect()?;
        let credential = connection.credential()?;
        let mut fields = match &credential {
            Credential::Session(session) => told(&connection, session),
            Credential::Key(key) => {
                let mut fields = vec![("server", connection.server.clone().into())];
                if self.verify {
                    fields.extend(super::verify::identity(&connection.verify(key, &[])?));
                } else {
                    fields.push(("apiKeyTag", key.tag.as_str().into()));
                }
                fields
            }
            Credential::Nobody => Vec::new(),
        };
        if self.verify {
            if matches!(credential, Credential::Session(_)) {
                connection.api(Method::GET, "/authorization-context", None)?;
            }
            fields.push(("verified", true.into()));
        }
        self.connection.output.show(fields)
    }
}

impl Logout {
    /// Ends the session on the server, then forgets it. One that has ended already is forgotten.
    pub(super) fn run(&self) -> Result<()> {
        let mut connection = self.connection.connect()?;
        let server = connection.server.clone();
        let Some(session) = connection.sessions.find(&server) else {
            let message = format!("not signed in to {server}");
            return Err(Failure::new(Kind::Unauthenticated, message).into());
        };
        let path = format!("{}/logout", crate::netbackup::BASE);
        match connection.send(Method::POST, &path, &Credential::Session(session), None) {
            Err(failure) if failure.kind != Kind::Unauthenticated => return Err(failure.into()),
            _ => {}
        }
        Ok(connection.sessions.delete(&server)?)
    }
}
