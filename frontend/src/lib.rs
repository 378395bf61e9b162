//! Hydrates the application.

use wasm_bindgen::prelude::wasm_bindgen;

/// Makes the page that the server sent come alive; leptos' script calls it once.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
}
