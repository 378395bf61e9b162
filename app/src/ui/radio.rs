//! One of several choices.

use leptos::prelude::*;

use super::IntoWhole;

/// A choice among several, as large as a thumb. Without JavaScript: the same.
#[component]
pub fn Radio(
    /// The form's name for the choice.
    name: &'static str,
    /// What the form says when this one is chosen.
    value: String,
    /// What it is called.
    #[prop(into)]
    label: String,
    /// What it means.
    #[prop(into)]
    more: String,
    /// Whether it is chosen at first.
    checked: bool,
    /// Whether it cannot be chosen.
    #[prop(optional)]
    disabled: bool,
    /// Told when it is chosen.
    #[prop(optional, into)]
    on_choice: Option<Callback<()>>,
) -> AnyView {
    view! {
        <label class="option">
            <input
                class="option__input"
                type="radio"
                name=name
                value=value
                checked=checked
                disabled=disabled
                on:change=move |_| {
                    if let Some(on_choice) = on_choice {
                        on_choice.run(());
                    }
                }
            />
            <span class="option__label">{label}</span>
            <span class="option__more">{more}</span>
        </label>
    }
    .whole()
}
