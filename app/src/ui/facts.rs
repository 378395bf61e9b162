//! What is known about a thing.

use domain::{Instant, principal::Identity};
use leptos::prelude::*;

use super::{IntoWhole, Time};

/// A name and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    name: &'static str,
    time: Option<Instant>,
    text: Option<String>,
    code: Option<String>,
}

impl Fact {
    /// Words.
    pub fn text(name: &'static str, text: impl Into<String>) -> Self {
        Self {
            name,
            time: None,
            text: Some(text.into()),
            code: None,
        }
    }

    /// What a machine would understand.
    pub fn code(name: &'static str, code: impl Into<String>) -> Self {
        Self {
            name,
            time: None,
            text: None,
            code: Some(code.into()),
        }
    }

    /// An instant.
    pub const fn time(name: &'static str, at: Instant) -> Self {
        Self {
            name,
            time: Some(at),
            text: None,
            code: None,
        }
    }

    /// A name and the full identity.
    pub fn identity(name: &'static str, identity: &Identity) -> Self {
        Self {
            code: Some(identity.to_string()),
            ..Self::text(name, identity.principal.name.clone())
        }
    }

    /// The same, and what a machine would understand.
    #[must_use]
    pub fn and_code(self, code: String) -> Self {
        Self {
            code: Some(code),
            ..self
        }
    }

    /// The same, from that address.
    #[must_use]
    pub fn from_address(self, address: String) -> Self {
        Self {
            text: Some("from".to_owned()),
            code: Some(address),
            ..self
        }
    }
}

/// What is known about a thing, row by row. A text that changes the direction of writing stays
/// within itself (W2). Without JavaScript: the same.
#[component]
pub fn Facts(
    /// The rows.
    facts: Vec<Fact>,
    /// What "ago" refers to.
    as_of: Instant,
    /// The list's looks.
    #[prop(default = "facts")]
    class: &'static str,
) -> AnyView {
    let row = move |fact: Fact| {
        view! {
            <div class="fact">
                <dt class="fact__name">{fact.name}</dt>
                <dd class="fact__value">
                    {fact.time.map(|at| view! { <Time at as_of /> })}
                    {fact.text.map(|text| view! { <bdi class="fact__text">{text}</bdi> })}
                    {fact.code.map(|code| view! { <bdi class="fact__code">{code}</bdi> })}
                </dd>
            </div>
        }
    };
    view! { <dl class=class>{facts.into_iter().map(row).collect_view()}</dl> }.whole()
}
