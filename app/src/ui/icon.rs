//! Small drawings. They never stand alone: a word is always beside them.

use leptos::prelude::*;

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// In order.
    Check,
    /// A matter of time.
    Clock,
    /// Stopped by somebody.
    Stop,
    /// Needs attention.
    Warning,
    /// Good to know.
    Info,
    /// A person.
    Person,
    /// Notices.
    Bell,
}

impl Shape {
    const fn path(self) -> &'static str {
        match self {
            Self::Check => "M3 8.5l3.2 3.2L13 5",
            Self::Clock => "M8 2a6 6 0 100 12A6 6 0 008 2zm0 3v3.3l2.2 1.4",
            Self::Stop => "M8 2a6 6 0 100 12A6 6 0 008 2zM3.9 3.9l8.2 8.2",
            Self::Warning => "M8 2.2l6.3 11.3H1.7zm0 4.3v3.2m0 1.9v.1",
            Self::Info => "M8 2a6 6 0 100 12A6 6 0 008 2zm0 5.2v3.6m0-5.8v.1",
            Self::Bell => "M3 12h10l-1.200-2V7a3.800 3.800 0 00-7.600 0v3zm3.600 2h2.800",
            Self::Person => {
                "M8 2.2a2.8 2.8 0 100 5.6 2.8 2.8 0 000-5.6zM2.6 13.8c.5-2.7 2.6-4 5.4-4s4.9 1.3 5.4 4"
            }
        }
    }
}

/// A drawing of 16 by 16. Without JavaScript: the same.
#[component]
pub fn Icon(
    /// What is drawn.
    shape: Shape,
) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
            <path d=shape.path() />
        </svg>
    }
}

/// Our mark: a latchkey. Without JavaScript: the same.
#[component]
pub fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
            <path
                class="mark__key"
                fill-rule="evenodd"
                d="M11 2a8 8 0 00-3 15.400V30h6v-4h3v-4h-3v-4.600A8 8 0 0011 2zm0 4.500a3.500 3.500 0 110 7 3.500 3.500 0 010-7z"
            />
            <path class="mark__latch" d="M24 3h4v26h-4z" />
        </svg>
    }
}
