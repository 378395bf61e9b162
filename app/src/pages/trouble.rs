//! What to do about errors.

use domain::error::{Conflict, Error, Refusal};
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::{
    browser,
    calls::Sending,
    place::{OWN, TICKETS},
    query::use_address,
    rpc::{Fault, sign_in_again},
    ui::{Notice, Tone, words},
};

/// Stands where a page's contents could not be loaded. Whoever's session has ended is led to the
/// sign-in page.
///
/// Without JavaScript: a sentence and a link.
#[component]
pub fn Trouble(
    /// What went wrong.
    fault: Fault,
) -> impl IntoView {
    let here = use_address()();
    let (href, label) = match way_on(&fault, &here) {
        Some(way) => (way, "Go on"),
        None if matches!(fault.error, Error::NotPermitted | Error::NotFound) => {
            (OWN.to_owned(), "Go to my API key")
        }
        None => (here, "Try again"),
    };
    let notice = fault_notice(&fault);
    lead_on(RwSignal::new(Some(fault)));
    view! {
        {notice}
        <p>
            <a class="button" href=href rel="external">
                {label}
            </a>
        </p>
    }
}

/// An error that is about no field: what, and the request's id where the log has more; or the way
/// to the ticket that stands in the way.
///
/// Without JavaScript: the same.
pub fn fault_notice(fault: &Fault) -> impl IntoView + use<> {
    let request_id = fault.request_id().map(str::to_owned);
    let ticket = match &fault.error {
        Error::Conflict(Conflict::TicketWaits(id)) => Some(format!("{TICKETS}/{id}")),
        _ => None,
    };
    let ticket = ticket.map(|href| {
        view! {
            <p>
                <a class="button" href=href>
                    "View the ticket"
                </a>
            </p>
        }
    });
    view! {
        <Notice tone=Tone::Bad text=words::sentence(fault) request_id />
        {ticket}
    }
}

/// What a form was refused for, if it was.
///
/// Without JavaScript: the same.
#[component]
pub fn FormFault(
    /// What became of the form.
    sending: Sending,
) -> impl IntoView {
    move || sending.fault.get().map(|fault| fault_notice(&fault))
}

/// What is wrong with a form's field, if anything is; `expected` says what it takes (see
/// [`words::problem`]).
pub fn about(
    fault: RwSignal<Option<Fault>>,
    field: &'static str,
    expected: &'static str,
) -> Signal<Option<String>> {
    Signal::derive(move || fault.with(|fault| words::about(fault.as_ref(), field, expected)))
}

/// Once a form was refused, moves the focus to the first wrong field, or to the error.
pub fn focus_on(fault: RwSignal<Option<Fault>>) {
    Effect::new(move || {
        if fault.with(Option::is_some) {
            browser::focus_soon(&["main [aria-invalid=true]", "main .notice--bad"]);
        }
    });
}

/// Changes whenever a form is refused because what it changes is not any more what was seen: for
/// the page to be read anew.
pub fn times_stale(fault: RwSignal<Option<Fault>>) -> Signal<String> {
    let times = RwSignal::new(0_usize);
    Effect::new(move |before: Option<()>| {
        let stale = |fault: &Option<Fault>| {
            let error = fault.as_ref().map(|fault| &fault.error);
            matches!(error, Some(Error::Conflict(Conflict::Stale)))
        };
        // A page that came with the refusal is as it is now.
        if fault.with(stale) && before.is_some() {
            // Once everything has heard of the refusal: what is on the page goes when it is read
            // anew, and must not be asked any more.
            request_animation_frame(move || {
                times.try_update(|times| *times += 1);
            });
        }
    });
    Signal::derive(move || times.get().to_string())
}

/// Leads to the page that an error calls for, if it calls for one.
pub fn lead_on(fault: RwSignal<Option<Fault>>) {
    let navigate = use_navigate();
    let here = use_address();
    Effect::new(move || {
        let way = fault.with(|fault| way_on(fault.as_ref()?, &here()));
        if let Some(way) = way {
            let options = NavigateOptions {
                replace: true,
                ..NavigateOptions::default()
            };
            navigate(&way, options);
        }
    });
}

fn way_on(fault: &Fault, here: &str) -> Option<String> {
    match fault.error {
        Error::Unauthenticated => Some(sign_in_again(here)),
        Error::Refused(Refusal::PasswordChangeNeeded | Refusal::SecondFactorNeeded) => {
            Some("/profile/security".to_owned())
        }
        _ => None,
    }
}
