//! One of several boxes of the same name.

use leptos::prelude::*;

use super::{IntoWhole, escape};

/// A box to tick among others of the same name. Without JavaScript: the same.
#[component]
pub fn Tick(
    /// The form's name for all of them.
    name: &'static str,
    /// What the form says when this one is ticked; also its id.
    value: String,
    /// Its label.
    #[prop(into)]
    label: String,
    /// Whether it is ticked at first.
    checked: bool,
    /// Why it cannot be ticked.
    #[prop(optional)]
    hindrance: Option<&'static str>,
    /// Told when it is ticked or not.
    #[prop(optional, into)]
    on_change: Option<Callback<bool>>,
) -> AnyView {
    // Whatever the text is, an id has no spaces, and two texts have two.
    let mut id = "tick-".to_owned();
    escape(&mut id, &value);
    let described = hindrance.map(|_| format!("{id}-hint"));
    let hint = hindrance.map(|hindrance| {
        view! {
            <p class="field__hint" id=format!("{id}-hint")>
                {hindrance}
            </p>
        }
    });
    view! {
        <div class="tick">
            <input
                class="tick__input"
                type="checkbox"
                id=id.clone()
                name=name
                value=value
                checked=checked
                disabled=hindrance.is_some()
                aria-describedby=described
                on:change:target=move |event| {
                    if let Some(on_change) = on_change {
                        on_change.run(event.target().checked());
                    }
                }
            />
            <label class="tick__label" for=id>
                {label}
            </label>
            {hint}
        </div>
    }
    .whole()
}
