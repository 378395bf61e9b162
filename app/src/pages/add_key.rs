//! `/profile/key/add`

use domain::{approval::KeyAction, expiry::Act, key::Tag};
use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    approval::{ask, instead, submit},
    key::withdrawn,
    key_entries::{KeyEntries, KeyFields},
    loading::loaded,
    trouble::{FormFault, focus_on, lead_on},
};
use crate::{
    calls::{Sending, read_here},
    rpc::{CreateKey, KeyForm, LoadKeyForm},
    ui::{Heading, IntoWhole, Notice, Tone},
};

/// Adding one's key: what it is for and how long it lasts.
///
/// Without JavaScript: the same form. The presets show their own dates, what was entered comes
/// back in the address after a refusal.
#[component]
pub fn AddKeyPage() -> AnyView {
    let page = read_here(|at| LoadKeyForm { at }, Signal::default());
    let sending = Sending::to(&[CreateKey::PATH]);
    let entries = KeyEntries::of_page(sending);
    view! {
        <Heading title="Add API key" />
            {loaded(page, move |form: KeyForm| match &form.key {
                Some(present) => view! { <HasKey tag=present.key.tag.clone() /> }.whole(),
                None if !form.may_add => withdrawn(),
                None if form.approval.waiting.is_some() => instead(form.approval).whole(),
                None => view! { <AddForm form entries sending /> }.whole(),
            })}
    }
    .whole()
}

/// Says that there is a key already.
#[component]
fn HasKey(tag: Tag) -> impl IntoView {
    view! {
        <Notice
            tone=Tone::Plain
            text="You have an API key already, and can have one at a time. Reissue it for a new value, or delete it before you add another."
        />
        <p>
            "Your key is " <code class="tag">{tag.to_string()}</code> "."
        </p>
        <p>
            <a class="button button--primary" href="/profile/key">
                "View my API key details"
            </a>
        </p>
    }
}

#[component]
fn AddForm(form: KeyForm, entries: KeyEntries, sending: Sending) -> impl IntoView {
    focus_on(sending.fault);
    lead_on(sending.fault);
    entries.begin("", &form.policy.default_lifetime_days.to_string());
    let asked = form.approval.create;
    view! {
        <form method="post" action=CreateKey::PATH on:submit=sending.submit(CreateKey::PATH)>
            <FormFault sending />
            <KeyFields entries form act=Act::Create keep=None sending />
            {ask(asked, KeyAction::Create, sending)}
            <div class="actions">
                {submit(asked, "Add", "Adding…", sending)}
                <a class="button" href="/profile/key">
                    "Cancel"
                </a>
            </div>
        </form>
    }
}
