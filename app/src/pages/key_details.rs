//! What people see of a key.

use domain::{
    Instant,
    key::{ApiKey, State},
};
use leptos::prelude::*;

use crate::{
    place::Place,
    rpc::OfferedKey,
    ui::{CopyButton, Fact, Facts, Notice, StateChip, Tone},
};

/// Everything about a key but its value, and what can be done with it.
///
/// Without JavaScript: the same, with times in UTC only.
#[component]
pub fn KeyDetails(
    /// Where they are shown.
    place: Place,
    /// The key.
    offered: OfferedKey,
    /// When this was so.
    as_of: Instant,
) -> impl IntoView {
    let OfferedKey { key, offer } = offered;
    let notice = state_notice(&key).map(|text| view! { <Notice tone=Tone::Careful text /> });
    let tag = key.tag.to_string();
    let described = if key.description.is_empty() {
        "None".to_owned()
    } else {
        key.description
    };
    let last_used = match key.last_used {
        Some(usage) => Fact::time(LAST_USED, usage.at).from_address(usage.address),
        None => Fact::text(LAST_USED, "Never used"),
    };
    let saml = if key.saml_validated {
        "Validated"
    } else {
        "Not validated"
    };
    let facts = vec![
        Fact::text("Description", described),
        Fact::identity("Owner", &key.owner),
        Fact::time("Expires", key.expires_at),
        last_used,
        Fact::time("Created", key.created_at),
        Fact::time("Last modified", key.modified_at),
        Fact::identity("Issuer", &key.issuer),
        Fact::text("SAML authentication", saml),
    ];
    let link = |offered: bool, form: &str, label: &'static str, class: &'static str| {
        let href = place.form(&key.tag, form);
        offered.then(|| {
            view! {
                <a class=class href=href>
                    {label}
                </a>
            }
        })
    };
    // Whoever cannot edit reissues: the first of what is offered stands out.
    let expired = key.state == State::Expired;
    let reissue_class = if expired {
        "button button--primary"
    } else {
        "button"
    };
    view! {
        <section class="card" aria-label="API key details">
            <div class="card__head">
                <div class="card__name">
                    <code class="tag">{tag.clone()}</code>
                    <StateChip state=key.state />
                    <CopyButton label="Copy tag" text=move |()| tag.clone() />
                </div>
                <div class="card__actions">
                    {link(offer.edit, "edit", "Edit", "button")}
                    {link(offer.reissue, "reissue", "Reissue", reissue_class)}
                    {link(offer.delete, "delete", "Delete", "button button--danger")}
                </div>
            </div>
            {notice}
            <Facts facts as_of />
        </section>
    }
}

const LAST_USED: &str = "Last used";

fn state_notice(key: &ApiKey) -> Option<&'static str> {
    Some(match key.state {
        State::Active | State::Retiring => return None,
        State::Expired => "This key has expired and no longer works. Reissue it for a new one.",
        State::Inactive => {
            "This key does not work yet: it starts to work with its owner's next sign-in by SAML authentication to this application."
        }
        State::Disabled => "This key does not work while its owner is disabled.",
        State::Revoked => "This key was revoked and does not work.",
        State::Deleted => "This key was deleted and does not work.",
    })
}
