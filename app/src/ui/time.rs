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
    let local = local(at, |local| format!("{local} your time"));
    view! {
        <time class="time" datetime=format::machine(at) title=format::utc(at)>
            <span class="time__relative">{format::relative(at, as_of)}</span>
            " "
            <span class="time__exact">{format::utc(at)}</span>
            " "
            <span class="time__exact needs-script">{local}</span>
        </time>
    }
    .whole()
}

/// An instant in local time, as it is told; nothing where that is UTC.
///
/// Until the browser has come to it, what keeps its room: it stands where it is not seen before the
/// page is alive, and nothing jumps then.
pub fn local(at: Instant, tell: fn(String) -> String) -> impl Fn() -> String + Copy {
    let offset = RwSignal::new(None);
    Effect::new(move || offset.set(Some(browser::utc_offset_minutes(at))));
    move || match offset.get() {
        Some(0) => String::new(),
        offset => tell(format::local(at, offset.unwrap_or(0))),
    }
}
