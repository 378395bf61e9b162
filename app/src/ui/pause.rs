//! Doing something once nothing more is typed.

use std::time::Duration;

use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};

/// How long nothing is typed before it is acted on.
const TYPING: Duration = Duration::from_millis(250);

/// Puts work off while somebody types. It belongs to a page, and what waits goes with it.
#[derive(Debug, Clone, Copy)]
pub struct Pause(StoredValue<Option<TimeoutHandle>>);

impl Pause {
    /// Nothing waits yet.
    pub fn none() -> Self {
        let pause = Self(StoredValue::new(None));
        on_cleanup(move || pause.stop());
        pause
    }

    /// Does this after a while, instead of what waits.
    pub fn then(self, work: impl FnOnce() + 'static) {
        self.stop();
        let later = set_timeout_with_handle(work, TYPING);
        self.0.try_set_value(later.ok());
    }

    /// Forgets what waits.
    pub fn stop(self) {
        if let Some(waiting) = self.0.try_get_value().flatten() {
            waiting.clear();
        }
    }
}
