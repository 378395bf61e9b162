//! What goes with every page that is alive: the keyboard's shortcuts, the end of the session, the
//! network. Without JavaScript there is none of it, and nothing that would need it.

pub mod network;
pub mod session;
pub mod shortcuts;

use leptos::prelude::*;

use self::{network::Network, session::SessionEnds, shortcuts::Shortcuts};
use crate::ui::IntoWhole;

/// Whether the page that tells of the shortcuts is open: the profile menu opens it, too.
#[derive(Debug, Clone, Copy)]
pub struct Help(pub RwSignal<bool>);

/// All of it. It comes with the forms, once nobody waits for anything else.
///
/// Without JavaScript: not there.
#[component]
pub fn Attendance() -> AnyView {
    view! {
        <Network />
        <SessionEnds />
        <Shortcuts />
    }
    .whole()
}
