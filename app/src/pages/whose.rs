//! Whose key a form is about, when it is not one's own.

use domain::key::ApiKey;
use leptos::prelude::*;

/// Says on whose behalf somebody acts. Without JavaScript: the same.
pub fn whose(key: &ApiKey) -> impl IntoView + use<> {
    let name = key.owner.principal.name.clone();
    let identity = key.owner.to_string();
    view! {
        <p class="whose">
            "This is the API key of " <bdi class="whose__name">{name}</bdi> " "
            <bdi class="fact__code">{identity}</bdi> "."
        </p>
    }
}
