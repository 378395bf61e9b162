//! Password and sessions.

use domain::Instant;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Fault, Packed, Secret, Theme};

/// What the page *Password and sessions* shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityPage {
    /// Whether the first password must be replaced before anything else.
    pub must_change_password: bool,
    /// One's second factor. `None`: there is no password here, so there is none.
    pub factor: Option<Factor>,
    /// Whether a second factor must be set up before anything else.
    pub must_set_factor_up: bool,
    /// One's sessions, the latest first. Empty while the first password stands.
    pub sessions: Vec<SessionRow>,
    /// In which colours this browser shows pages.
    pub theme: Theme,
    /// When this was so.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub as_of: Instant,
}

/// One's second factor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Factor {
    /// Whether it is asked for at sign-in.
    pub set_up: bool,
    /// Whether the policy asks everybody for one.
    pub required: bool,
    /// How many recovery codes are left.
    pub recovery_codes: u32,
    /// What waits to be confirmed. `None`: nothing does.
    pub pending: Option<PendingFactor>,
}

/// A second factor that waits to be confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingFactor {
    /// The secret, to be typed.
    pub secret: Secret,
    /// The same as the dots of a QR code: the data of an SVG path.
    pub qr: String,
    /// How many dots it has on a side.
    pub size: i32,
    /// To be kept elsewhere.
    pub recovery_codes: Vec<Secret>,
}

#[cfg(feature = "ssr")]
impl PendingFactor {
    fn of(enrolment: &service::second_factor::Enrolment) -> Option<Self> {
        use qrcodegen::{QrCode, QrCodeEcc};
        use secrecy::ExposeSecret;
        use std::fmt::Write;

        let uri = enrolment.uri.expose_secret();
        let code = QrCode::encode_text(uri, QrCodeEcc::Medium).ok()?;
        let size = code.size();
        let mut qr = String::new();
        for (y, x) in (0..size).flat_map(|y| (0..size).map(move |x| (y, x))) {
            if code.get_module(x, y) {
                // Writing to a string cannot fail.
                let _ = write!(qr, "M{x},{y}h1v1h-1z");
            }
        }
        let secret = |text: &secrecy::SecretString| Secret::new(text.expose_secret().to_owned());
        Some(Self {
            secret: secret(&enrolment.secret),
            qr,
            size,
            recovery_codes: enrolment.recovery_codes.iter().map(secret).collect(),
        })
    }
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
        let must_set_factor_up = actor.factor_needed();
        let factors = &services.second_factors;
        let status = factors.status(&actor).await?;
        let factor = if status.possible {
            let pending = factors.pending(&actor).await?;
            Some(Factor {
                set_up: status.set_up,
                required: status.required,
                recovery_codes: status.recovery_codes,
                pending: pending.as_ref().and_then(PendingFactor::of),
            })
        } else {
            None
        };
        let sessions = if must_change_password || must_set_factor_up {
            Vec::new()
        } else {
            services.sessions.list(&actor).await?
        };
        Ok(SecurityPage {
            must_change_password,
            factor,
            must_set_factor_up,
            sessions: sessions.into_iter().map(SessionRow::from).collect(),
            theme: super::theme::chosen(),
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

/// Draws the secret of a second factor, to be confirmed.
#[server(endpoint = "begin_second_factor", output = Packed)]
pub async fn begin_second_factor() -> Result<(), Fault> {
    super::context::as_actor(async |services, actor| {
        services.second_factors.begin(&actor).await?;
        leptos_axum::redirect("/profile/security#second-factor");
        Ok(())
    })
    .await
}

/// Confirms a second factor by a code: from now on codes are asked for at sign-in.
#[server(endpoint = "confirm_second_factor", output = Packed)]
pub async fn confirm_second_factor(
    /// A code of it.
    #[server(default)]
    code: Secret,
) -> Result<(), Fault> {
    super::context::as_actor(async |services, actor| {
        services
            .second_factors
            .confirm(&actor, code.expose())
            .await?;
        leptos_axum::redirect("/profile/security?notice=factor-set-up");
        Ok(())
    })
    .await
}

/// Removes one's second factor, by a code of it.
#[server(endpoint = "remove_second_factor", output = Packed)]
pub async fn remove_second_factor(
    /// A code of it, or a recovery code.
    #[server(default)]
    code: Secret,
) -> Result<(), Fault> {
    super::context::as_actor(async |services, actor| {
        services
            .second_factors
            .remove(&actor, code.expose())
            .await?;
        leptos_axum::redirect("/profile/security?notice=factor-removed");
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
