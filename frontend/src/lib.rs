//! Hydrates the application.

use app::part::{Room, load_part};
use js_sys::futures::spawn_local;
use leptos::prelude::{document, window};
use wasm_bindgen::prelude::wasm_bindgen;

/// Makes the page that the server sent come alive; the page's script calls it once.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    let path = window().location().pathname().unwrap_or_default();
    if Room::is_at(&path) {
        // What the page shows must be here before it can come alive. Without it, the page works
        // as it does without JavaScript.
        spawn_local(async {
            if load_part().await {
                begin();
            }
        });
    } else {
        begin();
    }
}

fn begin() {
    leptos::mount::hydrate_body(app::App);
    // Browser tests wait for this mark; nothing else tells when the page is alive.
    if let Some(root) = document().document_element() {
        // A page without the mark works all the same.
        let _ = root.set_attribute("data-hydrated", "");
    }
}
