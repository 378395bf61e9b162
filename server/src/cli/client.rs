//! Commands that ask a server, wherever it runs. They read no setting of the server's.

mod connection;
mod credential;
mod documents;
mod failure;
mod key;
mod new_value;
mod output;
mod session;
mod sign;
mod verify;

use anyhow::Result;
use clap::Subcommand;

pub(super) use self::failure::{EXIT_CODES, Failure};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Sign in to a server; the session is kept in a file for you alone
    #[command(after_help = EXIT_CODES)]
    Login(sign::Login),
    /// Say as whom one is signed in
    #[command(after_help = EXIT_CODES)]
    Whoami(sign::Whoami),
    /// End the session
    #[command(after_help = EXIT_CODES)]
    Logout(sign::Logout),
    /// Create, show, edit, reissue, delete and list API keys
    #[command(after_help = EXIT_CODES)]
    Key(key::Key),
    /// Say whom an API key identifies
    #[command(after_help = EXIT_CODES)]
    Verify(verify::Verify),
}

impl Command {
    pub(super) fn run(self) -> Result<()> {
        match self {
            Self::Login(login) => login.run(),
            Self::Whoami(whoami) => whoami.run(),
            Self::Logout(logout) => logout.run(),
            Self::Key(key) => key.run(),
            Self::Verify(verify) => verify.run(),
        }
    }
}
