//! `/profile/key`

use leptos::prelude::*;

use super::{how_to::how_to, key_details::KeyDetails, loading::loaded, notices::UrlNotice};
use crate::{
    calls::read,
    rpc::{KeyPage, LoadKeyPage},
    ui::{Heading, IntoWhole},
};

/// One's key, or what a key is and how to add one.
///
/// Without JavaScript: the same, with times in UTC only.
#[component]
pub fn OwnKeyPage() -> AnyView {
    let page = read(LoadKeyPage {}, Signal::default());
    view! {
        <Heading title="My API key" />
            <UrlNotice />
            {loaded(page, show)}
    }
    .whole()
}

/// Also what stands behind the question whether to delete the key.
pub fn show(page: KeyPage) -> AnyView {
    let KeyPage {
        key,
        as_of,
        public_url,
    } = page;
    match key {
        Some(key) => {
            let use_it = how_to(Some(&key.tag), &public_url);
            view! {
                <KeyDetails key as_of />
                {use_it}
            }
            .whole()
        }
        None => no_key(&public_url).whole(),
    }
}

/// What a key is, and how to get one.
fn no_key(public_url: &str) -> impl IntoView + use<> {
    let use_it = how_to(None, public_url);
    view! {
        <section class="card card--empty" aria-label="No API key yet">
            <p class="lead">
                "You have no API key yet. An API key is a pre-authenticated token: scripts send it instead of a password, and may do with it what you may do."
            </p>
            <p class="quiet">
                "You can have one at a time. Its value is shown once, right after you add it."
            </p>
            <p>
                <a class="button button--primary" href="/profile/key/add">
                    "Add API key"
                </a>
            </p>
        </section>
        {use_it}
    }
}
