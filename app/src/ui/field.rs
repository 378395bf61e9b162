//! Fields of forms: a label, a hint, what is wrong.

use leptos::prelude::*;

use super::{Icon, IntoWhole, Shape};

/// What a field is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A line of text.
    Text,
    /// A password, with a switch that shows it.
    Password,
    /// A whole number.
    Number,
    /// A day.
    Date,
}

/// A labelled line of text. Hint and error are linked to it, and a wrong one says so.
///
/// Without JavaScript: the same, except that a password has no switch to show it.
#[component]
pub fn TextField(
    /// The form's name for it; also its id.
    name: &'static str,
    /// Its label.
    label: &'static str,
    /// What it is for.
    #[prop(default = Kind::Text)]
    kind: Kind,
    /// What stands in it at first.
    #[prop(optional)]
    value: String,
    /// What a browser may fill in.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// What is allowed.
    #[prop(optional, into)]
    hint: Option<Signal<String>>,
    /// What is wrong.
    #[prop(default = Signal::stored(None))]
    error: Signal<Option<String>>,
    /// Whether it may stay empty.
    #[prop(optional)]
    optional: bool,
    /// Whether it can only be looked at.
    #[prop(optional)]
    fixed: bool,
    /// Whether the focus starts here.
    #[prop(optional)]
    autofocus: bool,
    /// How many characters it takes: of a form whose entries go into an address.
    #[prop(optional)]
    most: Option<u32>,
    /// Told what was typed.
    #[prop(optional, into)]
    on_input: Option<Callback<String>>,
) -> AnyView {
    let shown = RwSignal::new(kind != Kind::Password);
    let described_by = format!("{name}-hint {name}-error");
    let switch = (kind == Kind::Password).then(|| {
        view! {
            <button
                type="button"
                class="field__switch needs-script"
                aria-pressed=move || if shown.get() { "true" } else { "false" }
                aria-label=format!("Show {label}")
                on:click=move |_| shown.update(|shown| *shown = !*shown)
            >
                "Show"
            </button>
        }
    });
    view! {
        <div class="field">
            <label class="field__label" for=name>
                {label}
                {optional.then(|| view! { <span class="field__optional">"optional"</span> })}
            </label>
            <div class="field__box">
                <input
                    class="field__input"
                    type=move || match (kind, shown.get()) {
                        (Kind::Date, _) => "date",
                        (_, true) => "text",
                        (_, false) => "password",
                    }
                    id=name
                    name=name
                    value=value
                    required=!optional
                    autocomplete=autocomplete
                    autocapitalize="none"
                    spellcheck=if optional { "true" } else { "false" }
                    autofocus=autofocus
                    inputmode=(kind == Kind::Number).then_some("numeric")
                    readonly=fixed
                    maxlength=most.map(|most| most.to_string())
                    aria-describedby=described_by
                    aria-invalid=move || error.try_get().flatten().map(|_| "true")
                    on:input:target=move |event| {
                        if let Some(on_input) = on_input {
                            on_input.run(event.target().value());
                        }
                    }
                />
                {switch}
            </div>
            <p class="field__hint" id=format!("{name}-hint")>
                {move || hint.and_then(|hint| hint.try_get())}
            </p>
            <FieldError id=format!("{name}-error") error />
        </div>
    }
    .whole()
}

/// What is wrong with a field. Without JavaScript: the same.
#[component]
pub fn FieldError(
    /// Its id, for the field to refer to.
    id: String,
    /// What is wrong.
    error: Signal<Option<String>>,
) -> impl IntoView {
    view! {
        <p class="field__error" id=id>
            {move || error.try_get().flatten().map(|error| view! { <Icon shape=Shape::Warning /> {error} })}
        </p>
    }
}
