//! Copying a text.

use leptos::{prelude::*, task::spawn_local};

use crate::browser;

/// Copies a text to the clipboard and says so, also to screen readers.
///
/// Without JavaScript: not there; the text beside it is selected as a whole with one click.
#[component]
pub fn CopyButton(
    /// What it does.
    label: &'static str,
    /// The text at the time of the press.
    #[prop(into)]
    text: Callback<(), String>,
) -> impl IntoView {
    let (said, say) = signal("");
    let copy = move |_| {
        let text = text.run(());
        spawn_local(async move {
            let copied = browser::copy(&text).await;
            say.try_set(if copied {
                "Copied"
            } else {
                "The browser did not allow it: select the text and copy it yourself"
            });
        });
    };
    view! {
        <button type="button" class="button button--small needs-script" on:click=copy>
            {label}
        </button>
        <span class="said" role="status">
            {said}
        </span>
    }
}
