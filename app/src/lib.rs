//! What people see: pages, components, and the server functions behind them.
//!
//! The server renders every page whole and every form works as plain HTML; the browser then makes
//! the same pages come alive.

pub mod browser;
pub mod calls;
#[cfg(feature = "ssr")]
mod document;
pub mod format;
pub mod pages;
pub mod part;
pub mod place;
pub mod rpc;
pub mod ui;
pub mod validity;

#[cfg(feature = "ssr")]
pub use document::document;

use crate::ui::IntoWhole;
use leptos::prelude::*;
use leptos_router::{
    SsrMode,
    components::{FlatRoutes, Route, Router},
    hooks::use_location,
    path,
};
use pages::{
    AddKeyPage, DeleteKeyPage, EditKeyPage, HomePage, NotFoundPage, OwnKeyPage,
    PasswordAndSessionsPage, ReissueKeyPage, RevealPage, SignInPage,
};
use part::{Lazily, Room};

/// The application: the site map.
///
/// Without JavaScript: the same pages, one request each.
#[component]
pub fn App() -> impl IntoView {
    #[cfg(feature = "ssr")]
    leptos_meta::provide_meta_context();
    let all = SsrMode::Async;
    view! {
        <Router>
            // Left to the browser, which moves the focus; the router would only scroll.
            <a class="skip" href="#main" rel="external">
                "Skip to content"
            </a>
            <Top />
            <main id="main" class="main" tabindex="-1">
                <FlatRoutes fallback=NotFoundPage>
                    <Route path=path!("/") view=HomePage ssr=all.clone() />
                    <Route path=path!("/sign-in") view=SignInPage ssr=all.clone() />
                    <Route path=path!("/profile/key") view=OwnKeyPage ssr=all.clone() />
                    <Route path=path!("/profile/key/add") view=AddKeyPage ssr=all.clone() />
                    <Route path=path!("/profile/key/edit") view=EditKeyPage ssr=all.clone() />
                    <Route path=path!("/profile/key/reissue") view=ReissueKeyPage ssr=all.clone() />
                    <Route path=path!("/profile/key/reveal") view=RevealPage ssr=all.clone() />
                    <Route path=path!("/profile/key/delete") view=DeleteKeyPage ssr=all.clone() />
                    <Route path=path!("/profile/security") view=PasswordAndSessionsPage ssr=all.clone() />
                    <Route path=path!("/security/api-keys") view=|| view! { <Lazily room=Room::Keys /> } ssr=all.clone() />
                    <Route path=path!("/security/api-keys/add") view=|| view! { <Lazily room=Room::AddKeyFor /> } ssr=all.clone() />
                    <Route path=path!("/security/api-keys/:tag") view=|| view! { <Lazily room=Room::KeyOf /> } ssr=all.clone() />
                    <Route path=path!("/security/api-keys/:tag/edit") view=EditKeyPage ssr=all.clone() />
                    <Route path=path!("/security/api-keys/:tag/reissue") view=ReissueKeyPage ssr=all.clone() />
                    <Route path=path!("/security/api-keys/:tag/delete") view=|| view! { <Lazily room=Room::DeleteKeyOf /> } ssr=all.clone() />
                    <Route path=path!("/settings") view=|| view! { <Lazily room=Room::Settings /> } ssr=all />
                </FlatRoutes>
            </main>
        </Router>
    }
}

/// The top of every page, up to date at every address; and the focus, which a new page takes.
#[component]
fn Top() -> impl IntoView {
    let path = use_location().pathname;
    let profile = calls::read(rpc::LoadProfile {}, path.into());
    Effect::new(move |before: Option<String>| {
        let here = path.get();
        if before.is_some_and(|before| before != here) {
            browser::focus_soon(&["main [autofocus]", "main h1"]);
        }
        here
    });
    view! {
        <header class="top">
            {pages::loading::waiting(
                profile,
                |answer| {
                    let profile = calls::decode(answer).ok().flatten();
                    view! { <ui::Header profile /> }.whole()
                },
            )}
        </header>
    }
}
