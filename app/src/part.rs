//! The parts of the application that are loaded when they are needed: the forms about keys, the
//! pages of everybody's keys, those of tickets, and those of people, roles, the trail and the
//! policy. Who looks at their key needs none of them.
#![expect(
    clippy::unnecessary_wraps,
    reason = "loading a part may fail, entering it does not; `wasm_split` wants one type for both"
)]

use std::time::Duration;

use leptos::{prelude::*, task::spawn_local};
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use crate::{
    attend::Attendance,
    browser,
    pages::{
        AddForPage, AddKeyPage, AddProviderPage, AddUserPage, Asked, AuditPage, Decision,
        DeleteKeyOfPage, DeleteKeyPage, EditKeyPage, EditRolePage, KeyOfPage, KeysPage,
        PasswordAndSessionsPage, ProviderPage, ProvidersPage, ReissueKeyPage, ReportPage,
        RevealPage, RolePage, RolesPage, SettingsPage, SignInCodePage, TicketPage, TicketsPage,
        UserPage, UsersPage,
    },
    place::EVERYBODY,
    ui::IntoWhole,
};

/// A page of the forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `/profile/key/add`
    AddKey,
    /// `/profile/key/edit`, and others' keys
    EditKey,
    /// `/profile/key/reissue`, and others' keys
    ReissueKey,
    /// `/profile/key/reveal`
    Reveal,
    /// `/profile/key/delete`
    DeleteKey,
    /// `/profile/security`
    Security,
    /// No page: what goes with every one.
    Attendance,
    /// `/sign-in/code`
    SignInCode,
}

/// A page of everybody's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// `/security/api-keys`
    Keys,
    /// `/security/api-keys/add`
    AddKeyFor,
    /// `/security/api-keys/{tag}`
    KeyOf,
    /// `/security/api-keys/{tag}/delete`
    DeleteKeyOf,
}

/// A page of tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Desk {
    /// `/tickets`
    Tickets,
    /// `/tickets/{id}`, with the decision that is asked on top of it
    Ticket(Decision),
}

/// A page of what goes on around keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Office {
    /// `/settings`
    Settings,
    /// `/settings/sign-in`
    Providers,
    /// `/settings/sign-in/add`
    AddProvider,
    /// `/settings/sign-in/report`
    Report,
    /// `/settings/sign-in/{id}`
    Provider,
    /// `/users`
    Users,
    /// `/users/add`
    AddUser,
    /// `/users/{id}`, with what is asked on top of it
    User(Asked),
    /// `/roles`
    Roles,
    /// `/roles/add`
    AddRole,
    /// `/roles/{id}`
    Role,
    /// `/roles/{id}/edit`
    EditRole,
    /// `/roles/{id}/delete`
    DeleteRole,
    /// `/security/audit`
    Audit,
}

/// Which page of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// One of the forms.
    Form(Form),
    /// One of everybody's keys.
    Room(Room),
    /// One of tickets.
    Desk(Desk),
    /// One of what goes on around them.
    Office(Office),
}

/// The first split: what only this function calls is in the part.
#[wasm_split(forms, fallible, preload(load_forms))]
fn enter_form(form: Form) -> Result<AnyView, SplitLoaderError> {
    Ok(match form {
        Form::AddKey => view! { <AddKeyPage /> }.whole(),
        Form::EditKey => view! { <EditKeyPage /> }.whole(),
        Form::ReissueKey => view! { <ReissueKeyPage /> }.whole(),
        Form::Reveal => view! { <RevealPage /> }.whole(),
        Form::DeleteKey => view! { <DeleteKeyPage /> }.whole(),
        Form::Security => view! { <PasswordAndSessionsPage /> }.whole(),
        Form::Attendance => view! { <Attendance /> }.whole(),
        Form::SignInCode => view! { <SignInCodePage /> }.whole(),
    })
}

/// The second split.
#[wasm_split(administration, fallible, preload(load_administration))]
fn enter_room(room: Room) -> Result<AnyView, SplitLoaderError> {
    Ok(match room {
        Room::Keys => view! { <KeysPage /> }.whole(),
        Room::AddKeyFor => view! { <AddForPage /> }.whole(),
        Room::KeyOf => view! { <KeyOfPage /> }.whole(),
        Room::DeleteKeyOf => view! { <DeleteKeyOfPage /> }.whole(),
    })
}

