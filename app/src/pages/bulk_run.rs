//! Doing one thing to many keys, step by step, until it is done or stopped.

use leptos::{ev, prelude::*, server_fn::ServerFn, task::spawn_local};

use super::{
    bulk_results::{Results, results},
    bulk_work::{Kind, Next, Tally, Which, Work},
};
use crate::{
    browser,
    calls::{decode, send},
    format,
    rpc::{BulkDelete, BulkExtend, Extended, Fault, LoadBulkTags},
    ui::{IntoWhole, words},
};

/// Into how many parts the way is cut at whose ends a screen reader is told how far it is.
const PARTS: u64 = 10;
/// How many keys such a part has when nobody knows how many there are.
const PART: u64 = 500;

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    kind: Kind,
    /// It goes on after the present step.
    running: bool,
    /// There is something left to do.
    left: bool,
    /// Begun on a page that was left.
    left_over: bool,
    tally: Tally,
    /// How far it was when it was told last.
    told: Tally,
    /// How many there are. `None`: nobody counted them.
    most: Option<u64>,
    /// Why it stopped by itself before the end.
    trouble: Option<Fault>,
}

impl State {
    const fn of(work: &Work, left_over: bool) -> Self {
        Self {
            kind: work.kind,
            running: !left_over,
            left: true,
            left_over,
            tally: work.tally,
            told: work.tally,
            most: work.most,
            trouble: None,
        }
    }

    /// Not every step is told: there may be hundreds.
    fn hear(&mut self, tally: Tally) {
        let part = |tally: Tally| match self.most {
            Some(most) => tally.handled() * PARTS / most.max(1),
            None => tally.handled() / PART,
        };
        if part(tally) != part(self.told) {
            self.told = tally;
        }
        self.tally = tally;
    }
}

