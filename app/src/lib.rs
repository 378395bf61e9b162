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
use pages::{Asked, Decision, HomePage, NotFoundPage, OwnKeyPage, SignInPage};
use part::{Attended, Desk, Form, Lazily, Office, Page, Room};

/// The application: the site map.
///
/// Without JavaScript: the same pages, one request each.
#[component]
pub fn App() -> impl IntoView {
    #[cfg(feature = "ssr")]
    leptos_meta::provide_meta_context();
    provide_context(Help(RwSignal::new(false)));
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
                    <Route path=path!("/sign-in/code") view=form(Form::SignInCode) ssr=all.clone() />
                    <Route path=path!("/profile/key") view=OwnKeyPage ssr=all.clone() />
                    <Route path=path!("/profile/key/add") view=form(Form::AddKey) ssr=all.clone() />
                    <Route path=path!("/profile/key/edit") view=form(Form::EditKey) ssr=all.clone() />
                    <Route path=path!("/profile/key/reissue") view=form(Form::ReissueKey) ssr=all.clone() />
                    <Route path=path!("/profile/key/reveal") view=form(Form::Reveal) ssr=all.clone() />
                    <Route path=path!("/profile/key/delete") view=form(Form::DeleteKey) ssr=all.clone() />
                    <Route path=path!("/profile/security") view=form(Form::Security) ssr=all.clone() />
                    <Route path=path!("/security/api-keys") view=room(Room::Keys) ssr=all.clone() />
                    <Route path=path!("/security/api-keys/add") view=room(Room::AddKeyFor) ssr=all.clone() />
                    <Route path=path!("/security/api-keys/:tag") view=room(Room::KeyOf) ssr=all.clone() />
                    <Route path=path!("/security/api-keys/:tag/edit") view=form(Form::EditKey) ssr=all.clone() />
                    <Route path=path!("/security/api-keys/:tag/reissue") view=form(Form::ReissueKey) ssr=all.clone() />
                    <Route path=path!("/security/api-keys/:tag/delete") view=room(Room::DeleteKeyOf) ssr=all.clone() />
                    <Route path=path!("/users") view=office(Office::Users) ssr=all.clone() />
                    <Route path=path!("/users/add") view=office(Office::AddUser) ssr=all.clone() />
                    <Route path=path!("/users/:id") view=office(Office::User(Asked::Nothing)) ssr=all.clone() />
                    <Route path=path!("/users/:id/disable") view=office(Office::User(Asked::Disable)) ssr=all.clone() />
                    <Route path=path!("/users/:id/enable") view=office(Office::User(Asked::Enable)) ssr=all.clone() />
                    <Route path=path!("/roles") view=office(Office::Roles) ssr=all.clone() />
                    <Route path=path!("/roles/add") view=office(Office::AddRole) ssr=all.clone() />
                    <Route path=path!("/roles/:id") view=office(Office::Role) ssr=all.clone() />
                    <Route path=path!("/roles/:id/edit") view=office(Office::EditRole) ssr=all.clone() />
                    <Route path=path!("/roles/:id/delete") view=office(Office::DeleteRole) ssr=all.clone() />
                    <Route path=path!("/tickets") view=desk(Desk::Tickets) ssr=all.clone() />
                    <Route path=path!("/tickets/:id") view=desk(Desk::Ticket(Decision::None)) ssr=all.clone() />
                    <Route path=path!("/tickets/:id/approve") view=desk(Desk::Ticket(Decision::Approve)) ssr=all.clone() />
                    <Route path=path!("/tickets/:id/reject") view=desk(Desk::Ticket(Decision::Reject)) ssr=all.clone() />
                    <Route path=path!("/security/audit") view=office(Office::Audit) ssr=all.clone() />
                    <Route path=path!("/settings") view=office(Office::Settings) ssr=all.clone() />
                    <Route path=path!("/settings/sign-in") view=office(Office::Providers) ssr=all.clone() />
                    <Route path=path!("/settings/sign-in/add") view=office(Office::AddProvider) ssr=all.clone() />
                    <Route path=path!("/settings/sign-in/report") view=office(Office::Report) ssr=all.clone() />
                    <Route path=path!("/settings/sign-in/:id") view=office(Office::Provider) ssr=all.clone() />
                </FlatRoutes>
                <ui::ApiCall />
            </main>
            <Attended />
        </Router>
    }
}

fn form(form: Form) -> impl Fn() -> AnyView + Clone + Send + 'static {
    move || view! { <Lazily page=Page::Form(form) /> }.whole()
}

fn room(room: Room) -> impl Fn() -> AnyView + Clone + Send + 'static {
    move || view! { <Lazily page=Page::Room(room) /> }.whole()
}

fn desk(desk: Desk) -> impl Fn() -> AnyView + Clone + Send + 'static {
    move || view! { <Lazily page=Page::Desk(desk) /> }.whole()
}

fn office(office: Office) -> impl Fn() -> AnyView + Clone + Send + 'static {
    move || view! { <Lazily page=Page::Office(office) /> }.whole()
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
