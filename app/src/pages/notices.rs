//! What happened before this page: a word in the address, never a text.

use leptos::prelude::*;

use crate::{
    query::{Query, use_query},
    ui::{IntoWhole, Notice, Tone, address},
};

/// Says what the address's `notice` stands for, on a page about keys or in the part that is loaded
/// first. Words that stand for nothing say nothing. The other pages have [`super::told::ToldHere`].
///
/// Without JavaScript: the same.
#[component]
pub fn UrlNotice() -> AnyView {
    told_by(meaning)
}

/// Says what the address's `notice` stands for, by a table of what it may stand for.
pub fn told_by(meaning: fn(&str) -> Option<(Tone, &'static str)>) -> AnyView {
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

/// What a word stands for there.
pub fn meaning(notice: &str) -> Option<(Tone, &'static str)> {
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
        "signed-out-here" => (
            Tone::Careful,
            "You have signed out here. The identity provider could not sign you out everywhere.",
        ),
        "ended" => (
            Tone::Plain,
            "Your session has ended. Sign in again to go on where you were.",
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// W2: an address chooses among sentences, it brings none.
    #[test]
    fn an_unknown_word_says_nothing() {
        assert!(meaning("deleted").is_some());
        assert_eq!(meaning("<script>"), None);
    }
}