/// Work on many keys.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// What is left to do. A step that comes back finds here whether it is still wanted.
    work: StoredValue<Option<Work>>,
    state: RwSignal<Option<State>>,
    /// What became of each key since this page was opened.
    results: StoredValue<Results>,
    /// Whether all of that is looked at.
    open: RwSignal<bool>,
    /// Whether a step is under way: then nothing else begins.
    busy: RwSignal<bool>,
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
            results: StoredValue::new(Vec::new()),
            open: RwSignal::new(false),
            busy: RwSignal::new(false),
            place: StoredValue::new(String::new()),
            ended: RwSignal::new(0),
        };
        Effect::new(move || {
            let leaving = window_event_listener(ev::beforeunload, move |event| {
                if run.busy.get_untracked() {
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
            // The number is the form's: what was kept in another is not read.
            let place = format!("latchkey-bulk-2-{user}");
            let work = browser::kept_here(&place).and_then(|kept| Work::read(&kept));
            self.place.set_value(place);
            if let Some(work) = work {
                self.state.set(Some(State::of(&work, true)));
                self.work.set_value(Some(work));
            }
        });
    }

    /// Whether nothing is under way and nothing is left: only then something else can be begun.
    pub fn is_free(self) -> bool {
        let left = |state: &Option<State>| state.as_ref().is_some_and(|state| state.left);
        !self.busy.get() && !self.state.with(left)
    }

    /// Keeps what is left, should the page be left.
    fn keep(self) {
        let kept = self
            .work
            .try_with_value(|work| work.as_ref().and_then(Work::kept));
        if let Some(kept) = kept {
            self.place
                .try_with_value(|place| browser::keep_here(place, kept.as_deref()));
        }
    }

    /// Changes what is left, if it is still wanted.
    fn change<T>(self, change: impl FnOnce(&mut Work) -> T) -> Option<T> {
        let changed = self.work.try_update_value(|work| {
            let work = work.as_mut()?;
            let changed = change(work);
            Some((changed, work.tally))
        });
        let (changed, tally) = changed.flatten()?;
        self.keep();
        self.update(|state| state.hear(tally));
        Some(changed)
    }

    fn forget(self) {
        self.work.try_set_value(None);
        self.keep();
        self.state.try_set(None);
    }

    /// Begins, unless something else is not finished.
    pub fn begin(self, kind: Kind, which: Which, validity: String, most: Option<u64>) {
        if !untrack(|| self.is_free()) {
            return;
        }
        let work = Work::of(kind, which, validity, most);
        self.results.update_value(Vec::clear);
        self.open.set(false);
        self.state.set(Some(State::of(&work, false)));
        self.work.set_value(Some(work));
        self.keep();
        self.go_on();
    }

    /// Goes on. There is one loop at a time: while a step is under way, that step's goes on.
    fn go_on(self) {
        self.update(|state| {
            state.running = true;
            state.left_over = false;
            state.trouble = None;
        });
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        spawn_local(async move {
            while self.is_running() {
                match self.step().await {
                    Ok(true) => {}
                    Ok(false) => {
                        self.work.try_set_value(None);
                        self.keep();
                        self.update(|state| (state.running, state.left) = (false, false));
                    }
                    Err(fault) => self.update(|state| {
                        state.running = false;
                        state.trouble = Some(fault);
                    }),
                }
            }
            self.busy.try_set(false);
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

    /// Does what comes next. False: there was nothing more.
    async fn step(self) -> Result<bool, Fault> {
        let next = self.change(|work| {
            let again = work.is_sent();
            (work.kind, work.validity.clone(), again, work.what_next())
        });
        let Some((kind, validity, again, next)) = next else {
            return Ok(false);
        };
        match next {
            Next::Nothing => return Ok(false),
            Next::Count => {
                let entries = [("validity", &*validity)];
                let begun: Extended = decode(&send(BulkExtend::PATH, &entries).await)?;
                self.change(|work| work.counts_from(begun.since));
            }
            Next::Look { at, made_by } => {
                let entries = [("at", &*at), ("made_by", &made_by)];
                let found = decode(&send(LoadBulkTags::PATH, &entries).await)?;
                self.change(|work| work.found(found));
            }
            Next::Send { tags, since } => {
                let entries = [("tags", &*tags), ("validity", &validity), ("since", &since)];
                let sent = match kind {
                    Kind::Delete => decode(&send(BulkDelete::PATH, &entries[..1]).await)?,
                    Kind::Extend => {
                        let answer = send(BulkExtend::PATH, &entries).await;
                        decode::<Extended>(&answer)?.results
                    }
                };
                let mut became = self.change(|work| work.heard(sent, again));
                let became = became.iter_mut().flat_map(|became| became.drain(..));
                self.results.try_update_value(|all| all.extend(became));
            }
        }
        Ok(true)
    }

    /// How far it is and what became of it. Nothing before it began.
    pub fn shown(self) -> AnyView {
        (move || {
            let busy = self.busy.get();
            let state = self.state.get();
            state.map(|state| view! { <Progress run=self state busy /> })
        })
        .whole()
    }
}

/// How far it is, in words.
fn told(kind: Kind, tally: Tally) -> String {
    let more = |number: u64, what: &str| match number {
        0 => String::new(),
        number => format!(", {} {what}", format::thousands(number)),
    };
    format!(
        "{} {}{}{}{}.",
        format::thousands(tally.done),
        kind.done(),
        more(tally.requested, "requested: they wait for approval"),
        more(tally.kept, "left as they last longer"),
        more(tally.refused, "refused"),
    )
}

#[component]
fn Progress(run: Run, state: State, busy: bool) -> AnyView {
    let State {
        kind,
        running,
        left,
        left_over,
        tally,
        most,
        ..
    } = state;
    let so_far = told(kind, tally);
    let (said, announced) = if running {
        // The present number is for the eyes; the bar has it, too.
        (so_far, told(kind, state.told))
    } else {
        let said = if left_over {
            let doing = kind.doing();
            format!("{doing} several keys was not finished. So far: {so_far}")
        } else if !left {
            format!("{so_far} Finished.")
        } else if busy {
            format!("{so_far} Stopping: an answer is awaited.")
        } else {
            format!("{so_far} Stopped.")
        };
        (said.clone(), said)
    };
    let handled = tally.handled();
    let bar = running.then(|| match most {
        Some(most) => view! {
            <progress class="progress" max=most.to_string() value=handled.to_string() aria-label="Progress"></progress>
        }
        .whole(),
        None => view! { <progress class="progress" aria-label="Progress"></progress> }.whole(),
    });
    let button = if running {
        Some(("Stop", true))
    } else {
        left.then_some(("Go on", false))
    };
    let leave = (left && !running).then(|| {
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
    view! {
        <div class="bulk__run">
            {running.then(|| view! { <p aria-hidden="true">{said}</p> })}
            <p class=running.then_some("visually-hidden") role="status">
                {announced}
            </p>
            {bar}
            <div class="actions">{button} {leave}</div>
            {trouble}
            {results(run.results, kind, run.open)}
        </div>
    }
    .whole()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often it is told while so many are done step by step.
    fn times(most: Option<u64>, number: u64) -> usize {
        let which = Which::These(std::collections::BTreeSet::new());
        let work = Work::of(Kind::Delete, which, String::new(), most);
        let mut state = State::of(&work, false);
        let mut told = 0;
        for done in (20..=number).step_by(20) {
            let before = state.told;
            let tally = Tally {
                done,
                ..Tally::default()
            };
            state.hear(tally);
            told += usize::from(state.told != before);
            assert_eq!(state.tally, tally);
        }
        told
    }

    #[test]
    fn not_every_step_is_told() {
        assert_eq!(times(Some(10_000), 10_000), 10);
        assert_eq!(times(None, 10_000), 20);
        assert_eq!(times(Some(60), 60), 3);
        assert_eq!(times(Some(0), 20), 1);
    }
}
