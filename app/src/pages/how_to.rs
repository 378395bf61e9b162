//! How to use a key.

use leptos::prelude::*;

use crate::ui::{CopyButton, IntoWhole};

/// A command that tries a key, with a variable in its place: 204 for one that works, 401 for any
/// other.
///
/// Without JavaScript: the same, without the button that copies.
pub fn how_to(public_url: &str) -> AnyView {
    let command = format!("curl -i -H \"Authorization: $LATCHKEY_API_KEY\" {public_url}/verify");
    let shown = command.clone();
    view! {
        <section class="how-to" aria-labelledby="how-to">
            <h2 class="subtitle" id="how-to">
                "Use it"
            </h2>
            <p>
                "Send the value in the header " <code>"Authorization"</code>
                ". Keep it in a secret store or an environment variable, not in a script."
            </p>
            <div class="command">
                <code class="command__text">{shown}</code>
                <CopyButton label="Copy command" text=move |()| command.clone() />
            </div>
        </section>
    }
    .whole()
}
