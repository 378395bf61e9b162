//! `latchkey policy …`: the limits of every key.

use anyhow::{Context, Result, anyhow, ensure};
use clap::Subcommand;
use domain::policy::Policy;
use serde_json::{Map, Value};
use service::Actor;

use super::{open, say, user::told};
use crate::config::Settings;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show the policy in force
    Show,
    /// Change parts of the policy; keys that exist are not cut
    Set {
        /// A part as `show` names it, and its new value
        #[arg(required = true, value_name = "NAME=VALUE")]
        changes: Vec<String>,
    },
}

impl Command {
    pub(super) async fn run(self, settings: &Settings) -> Result<()> {
        let services = open(settings).await?;
        let result = async {
            let present = services.policy().await.map_err(|error| told(&error))?;
            match self {
                Self::Show => show(&present),
                Self::Set { changes } => {
                    let policy = changed(&present, &changes)?;
                    let done = services.set_policy(&Actor::console(), &policy).await;
                    done.map_err(|error| told(&error))
                }
            }
        }
        .await;
        services.close().await;
        result
    }
}

fn parts(policy: &Policy) -> Result<Map<String, Value>> {
    match serde_json::to_value(policy)? {
        Value::Object(parts) => Ok(parts),
        _ => Err(anyhow!("the policy cannot be shown")),
    }
}

fn show(policy: &Policy) -> Result<()> {
    for (name, value) in parts(policy)? {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        say(format_args!("{name}={text}"))?;
    }
    Ok(())
}

/// The policy with some parts replaced.
fn changed(present: &Policy, changes: &[String]) -> Result<Policy> {
    let mut all = parts(present)?;
    for change in changes {
        let (name, text) = change
            .split_once('=')
            .with_context(|| format!("{change}: Must be NAME=VALUE."))?;
        let names: Vec<_> = all.keys().cloned().collect();
        let part = all.get_mut(name);
        let part = part.with_context(|| format!("{name}: Must be one of {}.", names.join(", ")))?;
        *part = match part {
            Value::String(_) => Value::String(text.to_owned()),
            // Numbers and switches are written as JSON writes them.
            _ => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
        };
        let alone = Value::Object(Map::from_iter([(name.to_owned(), part.clone())]));
        ensure!(
            serde_json::from_value::<Policy>(alone).is_ok(),
            "{name}: {text} is not a value for it"
        );
    }
    Ok(serde_json::from_value(Value::Object(all))?)
}

#[cfg(test)]
mod tests {
    use domain::policy::LaterThanSaml;

    use super::*;

    fn set(changes: &[&str]) -> Result<Policy, String> {
        let changes: Vec<_> = changes.iter().map(|change| (*change).to_owned()).collect();
        changed(&Policy::default(), &changes).map_err(|error| error.to_string())
    }

    #[test]
    fn parts_are_replaced_by_name() {
        assert_eq!(
            set(&[
                "max_lifetime_days=90",
                "self_service=false",
                "later_than_saml=refuse"
            ]),
            Ok(Policy {
                max_lifetime_days: 90,
                self_service: false,
                later_than_saml: LaterThanSaml::Refuse,
                ..Policy::default()
            })
        );
    }

    #[test]
    fn wrong_parts_and_values_are_named() {
        assert_eq!(set(&["x"]), Err("x: Must be NAME=VALUE.".to_owned()));
        assert!(
            set(&["max=1"])
                .unwrap_err()
                .starts_with("max: Must be one of ")
        );
        for wrong in [
            "max_lifetime_days=many",
            "max_lifetime_days=-1",
            "self_service=1",
            "saml_expiry=never",
        ] {
            let told = set(&[wrong]).unwrap_err();
            let (name, value) = wrong.split_once('=').unwrap();
            assert_eq!(told, format!("{name}: {value} is not a value for it"));
        }
    }
}
