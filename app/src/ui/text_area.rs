//! A field for more than a line.

use leptos::prelude::*;

use super::{FieldError, IntoWhole};

/// A labelled text of several lines. Hint and error are linked to it, and a wrong one says so.
///
/// Without JavaScript: the same.
#[component]
pub fn TextArea(
    /// The form's name for it; also its id.
    name: &'static str,
    /// Its label.
    label: &'static str,
    /// What stands in it; it is told what was typed.
    text: RwSignal<String>,
    /// What is allowed.
    hint: &'static str,
    /// What is wrong.
    error: Signal<Option<String>>,
    /// Whether it may stay empty.
    #[prop(optional)]
    optional: bool,
) -> AnyView {
    view! {
        <div class="field">
            <label class="field__label" for=name>
                {label}
                {optional.then(|| view! { <span class="field__optional">"optional"</span> })}
            </label>
            <textarea
                class="field__input field__input--words"
                id=name
                name=name
                rows="3"
                autocomplete="off"
                required=!optional
                aria-describedby=format!("{name}-hint {name}-error")
                aria-invalid=move || error.try_get().flatten().map(|_| "true")
                on:input:target=move |event| {
                    text.try_set(event.target().value());
                }
            >
                {within_area(&text.get_untracked())}
            </textarea>
            <p class="field__hint" id=format!("{name}-hint")>
                {hint}
            </p>
            <FieldError id=format!("{name}-error") error />
        </div>
    }
    .whole()
}

/// A text as it is to be written within `<textarea>`. leptos writes it there as it is, as within a
/// script, so that on the server it could end the area and go on as markup (W2); in the browser it is
/// a text in any case.
pub fn within_area(text: &str) -> String {
    #[cfg(feature = "ssr")]
    let text = html_escape::encode_text(text);
    String::from(text)
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    /// W2.
    #[test]
    fn a_text_does_not_end_its_area() {
        let html = Owner::new().with(|| {
            let text = RwSignal::new("</textarea><b>&amp;".to_owned());
            view! { <TextArea name="a" label="A" text hint="" error=Signal::stored(None) /> }
                .to_html()
        });
        assert!(
            html.contains(">&lt;/textarea&gt;&lt;b&gt;&amp;amp;</textarea>"),
            "{html}"
        );
    }
}
