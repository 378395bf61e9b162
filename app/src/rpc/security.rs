//! Password and sessions.

use domain::Instant;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Fault, Packed, Secret};

/// What the page *Password and sessions* shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityPage {
    /// Whether the first password must be replaced before anything else.
    pub must_change_password: bool,
    /// One's sessions, the latest first. Empty while the first password stands.
    pub sessions: Vec<SessionRow>,
    /// When this was so.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub as_of: Instant,
}

/// One of one's sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    /// Its number: names it, is not the token.
    pub id: String,
    /// Whether it is the one that asks.
    pub current: bool,
    /// What it is for.
    pub kind: SessionKind,
    /// When it began.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub created_at: Instant,
    /// When it was last used.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub last_seen_at: Instant,
    /// When it ends at the latest.
    #[serde(with = "chrono::serde::ts_microseconds")]
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

#[cfg(feature = "ssr")]
impl From<service::sessions::SessionView> for SessionRow {
    fn from(view: service::sessions::SessionView) -> Self {
        Self {
            id: view.id,
            current: view.current,
            kind: match view.kind {
                service::sessions::SessionKind::Browser => SessionKind::Browser,
                service::sessions::SessionKind::Token => SessionKind::Token,
            },
            created_at: view.created_at,
            last_seen_at: view.last_seen_at,
            expires_at: view.expires_at,
            address: view.address,
            user_agent: view.user_agent,
        }
    }
}

/// When the session that asks ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionLeft {
    /// In how many seconds.
    pub seconds: u32,
    /// Whether it ends because nobody does anything. Otherwise nothing makes it last longer.
    pub by_idleness: bool,
}

#[cfg(feature = "ssr")]
impl From<service::sessions::SessionEnd> for SessionLeft {
    fn from(end: service::sessions::SessionEnd) -> Self {
        Self {
            seconds: u32::try_from(end.left.num_seconds()).unwrap_or(u32::MAX),
            by_idleness: end.by_idleness,
        }
    }
}

/// When the session that asks ends. `None`: nobody is signed in.
#[server(endpoint = "session_left", output = Packed)]
pub async fn load_session_left() -> Result<Option<SessionLeft>, Fault> {
    super::context::answer(async |scope| {
        let Some(actor) = scope.caller.actor else {
            return Ok(None);
        };
        let end = scope.services.sessions.end_of(&actor).await?;
        Ok(end.map(SessionLeft::from))
    })
    .await
}

/// Makes the session that asks last as if it had just been used.
#[server(endpoint = "stay_signed_in", output = Packed)]
pub async fn stay_signed_in() -> Result<Option<SessionLeft>, Fault> {
    super::context::as_actor(async |services, actor| {
        let end = services.sessions.stay(&actor).await?;
        Ok(end.map(SessionLeft::from))
    })
    .await
}

/// One's sessions.
#[server(endpoint = "security_page", output = Packed)]
pub async fn load_security_page() -> Result<SecurityPage, Fault> {
    super::context::as_actor(async |services, actor| {
        let must_change_password = actor.password_change_needed();
        let sessions = if must_change_password {
            Vec::new()
        } else {
            services.sessions.list(&actor).await?
        };
        Ok(SecurityPage {
            must_change_password,
            sessions: sessions.into_iter().map(SessionRow::from).collect(),
            as_of: services.now(),
        })
    })
    .await
}

/// Changes one's password; all other sessions end.
#[server(endpoint = "change_password", output = Packed)]
pub async fn change_password(
    /// The present password.
    #[server(default)]
    current: Secret,
    /// The one to come.
    #[server(default)]
    new: Secret,
    /// The same once more.
    #[server(default)]
    repeat: Secret,
) -> Result<(), Fault> {
    use domain::error::{Error, Problem};

    super::context::as_actor(async |services, actor| {
        if new != repeat {
            return Err(Error::field("repeat", Problem::Differs));
        }
        let (current, new) = (current.into_inner().into(), new.into_inner().into());
        services.users.change_password(&actor, current, new).await?;
        leptos_axum::redirect(if actor.password_change_needed() {
            "/profile/key?notice=password-changed"
        } else {
            "/profile/security?notice=password-changed"
        });
        Ok(())
    })
    .await
}

/// Ends one of one's sessions.
#[server(endpoint = "end_session", output = Packed)]
pub async fn end_session(
    /// Names the session.
    #[server(default)]
    id: String,
) -> Result<(), Fault> {
    super::context::as_actor(async |services, actor| {
        services.sessions.end(&actor, &id).await?;
        leptos_axum::redirect("/profile/security?notice=session-ended");
        Ok(())
    })
    .await
}

/// Ends all of one's sessions but the one that asks.
#[server(endpoint = "end_other_sessions", output = Packed)]
pub async fn end_other_sessions() -> Result<(), Fault> {
    super::context::as_actor(async |services, actor| {
        services.sessions.end_others(&actor).await?;
        leptos_axum::redirect("/profile/security?notice=others-ended");
        Ok(())
    })
    .await
}
