//! A key's state.

use domain::key::State;
use leptos::prelude::*;

use super::{Icon, Shape};

/// A key's state as a word, a drawing and a colour. Without JavaScript: the same.
#[component]
pub fn StateChip(
    /// The state.
    state: State,
) -> impl IntoView {
    let (class, shape, word) = match state {
        State::Active => ("chip chip--good", Shape::Check, "Active"),
        State::Retiring => ("chip chip--wait", Shape::Clock, "Retiring"),
        State::Inactive => ("chip chip--wait", Shape::Clock, "Inactive"),
        State::Expired => ("chip chip--bad", Shape::Clock, "Expired"),
        State::Disabled => ("chip chip--bad", Shape::Stop, "Disabled"),
        State::Revoked => ("chip chip--bad", Shape::Stop, "Revoked"),
        State::Deleted => ("chip chip--bad", Shape::Stop, "Deleted"),
    };
    view! {
        <span class=class>
            <Icon shape />
            {word}
        </span>
    }
}
