//! What goes with every page that is alive: the keyboard's shortcuts, the end of the session, the
//! network, and news of tickets. Without JavaScript there is none of it, and nothing that would need it.

pub mod network;
pub mod news;
pub mod session;
pub mod shortcuts;

use leptos::prelude::*;

use self::{network::Network, news::listen, session::SessionEnds, shortcuts::Shortcuts};
use crate::ui::IntoWhole;

/// Whether the page that tells of the shortcuts is open: the profile menu opens it, too.
#[derive(Debug, Clone, Copy)]
pub struct Help(pub RwSignal<bool>);

/// What the server tells of tickets while the page is open.
#[derive(Debug, Clone, Copy)]
pub struct News {
    /// Whether somebody is signed in who can be told.
    pub wanted: RwSignal<bool>,
    /// What was told last. `None`: nothing yet.
    pub told: RwSignal<Option<Told>>,
}

impl News {
    /// Nothing yet.
    pub fn none() -> Self {
        Self {
            wanted: RwSignal::new(false),
            told: RwSignal::new(None),
        }
    }
}

/// What was told last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// How many tickets wait for one's decision. `None`: one does not decide.
    pub waiting: Option<u64>,
    /// Another text once anything about a ticket that one sees may have changed.
    pub latest: String,
}

/// All of it. It comes with the forms, once nobody waits for anything else.
///
/// Without JavaScript: not there.
#[component]
pub fn Attendance() -> AnyView {
    listen();
    view! {
        <Network />
        <SessionEnds />
        <Shortcuts />
    }
    .whole()
}
