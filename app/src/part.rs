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
        AddForPage, AddKeyPage, AddProviderPage, AddUserPage, ApprovalPage, Asked, AuditPage,
        Decision, DeleteKeyOfPage, DeleteKeyPage, EditKeyPage, EditRolePage, KeyOfPage, KeysPage,
        NotifyingPage, OwnNoticesPage, PasswordAndSessionsPage, ProviderPage, ProvidersPage,
        ReissueKeyPage, ReportPage, RevealPage, RolePage, RolesPage, SettingsPage, SignInCodePage,
        TicketPage, TicketsPage, UserPage, UsersPage, WebhookPage,
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
    /// No page: what goes with every one.
    Attendance,
    /// `/sign-in/code`
    SignInCode,
    /// `/profile/notices`
    Notices,
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
    /// `/settings/approval`
    Approval,
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
    /// `/settings/notices`
    Notifying,
    /// `/settings/notices/{id}`
    Webhook,
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
        Form::Notices => view! { <OwnNoticesPage /> }.whole(),
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
        Office::Approval => view! { <ApprovalPage /> }.whole(),
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
        Office::Notifying => view! { <NotifyingPage /> }.whole(),
        Office::Webhook => view! { <WebhookPage /> }.whole(),
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
    /// The site map: the page at that path. `None`: there is none, or it is in the part that is
    /// loaded first.
    pub fn at(path: &str) -> Option<Self> {
        let path = path.strip_prefix('/')?;
        let path = path.strip_suffix('/').unwrap_or(path);
        let parts: Vec<_> = path.split('/').collect();
        if parts.contains(&"") {
            return None;
        }
        Some(match *parts.as_slice() {
            ["sign-in", "code"] => Self::Form(Form::SignInCode),
            ["profile", "key", "add"] => Self::Form(Form::AddKey),
            ["profile", "key", "edit"] | ["security", "api-keys", _, "edit"] => {
                Self::Form(Form::EditKey)
            }
            ["profile", "key", "reissue"] | ["security", "api-keys", _, "reissue"] => {
                Self::Form(Form::ReissueKey)
            }
            ["profile", "key", "reveal"] => Self::Form(Form::Reveal),
            ["profile", "key", "delete"] => Self::Form(Form::DeleteKey),
            ["profile", "security"] => Self::Form(Form::Security),
            ["profile", "notices"] => Self::Form(Form::Notices),
            ["security", "api-keys"] => Self::Room(Room::Keys),
            ["security", "api-keys", "add"] => Self::Room(Room::AddKeyFor),
            ["security", "api-keys", _] => Self::Room(Room::KeyOf),
            ["security", "api-keys", _, "delete"] => Self::Room(Room::DeleteKeyOf),
            ["security", "audit"] => Self::Office(Office::Audit),
            ["users"] => Self::Office(Office::Users),
            ["users", "add"] => Self::Office(Office::AddUser),
            ["users", _] => Self::Office(Office::User(Asked::Nothing)),
            ["users", _, "disable"] => Self::Office(Office::User(Asked::Disable)),
            ["users", _, "enable"] => Self::Office(Office::User(Asked::Enable)),
            ["roles"] => Self::Office(Office::Roles),
            ["roles", "add"] => Self::Office(Office::AddRole),
            ["roles", _] => Self::Office(Office::Role),
            ["roles", _, "edit"] => Self::Office(Office::EditRole),
            ["roles", _, "delete"] => Self::Office(Office::DeleteRole),
            ["tickets"] => Self::Desk(Desk::Tickets),
            ["tickets", _] => Self::Desk(Desk::Ticket(Decision::None)),
            ["tickets", _, "approve"] => Self::Desk(Desk::Ticket(Decision::Approve)),
            ["tickets", _, "reject"] => Self::Desk(Desk::Ticket(Decision::Reject)),
            ["settings"] => Self::Office(Office::Settings),
            ["settings", "approval"] => Self::Office(Office::Approval),
            ["settings", "notices"] => Self::Office(Office::Notifying),
            ["settings", "notices", _] => Self::Office(Office::Webhook),
            ["settings", "sign-in"] => Self::Office(Office::Providers),
            ["settings", "sign-in", "add"] => Self::Office(Office::AddProvider),
            ["settings", "sign-in", "report"] => Self::Office(Office::Report),
            ["settings", "sign-in", _] => Self::Office(Office::Provider),
            _ => return None,
        })
    }

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
    match Page::at(path) {
        Some(page) => page.load().await.is_ok(),
        None => true,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_to_its_page_and_others_nowhere() {
        for (path, page) in [
            ("/profile/key/add", Page::Form(Form::AddKey)),
            ("/users", Page::Office(Office::Users)),
            ("/users/", Page::Office(Office::Users)),
            ("/users/add", Page::Office(Office::AddUser)),
            (
                "/security/api-keys/lky_AAECAwQ%3D/delete",
                Page::Room(Room::DeleteKeyOf),
            ),
            (
                "/tickets/12/approve",
                Page::Desk(Desk::Ticket(Decision::Approve)),
            ),
        ] {
            assert_eq!(Page::at(path), Some(page), "{path}");
        }
        // What is in the first part, and what is nothing.
        for path in [
            "/",
            "",
            "/sign-in",
            "/profile/key",
            "/profile",
            "//users",
            "/users//",
            "/Users",
            "/tickets/12/execute",
            "/users/1/disable/x",
            "users",
        ] {
            assert_eq!(Page::at(path), None, "{path}");
        }
    }
}