/// The third split.
#[wasm_split(offices, fallible, preload(load_offices))]
fn enter_office(office: Office) -> Result<AnyView, SplitLoaderError> {
    Ok(match office {
        Office::Settings => view! { <SettingsPage /> }.whole(),
        Office::Providers => view! { <ProvidersPage /> }.whole(),
        Office::AddProvider => view! { <AddProviderPage /> }.whole(),
        Office::Report => view! { <ReportPage /> }.whole(),
        Office::Provider => view! { <ProviderPage /> }.whole(),
        Office::Users => view! { <UsersPage /> }.whole(),
        Office::AddUser => view! { <AddUserPage /> }.whole(),
        Office::User(asked) => view! { <UserPage asked /> }.whole(),
        Office::Roles => view! { <RolesPage /> }.whole(),
        Office::AddRole => view! { <EditRolePage title="Add role" /> }.whole(),
        Office::Role => view! { <RolePage delete=false /> }.whole(),
        Office::EditRole => view! { <EditRolePage title="Edit role" /> }.whole(),
        Office::DeleteRole => view! { <RolePage delete=true /> }.whole(),
        Office::Audit => view! { <AuditPage /> }.whole(),
    })
}

/// The fourth split.
#[wasm_split(desks, fallible, preload(load_desks))]
fn enter_desk(desk: Desk) -> Result<AnyView, SplitLoaderError> {
    Ok(match desk {
        Desk::Tickets => view! { <TicketsPage /> }.whole(),
        Desk::Ticket(decision) => view! { <TicketPage decision /> }.whole(),
    })
}

impl Page {
    /// The page, if its part is there.
    fn enter(self) -> Option<AnyView> {
        match self {
            Self::Form(form) => at_once(enter_form(form))?.ok(),
            Self::Room(room) => at_once(enter_room(room))?.ok(),
            Self::Desk(desk) => at_once(enter_desk(desk))?.ok(),
            Self::Office(office) => at_once(enter_office(office))?.ok(),
        }
    }

    async fn load(self) -> Result<(), SplitLoaderError> {
        match self {
            Self::Form(_) => load_forms().await,
            Self::Room(_) => load_administration().await,
            Self::Desk(_) => load_desks().await,
            Self::Office(_) => load_offices().await,
        }
    }
}

/// A page of a part. It is there at once on the server, in a page that the server sent (the part
/// is loaded before it is brought to life), and once it was loaded; otherwise it is loaded first.
/// When that fails, as it does when a newer program has taken this one's place, the browser goes
/// to the address anew.
///
/// Without JavaScript: the page, from the server.
#[component]
pub fn Lazily(
    /// Which page.
    page: Page,
) -> AnyView {
    if let Some(view) = page.enter() {
        return view;
    }
    let loaded = RwSignal::new(false);
    spawn_local(async move {
        match page.load().await {
            Ok(()) => {
                loaded.try_set(true);
                // The heading that the focus goes to was not there before.
                browser::focus_soon(&["main [autofocus]", "main h1"]);
            }
            Err(_) => browser::go_anew(None),
        }
    });
    (move || {
        let view = loaded.get().then(|| page.enter()).flatten();
        view.unwrap_or_else(|| view! { <p class="loading">"Loading…"</p> }.whole())
    })
    .whole()
}

/// Loads what the page at that path needs to come alive. False when that fails: the page then
/// works as it does without JavaScript.
pub async fn load_for(path: &str) -> bool {
    let is_room = path.starts_with(EVERYBODY);
    let is_office = ["/security/audit", "/users", "/roles", "/settings"]
        .iter()
        .any(|office| path.starts_with(office));
    let is_form = path.starts_with("/profile/") && path != "/profile/key"
        || path.ends_with("/edit")
        || path.ends_with("/reissue")
        || path == "/sign-in/code";
    let is_desk = path.starts_with("/tickets");
    let desks = !is_desk || load_desks().await.is_ok();
    let rooms = !is_room || load_administration().await.is_ok();
    let offices = !is_office || load_offices().await.is_ok();
    let forms = !is_form || load_forms().await.is_ok();
    rooms && desks && offices && forms
}

/// After how long a page that is alive loads what will probably be wanted next.
const AHEAD: Duration = Duration::from_millis(500);

/// What goes with every page. It is in the forms' part, which is loaded here while nobody waits for
/// it; little is lost if that fails.
///
/// Without JavaScript: not there.
#[component]
pub fn Attended() -> AnyView {
    let loaded = RwSignal::new(false);
    Effect::new(move || {
        let load = move || {
            spawn_local(async move {
                if load_forms().await.is_ok() {
                    loaded.try_set(true);
                }
            });
        };
        set_timeout(load, AHEAD);
    });
    (move || {
        loaded
            .get()
            .then(|| Page::Form(Form::Attendance).enter())
            .flatten()
    })
    .whole()
}

/// What a future has to say without waiting.
fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}
