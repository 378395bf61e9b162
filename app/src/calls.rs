//! How pages call the server: a reading shows something, a form changes something.
//!
//! Leptos' `Resource<T>` and `ActionForm` compile a copy of themselves for every type and every
//! server function. Here the one type that travels is text, and what is compiled for each page is
//! its own decoding.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use domain::error::Error;
use js_sys::futures::JsFuture;
use leptos::{
    ev::SubmitEvent,
    prelude::*,
    server::codee::string::FromToStringCodec,
    server_fn::{ServerFn, error::ServerFnUrlError, redirect::REDIRECT_HEADER},
    task::spawn_local,
};
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{FormData, Headers, HtmlFormElement, RequestInit, Response, UrlSearchParams};

use crate::{
    attend::News,
    browser,
    query::{Query, use_query},
    rpc::{Fault, LoadPulse, packing::unpack},
};

/// What a server function answered, packed; see [`decode`].
pub type Reading = Resource<String, FromToStringCodec>;

type Answer = Pin<Box<dyn Future<Output = String> + Send>>;

/// Asks a server function, and again whenever `changes` does. The server's answer travels within
/// the page that it renders.
pub fn read<F>(question: F, changes: Signal<String>) -> Reading
where
    F: ServerFn<Error = Fault> + Clone + Sync + 'static,
    F::Output: Serialize,
{
    let question = move |_| question.clone();
    read_with(asking(question), Signal::stored(String::new()), changes)
}

/// As [`read`], of a page whose address says what it shows: the server function is told the
/// address in its one argument, `at`, and asked again when it changes.
pub fn read_here<F>(question: fn(String) -> F, changes: Signal<String>) -> Reading
where
    F: ServerFn<Error = Fault> + 'static,
    F::Output: Serialize,
{
    let location = use_location();
    let (path, search) = (location.pathname, location.search);
    let own = path.get_untracked();
    // A page that is being left asks nothing more.
    let here = Memo::new(move |last: Option<&String>| match last {
        Some(last) if path.get() != own => last.clone(),
        _ => format!("{}?{}", path.get(), search.get().trim_start_matches('?')),
    });
    read_with(asking(question), here.into(), changes)
}

type Ask = Arc<dyn Fn(String) -> Answer + Send + Sync>;

