//! Doing one thing to many keys, step by step, until it is done or stopped.

use std::collections::{BTreeSet, VecDeque};

use domain::Instant;
use leptos::{prelude::*, server_fn::ServerFn, task::spawn_local};

use crate::{
    calls::{decode, send},
    format,
    rpc::{BulkDelete, BulkExtend, Fault, LoadBulkTags, MAX_STEP, SomeTags, StepResult},
    ui::{IntoWhole, words},
};

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Deleting.
    Delete,
    /// Giving a new end.
    Extend,
}

impl Kind {
    /// The button that does it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Delete => "Delete",
            Self::Extend => "Extend",
        }
    }

    const fn done(self) -> &'static str {
        match self {
            Self::Delete => "deleted",
            Self::Extend => "extended",
        }
    }
}

/// To which keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// To these.
    These(BTreeSet<String>),
    /// To all that a list showed.
    List {
        /// The list's address.
        at: String,
        /// When it was so: what was made later is not meant.
        as_of: Instant,
        /// What is taken out of it.
        out: BTreeSet<String>,
    },
}

/// The most refusals that are listed one by one; all are counted.
const MAX_LISTED: usize = 100;

/// What is left to do.
#[derive(Debug, Clone)]
struct Work {
    kind: Kind,
    validity: String,
    /// Known, and not done yet.
    queue: VecDeque<String>,
    /// Where to find more, and what is not meant there. `None`: nowhere.
    list: Option<(String, Instant)>,
    /// Where in that list to go on. Empty: at its beginning.
    after: String,
    /// What was seen already: a key that is extended may come again.
    seen: BTreeSet<String>,
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    kind: Kind,
    running: bool,
    done: u64,
    /// Left as they were: they last longer already.
    kept: u64,
    refused: u64,
    /// How many there are. `None`: nobody counted them.
    total: Option<u64>,
    /// Why it stopped by itself before the end.
    trouble: Option<Fault>,
    refusals: Vec<(String, String)>,
}

/// Work on many keys.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    work: StoredValue<Option<Work>>,
    state: RwSignal<Option<State>>,
    /// Counts the ends of work.
    pub ended: RwSignal<usize>,
}

impl Run {
    /// None yet.
    pub fn none() -> Self {
        Self {
            work: StoredValue::new(None),
            state: RwSignal::new(None),
            ended: RwSignal::new(0),
        }
    }

    /// Begins.
    pub fn begin(self, kind: Kind, which: Which, validity: String, total: Option<u64>) {
        let (queue, list, seen) = match which {
            Which::These(tags) => (tags.into_iter().collect(), None, BTreeSet::new()),
            Which::List { at, as_of, out } => (VecDeque::new(), Some((at, as_of)), out),
        };
        self.work.set_value(Some(Work {
            kind,
            validity,
            queue,
            list,
            after: String::new(),
            seen,
        }));
        self.state.set(Some(State {
            kind,
            running: true,
            done: 0,
            kept: 0,
            refused: 0,
            total,
            trouble: None,
            refusals: Vec::new(),
        }));
        self.go_on();
    }

    fn go_on(self) {
        self.update(|state| {
            state.running = true;
            state.trouble = None;
        });
        spawn_local(async move {
            while self.is_running() {
                match self.step().await {
                    Ok(true) => {}
                    Ok(false) => {
                        self.work.try_set_value(None);
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
        self.update(|state| {
            for result in results {
                match result.refusal {
                    None if result.kept => state.kept += 1,
                    None => state.done += 1,
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

impl Work {
    /// Fills the queue from the list. False: the list has no more.
    async fn find_more(&mut self) -> Result<bool, Fault> {
        while let Some((list, as_of)) = &self.list {
            let at = if self.after.is_empty() {
                list.clone()
            } else {
                format!("{list}&after={}", self.after)
            };
            let found: SomeTags = {
                let made_by = as_of.timestamp_micros().to_string();
                let entries = [("at", &*at), ("made_by", &made_by)];
                decode(&send(LoadBulkTags::PATH, &entries).await)?
            };
            let tags = found.tags.into_iter().map(|tag| tag.to_string());
            let new = tags.filter(|tag| self.seen.insert(tag.clone()));
            self.queue.extend(new);
            match found.after {
                Some(after) => self.after = after,
                None => self.list = None,
            }
            if !self.queue.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[component]
fn Progress(run: Run, state: State) -> AnyView {
    let handled = state.done + state.kept + state.refused;
    let said = format!(
        "{} {}{}{}.",
        format::thousands(state.done),
        state.kind.done(),
        match state.kept {
            0 => String::new(),
            kept => format!(", {} left as they last longer", format::thousands(kept)),
        },
        match state.refused {
            0 => String::new(),
            refused => format!(", {} refused", format::thousands(refused)),
        }
    );
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
    let refusals = (!state.refusals.is_empty()).then(|| {
        let row = |(tag, why): (String, String)| {
            view! {
                <li>
                    <code>{tag}</code>
                    " "
                    {why}
                </li>
            }
        };
        view! {
            <details open=true>
                <summary>"Refused"</summary>
                <ul>{state.refusals.into_iter().map(row).collect_view()}</ul>
            </details>
        }
    });
    view! {
        <div class="bulk__run">
            <p role="status">
                {said} {(!state.running && left).then_some(" Stopped.")}
                {(!state.running && !left).then_some(" Finished.")}
            </p>
            {bar}
            {button}
            {trouble}
            {refusals}
        </div>
    }
    .whole()
}
