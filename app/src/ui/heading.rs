//! A page's title.

use leptos::prelude::*;

/// A page's title, as its heading and in the browser's tab. Without JavaScript: the same.
#[component]
pub fn Heading(
    /// The title.
    title: &'static str,
) -> impl IntoView {
    name_tab(&format!("{title} · Latchkey"));
    view! {
        <h1 class="title" tabindex="-1">
            {title}
        </h1>
    }
}

/// On the server, making the view is what puts the title into the document's head.
#[cfg(feature = "ssr")]
fn name_tab(text: &str) {
    let _ = view! { <leptos_meta::Title text=text.to_owned() /> };
}

#[cfg(not(feature = "ssr"))]
fn name_tab(text: &str) {
    document().set_title(text);
}
