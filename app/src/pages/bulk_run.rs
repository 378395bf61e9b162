//! Doing one thing to many keys, step by step, until it is done or stopped.

use leptos::{ev, prelude::*, server_fn::ServerFn, task::spawn_local};

use super::bulk_work::{Kind, Which, Work};
use crate::{
    browser,
    calls::{decode, send},
    format,
    rpc::{BulkDelete, BulkExtend, Fault, MAX_STEP, StepResult},
    ui::{IntoWhole, words},
};

/// The most refusals that are listed one by one; all are counted.
const MAX_LISTED: usize = 100;

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    kind: Kind,
    running: bool,
    /// Begun on a page that was left.
    left_over: bool,
    done: u64,
    /// Left as they were: they last longer already.
    kept: u64,
    refused: u64,
    /// Those for which approval was asked.
    requested: u64,
    /// How many there are. `None`: nobody counted them.
    total: Option<u64>,
    /// Why it stopped by itself before the end.
    trouble: Option<Fault>,
    refusals: Vec<(String, String)>,
    requests: Vec<(String, String)>,
}

impl State {
    const fn of(kind: Kind, total: Option<u64>) -> Self {
        Self {
            kind,
            running: true,
            left_over: false,
            done: 0,
            kept: 0,
            refused: 0,
            requested: 0,
            total,
            trouble: None,
            refusals: Vec::new(),
            requests: Vec::new(),
        }
    }
}

/// Work on many keys.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    work: StoredValue<Option<Work>>,
    state: RwSignal<Option<State>>,
    /// Where the window keeps it. Empty: not known yet.
    place: StoredValue<String>,
    /// Counts the ends of work.
    pub ended: RwSignal<usize>,
}

impl Run {
    /// None yet.
    pub fn none() -> Self {
        let run = Self {
            work: StoredValue::new(None),
            state: RwSignal::new(None),
            place: StoredValue::new(String::new()),
            ended: RwSignal::new(0),
        };
        Effect::new(move || {
            let leaving = window_event_listener(ev::beforeunload, move |event| {
                if run.is_running() {
                    event.prevent_default();
                }
            });
            on_cleanup(move || leaving.remove());
        });
        run
    }

    /// Says who works here. What they left undone in this window can be gone on with.
    pub fn belongs_to(self, user: i64) {
        Effect::new(move || {
            if !self.place.with_value(String::is_empty) {
                return;
            }
            let place = format!("latchkey-bulk-{user}");
            let work = browser::kept_here(&place).and_then(|kept| Work::read(&kept));
            self.place.set_value(place);
            if let Some(work) = work {
                let mut state = State::of(work.kind, None);
                state.running = false;
                state.left_over = true;
                self.work.set_value(Some(work));
                self.state.set(Some(state));
            }
        });
    }

    /// Keeps what is left, should the page be left.
    fn keep(self) {
        let kept = self
            .work
            .try_with_value(|work| work.as_ref().map(Work::kept));
        self.place
            .try_with_value(|place| browser::keep_here(place, kept.flatten().as_deref()));
    }

    fn forget(self) {
        self.work.try_set_value(None);
        self.keep();
        self.state.try_set(None);
    }

    /// Begins.
    pub fn begin(self, kind: Kind, which: Which, validity: String, total: Option<u64>) {
        self.work.set_value(Some(Work::of(kind, which, validity)));
        self.keep();
        self.state.set(Some(State::of(kind, total)));
        self.go_on();
    }

    fn go_on(self) {
        self.update(|state| {
            state.running = true;
            state.left_over = false;
            state.trouble = None;
        });
        spawn_local(async move {
            while self.is_running() {
                match self.step().await {
                    Ok(true) => {}
                    Ok(false) => {
                        self.work.try_set_value(None);
                        self.keep();
                        self.update(|state| state.running = false);
                    }
                    Err(fault) => self.update(|state| {
                        state.running = false;
                        state.trouble = Some(fault);
                    }),
                }
            }
            self.ended.try_update(|ended| *ended += 1);
        });
    }

    /// Gone with its page, it stops.
    fn is_running(self) -> bool {
        let running = self.state.try_with_untracked(|state| {
            let state = state.as_ref();
            state.is_some_and(|state| state.running)
        });
        running.unwrap_or(false)
    }

    fn update(self, change: impl FnOnce(&mut State)) {
        self.state.try_update(|state| state.as_mut().map(change));
    }

