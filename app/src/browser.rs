//! What only a browser knows or does. On the server every one of these does nothing, and so it is
//! without JavaScript.

use std::time::Duration;

use domain::Instant;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

/// Until when the browser has read a file that it saves.
const SAVED_WITHIN: Duration = Duration::from_mins(1);

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

/// Saves a text as a file of that name, as the browser saves what it downloads.
pub fn save_file(name: &str, text: &str) {
    // Where the browser refuses there is nothing to save it with.
    let _ = try_save_file(name, text);
}

fn try_save_file(name: &str, text: &str) -> Result<(), JsValue> {
    let parts = js_sys::Array::of1(&text.into());
    let blob = web_sys::Blob::new_with_str_sequence(&parts)?;
    let address = web_sys::Url::create_object_url_with_blob(&blob)?;
    let link = document().create_element("a")?;
    link.set_attribute("href", &address)?;
    link.set_attribute("download", name)?;
    link.dyn_into::<web_sys::HtmlElement>()?.click();
    let forget = move || {
        // It goes with the page at the latest.
        let _ = web_sys::Url::revoke_object_url(&address);
    };
    set_timeout(forget, SAVED_WITHIN);
    Ok(())
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

/// Leaves the focus where it is, also when what has it is drawn anew: then the first element that is
/// written like it takes it, and none if the focus has gone elsewhere.
pub fn keep_focus() {
    let Some(had) = document().active_element() else {
        return;
    };
    request_animation_frame(move || {
        // Nothing has the focus: the document's body does.
        if had.is_connected() || document().active_element() != document().body().map(Into::into) {
            return;
        }
        let likes = all(&format!("main {}", had.tag_name())).into_iter();
        let mut likes = likes.filter_map(|like| like.dyn_into::<web_sys::HtmlElement>().ok());
        if let Some(like) = likes.find(|like| like.outer_html() == had.outer_html()) {
            let _ = like.focus();
        }
    });
}

/// What matches a selector.
fn all(selector: &str) -> Vec<web_sys::Node> {
    let found = document().query_selector_all(selector);
    found.map_or_else(
        |_| Vec::new(),
        |list| (0..list.length()).filter_map(|at| list.item(at)).collect(),
    )
}

/// Tells the application what was entered before it was alive: every entry of `main` that is not
/// as the page came says so again.
pub fn replay_entries() {
    let entries = all("main input").into_iter();
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

/// Whether the browser has a network, as far as it knows.
pub fn is_online() -> bool {
    window().navigator().on_line()
}

/// What this browser keeps under a name. Some are told to keep nothing.
pub fn kept(name: &str) -> Option<String> {
    window().local_storage().ok()??.get_item(name).ok()?
}

/// Keeps a setting in this browser.
pub fn keep(name: &str, text: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        // Where there is no room it holds until the page goes.
        let _ = storage.set_item(name, text);
    }
}

/// What this window keeps under a name until it is closed.
pub fn kept_here(name: &str) -> Option<String> {
    window().session_storage().ok()??.get_item(name).ok()?
}

/// Keeps a text in this window; `None`: no more.
pub fn keep_here(name: &str, text: Option<&str>) {
    if let Ok(Some(storage)) = window().session_storage() {
        let _ = match text {
            Some(text) => storage.set_item(name, text),
            None => storage.remove_item(name),
        };
    }
}

/// Whether a key was pressed by itself, not to write something, and not within a question on top
/// of the page.
pub fn is_bare_key(event: &web_sys::KeyboardEvent) -> bool {
    const WRITTEN_INTO: &str = "input:not([type=checkbox]):not([type=radio]), textarea, select, \
         [contenteditable]";
    let modified = event.ctrl_key() || event.alt_key() || event.meta_key();
    let busy = modified || event.is_composing() || event.repeat() || event.default_prevented();
    let target = event.target();
    let target = target.and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let written = target.is_some_and(|at| !matches!(at.closest(WRITTEN_INTO), Ok(None)));
    let asked = document().query_selector("dialog:modal");
    !busy && !written && matches!(asked, Ok(None))
}

/// Moves the focus to the field that the page is searched by, which may be folded away.
pub fn focus_search() -> bool {
    const FIELD: &str = "main [role=search] input[type=search], main [data-search] input";
    let Some(field) = field(FIELD) else {
        return false;
    };
    if let Ok(Some(folded)) = field.closest("details") {
        let _ = folded.set_attribute("open", "");
    }
    let _ = field.focus();
    field.select();
    true
}

/// Presses what the page has of this kind, if it has any.
pub fn press(selector: &str) -> bool {
    let found = document().query_selector(selector).ok().flatten();
    let found = found.and_then(|found| found.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(found) = &found {
        found.click();
    }
    found.is_some()
}

fn field(selector: &str) -> Option<web_sys::HtmlInputElement> {
    let found = document().query_selector(selector).ok().flatten()?;
    found.dyn_into().ok()
}

/// Writes a text into a field, as if somebody had typed it.
pub fn fill(selector: &str, text: &str) {
    if let Some(field) = field(selector) {
        field.set_value(text);
        say_again(&field, "input");
    }
}

/// Ticks a box or takes the tick away, as if somebody had.
pub fn tick(selector: &str, ticked: bool) {
    if let Some(field) = field(selector) {
        field.set_checked(ticked);
        say_again(&field, "change");
    }
}

/// Writes a text into a field, unless somebody is typing there.
pub fn fill_unless_focused(selector: &str, text: &str) {
    let Some(field) = field(selector) else {
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
