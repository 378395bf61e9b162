//! `latchkey provider …`: identity providers, by whoever can open the database.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, anyhow};
use clap::{Args, Subcommand};
use domain::saml::{GroupRole, ProviderSettings, parse_group_roles};
use service::{Actor, Services, saml::ProviderChange};

use super::{open, say};
use crate::config::Settings;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Add an identity provider
    Add(Box<Add>),
    /// List all identity providers
    List,
    /// Replace a provider's metadata, e.g. for its new certificate
    Metadata {
        /// The provider's name
        name: String,
        /// The file with its metadata
        file: PathBuf,
    },
    /// Let people sign in by a provider again
    Enable {
        /// The provider's name
        name: String,
    },
    /// Let nobody sign in by a provider
    Disable {
        /// The provider's name
        name: String,
    },
    /// Print our own metadata, for identity providers
    Ours,
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// Its name: the domain of its users
    name: String,
    /// The file with its metadata
    file: PathBuf,
    /// The attribute that is the user name [default: the `NameID`]
    #[arg(long, value_name = "ATTRIBUTE", default_value = "")]
    user_attribute: String,
    /// The attribute that is the mail address
    #[arg(long, value_name = "ATTRIBUTE", default_value = "")]
    mail_attribute: String,
    /// The attribute that is the name people are called by
    #[arg(long, value_name = "ATTRIBUTE", default_value = "")]
    display_attribute: String,
    /// The attribute that names the groups
    #[arg(long, value_name = "ATTRIBUTE", default_value = "")]
    groups_attribute: String,
    /// A group and the role that it gives; may be given several times
    #[arg(long = "map", value_name = "GROUP=>ROLE")]
    map: Vec<String>,
    /// Make no account at somebody's first sign-in
    #[arg(long)]
    no_create_users: bool,
    /// Allow sign-ins that start at the provider
    #[arg(long)]
    unsolicited: bool,
    /// Its assertions are encrypted
    #[arg(long)]
    encrypted: bool,
}

impl Command {
    pub(super) async fn run(self, settings: &Settings) -> Result<()> {
        let services = open(settings).await?;
        let result = self.execute(&services, settings).await;
        services.close().await;
        result
    }

    async fn execute(self, services: &Services, settings: &Settings) -> Result<()> {
        let (actor, saml) = (Actor::console(), &services.saml);
        match self {
            Self::Add(add) => {
                let id = saml.add(&actor, add.change()?).await?;
                say(id)
            }
            Self::List => {
                for provider in saml.providers(&actor).await? {
                    let state = if provider.settings.enabled {
                        "on"
                    } else {
                        "off"
                    };
                    let (name, entity) = (&provider.settings.name, &provider.facts.entity_id);
                    say(format_args!("{name}\t{state}\t{entity}"))?;
                }
                Ok(())
            }
            Self::Metadata { name, file } => {
                let metadata = read(&file)?;
                change(services, &name, |settings| (settings, metadata)).await
            }
            Self::Enable { name } => {
                change(services, &name, |settings| switched(settings, true)).await
            }
            Self::Disable { name } => {
                change(services, &name, |settings| switched(settings, false)).await
            }
            Self::Ours => {
                let public_url = settings.public_url();
                say(saml.metadata(public_url.trim_end_matches('/')).await?)
            }
        }
    }
}

impl Add {
    fn change(self) -> Result<ProviderChange> {
        let group_roles: Vec<GroupRole> = parse_group_roles(&self.map.join("\n"))
            .map_err(|error| anyhow!("--map: {}", error.problem))?;
        Ok(ProviderChange {
            metadata: read(&self.file)?,
            settings: ProviderSettings {
                name: self.name,
                create_users: !self.no_create_users,
                unsolicited: self.unsolicited,
                encrypted: self.encrypted,
                user_attribute: self.user_attribute,
                mail_attribute: self.mail_attribute,
                display_attribute: self.display_attribute,
                groups_attribute: self.groups_attribute,
                group_roles,
                ..ProviderSettings::default()
            },
            version: None,
        })
    }
}

fn switched(settings: ProviderSettings, enabled: bool) -> (ProviderSettings, String) {
    (
        ProviderSettings {
            enabled,
            ..settings
        },
        String::new(),
    )
}

fn read(file: &PathBuf) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

async fn change(
    services: &Services,
    name: &str,
    to: impl FnOnce(ProviderSettings) -> (ProviderSettings, String),
) -> Result<()> {
    let (actor, saml) = (Actor::console(), &services.saml);
    let all = saml.providers(&actor).await?;
    let found = all
        .into_iter()
        .find(|provider| provider.settings.name == name);
    let found = found.ok_or_else(|| anyhow!("there is no identity provider of that name"))?;
    let (settings, metadata) = to(found.settings);
    let wanted = ProviderChange {
        settings,
        metadata,
        version: Some(found.version),
    };
    Ok(saml.update(&actor, found.id, wanted).await?)
}
