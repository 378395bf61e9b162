//! `/security/api-keys/{tag}` and `/security/api-keys/{tag}/delete`

use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    approval::instead, delete_key::Question, key_details::KeyDetails, loading::loaded,
    notices::UrlNotice, uses_picture::uses_picture,
};
use crate::{
    calls::{Sending, read_here},
    place::{EVERYBODY, Place},
    rpc::{DeleteKey, KeyOfPage, LoadKeyOfPage},
    ui::{Heading, IntoWhole},
};

/// One of everybody's keys.
///
/// Without JavaScript: the same, with times in UTC only.
#[component]
pub fn KeyOfPage() -> AnyView {
    let page = read_here(|at| LoadKeyOfPage { at }, Signal::default());
    view! {
        <Heading title="API key" />
            <UrlNotice />
            {loaded(page, show)}
    }
    .whole()
}

/// Asks whether to delete one of everybody's keys, on top of its details.
///
/// Without JavaScript: the same question, open on the page.
#[component]
pub fn DeleteKeyOfPage() -> AnyView {
    let page = read_here(|at| LoadKeyOfPage { at }, Signal::default());
    let sending = Sending::to(&[DeleteKey::PATH]);
    view! {
        <Heading title="Delete API key" />
            {loaded(page, move |page: KeyOfPage| {
                let key = page.offered.key.clone();
                let asked = page.approval.delete;
                let waiting = page.approval.waiting;
                let question = page.offered.offer.delete.then(|| {
                    view! { <Question place=Place::Everybody key also=None asked waiting as_of=page.as_of sending /> }
                });
                view! {
                    {question}
                    {show(page)}
                }
                .whole()
            })}
    }
    .whole()
}

fn show(page: KeyOfPage) -> AnyView {
    let KeyOfPage {
        offered,
        approval,
        uses,
        as_of,
    } = page;
    view! {
        <p>
            <a class="way" href=EVERYBODY>"All API keys"</a>
        </p>
        {instead(approval)}
        <KeyDetails place=Place::Everybody offered as_of />
        {uses_picture(&uses, as_of)}
    }
    .whole()
}
