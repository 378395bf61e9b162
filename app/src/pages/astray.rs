//! Addresses of pages that exist, asking for what does not.

use domain::error::FieldError;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::ui::{IntoWhole, Notice, Tone, words};

/// Stands where a page would show what its address asks for, if there were such a thing: says which
/// part of the address is wrong, and leads to the same page without it.
///
/// Without JavaScript: the same.
pub fn astray(fields: &[FieldError]) -> AnyView {
    view! {
        <Notice tone=Tone::Bad text=words::astray(fields) />
        <p>
            <a class="button" href=use_location().pathname.get_untracked()>
                "Show the whole list"
            </a>
        </p>
    }
    .whole()
}
