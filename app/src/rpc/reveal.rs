//! Showing a new key's value, once.

use domain::{Instant, key::Tag};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Fault, Packed, Secret};

/// A new key's value, on its one way to the browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revealed {
    /// The key's tag.
    pub tag: Tag,
    /// The value.
    pub value: Secret,
    /// When the key's validity ends.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub expires_at: Instant,
    /// The address that commands are shown with.
    pub public_url: String,
}

/// Takes the value that waits for this browser; it does not wait any more afterwards.
///
/// Called by the application only: its answer is not for a page's source, so no form posts here
/// (`/profile/key/reveal` has one of its own for browsers without JavaScript).
#[server(endpoint = "take_reveal", output = Packed)]
pub async fn take_reveal() -> Result<Revealed, Fault> {
    use super::{
        context::{Scope, answer, public_url, set_cookie},
        cookies::read,
    };

    let headers = use_context::<http::request::Parts>().map(|parts| parts.headers);
    let public_url = public_url();
    answer(async |scope: Scope| {
        let Scope {
            services,
            caller,
            cookies,
        } = scope;
        set_cookie(cookies.remove(cookies.reveal()));
        let waiting = headers
            .as_ref()
            .and_then(|headers| read(headers, cookies.reveal()));
        take(&services, caller.actor.as_ref(), waiting, &public_url).await
    })
    .await
}

/// Takes the value that waits under the key that the cookie holds. It does not wait any more
/// afterwards.
///
/// # Errors
/// As [`service::keys::Keys::take_reveal`].
#[cfg(feature = "ssr")]
pub async fn take(
    services: &service::Services,
    actor: Option<&service::Actor>,
    waiting: Option<&str>,
    public_url: &super::context::PublicUrl,
) -> Result<Revealed, domain::error::Error> {
    use domain::error::{Conflict, Error};
    use service::reveal::RevealKey;

    let actor = actor.ok_or(Error::Unauthenticated)?;
    let key = waiting.and_then(RevealKey::parse);
    let key = key.ok_or(Error::Conflict(Conflict::RevealGone))?;
    let shown = services.keys.take_reveal(actor, &key).await?;
    Ok(Revealed {
        tag: shown.tag,
        value: Secret::new(shown.value.reveal().to_string()),
        expires_at: shown.expires_at,
        public_url: public_url.0.to_string(),
    })
}
