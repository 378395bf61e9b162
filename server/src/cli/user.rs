//! `latchkey user …`: accounts, by whoever can open the database.

use std::io::{self, BufRead, Read};

use anyhow::{Context, Result, anyhow, ensure};
use clap::{Args, Subcommand};
use domain::{
    error::{Error, FieldError},
    principal::{DomainType, Principal},
};
use secrecy::SecretString;
use service::{
    Actor, Services,
    users::{NewUser, User},
};

use super::{open, say};
use crate::config::Settings;

/// More than any password has, in bytes.
const MAX_LINE_BYTES: u64 = 4096;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a local account
    Add {
        #[command(flatten)]
        who: Who,
        /// A role besides what everyone holds; may be given several times
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<String>,
        #[command(flatten)]
        password: Password,
    },
    /// List all accounts
    List,
    /// Disable an account: its sessions end and its key stops
    Disable(Who),
    /// Enable an account again
    Enable(Who),
    /// Set a password, to be changed at the next sign-in
    SetPassword {
        #[command(flatten)]
        who: Who,
        #[command(flatten)]
        password: Password,
    },
}

#[derive(Debug, Args)]
pub(super) struct Who {
    /// The user name
    name: String,
    /// unixpwd, nt, vx or ldap
    #[arg(long, value_name = "TYPE", default_value = "unixpwd")]
    domain_type: DomainType,
    /// The domain; unixpwd has none
    #[arg(long, value_name = "DOMAIN", default_value = "")]
    domain: String,
}

#[derive(Debug, Args)]
pub(super) struct Password {
    /// Read the password from the first line of standard input
    #[arg(long, required = true)]
    password_stdin: bool,
}

impl Command {
    pub(super) async fn run(self, settings: &Settings) -> Result<()> {
        let services = open(settings).await?;
        let result = self.execute(&services).await;
        services.close().await;
        result
    }

    async fn execute(self, services: &Services) -> Result<()> {
        let (actor, users) = (Actor::console(), &services.users);
        match self {
            Self::Add {
                who,
                roles,
                password,
            } => {
                let (principal, password) = (who.principal()?, password.read()?);
                let wanted = NewUser {
                    principal,
                    roles,
                    password,
                };
                say(users
                    .add(&actor, wanted)
                    .await
                    .map_err(|error| told(&error))?)
            }
            Self::List => list(&users.list(&actor).await?),
            Self::Disable(who) => {
                let done = users.disable(&actor, &who.principal()?).await;
                done.map_err(|error| told(&error))
            }
            Self::Enable(who) => {
                let done = users.enable(&actor, &who.principal()?).await;
                done.map_err(|error| told(&error))
            }
            Self::SetPassword { who, password } => {
                let (principal, password) = (who.principal()?, password.read()?);
                let done = users.set_password(&actor, &principal, password).await;
                done.map_err(|error| told(&error))
            }
        }
    }
}

impl Who {
    fn principal(&self) -> Result<Principal> {
        Principal::new(self.domain_type, &self.domain, &self.name)
            .map_err(|(field, problem)| told(&Error::field(field, problem)))
    }
}

impl Password {
    /// Standard input, so that no password stands in the list of processes or a shell's history.
    fn read(&self) -> Result<SecretString> {
        ensure!(self.password_stdin, "--password-stdin is needed");
        let mut line = String::new();
        io::stdin()
            .lock()
            .take(MAX_LINE_BYTES)
            .read_line(&mut line)
            .context("cannot read the password from standard input")?;
        let password = line.strip_suffix('\n').unwrap_or(&line);
        let password = password.strip_suffix('\r').unwrap_or(password);
        ensure!(
            !password.is_empty(),
            "there is no password on standard input"
        );
        Ok(password.to_owned().into())
    }
}

/// An error in the words of the command line.
fn told(error: &Error) -> anyhow::Error {
    let Error::Invalid(fields) = error else {
        return anyhow!("{error}");
    };
    let told = |field: &FieldError| {
        let name = match &*field.field {
            "name" => "NAME",
            "domain" => "--domain",
            "domainType" => "--domain-type",
            "role" | "roles" => "--role",
            "password" => "the password",
            other => other,
        };
        format!("{name}: {}", field.problem)
    };
    anyhow!(fields.iter().map(told).collect::<Vec<_>>().join("\n"))
}

fn list(users: &[User]) -> Result<()> {
    for user in users {
        let state = if user.disabled_at.is_some() {
            "disabled"
        } else {
            "enabled"
        };
        say(format_args!(
            "{}\t{state}\t{}",
            user.identity,
            user.roles.join(", ")
        ))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::error::{Problem, Refusal};

    use super::*;

    #[test]
    fn errors_name_what_was_typed() {
        let error = Error::Invalid(vec![
            FieldError::new("domainType", Problem::malformed("local")),
            FieldError::new("password", Problem::TooShort { min: 12 }),
        ]);
        assert_eq!(
            told(&error).to_string(),
            "--domain-type: Must be local.\nthe password: At least 12 characters are needed."
        );
        let error = Error::Refused(Refusal::LastAdministrator);
        assert_eq!(
            told(&error).to_string(),
            "The last administrator cannot be disabled or removed."
        );
    }
}
