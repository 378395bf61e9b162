//! A page's title.

use leptos::prelude::*;
use leptos_meta::Title;

/// A page's title, as its heading and in the browser's tab. Without JavaScript: the same.
#[component]
pub fn Heading(
    /// The title.
    title: &'static str,
) -> impl IntoView {
    view! {
        <Title text=format!("{title} · Latchkey") />
        <h1 class="title" tabindex="-1">
            {title}
        </h1>
    }
}
