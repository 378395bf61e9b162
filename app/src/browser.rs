//! What only a browser knows or does. On the server every one of these does nothing, and so it is
//! without JavaScript.

use domain::Instant;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

/// By how many minutes the local time is ahead of UTC at that instant.
pub fn utc_offset_minutes(at: Instant) -> i32 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "milliseconds of this era fit a double, minutes of a day fit an i32"
    )]
    let behind = {
        let date = js_sys::Date::new(&JsValue::from_f64(at.timestamp_millis() as f64));
        date.get_timezone_offset() as i32
    };
    -behind
}

/// Copies a text to the clipboard. False when the browser does not allow it, as without TLS.
pub async fn copy(text: &str) -> bool {
    let navigator = window().navigator();
    let clipboard = js_sys::Reflect::get(&navigator, &"clipboard".into());
    if !clipboard.is_ok_and(|clipboard| clipboard.is_object()) {
        return false;
    }
    let promise = navigator.clipboard().write_text(text);
    js_sys::futures::JsFuture::from(promise).await.is_ok()
}

/// Reads the file that was chosen in a field, as text.
pub fn read_file(field: &web_sys::HtmlInputElement, use_it: impl FnOnce(String) + 'static) {
    let file = field.files().and_then(|files| files.get(0));
    if let Some(file) = file {
        leptos::task::spawn_local(async move {
            let text = js_sys::futures::JsFuture::from(file.text()).await;
            if let Some(text) = text.ok().and_then(|text| text.as_string()) {
                use_it(text);
            }
        });
    }
}

/// Moves the focus to the first element within `main` that matches one of the selectors, which
/// are tried in turn.
pub fn focus(selectors: &[&str]) {
    let find = |selector: &&str| document().query_selector(selector).ok().flatten();
    let element = selectors.iter().find_map(find);
    if let Some(element) =
        element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok())
    {
        // An element that cannot take the focus leaves it where it is.
        let _ = element.focus();
    }
}

/// Tells the application what was entered before it was alive: every entry of `main` that is not
/// as the page came says so again.
pub fn replay_entries() {
    let Ok(entries) = document().query_selector_all("main input") else {
        return;
    };
    let entries = (0..entries.length()).filter_map(|index| entries.item(index));
    for entry in entries.filter_map(|entry| entry.dyn_into::<web_sys::HtmlInputElement>().ok()) {
        let chosen = entry.checked() && !entry.default_checked();
        if chosen || entry.value() != entry.default_value() {
            say_again(&entry, "input");
            say_again(&entry, "change");
        }
    }
}

fn say_again(entry: &web_sys::HtmlInputElement, what: &str) {
    let how = web_sys::EventInit::new();
    how.set_bubbles(true);
    if let Ok(event) = web_sys::Event::new_with_event_init_dict(what, &how) {
        // Nobody cancels these, so there is no answer to heed.
        let _ = entry.dispatch_event(&event);
    }
}

/// Loads the page of that address from the server; of the present one, if none is given.
pub fn go_anew(to: Option<&str>) {
    let location = window().location();
    // Where there is no location there is nobody to see the page either.
    let _ = match to {
        Some(to) => location.assign(to),
        None => location.reload(),
    };
}

/// The build that this page is of.
pub fn build() -> Option<String> {
    document().document_element()?.get_attribute("data-build")
}

/// Writes a text into a field, unless somebody is typing there.
pub fn fill_unless_focused(selector: &str, text: &str) {
    let found = document().query_selector(selector).ok().flatten();
    let Some(field) = found.and_then(|found| found.dyn_into::<web_sys::HtmlInputElement>().ok())
    else {
        return;
    };
    let typing = document().active_element().is_some_and(|active| {
        let field: &web_sys::Element = &field;
        active == *field
    });
    if !typing {
        field.set_value(text);
    }
}

/// As [`focus`], once the page has been drawn.
pub fn focus_soon(selectors: &'static [&'static str]) {
    request_animation_frame(move || focus(selectors));
}
