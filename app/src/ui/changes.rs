//! What was and what will be.

use std::borrow::Cow;

use leptos::prelude::*;

use super::IntoWhole;

/// A value that becomes another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    name: Cow<'static, str>,
    from: String,
    to: String,
}

impl Change {
    /// The change from one value to another, if they differ.
    pub fn between(name: &'static str, from: &str, to: &str) -> Option<Self> {
        Self::of(name, from, to)
    }

    /// The same, whatever it is called.
    pub fn of(name: impl Into<Cow<'static, str>>, from: &str, to: &str) -> Option<Self> {
        (from != to).then(|| Self {
            name: name.into(),
            from: from.to_owned(),
            to: to.to_owned(),
        })
    }
}

/// Old and new values, beside each other. Without JavaScript: the same.
#[component]
pub fn Changes(
    /// What changes.
    changes: Vec<Change>,
) -> AnyView {
    let word = |text: String| {
        if text.is_empty() {
            "none".to_owned()
        } else {
            text
        }
    };
    let row = move |change: Change| {
        view! {
            <div class="fact">
                <dt class="fact__name">{change.name}</dt>
                <dd class="fact__value change">
                    <span class="visually-hidden">"from "</span>
                    <del class="change__from">
                        <bdi>{word(change.from)}</bdi>
                    </del>
                    <span class="visually-hidden">" to "</span>
                    <span>
                        <span class="change__arrow" aria-hidden="true">
                            "→ "
                        </span>
                        <ins class="change__to">
                            <bdi>{word(change.to)}</bdi>
                        </ins>
                    </span>
                </dd>
            </div>
        }
    };
    view! { <dl class="facts">{changes.into_iter().map(row).collect_view()}</dl> }.whole()
}

/// What a form that is alive will change, told while it is filled in. Without JavaScript: not seen.
#[component]
pub fn WillChange(
    /// What changes.
    changes: Memo<Vec<Change>>,
) -> AnyView {
    view! {
        <section class="card card--flat needs-script" aria-labelledby="will-change">
            <h2 class="subtitle" id="will-change">
                "What will change"
            </h2>
            <div role="status">
                {move || {
                    let changes = changes.try_get().unwrap_or_default();
                    if changes.is_empty() {
                        view! { <p class="quiet">"Nothing yet."</p> }.whole()
                    } else {
                        view! { <Changes changes /> }.whole()
                    }
                }}
            </div>
        </section>
    }
    .whole()
}
