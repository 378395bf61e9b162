//! `/security/api-keys/{tag}` and `/security/api-keys/{tag}/delete`

use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    approval::instead,
    delete_key::Question,
    key_details::KeyDetails,
    loading::{loaded, waiting},
    notices::{UrlNotice, in_the_trail},
    trouble::Trouble,
    uses_picture::uses_picture,
};
use crate::{
    calls::{Sending, decode, live, read_here},
    place::{EVERYBODY, Place},
    query::use_query,
    rpc::{DeleteKey, KeyOfPage, LoadKeyOfPage},
    ui::{Heading, IntoWhole},
};

/// One of everybody's keys. What changes elsewhere appears by itself.
///
/// Without JavaScript: the same, with times in UTC only, up to date when the page is loaded.
#[component]
pub fn KeyOfPage() -> AnyView {
    let pulse = live();
    let query = use_query();
    let page = read_here(|at| LoadKeyOfPage { at }, pulse.changes());
    let shown = move |answer: &str| match decode::<KeyOfPage>(answer) {
        Ok(page) => {
            pulse.known(&page.pulse);
            let tag = page.offered.key.tag.as_str();
            let trail = in_the_trail(&query.get_untracked(), Some(tag), page.may_audit);
            view! {
                {trail}
                {show(page)}
            }
            .whole()
        }
        Err(fault) => {
            // Looking for a key that is gone goes into the trail: that would be news again.
            pulse.rest();
            view! { <Trouble fault /> }.whole()
        }
    };
    view! {
        <Heading title="API key" />
            <UrlNotice />
            {waiting(page, shown)}
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
        ..
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