fn asking<F>(question: impl Fn(String) -> F + Send + Sync + 'static) -> Ask
where
    F: ServerFn<Error = Fault> + 'static,
    F::Output: Serialize,
{
    Arc::new(move |at| Box::pin(ask_at(question(at.clone()), at)))
}

fn read_with(ask: Ask, here: Signal<String>, changes: Signal<String>) -> Reading {
    Resource::new_str(
        move || (here.get(), changes.get()),
        move |(here, _)| ask(here),
    )
}

/// How often a page asks whether anything has changed.
const BEAT: Duration = Duration::from_secs(3);

/// Whether anything has changed on the server since a page was made.
#[derive(Debug, Clone, Copy)]
pub struct Pulse {
    /// Counts what is heard: for a page to be read anew.
    pub beat: RwSignal<usize>,
    known: StoredValue<String>,
    rests: StoredValue<bool>,
}

impl Pulse {
    fn begin() -> Self {
        Self {
            beat: RwSignal::new(0),
            known: StoredValue::new(String::new()),
            rests: StoredValue::new(false),
        }
    }

    /// Has the page read anew if it stands otherwise now.
    fn hear(self, now: String) {
        if self.known.try_get_value().is_some_and(|known| known != now) {
            self.known.try_set_value(now);
            // Whatever the page knows meanwhile, it is read anew, and the mark goes with that.
            if self.beat.try_update(|beat| *beat += 1).is_some() {
                UNASKED.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Changes with the beat.
    pub fn changes(self) -> Signal<String> {
        Signal::derive(move || self.beat.get().to_string())
    }

    /// Changes with the beat and with something else.
    pub fn changes_or(self, other: Signal<String>) -> Signal<String> {
        Signal::derive(move || format!("{} {}", self.beat.get(), other.get()))
    }

    /// Says how it stood when the page was made.
    pub fn known(self, pulse: &str) {
        pulse.clone_into(&mut self.known.write_value());
    }

    /// Asks no more: what was shown is gone and would only be refused again, or is asked about and
    /// stays as it is.
    pub fn rest(self) {
        self.rests.set_value(true);
    }
}

/// Asks every few seconds whether anything has changed, as long as the page is shown and seen.
pub fn live() -> Pulse {
    let pulse = Pulse::begin();
    Effect::new(move || {
        let ask_again = move || {
            if !document().hidden() && !pulse.rests.get_value() {
                spawn_local(async move {
                    let now = decode::<String>(&send_unasked(LoadPulse::PATH).await);
                    if let Ok(now) = now {
                        pulse.hear(now);
                    }
                });
            }
        };
        if let Ok(timer) = set_interval_with_handle(ask_again, BEAT) {
            on_cleanup(move || timer.clear());
        }
    });
    pulse
}

/// The same for pages about tickets: the server tells by itself.
pub fn told() -> Pulse {
    let pulse = Pulse::begin();
    let news = use_context::<News>();
    Effect::new(move || {
        let told = news.map(|news| news.told.get()).unwrap_or_default();
        if let Some((_, latest)) = told.split_once(' ') {
            pulse.hear(latest.to_owned());
        }
    });
    pulse
}

/// What a [`Reading`] holds.
///
/// # Errors
/// The server's, or that it could not be reached.
pub fn decode<T: DeserializeOwned>(answer: &str) -> Result<T, Fault> {
    let error = match answer.split_at_checked(1) {
        Some((OUTPUT, text)) => return unpack(text.as_bytes()).map_err(|_| internal()),
        Some((FAULT, text)) => return Err(unpack(text.as_bytes()).unwrap_or_else(|_| internal())),
        Some((UNREACHED, _)) => Error::Unavailable,
        _ => Error::Internal,
    };
    Err(Fault::new(error))
}

const OUTPUT: &str = "+";
const FAULT: &str = "-";
const UNREACHED: &str = "?";

fn internal() -> Fault {
    Fault::new(Error::Internal)
}

/// Asks a server function once.
pub async fn ask<F>(question: F) -> String
where
    F: ServerFn<Error = Fault>,
    F::Output: Serialize,
{
    ask_at(question, String::new()).await
}

#[cfg(feature = "ssr")]
async fn ask_at<F>(question: F, _: String) -> String
where
    F: ServerFn<Error = Fault>,
    F::Output: Serialize,
{
    use crate::rpc::packing::pack;

    let answer = question.run_body().await;
    let (mark, packed) = match &answer {
        Ok(output) => (OUTPUT, pack(output)),
        Err(fault) => (FAULT, pack(fault)),
    };
    packed.map_or_else(|_| String::new(), |text| format!("{mark}{text}"))
}

/// What pages ask takes no argument, or the address.
#[cfg(not(feature = "ssr"))]
async fn ask_at<F>(_: F, at: String) -> String
where
    F: ServerFn<Error = Fault>,
    F::Output: Serialize,
{
    let form = UrlSearchParams::new();
    if let Ok(form) = &form
        && !at.is_empty()
    {
        form.append("at", &at);
    }
    let by = if UNASKED.swap(false, Ordering::Relaxed) {
        By::Page
    } else {
        By::Person
    };
    let asked = post(F::PATH, form, by);
    // There is one thread only.
    send_wrapper::SendWrapper::new(asked).await.answer
}

/// Says that a page asks by itself: that is no use of the session.
pub const UNASKED_HEADER: &str = "x-latchkey-unasked";

/// Whether the next reading is for a change made elsewhere.
static UNASKED: AtomicBool = AtomicBool::new(false);

/// Who wants an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Person,
    Page,
}

/// Names the build that gave an answer. Pages name theirs in `data-build`.
pub const BUILD_HEADER: &str = "x-latchkey-build";

/// Sends entries to a server function past any form; the answer is for [`decode`].
pub async fn send(path: &str, entries: &[(&str, &str)]) -> String {
    let form = UrlSearchParams::new();
    if let Ok(form) = &form {
        for (name, text) in entries {
            form.append(name, text);
        }
    }
    post(path, form, By::Person).await.answer
}

/// Asks a server function without arguments when nobody has done anything.
pub async fn send_unasked(path: &str) -> String {
    post(path, UrlSearchParams::new(), By::Page).await.answer
}

/// What came back.
struct Reply {
    /// As a [`Reading`] holds it.
    answer: String,
    /// The page that the server sends the browser to.
    leads_to: Option<String>,
}

async fn post(path: &str, form: Result<UrlSearchParams, JsValue>, by: By) -> Reply {
    try_post(path, form, by).await.unwrap_or_else(|_| Reply {
        answer: UNREACHED.to_owned(),
        leads_to: None,
    })
}

async fn try_post(
    path: &str,
    form: Result<UrlSearchParams, JsValue>,
    by: By,
) -> Result<Reply, JsValue> {
    let request = RequestInit::new();
    request.set_method("POST");
    // The entries say by themselves how they are encoded.
    let form = form?;
    request.set_body(&form);
    if by == By::Page {
        let headers = Headers::new()?;
        headers.set(UNASKED_HEADER, "1")?;
        request.set_headers(&headers);
    }
    let response = JsFuture::from(window().fetch_with_str_and_init(path, &request)).await?;
    let response: Response = response.dyn_into()?;
    let headers = response.headers();
    let leads_to = if headers.has(REDIRECT_HEADER)? {
        headers.get("Location")?
    } else {
        None
    };
    if headers.get(BUILD_HEADER)? != browser::build() {
        // A newer program has taken the server's place, and its answers are not for this page.
        browser::go_anew(leads_to.as_deref());
        std::future::pending::<()>().await;
    }
    let text = JsFuture::from(response.text()?).await?.as_string();
    let mark = if response.ok() { OUTPUT } else { FAULT };
    Ok(Reply {
        answer: format!("{mark}{}", text.unwrap_or_default()),
        leads_to,
    })
}

/// What became of a form.
#[derive(Debug, Clone, Copy)]
pub struct Sending {
    /// The answer is awaited.
    pub pending: RwSignal<bool>,
    /// It was refused.
    pub fault: RwSignal<Option<Fault>>,
    /// How often it was carried out.
    pub done: RwSignal<usize>,
}

impl Sending {
    /// Of a form to one of these addresses. Without JavaScript the refusal stands in the page's
    /// own address.
    pub fn to(paths: &[&str]) -> Self {
        let refusal = use_context::<ServerActionError>()
            .filter(|refusal| paths.contains(&refusal.path()))
            .map(|refusal| ServerFnUrlError::decode_err(refusal.err()));
        Self {
            pending: RwSignal::new(false),
            fault: RwSignal::new(refusal),
            done: RwSignal::new(0),
        }
    }

    /// What was entered before a refusal without JavaScript: it stands in the page's address. An
    /// address that tells of no refusal brings nothing.
    pub fn entered(self) -> Query {
        if self.fault.with_untracked(Option::is_some) {
            use_query().get_untracked()
        } else {
            Query::default()
        }
    }

    /// Changes whenever one of these was carried out: for the page to be read anew.
    pub fn any_done<const N: usize>(all: [Self; N]) -> Signal<String> {
        Signal::derive(move || format!("{:?}", all.map(|sending| sending.done.get())))
    }

    /// What a form does when it is sent to that address.
    ///
    /// Without JavaScript: the browser sends it by itself and is answered with a redirect.
    pub fn submit(self, path: &'static str) -> impl Fn(SubmitEvent) + use<> {
        let navigate = use_navigate();
        let lead = Callback::new(move |to: String| navigate(&to, NavigateOptions::default()));
        move |event| {
            event.prevent_default();
            if !self.pending.get_untracked() {
                self.pending.set(true);
                let form = entries(&event);
                spawn_local(async move { self.settle(&post(path, form, By::Person).await, lead) });
            }
        }
    }

    fn settle(self, reply: &Reply, lead: Callback<String>) {
        self.pending.try_set(false);
        let refusal = decode::<()>(&reply.answer).err();
        if refusal.is_none() {
            self.done.try_update(|done| *done += 1);
        }
        self.fault.try_set(refusal);
        if let Some(to) = reply.leads_to.clone() {
            lead.run(to);
        }
    }
}

/// What a form does that leads to an address: `path` with the entries that are not empty.
///
/// Without JavaScript: the browser leads there by itself, with the empty ones.
pub fn seek(path: &'static str) -> impl Fn(SubmitEvent) + use<> {
    let navigate = use_navigate();
    move |event| {
        event.prevent_default();
        let Ok(entries) = entries(&event) else { return };
        let entries = String::from(entries.to_string());
        let said: Vec<_> = entries
            .split('&')
            .filter(|said| !said.ends_with('='))
            .collect();
        let to = if said.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{}", said.join("&"))
        };
        navigate(&to, NavigateOptions::default());
    }
}

/// The form's entries.
fn entries(event: &SubmitEvent) -> Result<UrlSearchParams, JsValue> {
    let form: HtmlFormElement = event_target(event);
    let entries = FormData::new_with_form(&form)?;
    UrlSearchParams::new_with_str_sequence_sequence(&entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::packing::pack;

    /// An older answer may come late, and say how it stood before.
    #[test]
    fn a_page_is_read_anew_also_when_it_hears_the_same_again() {
        let owner = Owner::new();
        owner.set();
        let pulse = Pulse::begin();
        let hear = |now: &str| {
            pulse.hear(now.to_owned());
            (
                pulse.beat.get_untracked(),
                UNASKED.swap(false, Ordering::Relaxed),
            )
        };
        assert_eq!(hear("1"), (1, true));
        assert_eq!(hear("1"), (1, false));
        pulse.known("0");
        assert_eq!(hear("1"), (2, true));
        owner.cleanup();
        assert!(!UNASKED.load(Ordering::Relaxed));
    }

    #[test]
    fn an_answer_is_an_output_or_a_fault() {
        let fault = Fault::new(Error::NotFound);
        let output = format!("{OUTPUT}{}", pack(&7_u8).unwrap());
        let refusal = format!("{FAULT}{}", pack(&fault).unwrap());
        assert_eq!(decode::<u8>(&output), Ok(7));
        assert_eq!(decode::<u8>(&refusal), Err(fault));
        assert_eq!(decode::<u8>(UNREACHED), Err(Fault::new(Error::Unavailable)));
        for broken in ["", "7", "+", "-", "+?", "é"] {
            assert_eq!(decode::<u8>(broken), Err(internal()), "{broken}");
        }
    }
}
