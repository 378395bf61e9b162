//! A question on top of a page: a native dialog with an address of its own.

use leptos::{html, prelude::*};

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
