//! Hydrates the application.

use std::time::Duration;

use app::part::{load_ahead, load_for};
use js_sys::futures::spawn_local;
use leptos::prelude::{document, set_timeout, window};
use wasm_bindgen::prelude::wasm_bindgen;

/// After how long a page that is alive loads what will probably be wanted next.
const AHEAD: Duration = Duration::from_millis(500);

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
            set_timeout(|| spawn_local(load_ahead()), AHEAD);
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
