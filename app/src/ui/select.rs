//! One of many.

use leptos::prelude::*;

use super::IntoWhole;

/// A group of choices, under a name when it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    /// The group's name. Empty: none.
    pub name: &'static str,
    /// What the form says and what it is called.
    pub choices: Vec<(String, String)>,
}

/// A list to choose one from. Without JavaScript: the same.
#[component]
pub fn Select(
    /// The form's name for it; also its id.
    name: &'static str,
    /// Its label.
    label: &'static str,
    /// What can be chosen.
    groups: Vec<Choices>,
    /// What is chosen at first.
    #[prop(optional, into)]
    chosen: String,
) -> AnyView {
    let is_chosen = move |value: &str| value == chosen;
    let groups = groups.into_iter().map(|group| {
        let options = group.choices.into_iter().map(|(value, label)| {
            let selected = is_chosen(&value);
            view! {
                <option value=value selected=selected>
                    {label}
                </option>
            }
        });
        let options = options.collect_view();
        if group.name.is_empty() {
            options.whole()
        } else {
            view! { <optgroup label=group.name>{options}</optgroup> }.whole()
        }
    });
    let groups = groups.collect_view();
    view! {
        <div class="field">
            <label class="field__label" for=name>
                {label}
            </label>
            <select class="field__input" id=name name=name>
                {groups}
            </select>
        </div>
    }
    .whole()
}
