//! `latchkey user …`: accounts, by whoever can open the database.

use std::io::{self, BufRead, Read};

use anyhow::{Context, Result, anyhow, ensure};
use clap::{Args, Subcommand, ValueEnum};
use domain::{
    error::{Error, FieldError, Problem},
    principal::{DomainType, Principal},
};
use secrecy::SecretString;
use service::{
    Actor, Services,
    roles::SelfServiceOf,
    users::{NewUser, User},
};

use super::{open, say};
use crate::config::Settings;

/// More than any password has, in bytes.
const MAX_LINE_BYTES: u64 = 4096;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make an account: a local one with a password, or a SAML user without
    Add {
        #[command(flatten)]
        who: Who,
        /// A role besides what everyone holds; may be given several times
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<String>,
        /// Read the password of a local account from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// List all accounts
    List,
    /// Disable an account: its sessions end and its key stops
    Disable(Who),
    /// Enable an account again
    Enable(Who),
    /// Give roles, or take them away
    Role {
        #[command(flatten)]
        who: Who,
        /// A role to give; may be given several times
        #[arg(long, value_name = "ROLE")]
        give: Vec<String>,
        /// A role to take away; may be given several times
        #[arg(long, value_name = "ROLE")]
        take: Vec<String>,
    },
    /// Let somebody manage their own key (on, as everyone may), or not (off)
    SelfService {
        #[command(flatten)]
        who: Who,
        state: Switch,
    },
    /// The same for everybody of a domain
    DomainSelfService {
        /// unixpwd, nt, vx, ldap or saml
        #[arg(long, value_name = "TYPE")]
        domain_type: DomainType,
        /// The domain; unixpwd has none, that of SAML users is the identity provider's name
        #[arg(long, value_name = "DOMAIN", default_value = "")]
        domain: String,
        state: Switch,
    },
    /// Set a password, to be changed at the next sign-in
    SetPassword {
        #[command(flatten)]
        who: Who,
        /// Read the password from the first line of standard input
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Remove the second factor of somebody who lost it; their sessions end
    ResetSecondFactor(Who),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Switch {
    On,
    Off,
}

#[derive(Debug, Args)]
pub(super) struct Who {
    /// The user name
    name: String,
    /// unixpwd, nt, vx, ldap or saml
    #[arg(long, value_name = "TYPE", default_value = "unixpwd")]
    domain_type: DomainType,
    /// The domain; unixpwd has none, that of a SAML user is the identity provider's name
    #[arg(long, value_name = "DOMAIN", default_value = "")]
    domain: String,
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
                password_stdin,
            } => {
                let principal = who.principal()?;
                let password = password_stdin.then(read_password).transpose()?;
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
            Self::ResetSecondFactor(who) => {
                let factors = &services.second_factors;
                let done = factors.reset(&actor, &who.principal()?).await;
                done.map_err(|error| told(&error))
            }
            Self::Disable(who) => {
                let done = users.disable(&actor, &who.principal()?).await;
                done.map_err(|error| told(&error))
            }
            Self::Enable(who) => {
                let done = users.enable(&actor, &who.principal()?).await;
                done.map_err(|error| told(&error))
            }
            Self::Role { who, give, take } => {
                let roles = &services.roles;
                let done = roles.assign(&actor, &who.principal()?, &give, &take).await;
                done.map_err(|error| told(&error))
            }
            Self::SelfService { who, state } => {
                let whose = SelfServiceOf::User(who.principal()?);
                self_service(services, &whose, state).await
            }
            Self::DomainSelfService {
                domain_type,
                domain,
                state,
            } => {
                let whose = SelfServiceOf::Domain(domain_type, domain);
                self_service(services, &whose, state).await
            }
            Self::SetPassword { who, .. } => {
                let (principal, password) = (who.principal()?, read_password()?);
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

async fn self_service(services: &Services, whose: &SelfServiceOf, state: Switch) -> Result<()> {
    let (roles, allowed) = (&services.roles, state == Switch::On);
    let done = roles
        .set_self_service(&Actor::console(), whose, allowed)
        .await;
    done.map_err(|error| told(&error))
}

fn read_password() -> Result<SecretString> {
    read_secret("password")
}

/// The next line of standard input, so that no secret stands in the list of processes or a shell's
/// history.
pub(super) fn read_secret(what: &str) -> Result<SecretString> {
    let mut line = String::new();
    io::stdin()
        .lock()
        .take(MAX_LINE_BYTES)
        .read_line(&mut line)
        .with_context(|| format!("cannot read the {what} from standard input"))?;
    let secret = line.strip_suffix('\n').unwrap_or(&line);
    let secret = secret.strip_suffix('\r').unwrap_or(secret);
    ensure!(!secret.is_empty(), "there is no {what} on standard input");
    Ok(secret.to_owned().into())
}

/// An error in the words of the command line.
pub(super) fn told(error: &Error) -> anyhow::Error {
    let Error::Invalid(fields) = error else {
        return anyhow!("{error}");
    };
    let told = |field: &FieldError| {
        let name = match &*field.field {
            "name" => "NAME",
            "domain" => "--domain",
            "domainType" => "--domain-type",
            "role" | "roles" => "--role",
            "description" => "--description",
            "password" if field.problem == Problem::Required => "--password-stdin",
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
    use domain::error::Refusal;

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
