//! News of tickets, told by the server (server-sent events) while the page is seen.

use leptos::{ev, prelude::*};
use leptos_router::hooks::use_location;
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{EventSource, MessageEvent};

use super::News;

/// The server's address for it.
const PATH: &str = "/events";

/// What the server says when the session has ended.
const END: &str = "end";

type Heard = Closure<dyn Fn(MessageEvent)>;

/// Listens as long as the page is seen: a browser has few connections to one server, and pages
/// that nobody looks at shall not hold them. It comes again by itself when the connection breaks,
/// and on the next page when it was refused.
///
/// Without JavaScript: not there; the number in the page is that of its making.
pub fn listen() {
    let Some(news) = use_context::<News>() else {
        return;
    };
    let path = use_location().pathname;
    let source = StoredValue::new_local(None::<(EventSource, Heard)>);
    let stop = move || {
        if let Some((open, _)) = source.try_update_value(Option::take).flatten() {
            open.close();
            news.told.try_set(String::new());
        }
    };
    let begin = move || {
        let closed = source.with_value(|source| {
            let open = source.as_ref().map(|(open, _)| open.ready_state());
            open.is_none_or(|state| state == EventSource::CLOSED)
        });
        if document().hidden() || !closed || !news.wanted.get_untracked() {
            return;
        }
        stop();
        let Ok(open) = EventSource::new(PATH) else {
            return;
        };
        let heard = Heard::new(move |event: MessageEvent| {
            // It would come again by itself, to be refused.
            if event.type_() == END {
                stop();
            } else if let Some(told) = event.data().as_string() {
                news.told.try_set(told);
            }
        });
        let listener = heard.as_ref().unchecked_ref();
        open.set_onmessage(Some(listener));
        let _ = open.add_event_listener_with_callback(END, listener);
        source.set_value(Some((open, heard)));
    };
    Effect::new(move || {
        path.track();
        if news.wanted.get() { begin() } else { stop() }
    });
    Effect::new(move || {
        let seen = document().clone();
        let changed =
            Closure::<dyn Fn()>::new(move || if seen.hidden() { stop() } else { begin() });
        let listener = changed.as_ref().unchecked_ref();
        let _ = document().add_event_listener_with_callback("visibilitychange", listener);
        // It lasts as long as the application.
        changed.forget();
        let back = window_event_listener(ev::online, move |_| begin());
        on_cleanup(move || {
            back.remove();
            stop();
        });
    });
}
