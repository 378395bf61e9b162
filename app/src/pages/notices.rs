//! What happened before this page: a word in the address, never a text.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::ui::{Notice, Tone};

/// Says what the address's `notice` stands for. Words that stand for nothing say nothing.
///
/// Without JavaScript: the same.
#[component]
pub fn UrlNotice() -> impl IntoView {
    let query = use_query_map();
    move || {
        let (tone, text) = query.with(|query| meaning(query.get_str("notice")?))?;
        Some(view! { <Notice tone text /> })
    }
}

fn meaning(notice: &str) -> Option<(Tone, &'static str)> {
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
        "session-ended" => (Tone::Good, "The session has ended."),
        "others-ended" => (Tone::Good, "All your other sessions have ended."),
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
