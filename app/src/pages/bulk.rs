//! Choosing several keys, and what can be done to them all.

use std::collections::BTreeSet;

use domain::{Instant, directory::Count};
use leptos::{html, prelude::*};

use super::{
    bulk_run::Run,
    bulk_work::{Kind, Which},
};
use crate::{
    format,
    ui::{IntoWhole, call_for_each, modal, words},
    validity::PRESETS,
};

/// A question about several keys: what is to be done, to how many, and the list they are from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    kind: Kind,
    number: Count,
    list: String,
    as_of: Instant,
}

/// What is chosen on the page, and what is being done to it.
#[derive(Debug, Clone, Copy)]
pub struct Picked {
    /// Keys chosen one by one, also on other pages of the list.
    tags: RwSignal<BTreeSet<String>>,
    /// All that match, whatever is chosen one by one.
    all: RwSignal<bool>,
    /// What is taken out of all that match.
    out: RwSignal<BTreeSet<String>>,
    /// What is asked about.
    asking: RwSignal<Option<Asked>>,
    run: Run,
}

impl Picked {
    /// Nothing yet.
    pub fn none() -> Self {
        Self {
            tags: RwSignal::new(BTreeSet::new()),
            all: RwSignal::new(false),
            out: RwSignal::new(BTreeSet::new()),
            asking: RwSignal::new(None),
            run: Run::none(),
        }
    }

    /// Counts what was done, for the list to be read anew.
    pub fn done(self) -> RwSignal<usize> {
        self.run.ended
    }

    /// Says who chooses: what they left undone in this window can be gone on with.
    pub fn belongs_to(self, user: i64) {
        self.run.belongs_to(user);
    }

    /// The question that is asked, if one is.
    pub fn question(self) -> AnyView {
        (move || {
            let asked = self.asking.get();
            asked.map(|asked| view! { <Question picked=self asked /> })
        })
        .whole()
    }

    /// How far it is, and what became of it.
    pub fn shown(self) -> AnyView {
        self.run.shown()
    }

    /// All that match another search are others.
    pub fn not_all(self) {
        if self.all.get_untracked() {
            self.all.set(false);
            self.out.update(BTreeSet::clear);
        }
    }

    fn clear(self) {
        self.tags.update(BTreeSet::clear);
        self.not_all();
    }
}

/// Chooses a key. Without JavaScript: not there.
#[component]
pub fn Pick(
    /// What is chosen so far.
    picked: Picked,
    /// The key.
    tag: String,
) -> AnyView {
    let label = format!("Select {tag}");
    let own = tag.clone();
    let chosen = move || {
        let has = |tags: &BTreeSet<String>| tags.contains(&own);
        if picked.all.get() {
            !picked.out.with(has)
        } else {
            picked.tags.with(has)
        }
    };
    let toggle = move |_| {
        let tag = tag.clone();
        let among = if picked.all.get_untracked() {
            picked.out
        } else {
            picked.tags
        };
        among.update(|tags| {
            if !tags.remove(&tag) {
                tags.insert(tag);
            }
        });
    };
    view! {
        <input
            type="checkbox"
            class="tick__input needs-script"
            aria-label=label
            prop:checked=chosen
            on:change=toggle
        />
    }
    .whole()
}

