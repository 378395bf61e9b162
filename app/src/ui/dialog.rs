//! A question on top of a page: a native dialog with an address of its own.

use leptos::{ev::Event, html, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};

/// Makes a dialog modal: the focus is kept within it and returned, Esc closes it.
///
/// Without JavaScript: an open dialog on its page, which has to offer a link instead of Esc.
pub fn modal() -> NodeRef<html::Dialog> {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        let Some(dialog) = dialog.get() else { return };
        request_animation_frame(move || {
            if dialog.is_connected() {
                // What the server sent is open but not modal; `close` would look like Esc.
                let _ = dialog.remove_attribute("open");
                let _ = dialog.show_modal();
            }
        });
    });
    dialog
}

/// What a question does that is closed: it leads to a page, in whose place it had stood.
///
/// Without JavaScript: nothing; its link leads there.
pub fn closes_to(page: String) -> impl Fn(Event) {
    let navigate = use_navigate();
    move |_| {
        let options = NavigateOptions {
            replace: true,
            ..NavigateOptions::default()
        };
        navigate(&page, options);
    }
}
