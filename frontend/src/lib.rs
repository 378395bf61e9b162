//! Hydrates the application.

use app::part::load_for;
use js_sys::futures::spawn_local;
use leptos::prelude::{document, window};
use wasm_bindgen::prelude::wasm_bindgen;

/// Makes the page that the server sent come alive; the page's script calls it once.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    let path = window().location().pathname().unwrap_or_default();
    // What the page shows must be here before it can come alive.
    spawn_local(async move {
        if load_for(&path).await {
            leptos::mount::hydrate_body(app::App);
            mark();
        }
    });
}

/// Browser tests wait for this mark; nothing else tells when the page is alive.
fn mark() {
    if let Some(root) = document().document_element() {
        // A page without the mark works all the same.
        let _ = root.set_attribute("data-hydrated", "");
    }
}
