//! Whether the browser is connected.

use leptos::{ev, prelude::*};

use crate::{
    browser,
    ui::{Icon, IntoWhole, Shape},
};

/// Says so while the browser has no network.
///
/// Without JavaScript: not there; the browser itself says so at the next step.
#[component]
pub fn Network() -> AnyView {
    let offline = RwSignal::new(!browser::is_online());
    Effect::new(move || {
        let lost = window_event_listener(ev::offline, move |_| offline.set(true));
        let back = window_event_listener(ev::online, move |_| offline.set(false));
        on_cleanup(move || {
            lost.remove();
            back.remove();
        });
    });
    let banner = move || {
        offline.get().then(|| {
            view! {
                <p class="offline__text">
                    <Icon shape=Shape::Warning />
                    "You are offline. What is shown may have changed, and nothing can be saved until the network is back."
                </p>
            }
        })
    };
    view! {
        <div class="offline" role="status">
            {banner}
        </div>
    }
    .whole()
}
