//! An instant.

use domain::Instant;
use leptos::prelude::*;

use super::IntoWhole;
use crate::{browser, format};

/// An instant: how long ago or ahead, and exactly, in UTC and in local time.
///
/// Without JavaScript: UTC only, since only the browser knows the local time.
#[component]
pub fn Time(
    /// The instant.
    at: Instant,
    /// What "ago" refers to.
    as_of: Instant,
) -> AnyView {
    let (local, set_local) = signal(None);
    Effect::new(move || {
        let offset = browser::utc_offset_minutes(at);
        set_local.set((offset != 0).then(|| format::local(at, offset)));
    });
    view! {
        <time class="time" datetime=format::machine(at) title=format::utc(at)>
            <span class="time__relative">{format::relative(at, as_of)}</span>
            " "
            <span class="time__exact">{format::utc(at)}</span>
            {move || {
                local
                    .get()
                    .map(|local| view! { " " <span class="time__exact">{local} " your time"</span> })
            }}
        </time>
    }
    .whole()
}
