//! What people see: pages, components, and the server functions behind them.
//!
//! The server renders every page whole and every form works as plain HTML; the browser then makes
//! the same pages come alive.

// A page is one type, nested as deep as its elements.
#![recursion_limit = "256"]

pub mod attend;
pub mod browser;
pub mod calls;
pub mod columns;
#[cfg(feature = "ssr")]
mod document;
pub mod format;
pub mod pages;
pub mod part;
pub mod place;
pub mod query;
pub mod rpc;
pub mod ui;
pub mod validity;

#[cfg(feature = "ssr")]
pub use document::document;

use crate::{
    attend::{Help, News},
    ui::IntoWhole,
};
use leptos::prelude::*;
use leptos_router::{
    SsrMode,
    components::{FlatRoutes, Route, Router},
    hooks::use_location,
    path,
};
use pages::{HomePage, NotFoundPage, OwnKeyPage, SignInPage};
use part::{Attended, Lazily, Page};

/// The application. The site map is [`Page::at`].
///
/// Without JavaScript: the same pages, one request each.
#[component]
pub fn App() -> impl IntoView {
    #[cfg(feature = "ssr")]
    leptos_meta::provide_meta_context();
    provide_context(Help(RwSignal::new(false)));
    provide_context(Told(RwSignal::new(0)));
    provide_context(News::none());
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
                    // All others: see `Page::at`. Each route costs the router's code once more.
                    <Route path=path!("/:a") view=Elsewhere ssr=all.clone() />
                    <Route path=path!("/:a/:b") view=Elsewhere ssr=all.clone() />
                    <Route path=path!("/:a/:b/:c") view=Elsewhere ssr=all.clone() />
                    <Route path=path!("/:a/:b/:c/:d") view=Elsewhere ssr=all.clone() />
                </FlatRoutes>
                <ui::ApiCall />
            </main>
            <Attended />
        </Router>
    }
}

/// Counts how often one has read notices: the bell at the top is counted anew.
#[derive(Debug, Clone, Copy)]
pub struct Told(pub RwSignal<usize>);

/// The page of a part at the present address, and another one when that changes.
#[component]
fn Elsewhere() -> AnyView {
    let path = use_location().pathname;
    let depth = |path: &str| path.split('/').count();
    // Whoever leaves by another route leaves this page as it is.
    let shown = Memo::new(move |last: Option<&String>| {
        path.with(|path| match last {
            Some(last) if depth(last) != depth(path) || Page::at(path).is_none() => last.clone(),
            _ => path.clone(),
        })
    });
    (move || {
        let page = shown.with(|path| Page::at(path));
        untrack(|| match page {
            Some(page) => view! { <Lazily page /> }.whole(),
            None => NotFoundPage(),
        })
    })
    .whole()
}

/// The top of every page, up to date at every address; and the focus, which a new page takes.
#[component]
fn Top() -> impl IntoView {
    let path = use_location().pathname;
    let told = use_context::<Told>();
    let changes = Signal::derive(move || {
        let times = told.map(|told| told.0.get());
        format!("{} {times:?}", path.get())
    });
    let profile = calls::read(rpc::LoadProfile {}, changes);
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
