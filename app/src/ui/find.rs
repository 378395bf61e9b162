//! Searching: the text stands in the address, so that what was found can be shared and gone back to.

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use super::{IntoWhole, Pause, address};
use crate::query::use_query;

/// A field that searches the page's list while one types.
///
/// Without JavaScript: a form with a button.
#[component]
pub fn Find(
    /// The page's path.
    path: &'static str,
    /// What is searched for.
    label: &'static str,
) -> AnyView {
    let query = use_query();
    let asked = Memo::new(move |_| query.get().get("q").unwrap_or_default());
    let before = asked.get_untracked();
    let typed = RwSignal::new(before.clone());
    let sent = StoredValue::new(before.clone());
    // Going back changes the address beside the field.
    Effect::new(move || {
        let asked = asked.get();
        if sent.get_value() != asked {
            sent.set_value(asked.clone());
            typed.set(asked);
        }
    });
    let pause = Pause::none();
    let navigate = use_navigate();
    let seek = Callback::new(move |()| {
        let wanted = typed.get_untracked();
        let former = asked.get_untracked();
        if wanted == former {
            return;
        }
        sent.set_value(wanted.clone());
        let options = NavigateOptions {
            // What was typed on the way is nothing to go back to.
            replace: !former.is_empty() && !wanted.is_empty(),
            scroll: false,
            ..NavigateOptions::default()
        };
        navigate(&address(path, &[("q", &wanted)]), options);
    });
    view! {
        <form
            class="search"
            role="search"
            method="get"
            action=path
            on:submit=move |event| {
                event.prevent_default();
                pause.stop();
                seek.run(());
            }
        >
            <div class="field">
                <label class="field__label" for="find">
                    {label}
                </label>
                <input
                    class="field__input"
                    type="search"
                    id="find"
                    name="q"
                    value=before
                    prop:value=typed
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    maxlength="128"
                    on:input:target=move |event| {
                        typed.set(event.target().value());
                        pause.then(move || seek.run(()));
                    }
                />
            </div>
            <button type="submit" class="button">
                "Search"
            </button>
        </form>
    }
    .whole()
}
