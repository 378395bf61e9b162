//! `latchkey key …`: API keys, on a server.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};
use domain::{key::Tag, principal::DomainType};
use http::Method;
use secrecy::SecretString;
use serde_json::Value;

use super::{
    connection::{self, Answer, Connection},
    documents::{KEYS, attributes, details, document, fields, list, path, same_days},
    failure::{Failure, Kind},
    new_value::{NewValue, OVERLAP_HOURS},
    output::Output,
    sign::Who,
};

#[derive(Debug, Args)]
pub(in crate::cli) struct Key {
    #[command(flatten)]
    connection: connection::Arguments,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a key, for oneself or for somebody else
    Create {
        /// For how many days it is valid
        #[arg(long, value_name = "DAYS")]
        days: Option<u32>,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        #[command(flatten)]
        owner: Owner,
        #[command(flatten)]
        to: To,
    },
    /// Show a key
    Show {
        #[command(flatten)]
        which: Which,
    },
    /// Change a key's validity or description
    Edit {
        #[command(flatten)]
        which: Which,
        /// For how many days from now it is valid
        #[arg(long, value_name = "DAYS", required_unless_present = "description")]
        days: Option<u32>,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// Replace a key by a new one
    #[command(after_help = "For unattended rotation, with nobody signed in:\n\n  \
        LATCHKEY_API_KEY=@/etc/job/key latchkey key reissue --to-file /etc/job/key\n\n\
        A run that fails or is killed at any point can be repeated. (Should the server's answers to two\nruns in a row be lost, somebody has to sign in.)")]
    Reissue {
        #[command(flatten)]
        which: Which,
        /// For how many days from now it is valid [default: as long as the old one was]
        #[arg(long, value_name = "DAYS")]
        days: Option<u32>,
        /// What it is for [default: as before]
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        /// How many hours the old one goes on working, 0 to 24 [default: 1 with --to-file]
        #[arg(long, value_name = "HOURS")]
        overlap: Option<u32>,
        #[command(flatten)]
        to: To,
    },
    /// Delete a key for good
    Delete {
        /// The key's tag
        #[arg(value_parser = parse_tag)]
        tag: Tag,
    },
    /// List the keys that one may see: one's own, or everybody's
    List {
        /// Only those, e.g. "state eq 'EXPIRED' and startswith(userName,'svc')"
        #[arg(long, value_name = "FILTER")]
        filter: Option<String>,
        /// In this order, e.g. -expiryDateTime,userName
        #[arg(long, value_name = "FIELDS")]
        sort: Option<String>,
        /// At most so many
        #[arg(long, value_name = "NUMBER")]
        limit: Option<usize>,
    },
}

#[derive(Debug, Args)]
struct Which {
    /// The key's tag [default: one's own key]
    #[arg(value_parser = parse_tag)]
    tag: Option<Tag>,
}

#[derive(Debug, Args)]
struct Owner {
    /// Whose it will be [default: one's own]
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The owner's domain
    #[arg(long, value_name = "DOMAIN", requires = "user", default_value = "")]
    domain: String,
    /// The owner's kind of account
    #[arg(
        long,
        value_name = "TYPE",
        requires = "user",
        default_value = "unixpwd"
    )]
    domain_type: DomainType,
}

#[derive(Debug, Args)]
struct To {
    /// Write the value to this file, for its owner alone, in the place of what it held; it is
    /// not shown then
    #[arg(long, value_name = "FILE")]
    to_file: Option<PathBuf>,
}

