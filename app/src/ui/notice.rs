//! A sentence that must not be missed.

use leptos::prelude::*;

use super::{Icon, IntoWhole, Shape};

/// How it is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It worked.
    Good,
    /// Good to know.
    Plain,
    /// Be careful.
    Careful,
    /// It did not work.
    Bad,
}

/// A sentence that must not be missed, also not by screen readers. Without JavaScript: the same.
#[component]
pub fn Notice(
    /// How it is meant.
    tone: Tone,
    /// The sentence.
    #[prop(into)]
    text: String,
    /// What to tell whoever can look into the log.
    #[prop(optional_no_strip)]
    request_id: Option<String>,
) -> AnyView {
    let (class, shape, role) = match tone {
        Tone::Good => ("notice notice--good", Shape::Check, "status"),
        Tone::Plain => ("notice", Shape::Info, "status"),
        Tone::Careful => ("notice notice--careful", Shape::Warning, "status"),
        Tone::Bad => ("notice notice--bad", Shape::Warning, "alert"),
    };
    let request = request_id.map(|id| {
        view! {
            <p>
                "Request id: " <code>{id}</code>
            </p>
        }
    });
    view! {
        <div class=class role=role tabindex="-1">
            <Icon shape />
            <div class="notice__text">
                <p>{text}</p>
                {request}
            </div>
        </div>
    }
    .whole()
}
