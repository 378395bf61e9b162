//! `latchkey role …`: the roles that administrators make.

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use domain::{
    error::{Error, FieldError, Problem},
    permission::{Grants, Namespace, Permission},
    role::Role,
};
use serde_json::{Value, json};
use service::{Actor, Services, roles::RoleChange};

use super::{open, say, user::told};
use crate::config::Settings;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List all roles
    List {
        #[command(flatten)]
        form: Form,
    },
    /// Show a role
    Show {
        /// The role's name
        name: String,
        #[command(flatten)]
        form: Form,
    },
    /// Make a role
    Add {
        /// The role's name
        name: String,
        /// What it is for
        #[arg(long, value_name = "TEXT", default_value = "")]
        description: String,
        #[command(flatten)]
        granted: Granted,
        #[command(flatten)]
        form: Form,
    },
    /// Change a role; it holds from its holders' next requests on
    Edit {
        /// The role's name
        name: String,
        /// Another name
        #[arg(long = "name", value_name = "NAME")]
        new_name: Option<String>,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        /// Let it grant nothing
        #[arg(long, conflicts_with = "grants")]
        no_grants: bool,
        #[command(flatten)]
        granted: Granted,
        #[command(flatten)]
        form: Form,
    },
    /// Delete a role that nobody holds
    Delete {
        /// The role's name
        name: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct Granted {
    /// What it grants, in the place of what it granted before; may be given several times
    #[arg(long = "grant", value_name = "NAMESPACE:PERMISSION", value_parser = parse_grant)]
    grants: Vec<Grants>,
}

impl Granted {
    fn all(&self) -> Grants {
        self.grants.iter().fold(Grants::NONE, |all, one| all | *one)
    }
}

#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Form {
    /// How to write it
    #[arg(long = "output", value_enum, value_name = "FORM", default_value_t = Output::Table)]
    output: Output,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Output {
    /// Lines of columns with tabs between
    Table,
    /// JSON
    Json,
}

impl Command {
    pub(super) async fn run(self, settings: &Settings) -> Result<()> {
        let services = open(settings).await?;
        let result = self.execute(&services).await;
        services.close().await;
        result
    }

    async fn execute(self, services: &Services) -> Result<()> {
        let (actor, roles) = (Actor::console(), &services.roles);
        match self {
            Self::List { form } => {
                let all = roles.list(&actor).await.map_err(|error| told(&error))?;
                match form.output {
                    Output::Json => say(all.iter().map(as_json).collect::<Value>()),
                    Output::Table => all.iter().try_for_each(line),
                }
            }
            Self::Show { name, form } => show(&find(services, &name).await?, form),
            Self::Add {
                name,
                description,
                granted,
                form,
            } => {
                let grants = granted.all();
                let wanted = RoleChange {
                    name,
                    description,
                    grants,
                };
                let made = roles.add(&actor, wanted).await;
                show(&made.map_err(|error| told(&error))?, form)
            }
            Self::Edit {
                name,
                new_name,
                description,
                no_grants,
                granted,
                form,
            } => {
                let before = find(services, &name).await?;
                let kept = !no_grants && granted.grants.is_empty();
                let wanted = RoleChange {
                    name: new_name.unwrap_or(before.name),
                    description: description.unwrap_or(before.description),
                    grants: if kept { before.grants } else { granted.all() },
                };
                let after = roles.update(&actor, before.id, wanted).await;
                show(&after.map_err(|error| told(&new_name_of(error)))?, form)
            }
            Self::Delete { name } => {
                let role = find(services, &name).await?;
                let done = roles.delete(&actor, role.id).await;
                done.map_err(|error| told(&error))
            }
        }
    }
}

fn parse_grant(text: &str) -> Result<Grants, String> {
    let grant = text.split_once(':').and_then(|(namespace, permission)| {
        let namespace = Namespace::from_name(namespace)?;
        Some(Grants::one(namespace, Permission::from_name(permission)?))
    });
    grant.ok_or_else(|| {
        format!(
            "Must be one of {}, a colon, and one of {}.",
            Namespace::ALL.map(Namespace::as_str).join(", "),
            Permission::ALL.map(Permission::as_str).join(", ")
        )
    })
}

/// The role of exactly that name.
async fn find(services: &Services, name: &str) -> Result<Role> {
    let roles = services.roles.list(&Actor::console()).await;
    let roles = roles.map_err(|error| told(&error))?;
    let found = roles.into_iter().find(|role| role.name == name);
    found.ok_or_else(|| told(&Error::field("name", Problem::Unknown)))
}

/// In an edit the name that can be wrong is the new one.
fn new_name_of(error: Error) -> Error {
    let Error::Invalid(fields) = error else {
        return error;
    };
    let named = |field: FieldError| match &*field.field {
        "name" => field.named("--name"),
        _ => field,
    };
    Error::Invalid(fields.into_iter().map(named).collect())
}

fn grants_of(role: &Role) -> Vec<String> {
    let grants = role.grants.iter();
    grants
        .map(|(namespace, permission)| format!("{}:{}", namespace.as_str(), permission.as_str()))
        .collect()
}

fn as_json(role: &Role) -> Value {
    json!({
        "id": role.id,
        "name": role.name,
        "description": role.description,
        "builtIn": role.built_in,
        "grants": grants_of(role),
    })
}

const fn kind(role: &Role) -> &'static str {
    if role.built_in { "built-in" } else { "custom" }
}

fn line(role: &Role) -> Result<()> {
    let (name, kind, grants) = (&role.name, kind(role), grants_of(role).join(", "));
    say(format_args!("{name}\t{kind}\t{grants}"))
}

fn show(role: &Role, form: Form) -> Result<()> {
    if matches!(form.output, Output::Json) {
        return say(as_json(role));
    }
    say(format_args!("name\t{}", role.name))?;
    say(format_args!("kind\t{}", kind(role)))?;
    say(format_args!("description\t{}", role.description))?;
    say(format_args!("grants\t{}", grants_of(role).join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_a_namespace_a_colon_and_a_permission() {
        for (namespace, permission) in Grants::ALL.iter() {
            let text = format!("{}:{}", namespace.as_str(), permission.as_str());
            assert_eq!(parse_grant(&text), Ok(Grants::one(namespace, permission)));
        }
        for wrong in [
            "",
            ":",
            "api-keys",
            "api-keys:",
            "api-keys:VIEW",
            "keys:view",
            "api-keys:view:",
        ] {
            assert_eq!(
                parse_grant(wrong),
                Err(
                    "Must be one of api-keys, users, roles, tickets, approval-settings, audit, \
                     settings, a colon, and one of view, create, update, delete, reissue, \
                     manage-access."
                        .to_owned()
                ),
                "{wrong}"
            );
        }
    }
}
