//! A yes or no.

use leptos::prelude::*;

use super::IntoWhole;

/// A box to tick, with what it means below. Without JavaScript: the same.
#[component]
pub fn Checkbox(
    /// The form's name for it; also its id. It says `true` when ticked, nothing otherwise.
    name: &'static str,
    /// Its label.
    label: &'static str,
    /// What ticking it means.
    hint: &'static str,
    /// Whether it is ticked at first.
    checked: bool,
    /// Whether it can only be looked at.
    #[prop(optional)]
    disabled: bool,
) -> AnyView {
    view! {
        <div class="tick">
            <input
                class="tick__input"
                type="checkbox"
                id=name
                name=name
                value="true"
                checked=checked
                disabled=disabled
                aria-describedby=format!("{name}-hint")
            />
            <label class="tick__label" for=name>
                {label}
            </label>
            <p class="field__hint" id=format!("{name}-hint")>
                {hint}
            </p>
        </div>
    }
    .whole()
}
