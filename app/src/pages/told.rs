//! What happened before a page that is loaded when it is needed: a word in the address, never a text.

use leptos::prelude::*;

use super::notices::{self, told_by};
use crate::ui::Tone;

/// As [`super::notices::UrlNotice`], with what only these pages say: it is not loaded first.
///
/// Without JavaScript: the same.
#[component]
pub fn ToldHere() -> AnyView {
    told_by(meaning)
}

fn meaning(notice: &str) -> Option<(Tone, &'static str)> {
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
        _ => return notices::meaning(notice),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_these_pages_and_of_all_pages_stand_for_sentences() {
        for word in ["role-given", "saved"] {
            assert!(meaning(word).is_some(), "{word}");
        }
        assert_eq!(meaning("<script>"), None);
    }
}
