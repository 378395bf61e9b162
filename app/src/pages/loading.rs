//! Waiting for what a page shows.

use std::sync::Arc;

use domain::error::Error;
use leptos::prelude::*;
use serde::de::DeserializeOwned;

use super::{astray::astray, trouble::Trouble};
use crate::{
    browser,
    calls::{Reading, decode},
    ui::IntoWhole,
};

/// Shows what was read, or why it could not be; also that the address asks for what does not exist.
/// What is shown already stays while it is read anew.
///
/// Without JavaScript: the server waits and sends the page whole.
pub fn loaded<T: DeserializeOwned>(
    reading: Reading,
    show: impl Fn(T) -> AnyView + Send + Sync + 'static,
) -> AnyView {
    waiting(reading, move |answer| match decode(answer) {
        Ok(answer) => show(answer),
        Err(fault) => match fault.error {
            Error::Invalid(fields) => astray(&fields),
            _ => view! { <Trouble fault /> }.whole(),
        },
    })
}

/// As [`loaded`], for a page whose address asks for nothing. Such is what is loaded first, which has
/// no words about that.
pub fn loaded_first<T: DeserializeOwned>(
    reading: Reading,
    show: impl Fn(T) -> AnyView + Send + Sync + 'static,
) -> AnyView {
    waiting(reading, move |answer| match decode(answer) {
        Ok(answer) => show(answer),
        Err(fault) => view! { <Trouble fault /> }.whole(),
    })
}

/// As [`loaded`], for whoever has a use for the fault.
pub fn waiting(
    reading: Reading,
    show: impl Fn(&str) -> AnyView + Send + Sync + 'static,
) -> AnyView {
    once_for_all(reading, Arc::new(show))
}

/// One for all types, so that it is compiled once.
fn once_for_all(reading: Reading, show: Arc<dyn Fn(&str) -> AnyView + Send + Sync>) -> AnyView {
    view! {
        <Transition fallback=|| view! { <p class="loading">"Loading…"</p> }>
            {move || {
                let show = Arc::clone(&show);
                Suspend::new(async move {
                    let answer = reading.await;
                    if cfg!(feature = "hydrate") {
                        browser::keep_focus();
                    }
                    show(&answer)
                })
            }}
        </Transition>
    }
    .whole()
}
