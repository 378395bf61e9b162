//! `latchkey mail …`: trying the mail server.

use std::sync::Arc;

use anyhow::{Result, bail};
use clap::Subcommand;
use domain::approval::is_mail;
use service::clock::SystemClock;

use super::say;
use crate::{
    config::{ConfigError, Settings},
    courier::Post,
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Send a message to an address, and say how that went
    Test {
        /// Such as name@example.org
        address: String,
    },
}

impl Command {
    pub(super) async fn run(self, settings: &Settings) -> Result<()> {
        let Self::Test { address } = self;
        let Some(mail) = &settings.mail else {
            return Err(ConfigError::about("smtp_address", "given to send mail").into());
        };
        if !is_mail(&address) {
            bail!("the address must be one such as name@example.org");
        }
        let server = format!("{}:{}", mail.host, mail.port);
        let post = Post::new(settings, Arc::new(SystemClock))?;
        match post.mail_now(&address).await {
            Ok(()) => say(format_args!("{server} took the message.")),
            Err(trouble) => bail!("{server} did not take the message. {}", trouble.sentence()),
        }
    }
}
