//! What happened before this page: a word in the address, never a text.

use leptos::prelude::*;

use crate::{
    query::{Query, use_query},
    ui::{IntoWhole, Notice, Tone, address},
};

/// A sentence and how it is meant.
type Told = (Tone, &'static str);

/// Says what the address's `notice` stands for. Words that stand for nothing say nothing.
///
/// Without JavaScript: the same.
#[component]
pub fn UrlNotice() -> impl IntoView {
    told(meaning)
}

/// As [`UrlNotice`], on a page that is loaded first: the sentences of the others come with those.
///
/// Without JavaScript: the same.
#[component]
pub fn FirstNotice() -> impl IntoView {
    told(first)
}

fn told(meaning: fn(&str) -> Option<Told>) -> AnyView {
    let query = use_query();
    (move || {
        let query = query.get();
        let (tone, text) = meaning(query.get_str("notice")?)?;
        Some(view! { <Notice tone text /> })
    })
    .whole()
}

/// The way to what the trail has of a change that the address's `notice` tells, for whoever may
/// read it.
pub fn in_the_trail(query: &Query, tag: Option<&str>, may_audit: bool) -> Option<AnyView> {
    let told = matches!(query.get_str("notice"), Some("deleted" | "saved"));
    let href = address("/security/audit", &[("object", tag?)]);
    (told && may_audit).then(|| {
        view! {
            <p>
                <a class="way" href=href>
                    "See it in the audit trail"
                </a>
            </p>
        }
        .whole()
    })
}

/// What is told on pages that are loaded first.
fn first(notice: &str) -> Option<Told> {
    Some(match notice {
        "copied" => (
            Tone::Good,
            "Copied. The key is on your clipboard; it will not be shown again.",
        ),
        "saved" => (Tone::Good, "The changes were saved."),
        "deleted" => (
            Tone::Good,
            "The API key was deleted. It has stopped working for good.",
        ),
        "password-changed" => (
            Tone::Good,
            "Your password was changed. Your other sessions have ended.",
        ),
        "signed-out" => (Tone::Good, "You have signed out."),
        "ended" => (
            Tone::Plain,
            "Your session has ended. Sign in again to go on where you were.",
        ),
        _ => return None,
    })
}

fn meaning(notice: &str) -> Option<Told> {
    Some(match notice {
        "requested" => (
            Tone::Plain,
            "Your request was made. Nothing happens until somebody else has approved it.",
        ),
        "ticket-approved" => (
            Tone::Good,
            "You approved this. Whoever asked for it can execute it now.",
        ),
        "ticket-rejected" => (Tone::Good, "You rejected this. Nothing will happen."),
        "ticket-canceled" => (Tone::Good, "The request was canceled."),
        "ticket-renewed" => (
            Tone::Good,
            "The request was renewed: it waits for a decision again.",
        ),
        "ticket-executed" => (Tone::Good, "Done: the ticket was executed as approved."),
        "commented" => (Tone::Good, "Your comment was added."),
        "user-added" => (Tone::Good, "The user was added."),
        "user-disabled" => (
            Tone::Good,
            "The user was disabled. Their sessions have ended and their API key has stopped.",
        ),
        "user-enabled" => (Tone::Good, "The user was enabled."),
        "password-set" => (
            Tone::Good,
            "The password was set. It must be changed at the next sign-in.",
        ),
        "factor-reset" => (
            Tone::Good,
            "The second factor was reset. Their sessions have ended.",
        ),
        "role-given" => (Tone::Good, "The role was given."),
        "role-taken" => (Tone::Good, "The role was taken away."),
        "self-service-given" => (Tone::Good, "API Key Self-Service was given back."),
        "self-service-withdrawn" => (Tone::Good, "API Key Self-Service was withdrawn."),
        "role-added" => (Tone::Good, "The role was added."),
        "role-deleted" => (Tone::Good, "The role was deleted."),
        "provider-added" => (
            Tone::Good,
            "The identity provider was added. Try it out with a test sign-in.",
        ),
        "webhook-added" => (
            Tone::Good,
            "The webhook was added. Give its secret to the receiver now.",
        ),
        "webhook-removed" => (Tone::Good, "The webhook was removed."),
        "on-its-way" => (Tone::Good, "It is on its way. The log says how it ended."),
        "provider-removed" => (Tone::Good, "The identity provider was removed."),
        "factor-set-up" => (
            Tone::Good,
            "The second factor is set up. From now on a code is asked for at sign-in.",
        ),
        "factor-removed" => (Tone::Good, "The second factor was removed."),
        "session-ended" => (Tone::Good, "The session has ended."),
        "others-ended" => (Tone::Good, "All your other sessions have ended."),
        first => return self::first(first),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// W2: an address chooses among sentences, it brings none.
    #[test]
    fn an_unknown_word_says_nothing() {
        for notice in ["deleted", "role-added"] {
            assert!(meaning(notice).is_some());
        }
        assert!(first("deleted").is_some() && first("role-added").is_none());
        assert_eq!(meaning("<script>"), None);
    }
}