impl Key {
    pub(super) fn run(self) -> Result<()> {
        let (connection, output) = (self.connection.connect()?, self.connection.output);
        match self.command {
            Command::Create {
                days,
                description,
                owner,
                to,
            } => {
                let mut attributes = attributes(days, description);
                if let Some(name) = owner.user {
                    attributes["userName"] = name.into();
                    attributes["userDomain"] = owner.domain.into();
                    attributes["userDomainType"] = owner.domain_type.as_str().into();
                }
                let body = document("apiKeyCreationRequest", None, &attributes);
                let made = || connection.api(Method::POST, KEYS, Some(&body));
                hand_over(&connection, output, to.to_file.as_deref(), made)
            }
            Command::Show { which } => {
                let tag = which.tag(&connection)?;
                output.show(fields(&details(&connection, &tag)?))
            }
            Command::Edit {
                which,
                days,
                description,
            } => {
                let tag = which.tag(&connection)?;
                let attributes = attributes(days, description);
                let body = document("apiKeyUpdateRequest", Some(&tag), &attributes);
                connection.api(Method::PATCH, &path(&tag), Some(&body))?;
                output.show(fields(&details(&connection, &tag)?))
            }
            Command::Reissue {
                which,
                days,
                description,
                overlap,
                to,
            } => {
                let overlap = overlap.or(to.to_file.as_ref().map(|_| OVERLAP_HOURS));
                let made = || {
                    let tag = which.tag(&connection)?;
                    let days = match days {
                        None => same_days(&details(&connection, &tag)?),
                        given => given,
                    };
                    let mut attributes = attributes(days, description);
                    if let Some(hours) = overlap {
                        attributes["overlapHours"] = hours.into();
                    }
                    let body = document("apiKeyReissueRequest", Some(&tag), &attributes);
                    let path = format!("{}/reissue", path(&tag));
                    connection.api(Method::POST, &path, Some(&body))
                };
                hand_over(&connection, output, to.to_file.as_deref(), made)
            }
            Command::Delete { tag } => {
                connection.api(Method::DELETE, &path(&tag), None)?;
                Ok(())
            }
            Command::List {
                filter,
                sort,
                limit,
            } => {
                let all = list(&connection, filter.as_deref(), sort.as_deref(), limit)?;
                let columns = [
                    "apiKeyTag",
                    "userName",
                    "state",
                    "expiryDateTime",
                    "description",
                ];
                output.list(all.iter().map(fields).collect(), &columns)
            }
        }
    }
}

impl Which {
    /// The key that was named, or one's own: not the one that a reissue is about to end.
    fn tag(&self, connection: &Connection) -> Result<Tag, Failure> {
        if let Some(tag) = &self.tag {
            return Ok(tag.clone());
        }
        let who = Who::of(connection, &connection.credential()?)?;
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let filter = format!(
            "userName eq {} and userDomain eq {} and userDomainType eq {}",
            quoted(&who.name),
            quoted(&who.domain),
            quoted(&who.domain_type)
        );
        let own = list(connection, Some(&filter), None, None)?;
        let current = own
            .iter()
            .find(|key| key["attributes"]["state"] != "RETIRING");
        current
            .and_then(|key| Tag::parse(key["id"].as_str()?).ok())
            .ok_or_else(|| Failure::new(Kind::NotFound, format!("{} has no API key", who.name)))
    }
}

fn parse_tag(text: &str) -> Result<Tag, &'static str> {
    Tag::parse(text).map_err(|_| "must be a tag such as lky_q83vEjQ=")
}

/// Makes a key and gives its value to the file or, once, to standard output.
fn hand_over(
    connection: &Connection,
    output: Output,
    to: Option<&Path>,
    make: impl FnOnce() -> Result<Answer, Failure>,
) -> Result<()> {
    let mut file = to.map(NewValue::reserve).transpose()?;
    if let Some(left) = file.as_ref().and_then(|file| file.left.clone()) {
        // An earlier run got this far. If the value is still good its work only needs an end.
        match connection.verify(&left, &[]) {
            Ok(answer) => {
                if let Some(file) = file {
                    file.put_in_place()?;
                }
                return output.show(super::verify::identity(&answer));
            }
            Err(failure) if failure.kind != Kind::Unauthenticated => return Err(failure.into()),
            Err(_) => {
                if let Some(file) = &mut file {
                    file.forget_left();
                }
            }
        }
    }
    let mut data = make()?.body["data"].take();
    let attributes = &mut data["attributes"];
    let Value::String(value) = attributes["apiKey"].take() else {
        return Err(Failure::new(Kind::Failed, "the server showed no key").into());
    };
    let mut fields = vec![
        ("apiKeyTag", data["id"].clone()),
        ("userName", data["attributes"]["userName"].clone()),
        (
            "expiryDateTime",
            data["attributes"]["expiryDateTime"].clone(),
        ),
    ];
    match file {
        Some(file) => file.keep(&SecretString::from(value))?,
        None => fields.push(("apiKey", value.into())),
    }
    output.show(fields)
}