    /// Does the next few. False: there were none.
    async fn step(self) -> Result<bool, Fault> {
        let Some(Some(mut work)) = self.work.try_get_value() else {
            return Ok(false);
        };
        if work.queue.is_empty() && !work.find_more().await? {
            return Ok(false);
        }
        let few: Vec<_> = work.queue.drain(..work.queue.len().min(MAX_STEP)).collect();
        let path = match work.kind {
            Kind::Delete => BulkDelete::PATH,
            Kind::Extend => BulkExtend::PATH,
        };
        let entries = [("tags", &*few.join(" ")), ("validity", &work.validity)];
        let results: Vec<StepResult> = decode(&send(path, &entries).await)?;
        self.work.try_set_value(Some(work));
        self.keep();
        self.update(|state| {
            for result in results {
                match result.refusal {
                    None if result.kept => state.kept += 1,
                    None => match result.ticket {
                        None => state.done += 1,
                        Some(ticket) => {
                            state.requested += 1;
                            if state.requests.len() < MAX_LISTED {
                                let which = format!("ticket {ticket}");
                                state.requests.push((result.tag.to_string(), which));
                            }
                        }
                    },
                    Some(fault) => {
                        state.refused += 1;
                        if state.refusals.len() < MAX_LISTED {
                            let why = words::sentence(&fault);
                            state.refusals.push((result.tag.to_string(), why));
                        }
                    }
                }
            }
        });
        Ok(true)
    }

    /// How far it is and what became of it. Nothing before it began.
    pub fn shown(self) -> AnyView {
        (move || {
            self.state
                .get()
                .map(|state| view! { <Progress run=self state /> })
        })
        .whole()
    }
}

/// How far it is, in words.
fn told(state: &State) -> String {
    let more = |number: u64, what: &str| match number {
        0 => String::new(),
        number => format!(", {} {what}", format::thousands(number)),
    };
    format!(
        "{} {}{}{}{}.",
        format::thousands(state.done),
        state.kind.done(),
        more(state.requested, "requested: they wait for approval"),
        more(state.kept, "left as they last longer"),
        more(state.refused, "refused"),
    )
}

#[component]
fn Progress(run: Run, state: State) -> AnyView {
    let handled = state.done + state.requested + state.kept + state.refused;
    let said = if state.left_over {
        format!("{} several keys was not finished.", state.kind.doing())
    } else {
        told(&state)
    };
    let bar = state.running.then(|| match state.total {
        Some(total) => view! {
            <progress class="progress" max=total.to_string() value=handled.to_string() aria-label="Progress"></progress>
        }
        .whole(),
        None => view! { <progress class="progress" aria-label="Progress"></progress> }.whole(),
    });
    let left = run.work.with_value(Option::is_some);
    let button = if state.running {
        Some(("Stop", true))
    } else {
        left.then_some(("Go on", false))
    };
    let leave = (left && !state.running).then(|| {
        view! {
            <button type="button" class="button button--small" on:click=move |_| run.forget()>
                "Leave it"
            </button>
        }
    });
    let button = button.map(|(label, stop)| {
        let press = move |_| {
            if stop {
                run.update(|state| state.running = false);
            } else {
                run.go_on();
            }
        };
        view! {
            <button type="button" class="button button--small" on:click=press>
                {label}
            </button>
        }
    });
    let trouble = state
        .trouble
        .map(|fault| view! { <p class="field__error">{words::sentence(&fault)}</p> });
    let requests = listed("Requests for approval", state.requests);
    let refusals = listed("Refused", state.refusals);
    view! {
        <div class="bulk__run">
            <p role="status">
                {said} {(!state.running && left && !state.left_over).then_some(" Stopped.")}
                {(!state.running && !left).then_some(" Finished.")}
            </p>
            {bar}
            <div class="actions">{button} {leave}</div>
            {trouble}
            {requests}
            {refusals}
        </div>
    }
    .whole()
}

/// Keys, and what is said of each. Nothing of none.
fn listed(what: &'static str, keys: Vec<(String, String)>) -> Option<AnyView> {
    let row = |(tag, said): (String, String)| {
        view! {
            <li>
                <code>{tag}</code>
                " "
                {said}
            </li>
        }
    };
    (!keys.is_empty()).then(|| {
        view! {
            <details open=true>
                <summary>{what}</summary>
                <ul>{keys.into_iter().map(row).collect_view()}</ul>
            </details>
        }
        .whole()
    })
}
