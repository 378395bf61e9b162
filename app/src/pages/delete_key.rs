//! `/profile/key/delete`

use domain::{
    Instant,
    approval::KeyAction,
    key::{ApiKey, Tag},
    ticket::TicketId,
};
use leptos::{either::Either, prelude::*, server_fn::ServerFn};

use super::{
    approval::{ask, submit_to_destroy, waiting_notice},
    key,
    loading::loaded,
    trouble::{FormFault, lead_on},
    whose::whose,
};
use crate::{
    calls::{Sending, read},
    format,
    place::Place,
    query::use_query,
    rpc::{DeleteKey, KeyPage, LoadKeyPage},
    ui::{ApiCall, Heading, IntoWhole, closes_to, modal},
};

/// Asks whether to delete one's key, on top of its details; or the replaced one, when the
/// address names it.
///
/// Without JavaScript: the same question, open on the page.
#[component]
pub fn DeleteKeyPage() -> AnyView {
    let page = read(LoadKeyPage {}, Signal::default());
    let sending = Sending::to(&[DeleteKey::PATH]);
    let asked_for = use_query().get_untracked().get("tag");
    view! {
        <Heading title="Delete API key" />
            {loaded(page, move |page: KeyPage| {
                let named = asked_for.clone();
                let question = [&page.key, &page.retiring]
                    .into_iter()
                    .flatten()
                    .find(|one| named.as_ref().is_none_or(|tag| one.key.tag.as_str() == tag))
                    .map(|one| {
                        let key = one.key.clone();
                        let retiring = page.retiring.as_ref().map(|retiring| &retiring.key.tag);
                        let also = retiring.filter(|tag| **tag != key.tag).cloned();
                        let asked = page.approval.delete;
                        let waiting = page.approval.waiting;
                        view! { <Question place=Place::Own key also asked waiting as_of=page.as_of sending /> }
                    });
                view! {
                    {question}
                    {key::show(page)}
                }
                .whole()
            })}
    }
    .whole()
}

/// Asks whether to delete a key.
///
/// Without JavaScript: the same question, open on the page.
#[component]
pub fn Question(
    /// Where it is asked.
    place: Place,
    /// Which key.
    key: ApiKey,
    /// The replaced key that ends with it, if there is one.
    also: Option<Tag>,
    /// Whether a second person has to approve it.
    asked: bool,
    /// The ticket that waits about it. `None`: none does.
    #[prop(optional_no_strip)]
    waiting: Option<TicketId>,
    /// When this was so.
    as_of: Instant,
    /// What becomes of it.
    sending: Sending,
) -> impl IntoView {
    let cancel = place.key(key.tag.as_str());
    let close = closes_to(cancel.clone());
    let fault = sending.fault;
    lead_on(fault);
    let waits = waiting.is_some();
    let tag = key.tag.to_string();
    let whose = (place == Place::Everybody).then(|| whose(&key));
    let confirm = (place == Place::Everybody).then(|| confirm(&key.owner.principal.name));
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
    let also = also.map(|tag| {
        view! {
            <p>
                "The key that it replaced, " <code>{tag.to_string()}</code> ", stops working too."
            </p>
        }
    });
    let described = (!key.description.is_empty()).then(|| {
        view! {
            " ("
            <bdi class="description">{key.description}</bdi>
            ")"
        }
    });
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
                {also}
                <input type="hidden" name="place" value=place.as_str() />
                <input type="hidden" name="tag" value=tag.clone() />
                {whose}
                {if waits {
                    waiting.map(waiting_notice)
                } else {
                    let confirm = confirm.into_iter().chain(ask(asked, KeyAction::Delete, sending));
                    Some(confirm.collect_view().whole())
                }}
                <div class="actions actions--end">
                    <a class="button" href=cancel autofocus=true>
                        "Cancel"
                    </a>
                    {(!waits).then(|| submit_to_destroy(asked, "Delete", "Deleting…", sending))}
                </div>
            </form>
            <ApiCall in_dialog=true />
        </dialog>
    }
}

/// Has the owner's name typed before somebody else's key is deleted; the browser itself sees to it.
fn confirm(owner: &str) -> AnyView {
    view! {
        <div class="field">
            <label class="field__label" for="confirm">
                "Type " <bdi class="strong">{owner.to_owned()}</bdi> " to go on"
            </label>
            <input
                class="field__input"
                id="confirm"
                required=true
                pattern=literal(owner)
                title=format!("The owner's name: {owner}")
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
            />
        </div>
    }
    .whole()
}

/// The pattern of exactly this text: what means something in a pattern stands for itself.
fn literal(text: &str) -> String {
    let one = |char: char| {
        if char.is_ascii_alphanumeric() {
            char.to_string()
        } else {
            format!("\\u{{{:x}}}", u32::from(char))
        }
    };
    text.chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// W8: a name is no pattern.
    #[test]
    fn a_pattern_of_a_name_means_the_name() {
        assert_eq!(literal("bob7"), "bob7");
        assert_eq!(literal(".*|a-ü"), "\\u{2e}\\u{2a}\\u{7c}a\\u{2d}\\u{fc}");
    }
}