/// How many are chosen, what can be done to them, how far that is, and what became of them.
///
/// Without JavaScript: not there; each key can be edited and deleted by itself.
#[component]
pub fn Bulk(
    /// What is chosen.
    picked: Picked,
    /// The keys on this page.
    tags: Vec<String>,
    /// How many match in all.
    count: Count,
    /// The list's address.
    list: String,
    /// When the list was so.
    as_of: Instant,
) -> AnyView {
    let number = move || match count {
        _ if !picked.all.get() => picked.tags.with(|tags| Count::Exactly(tags.len() as u64)),
        Count::Exactly(count) => {
            Count::Exactly(count.saturating_sub(picked.out.with(BTreeSet::len) as u64))
        }
        more @ Count::MoreThan(_) => more,
    };
    let some = move || number() != Count::Exactly(0);
    let page = move |_| {
        if picked.all.get_untracked() {
            picked
                .out
                .update(|out| out.retain(|tag| !tags.contains(tag)));
        } else {
            picked
                .tags
                .update(|chosen| chosen.extend(tags.iter().cloned()));
        }
    };
    let list = StoredValue::new(list);
    let ask = move |kind| {
        move |_| {
            picked.asking.set(Some(Asked {
                kind,
                number: number(),
                list: list.get_value(),
                as_of,
            }));
        }
    };
    // One thing at a time: two would get into each other's way.
    let free = move || picked.run.is_free();
    let act = move || {
        free().then(|| {
            view! {
                <button
                    type="button"
                    class="button button--small"
                    on:click=ask(Kind::Extend)
                >
                    "Extend…"
                </button>
                <button
                    type="button"
                    class="button button--small button--danger"
                    on:click=ask(Kind::Delete)
                >
                    "Delete…"
                </button>
            }
        })
    };
    let buttons = move || {
        some().then(|| {
            view! {
                {act}
                <button
                    type="button"
                    class="button button--small"
                    on:click=move |_| picked.clear()
                >
                    "Select none"
                </button>
            }
        })
    };
    let wait = move || {
        let waits = some() && !free();
        waits.then(|| {
            view! {
                <p class="quiet">"What was begun above has to be finished or left first."</p>
            }
        })
    };
    let every = words::so_many(count, "key", "keys");
    view! {
        <section class="bulk needs-script" aria-label="Several at once">
            <p role="status">{move || words::how_many(number(), "key selected", "keys selected")}</p>
            <div class="actions">
                <button type="button" class="button button--small" on:click=page>
                    "Select this page"
                </button>
                <button
                    type="button"
                    class="button button--small"
                    on:click=move |_| picked.all.set(true)
                >
                    {format!("Select all that match: {every}")}
                </button>
                {buttons}
            </div>
            {wait}
        </section>
    }
    .whole()
}

/// Asks before anything is done to several keys; the number must be typed.
#[component]
fn Question(picked: Picked, asked: Asked) -> AnyView {
    let Asked {
        kind,
        number,
        list,
        as_of,
    } = asked;
    let dialog = modal();
    let days = NodeRef::<html::Select>::new();
    let typed = RwSignal::new(String::new());
    let (expected, exact) = match number {
        Count::Exactly(number) => (number.to_string(), Some(number)),
        Count::MoreThan(_) => ("all".to_owned(), None),
    };
    let how_many = words::so_many(number, "API key", "API keys");
    let (title, does, class) = match kind {
        Kind::Delete => (
            format!("Delete {how_many}?"),
            "They stop working at once and for good. Whatever uses them will be refused.",
            "button button--destructive",
        ),
        Kind::Extend => (
            format!("Extend {how_many}?"),
            "Each gets the new end, counted from now. What lasts longer already stays as it is.",
            "button button--primary",
        ),
    };
    let right = expected.clone();
    let idle = move || typed.with(|typed| *typed != right);
    let idle = Signal::derive(idle);
    let close = move || picked.asking.set(None);
    let go = move |_| {
        if idle.get_untracked() {
            return;
        }
        let validity = days.get_untracked().map(|days| days.value());
        let which = if picked.all.get_untracked() {
            Which::List {
                at: list.clone(),
                as_of,
                out: picked.out.get_untracked(),
            }
        } else {
            Which::These(picked.tags.get_untracked())
        };
        let validity = validity.unwrap_or_default();
        picked.run.begin(kind, which, validity, exact);
        picked.clear();
        close();
    };
    let call = call_for_each(match kind {
        Kind::Delete => "delete",
        Kind::Extend => "edit",
    });
    let extend = (kind == Kind::Extend).then(|| {
        let option = |days: u32| {
            let label = format::days(days.into());
            view! { <option value=days.to_string()>{label}</option> }
        };
        view! {
            <div class="field">
                <label class="field__label" for="bulk-days">
                    "New validity"
                </label>
                <select class="field__input" id="bulk-days" node_ref=days>
                    {PRESETS.map(option).collect_view()}
                </select>
            </div>
        }
    });
    view! {
        <dialog
            node_ref=dialog
            class="dialog"
            aria-labelledby="bulk-question"
            on:close=move |_| close()
        >
            <h2 class="dialog__title" id="bulk-question">
                {title}
            </h2>
            <p>{does}</p>
            {extend}
            <div class="field">
                <label class="field__label" for="bulk-typed">
                    {format!("Type {expected} to go on")}
                </label>
                <input
                    class="field__input"
                    id="bulk-typed"
                    autocomplete="off"
                    on:input:target=move |event| typed.set(event.target().value())
                />
            </div>
            <div class="actions actions--end">
                <button type="button" class="button" autofocus=true on:click=move |_| close()>
                    "Cancel"
                </button>
                <button
                    type="button"
                    class=class
                    aria-disabled=move || idle.get().then_some("true")
                    on:click=go
                >
                    {kind.label()}
                </button>
            </div>
            {call}
        </dialog>
    }
    .whole()
}
