//! `/profile/key/delete`

use domain::{Instant, key::ApiKey};
use leptos::{either::Either, prelude::*, server_fn::ServerFn};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

use super::{
    key,
    loading::loaded,
    trouble::{FormFault, lead_on},
};
use crate::{
    calls::{Sending, read},
    format,
    rpc::{DeleteKey, KeyPage, LoadKeyPage},
    ui::{Heading, IntoWhole, Submit, modal},
};

/// Asks whether to delete one's key, on top of its details; or the replaced one, when the
/// address names it.
///
/// Without JavaScript: the same question, open on the page.
#[component]
pub fn DeleteKeyPage() -> AnyView {
    let page = read(LoadKeyPage {}, Signal::default());
    let sending = Sending::to(&[DeleteKey::PATH]);
    let asked_for = use_query_map().with_untracked(|query| query.get("tag"));
    view! {
        <Heading title="Delete API key" />
            {loaded(page, move |page: KeyPage| {
                let named = asked_for.clone();
                let question = [&page.key, &page.retiring]
                    .into_iter()
                    .flatten()
                    .find(|one| named.as_ref().is_none_or(|tag| one.key.tag.as_str() == tag))
                    .map(|one| one.key.clone())
                    .map(|key| view! { <Question key as_of=page.as_of sending /> });
                view! {
                    {question}
                    {key::show(page)}
                }
                .whole()
            })}
    }
    .whole()
}

#[component]
fn Question(key: ApiKey, as_of: Instant, sending: Sending) -> impl IntoView {
    let fault = sending.fault;
    lead_on(fault);
    let navigate = use_navigate();
    let close = move |_| {
        let options = NavigateOptions {
            replace: true,
            ..NavigateOptions::default()
        };
        navigate("/profile/key", options);
    };
    let last_used = match key.last_used {
        Some(usage) => Either::Left(view! {
            "It was last used "
            <strong>{format::relative(usage.at, as_of)}</strong>
            " from "
            <code>{usage.address}</code>
            "."
        }),
        None => Either::Right("It was never used."),
    };
    let described = (!key.description.is_empty()).then(|| {
        view! {
            " ("
            <bdi class="description">{key.description}</bdi>
            ")"
        }
    });
    let tag = key.tag.to_string();
    view! {
        <dialog
            node_ref=modal()
            class="dialog"
            open=true
            aria-labelledby="delete-question"
            on:close=close
        >
            <form method="post" action=DeleteKey::PATH on:submit=sending.submit(DeleteKey::PATH)>
                <h2 class="dialog__title" id="delete-question">
                    "Delete this API key?"
                </h2>
                <FormFault sending />
                <p>
                    <code class="tag">{tag.clone()}</code>
                    {described}
                    " stops working at once and for good. Whatever uses it will be refused."
                </p>
                <p>{last_used}</p>
                <input type="hidden" name="tag" value=tag.clone() />
                <div class="actions actions--end">
                    <a class="button" href="/profile/key" autofocus=true>
                        "Cancel"
                    </a>
                    <Submit
                        label="Delete"
                        pending_label="Deleting…"
                        pending=sending.pending
                        class="button button--destructive"
                    />
                </div>
            </form>
        </dialog>
    }
}
