//! The parts of the application that are loaded when they are needed: the forms about one's own
//! key, and the administrators' pages. Who looks at their key loads neither.
#![expect(
    clippy::unnecessary_wraps,
    reason = "loading a part may fail, entering it does not; `wasm_split` wants one type for both"
)]

use leptos::{prelude::*, task::spawn_local};
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use crate::{
    browser,
    pages::{
        AddForPage, AddKeyPage, AddUserPage, Asked, AuditPage, DeleteKeyOfPage, DeleteKeyPage,
        EditKeyPage, EditRolePage, KeyOfPage, KeysPage, PasswordAndSessionsPage, ReissueKeyPage,
        RevealPage, RolePage, RolesPage, SettingsPage, SignInCodePage, UserPage, UsersPage,
    },
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
    /// `/sign-in/code`
    SignInCode,
}

/// A page of the administrators.
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
    /// `/settings`
    Settings,
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
    /// One of the administrators'.
    Room(Room),
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
        Room::Settings => view! { <SettingsPage /> }.whole(),
        Room::Users => view! { <UsersPage /> }.whole(),
        Room::AddUser => view! { <AddUserPage /> }.whole(),
        Room::User(asked) => view! { <UserPage asked /> }.whole(),
        Room::Roles => view! { <RolesPage /> }.whole(),
        Room::AddRole => view! { <EditRolePage title="Add role" /> }.whole(),
        Room::Role => view! { <RolePage delete=false /> }.whole(),
        Room::EditRole => view! { <EditRolePage title="Edit role" /> }.whole(),
        Room::DeleteRole => view! { <RolePage delete=true /> }.whole(),
        Room::Audit => view! { <AuditPage /> }.whole(),
    })
}

impl Page {
    /// The page, if its part is there.
    fn enter(self) -> Option<AnyView> {
        match self {
            Self::Form(form) => at_once(enter_form(form))?.ok(),
            Self::Room(room) => at_once(enter_room(room))?.ok(),
        }
    }

    async fn load(self) -> Result<(), SplitLoaderError> {
        match self {
            Self::Form(_) => load_forms().await,
            Self::Room(_) => load_administration().await,
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
    let is_room = ["/security", "/users", "/roles", "/settings"]
        .iter()
        .any(|room| path.starts_with(room));
    let is_form = path.starts_with("/profile/") && path != "/profile/key"
        || path.ends_with("/edit")
        || path.ends_with("/reissue")
        || path == "/sign-in/code";
    let rooms = !is_room || load_administration().await.is_ok();
    let forms = !is_form || load_forms().await.is_ok();
    rooms && forms
}

/// Loads what will probably be wanted next, while nobody waits for it. Nothing is lost if that
/// fails.
pub async fn load_ahead() {
    let _ = load_forms().await;
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
