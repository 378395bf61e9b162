//! What stands where a form for a key would, when there is nothing to change.

use domain::{expiry::Owner, key::State};
use leptos::prelude::*;

use crate::{
    rpc::OfferedKey,
    ui::{Notice, Tone},
};

/// Says why one's key cannot be changed, and leads on.
///
/// Without JavaScript: the same.
#[component]
pub fn NotOffered(
    /// One's key, if there is one.
    present: Option<OfferedKey>,
    /// How one signs in.
    owner: Owner,
) -> impl IntoView {
    let state = present.as_ref().map(|offered| offered.key.state);
    let reissue = present.is_some_and(|offered| offered.offer.reissue);
    let (text, href, label) = match (state, owner) {
        (None, _) => (
            "You have no API key yet.",
            "/profile/key",
            "Go to my API key",
        ),
        (Some(State::Expired), _) if reissue => (
            "This key has expired, so it cannot be edited. Reissue it for a new one.",
            "/profile/key/reissue",
            "Reissue",
        ),
        (Some(_), Owner::Saml) if reissue => (
            "You sign in by SAML authentication, so your sign-in sets the expiry of your key and there is nothing to edit. Reissue it to change the description.",
            "/profile/key/reissue",
            "Reissue",
        ),
        _ => (
            "This key cannot be changed now, or you do not have the permission for it.",
            "/profile/key",
            "View my API key details",
        ),
    };
    view! {
        <Notice tone=Tone::Plain text />
        <p>
            <a class="button button--primary" href=href>
                {label}
            </a>
        </p>
    }
}
