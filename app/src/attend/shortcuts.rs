//! The keyboard's shortcuts: single keys, which can be switched off (WCAG 2.2, 2.1.4).

use leptos::{ev, prelude::*};

use super::Help;
use crate::{
    browser,
    ui::{Checkbox, IntoWhole, modal},
};

/// Where the browser keeps that somebody wants none.
const SETTING: &str = "latchkey-shortcuts";
const OFF: &str = "off";

/// Listens for the shortcuts, and tells of them when it is asked.
///
/// Without JavaScript: not there, and nothing in the profile menu leads to it.
#[component]
pub fn Shortcuts() -> AnyView {
    let help = use_context::<Help>().map_or_else(|| RwSignal::new(false), |help| help.0);
    let used = RwSignal::new(browser::kept(SETTING).as_deref() != Some(OFF));
    Effect::new(move || {
        let pressed = window_event_listener(ev::keydown, move |event| {
            if used.get_untracked() && browser::is_bare_key(&event) {
                let done = match event.key().as_str() {
                    "/" => browser::focus_search(),
                    "n" => browser::press("main [data-new]"),
                    "?" => {
                        help.set(true);
                        true
                    }
                    _ => false,
                };
                if done {
                    event.prevent_default();
                }
            }
        });
        on_cleanup(move || pressed.remove());
    });
    (move || help.get().then(|| view! { <Told help used /> })).whole()
}

#[component]
fn Told(help: RwSignal<bool>, used: RwSignal<bool>) -> AnyView {
    let switch = move |on: bool| {
        used.set(on);
        browser::keep(SETTING, if on { "on" } else { OFF });
    };
    let line = |key: &'static str, does: &'static str| {
        view! {
            <div class="shortcut">
                <dt>
                    <kbd class="key">{key}</kbd>
                </dt>
                <dd>{does}</dd>
            </div>
        }
    };
    view! {
        <dialog
            node_ref=modal()
            class="dialog"
            aria-labelledby="shortcuts"
            on:close=move |_| help.set(false)
        >
            <h2 class="dialog__title" id="shortcuts">
                "Keyboard shortcuts"
            </h2>
            <dl class="shortcuts">
                {line("/", "Search on this page")} {line("n", "Add something new on this page")}
                {line("?", "Show these shortcuts")}
            </dl>
            <Checkbox
                name="use-shortcuts"
                label="Use keyboard shortcuts"
                hint="They do nothing while you type in a field. This is kept in this browser."
                checked=used.get_untracked()
                on_change=switch
            />
            <div class="actions actions--end">
                <button
                    type="button"
                    class="button button--primary"
                    autofocus=true
                    on:click=move |_| help.set(false)
                >
                    "Close"
                </button>
            </div>
        </dialog>
    }
    .whole()
}
