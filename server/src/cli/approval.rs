//! `latchkey approval …`: what needs the approval of a second person, and the way out when nobody
//! is left who could give it.

use anyhow::Result;
use clap::Subcommand;
use domain::approval::{KeyAction, Settings};
use service::Actor;

use super::{open, say, user::told};
use crate::config::Settings as Configuration;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show what needs approval, and who is exempt
    Show,
    /// Switch approval off without approval: only when nobody is left who could approve. The audit
    /// trail says so, with the reason
    Override {
        /// Why
        #[arg(long)]
        reason: String,
    },
}

impl Command {
    pub(super) async fn run(self, settings: &Configuration) -> Result<()> {
        let services = open(settings).await?;
        let console = Actor::console();
        let result = async {
            match self {
                Self::Show => {
                    let present = services.tickets.approval(&console).await;
                    show(&present.map_err(|error| told(&error))?)
                }
                Self::Override { reason } => {
                    let done = services.tickets.override_approval(&console, &reason).await;
                    say(if done.map_err(|error| told(&error))? {
                        "Approval is switched off. The audit trail says so."
                    } else {
                        "Approval was off already."
                    })
                }
            }
        }
        .await;
        services.close().await;
        result
    }
}

fn show(settings: &Settings) -> Result<()> {
    let actions: Vec<_> = settings.actions.iter().copied().collect();
    let actions: Vec<_> = actions.into_iter().map(KeyAction::as_str).collect();
    let needed = if actions.is_empty() {
        "nothing".to_owned()
    } else {
        actions.join(" ")
    };
    say(format_args!("needs approval: {needed}"))?;
    say(format_args!(
        "a ticket waits: {} hours",
        settings.expiry_hours
    ))?;
    say(format_args!(
        "a closed one is kept: {} days",
        settings.purge_days
    ))?;
    say(format_args!(
        "runs on approval: {}",
        settings.run_on_approval
    ))?;
    for exemption in &settings.exemptions {
        let until = exemption.until.map(crate::netbackup::date);
        say(format_args!(
            "exempt: {} {} until {} ({})",
            exemption.user,
            exemption.action.as_str(),
            until.unwrap_or_else(|| "taken away".to_owned()),
            exemption.reason,
        ))?;
    }
    Ok(())
}
