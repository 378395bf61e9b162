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
    /// Told when it is ticked or not any more.
    #[prop(optional, into)]
    on_change: Option<Callback<bool>>,
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
                on:change:target=move |event| {
                    if let Some(on_change) = on_change {
                        on_change.run(event.target().checked());
                    }
                }
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
