//! The button that sends a form.

use leptos::prelude::*;

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
