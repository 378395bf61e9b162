//! `/`

use leptos::prelude::*;
use leptos_router::components::Redirect;

use crate::ui::IntoWhole;

/// Leads to one's key. Without JavaScript: a redirect of the server's.
#[component]
pub fn HomePage() -> AnyView {
    view! { <Redirect path="/profile/key" /> }.whole()
}
