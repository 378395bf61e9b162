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
    /// What was told last: how many tickets wait for one's decision (`-`: one does not decide), and
    /// behind a space another text once anything about a ticket that one sees may have changed.
    /// Empty: nothing yet.
    pub told: RwSignal<String>,
}

impl News {
    /// Nothing yet.
    pub fn none() -> Self {
        Self {
            wanted: RwSignal::new(false),
            told: RwSignal::new(String::new()),
        }
    }
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
