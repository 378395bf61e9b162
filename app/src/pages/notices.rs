//! What happened before this page: a word in the address, never a text.

use leptos::prelude::*;

use crate::{
    query::use_query,
    ui::{IntoWhole, Notice, Tone},
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
