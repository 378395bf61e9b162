//! In which colours pages are shown.

use leptos::{prelude::*, server_fn::ServerFn};

use crate::{
    rpc::{ChooseTheme, Theme},
    ui::{IntoWhole, Radio},
};

/// A form to choose the colours of pages in this browser. The browser itself sends it: the document
/// that comes back is written in the colours that were chosen.
///
/// Without JavaScript: the same.
pub fn appearance(present: Theme) -> AnyView {
    let choice = |theme: Theme| {
        let (label, more) = match theme {
            Theme::System => (
                "As the system",
                "light or dark, with the rest of your screen",
            ),
            Theme::Light => ("Light", "dark on light, always"),
            Theme::Dark => ("Dark", "light on dark, always"),
        };
        let (value, checked) = (theme.as_str().to_owned(), theme == present);
        view! { <Radio name="theme" value label more checked /> }
    };
    view! {
        <section class="card" aria-labelledby="appearance">
            <h2 class="subtitle" id="appearance">
                "Appearance"
            </h2>
            <form method="post" action=ChooseTheme::PATH>
                <fieldset class="choice">
                    <legend class="field__label">"Colours in this browser"</legend>
                    <div class="choice__options">
                        {Theme::ALL.map(choice).collect_view()}
                    </div>
                </fieldset>
                <div class="actions">
                    <button type="submit" class="button">
                        "Save appearance"
                    </button>
                </div>
            </form>
        </section>
    }
    .whole()
}
