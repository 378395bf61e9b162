//! Hydrates the application.

use leptos::prelude::document;
use wasm_bindgen::prelude::wasm_bindgen;

/// Makes the page that the server sent come alive; leptos' script calls it once.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
    // Browser tests wait for this mark; nothing else tells when the page is alive.
    if let Some(root) = document().document_element() {
        // A page without the mark works all the same.
        let _ = root.set_attribute("data-hydrated", "");
    }
}
