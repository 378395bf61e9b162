//! How to use a key.

use domain::key::Tag;
use leptos::prelude::*;

use crate::ui::{CopyButton, IntoWhole};

/// A command that tries the key, with a variable in its place; `tag` is the key's, if there is one.
///
/// Without JavaScript: the same, without the button that copies.
pub fn how_to(tag: Option<&Tag>, public_url: &str) -> AnyView {
    // Without a key there is none to ask about: 204 for one that works, 401 for any other.
    let path = match tag {
        Some(tag) => format!("netbackup/security/api-keys/{tag}"),
        None => "verify".to_owned(),
    };
    let show_head = if tag.is_some() { "" } else { "-i " };
    let command =
        format!("curl {show_head}-H \"Authorization: $LATCHKEY_API_KEY\" {public_url}/{path}");
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
