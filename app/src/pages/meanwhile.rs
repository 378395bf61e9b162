//! What is not any more what somebody began to change.

use leptos::{prelude::*, task::spawn_local};

use super::trouble::times_stale;
use crate::{
    browser,
    calls::{Sending, decode, send},
    ui::{Change, Changes, IntoWhole, Notice, Tone},
};

/// Says that something was changed by somebody else, and what about it. `text` says what became of
/// the form.
///
/// Without JavaScript: the same.
pub fn meanwhile(text: &'static str, changes: Vec<Change>) -> AnyView {
    view! {
        <Notice tone=Tone::Careful text />
        <section class="card card--flat" aria-labelledby="meanwhile">
            <h2 class="subtitle" id="meanwhile">
                "Changed meanwhile"
            </h2>
            <Changes changes />
        </section>
    }
    .whole()
}

/// Looks anew at what a form is about, whenever the form was refused because that has changed. The
/// form with its entries stays.
pub fn look_when_stale<T: serde::de::DeserializeOwned + 'static>(
    sending: Sending,
    path: &'static str,
    at: String,
    seen: impl Fn(T) + Copy + 'static,
) {
    let stale = times_stale(sending.fault);
    Effect::new(move |before: Option<()>| {
        stale.get();
        if before.is_none() {
            return;
        }
        let at = at.clone();
        spawn_local(async move {
            match decode(&send(path, &[("at", &at)]).await) {
                Ok(now) => {
                    seen(now);
                    browser::focus_soon(&["main .notice--careful"]);
                }
                Err(fault) => {
                    sending.fault.try_set(Some(fault));
                }
            }
        });
    });
}
