//! What stands where a form for a key would, when there is nothing to change.

use domain::{expiry::Owner, key::State};
use leptos::prelude::*;

use crate::{
    place::{OWN, Place},
    rpc::OfferedKey,
    ui::{IntoWhole, Notice, Tone},
};

/// Says why a key cannot be changed, and leads on; `own` is whether it is one's own.
///
/// Without JavaScript: the same.
pub fn not_offered(place: Place, present: Option<&OfferedKey>, own: bool) -> AnyView {
    let (text, href, label) = match present {
        None => (
            "You have no API key yet.",
            OWN.to_owned(),
            "Go to my API key",
        ),
        Some(OfferedKey { key, offer }) if offer.reissue => {
            let by_saml = own && Owner::of(&key.owner) == Owner::Saml;
            let text = match key.state {
                State::Expired => {
                    "This key has expired, so it cannot be edited. Reissue it for a new one."
                }
                _ if by_saml => {
                    "You sign in by SAML authentication, so your sign-in sets the expiry of your key and there is nothing to edit. Reissue it to change the description."
                }
                _ => REFUSED,
            };
            (text, place.form(&key.tag, "reissue"), "Reissue")
        }
        Some(OfferedKey { key, .. }) => {
            let label = "View the API key details";
            (REFUSED, place.key(key.tag.as_str()), label)
        }
    };
    view! {
        <Notice tone=Tone::Plain text />
        <p>
            <a class="button button--primary" href=href>
                {label}
            </a>
        </p>
    }
    .whole()
}

const REFUSED: &str = "This key cannot be changed now, or you do not have the permission for it.";
