//! `latchkey keys …`: the key pairs that tokens are signed with.

use anyhow::Result;
use clap::Subcommand;
use service::Actor;

use super::{open, say, user::told};
use crate::config::Settings;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Sign tokens with a new key pair; those signed before are honoured until they end
    Rotate {
        /// Let them end at once: everybody signs in anew. API keys are not touched
        #[arg(long)]
        end_tokens: bool,
    },
}

impl Command {
    pub(super) async fn run(self, settings: &Settings) -> Result<()> {
        let services = open(settings).await?;
        let Self::Rotate { end_tokens } = self;
        let rotated = services
            .rotate_token_key(&Actor::console(), end_tokens)
            .await;
        services.close().await;
        let id = rotated.map_err(|error| told(&error))?;
        say(format_args!(
            "Tokens are signed with the key {id} from now on."
        ))
    }
}
