//! The button that sends a form.

use leptos::prelude::*;

use super::IntoWhole;
use crate::calls::Sending;

/// Sends its form. While the answer is awaited it says so and takes no second press.
///
/// Without JavaScript: a plain submit button.
#[component]
pub fn Submit(
    /// What it does.
    label: &'static str,
    /// What it says meanwhile.
    pending_label: &'static str,
    /// Whether the answer is awaited.
    #[prop(into)]
    pending: Signal<bool>,
    /// Whether there is nothing to send.
    #[prop(default = Signal::stored(false))]
    idle: Signal<bool>,
    /// Its looks.
    #[prop(default = "button button--primary")]
    class: &'static str,
) -> impl IntoView {
    view! {
        <button
            type="submit"
            class=class
            aria-disabled=move || (pending.get() || idle.try_get().unwrap_or_default()).then_some("true")
            on:click=move |event| {
                if pending.get_untracked() || idle.try_get_untracked().unwrap_or_default() {
                    event.prevent_default();
                }
            }
        >
            {move || if pending.get() { pending_label } else { label }}
        </button>
    }
}

/// A form without fields: what it says is settled, and `button` sends it.
///
/// Without JavaScript: the same.
pub fn settled_form(
    path: &'static str,
    entries: impl IntoIterator<Item = (&'static str, String)>,
    sending: Sending,
    button: AnyView,
) -> AnyView {
    let entries = entries
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> });
    view! {
        <form method="post" action=path on:submit=sending.submit(path)>
            {entries.collect_view()}
            {button}
        </form>
    }
    .whole()
}

/// Such a form in one of several rows: a small button, which says in full what it does to whoever
/// does not see the row.
///
/// Without JavaScript: the same.
pub fn row_form(
    path: &'static str,
    entries: impl IntoIterator<Item = (&'static str, String)>,
    sending: Sending,
    label: &'static str,
    in_full: String,
) -> AnyView {
    let button = view! {
        <button type="submit" class="button button--small" aria-label=in_full>
            {label}
        </button>
    };
    settled_form(path, entries, sending, button.whole())
}
