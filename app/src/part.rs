//! The part of the application that is loaded when it is needed: the administrators' pages. Who
//! only wants their own key does not load it.
#![expect(
    clippy::unnecessary_wraps,
    reason = "loading the part may fail, entering it does not; `wasm_split` wants one type for both"
)]

use leptos::prelude::*;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use crate::{
    browser,
    pages::{AddForPage, DeleteKeyOfPage, KeyOfPage, KeysPage, SettingsPage},
    ui::IntoWhole,
};

/// A page of the part.
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
}

impl Room {
    /// Whether the page at that path is in the part.
    pub fn is_at(path: &str) -> bool {
        ["/security/api-keys", "/settings"]
            .iter()
            .any(|room| path == *room || path.starts_with(&format!("{room}/")))
    }
}

/// The split: what only this function calls is in the part.
#[wasm_split(administration, fallible, preload(load))]
fn enter(room: Room) -> Result<AnyView, SplitLoaderError> {
    Ok(match room {
        Room::Keys => view! { <KeysPage /> }.whole(),
        Room::AddKeyFor => view! { <AddForPage /> }.whole(),
        Room::KeyOf => view! { <KeyOfPage /> }.whole(),
        Room::DeleteKeyOf => view! { <DeleteKeyOfPage /> }.whole(),
        Room::Settings => view! { <SettingsPage /> }.whole(),
    })
}

/// A page of the part. It is there at once on the server, in a page that the server sent (the part
/// is loaded before it is brought to life), and once it was loaded; otherwise it is loaded first.
/// When that fails, as it does when a newer program has taken this one's place, the browser goes
/// to the address anew.
///
/// Without JavaScript: the page, from the server.
#[component]
pub fn Lazily(
    /// Which page.
    room: Room,
) -> AnyView {
    if let Some(Ok(page)) = at_once(enter(room)) {
        return page;
    }
    let loaded = RwSignal::new(false);
    leptos::task::spawn_local(async move {
        match load().await {
            Ok(()) => {
                loaded.try_set(true);
            }
            Err(_) => browser::go_anew(None),
        }
    });
    (move || match loaded.get().then(|| at_once(enter(room))) {
        Some(Some(Ok(page))) => page,
        _ => view! { <p class="loading">"Loading…"</p> }.whole(),
    })
    .whole()
}

/// Loads the part. False when that fails; whoever needs it may try again.
pub async fn load_part() -> bool {
    load().await.is_ok()
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
