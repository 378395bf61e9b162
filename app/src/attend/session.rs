//! A warning before the session ends.

use std::time::Duration;

use leptos::{
    ev, leptos_dom::helpers::TimeoutHandle, prelude::*, server_fn::ServerFn, task::spawn_local,
};
use leptos_router::hooks::use_location;

use crate::{
    calls::{decode, send, send_unasked},
    format,
    query::use_address,
    rpc::{LoadSessionLeft, SessionLeft, SignOut, StaySignedIn, sign_in_again},
    ui::{IntoWhole, modal},
};

/// How long before the end people are warned, in seconds: time to come back and press a button.
const WARN_SECONDS: u32 = 120;
/// How long before it is asked again, at the latest, in seconds.
const LONGEST_WAIT: u32 = 60 * 60;
/// How long before it is asked again after no answer, in seconds.
const WAIT_AFTER_FAILURE: u32 = 15;

/// How the session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Nobody is signed in, as far as is known.
    Nobody,
    /// It lasts.
    Lasting,
    /// It ends soon.
    Ending { by_idleness: bool },
    /// It has ended.
    Ended,
}

/// Looks after the end of the session.
#[derive(Debug, Clone, Copy)]
struct Watch {
    standing: RwSignal<Standing>,
    /// Seconds to the end, while it is near.
    left: RwSignal<u32>,
    /// Somebody knows, and does not want to be told again.
    told: RwSignal<bool>,
    waiting: StoredValue<Option<TimeoutHandle>>,
}

impl Watch {
    fn begin() -> Self {
        Self {
            standing: RwSignal::new(Standing::Nobody),
            left: RwSignal::new(0),
            told: RwSignal::new(false),
            waiting: StoredValue::new(None),
        }
    }

    /// Asks the server when the session ends; that makes it last no longer.
    fn ask(self) {
        spawn_local(async move {
            let answer = send_unasked(LoadSessionLeft::PATH).await;
            match decode::<Option<SessionLeft>>(&answer) {
                Ok(left) => self.settle(left),
                Err(_) => self.again_in(WAIT_AFTER_FAILURE),
            }
        });
    }

    fn stay(self) {
        spawn_local(async move {
            let answer = send(StaySignedIn::PATH, &[]).await;
            match decode::<Option<SessionLeft>>(&answer) {
                Ok(left) => self.settle(left),
                Err(_) => self.ask(),
            }
        });
    }

    fn settle(self, left: Option<SessionLeft>) {
        let Some(before) = self.standing.try_get_untracked() else {
            return;
        };
        let now = match left {
            None if before == Standing::Nobody => Standing::Nobody,
            None => Standing::Ended,
            Some(left) if left.seconds > WARN_SECONDS => {
                self.again_in((left.seconds - WARN_SECONDS).min(LONGEST_WAIT));
                Standing::Lasting
            }
            Some(left) => {
                self.left.set(left.seconds);
                // Somebody may go on in another window meanwhile.
                self.again_in(left.seconds.clamp(1, WAIT_AFTER_FAILURE));
                Standing::Ending {
                    by_idleness: left.by_idleness,
                }
            }
        };
        if now != before {
            self.told.set(false);
            self.standing.set(now);
        }
    }

    fn again_in(self, seconds: u32) {
        self.stop();
        let wait = Duration::from_secs(seconds.into());
        let later = set_timeout_with_handle(move || self.ask(), wait);
        self.waiting.try_set_value(later.ok());
    }

    fn stop(self) {
        if let Some(waiting) = self.waiting.try_get_value().flatten() {
            waiting.clear();
        }
    }
}

/// Warns two minutes before the session ends, and offers to stay signed in where that helps. What
/// is on the page stays there also when it has ended.
///
/// Without JavaScript: not there; after the end the next step leads to the sign-in page and back.
#[component]
pub fn SessionEnds() -> AnyView {
    let watch = Watch::begin();
    let path = use_location().pathname;
    let here = use_address();
    Effect::new(move || {
        path.track();
        if watch.standing.get_untracked() == Standing::Nobody {
            watch.ask();
        }
    });
    Effect::new(move || {
        // Timers stand still while a computer sleeps.
        let back = window_event_listener(ev::focus, move |_| {
            if watch.standing.get_untracked() == Standing::Lasting {
                watch.ask();
            }
        });
        let tick = move || watch.left.update(|left| *left = left.saturating_sub(1));
        let clock = set_interval_with_handle(tick, Duration::from_secs(1)).ok();
        on_cleanup(move || {
            back.remove();
            watch.stop();
            if let Some(clock) = clock {
                clock.clear();
            }
        });
    });
    (move || {
        let standing = watch.standing.get();
        if watch.told.get() {
            return None;
        }
        match standing {
            Standing::Nobody | Standing::Lasting => None,
            Standing::Ending { by_idleness } => Some(ending(watch, by_idleness)),
            Standing::Ended => Some(ended(watch, &here())),
        }
    })
    .whole()
}

fn ending(watch: Watch, by_idleness: bool) -> AnyView {
    let (why, stay) = if by_idleness {
        let stay = view! {
            <button
                type="button"
                class="button button--primary"
                autofocus=true
                on:click=move |_| watch.stay()
            >
                "Stay signed in"
            </button>
        };
        ("Nothing has been done here for a while.", stay.whole())
    } else {
        let close = view! {
            <button
                type="button"
                class="button button--primary"
                autofocus=true
                on:click=move |_| watch.told.set(true)
            >
                "Close"
            </button>
        };
        (
            "Your session ends after its longest time, whatever you do. Save what you are at, then sign in again.",
            close.whole(),
        )
    };
    let left = move || format::clock(watch.left.get());
    let more = view! {
        <p class="countdown" role="timer">
            <span class="visually-hidden">"Left: "</span>
            {left}
        </p>
    };
    let buttons = view! {
        <form method="post" action=SignOut::PATH>
            <button type="submit" class="button">
                "Sign out"
            </button>
        </form>
        {stay}
    };
    let title = "You will be signed out in two minutes";
    told(watch, title, why, Some(more.whole()), buttons.whole())
}

fn ended(watch: Watch, here: &str) -> AnyView {
    let buttons = view! {
        <button type="button" class="button" on:click=move |_| watch.told.set(true)>
            "Back to the page"
        </button>
        <a
            class="button button--primary"
            href=sign_in_again(here)
            rel="external"
            autofocus=true
        >
            "Sign in again"
        </a>
    };
    let why = "What you have typed on this page is still there until you leave it: copy what you need, then sign in again.";
    told(watch, "Your session has ended", why, None, buttons.whole())
}

/// On top of the page, until somebody has seen it.
fn told(
    watch: Watch,
    title: &'static str,
    why: &'static str,
    more: Option<AnyView>,
    buttons: AnyView,
) -> AnyView {
    view! {
        <dialog
            node_ref=modal()
            class="dialog"
            role="alertdialog"
            aria-labelledby="session-end"
            aria-describedby="session-end-why"
            on:close=move |_| watch.told.set(true)
        >
            <h2 class="dialog__title" id="session-end">
                {title}
            </h2>
            <p id="session-end-why">{why}</p>
            {more}
            <div class="actions actions--end">{buttons}</div>
        </dialog>
    }
    .whole()
}
