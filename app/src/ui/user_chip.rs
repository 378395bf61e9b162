//! A user's state.

use domain::Instant;
use leptos::prelude::*;

use super::{Icon, IntoWhole, Shape, Time};

/// Whether a user is enabled, and since when not. Without JavaScript: the same.
#[component]
pub fn UserChip(
    /// Since when the account is disabled. `None`: it is not.
    disabled_at: Option<Instant>,
    /// What "ago" refers to.
    as_of: Instant,
) -> AnyView {
    match disabled_at {
        None => view! {
            <span class="chip chip--good">
                <Icon shape=Shape::Check />
                "Enabled"
            </span>
        }
        .whole(),
        Some(at) => view! {
            <span class="tagged">
                <span class="chip chip--bad">
                    <Icon shape=Shape::Stop />
                    "Disabled"
                </span>
                <Time at as_of />
            </span>
        }
        .whole(),
    }
}
