//! A ticket's state.

use domain::ticket::TicketState;
use leptos::prelude::*;

use super::{Icon, IntoWhole, Shape};

/// A ticket's state as a word, a drawing and a colour. Without JavaScript: the same.
#[component]
pub fn TicketChip(
    /// The state.
    state: TicketState,
) -> AnyView {
    let (class, shape) = match state {
        TicketState::Pending => ("chip chip--wait", Shape::Clock),
        TicketState::Approved | TicketState::Done => ("chip chip--good", Shape::Check),
        TicketState::Rejected => ("chip chip--bad", Shape::Stop),
        TicketState::Canceled => ("chip", Shape::Stop),
        TicketState::Expired => ("chip chip--bad", Shape::Clock),
    };
    view! {
        <span class=class>
            <Icon shape />
            {word(state)}
        </span>
    }
    .whole()
}

/// A ticket's state in a word.
pub const fn word(state: TicketState) -> &'static str {
    match state {
        TicketState::Pending => "Pending",
        TicketState::Approved => "Approved",
        TicketState::Rejected => "Rejected",
        TicketState::Done => "Executed",
        TicketState::Canceled => "Canceled",
        TicketState::Expired => "Expired",
    }
}
