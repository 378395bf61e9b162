//! Sign-in and sessions: browser sessions and REST tokens.

mod begin;
mod end;
mod resume;
pub mod search;

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use domain::{Instant, principal::DomainType};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::{Actor, core::Core, second_factor::StepToken, secret::RandomToken};

pub use crate::token::ISSUER;

/// What somebody signs in with.
#[derive(Debug)]
pub struct Credentials {
    /// The kind of account. `None`: look in all local ones.
    pub domain_type: Option<DomainType>,
    /// The domain, as sent; ignored for `unixpwd`.
    pub domain: String,
    /// The user name, as sent.
    pub user_name: String,
    /// The password.
    pub password: SecretString,
}

/// A fresh browser session.
#[derive(Debug)]
pub struct SignedIn {
    /// For the cookie.
    pub token: RandomToken,
    /// Whoever signed in.
    pub actor: Actor,
}

/// A fresh REST token.
#[derive(Debug)]
pub struct IssuedToken {
    /// The signed JWT.
    pub token: SecretString,
    /// How long it is good for, in seconds.
    pub validity_seconds: u32,
    /// What it is good for.
    pub kind: TokenKind,
}

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// For requests.
    Bearer,
    /// For the second step of the login alone, together with a code.
    Step,
}

/// How far somebody came with a password.
#[derive(Debug)]
pub enum Entered {
    /// They are signed in.
    Done(Box<SignedIn>),
    /// A code is asked for, together with this.
    CodeNeeded(StepToken),
}

/// What people see of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    /// Its number: names it, is not the token.
    pub id: String,
    /// Whether it is the one that asks.
    pub current: bool,
    /// A browser session, or a REST token.
    pub kind: SessionKind,
    /// When it began.
    pub created_at: Instant,
    /// When it was last used, to the minute.
    pub last_seen_at: Instant,
    /// When it ends at the latest.
    pub expires_at: Instant,
    /// The address it began from.
    pub address: String,
    /// The browser's name for itself.
    pub user_agent: Option<String>,
}

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionKind {
    /// A browser.
    Browser,
    /// A token of the REST API.
    Token,
}

/// When a session ends unless somebody does something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionEnd {
    /// How long it still lasts.
    pub left: TimeDelta,
    /// Whether it ends because it is not used. Otherwise nothing makes it last longer.
    pub by_idleness: bool,
}

/// The use cases of sessions.
#[derive(Clone)]
pub struct Sessions {
    pub(crate) core: Arc<Core>,
}

impl Sessions {
    /// The public key that REST tokens are signed with, as PEM (RFC 8410).
    pub fn token_key_pem(&self) -> String {
        self.core.ring.public_pem()
    }
}

/// A duration as the calendar counts it. Settings keep it far from any overflow.
pub(crate) fn duration(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
