//! Addresses that lead nowhere.

use leptos::prelude::*;

use crate::ui::{Heading, IntoWhole};

/// Says that there is no such page. Without JavaScript: the same, with status 404.
#[component]
pub fn NotFoundPage() -> AnyView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
    view! {
        <Heading title="Page not found" />
            <p class="lead">"There is no page at this address. It may have been mistyped."</p>
            <p>
                <a class="button" href="/">
                    "Go to my API key"
                </a>
            </p>
    }
    .whole()
}
