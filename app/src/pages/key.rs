//! `/profile/key`

use domain::{Instant, expiry::Owner};
use leptos::prelude::*;

use super::{
    approval::instead, deleted_keys::deleted_keys, how_to::how_to, key_details::KeyDetails,
    loading::loaded, notices::FirstNotice,
};
use crate::{
    calls::read,
    format,
    place::Place,
    rpc::{KeyPage, LoadKeyPage, OfferedKey},
    ui::{Fact, Facts, Heading, IntoWhole, Notice, StateChip, Tone},
};

/// One's key, or what a key is and how to add one; below, what became of earlier ones.
///
/// Without JavaScript: the same, with times in UTC only.
#[component]
pub fn OwnKeyPage() -> AnyView {
    let page = read(LoadKeyPage {}, Signal::default());
    view! {
        <Heading title="My API key" />
            <FirstNotice />
            {loaded(page, show)}
    }
    .whole()
}

/// Also what stands behind the question whether to delete the key.
pub fn show(page: KeyPage) -> AnyView {
    let KeyPage {
        key,
        retiring,
        deleted,
        may_add,
        approval,
        owner,
        as_of,
        public_url,
    } = page;
    let works = key
        .as_ref()
        .is_none_or(|offered| offered.key.state.authenticates());
    let use_it = how_to(&public_url);
    let present = match key {
        Some(offered) => view! { <KeyDetails place=Place::Own offered as_of /> }.whole(),
        None if may_add && approval.waiting.is_some() => ().whole(),
        None if may_add => view! { <NoKey owner /> }.whole(),
        None => withdrawn(),
    };
    let retiring = retiring.map(|offered| view! { <Retiring offered as_of /> });
    view! {
        {instead(approval)}
        {present}
        {retiring}
        {(may_add && works).then_some(use_it)}
        {deleted_keys(deleted, as_of)}
    }
    .whole()
}

/// Says that one may not have a key of one's own.
pub fn withdrawn() -> AnyView {
    let text = "You may not manage an API key of your own here: an administrator has withdrawn it. Ask for the role API Key Self-Service.";
    view! { <Notice tone=Tone::Plain text /> }.whole()
}

/// What a key is, and how to get one.
#[component]
fn NoKey(owner: Owner) -> impl IntoView {
    let ends = match owner {
        Owner::Local => "You choose how long it lasts.",
        Owner::Saml => {
            "You sign in by SAML authentication, so your sign-in sets how long it lasts."
        }
    };
    view! {
        <section class="card card--empty" aria-label="No API key yet">
            <p class="lead">
                "You have no API key yet. An API key is a pre-authenticated token: scripts send it instead of a password, and may do with it what you may do."
            </p>
            <p class="quiet">
                "You can have one at a time. Its value is shown once, right after you add it. " {ends}
            </p>
            <p>
                <a class="button button--primary" href="/profile/key/add" data-new="">
                    "Add API key"
                </a>
            </p>
        </section>
    }
}

/// The key that was replaced and works for a while yet.
#[component]
fn Retiring(offered: OfferedKey, as_of: Instant) -> impl IntoView {
    let OfferedKey { key, offer } = offered;
    let tag = key.tag.to_string();
    let end = key.retires_at.unwrap_or(key.expires_at);
    let used = match key.last_used {
        Some(usage) => Fact::time("Last used", usage.at).from_address(usage.address),
        None => Fact::text("Last used", "Never used"),
    };
    let facts = vec![Fact::time("Stops working", end), used];
    let stop = offer.delete.then(|| {
        view! {
            <a class="button button--danger" href=format!("/profile/key/delete?tag={tag}")>
                "Stop it now"
            </a>
        }
    });
    let left = format::relative(end, as_of);
    view! {
        <section class="card" aria-label="The replaced key">
            <div class="card__head">
                <div class="card__name">
                    <code class="tag">{tag.clone()}</code>
                    <StateChip state=key.state />
                </div>
                {stop}
            </div>
            <p>"You replaced this key. It goes on working beside the new one and stops " {left} "."</p>
            <Facts facts as_of />
        </section>
    }
}
