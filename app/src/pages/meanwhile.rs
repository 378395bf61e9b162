//! What is not any more what somebody began to change.

use leptos::{prelude::*, task::spawn_local};

use super::trouble::times_stale;
use crate::{
    browser,
    calls::{Sending, decode, send},
    ui::{Change, Changes, IntoWhole, Notice, Tone},
};

/// Says that something was changed by somebody else, and what about it. `text` says what became of
/// the form.
///
/// Without JavaScript: the same.
pub fn meanwhile(text: &'static str, changes: Vec<Change>) -> AnyView {
    view! {
        <Notice tone=Tone::Careful text />
        <section class="card card--flat" aria-labelledby="meanwhile">
            <h2 class="subtitle" id="meanwhile">
                "Changed meanwhile"
            </h2>
            <Changes changes />
        </section>
    }
    .whole()
}

/// What a form is about, and what is different about it since somebody began to change it.
pub struct Seen<T: 'static> {
    /// What is changed from here on.
    pub now: RwSignal<T>,
    changes: RwSignal<Vec<Change>>,
    between: fn(&T, &T) -> Vec<Change>,
}

impl<T> Clone for Seen<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Seen<T> {}

impl<T: Clone + Send + Sync> Seen<T> {
    /// `before`: what was seen before a refusal without JavaScript. `between`: what is different.
    pub fn begin(before: Option<&T>, present: T, between: fn(&T, &T) -> Vec<Change>) -> Self {
        let changes = before.map(|before| between(before, &present));
        Self {
            now: RwSignal::new(present),
            changes: RwSignal::new(changes.unwrap_or_default()),
            between,
        }
    }

    /// What is different about that. Nothing, once the page is gone.
    pub fn until(self, now: &T) -> Vec<Change> {
        let seen = self
            .now
            .try_with_untracked(|seen| (self.between)(seen, now));
        seen.unwrap_or_default()
    }

    /// Looks anew whenever the form was refused because of that. From then on it is the present one
    /// that is changed. `of`: what the form is about, from what is asked for.
    pub fn look_when_stale<P: serde::de::DeserializeOwned + 'static>(
        self,
        sending: Sending,
        path: &'static str,
        at: String,
        of: impl Fn(P) -> T + Copy + 'static,
    ) {
        look_when_stale(sending, path, at, move |page: P| {
            let now = of(page);
            self.changes.try_set(self.until(&now));
            self.now.try_set(now);
        });
    }

    /// Says what is different, if anything is: `text` says what became of the form.
    pub fn told(self, text: &'static str) -> Option<AnyView> {
        let changes = self.changes.get();
        (!changes.is_empty()).then(|| meanwhile(text, changes))
    }
}

/// Looks anew at what a form is about, whenever the form was refused because that has changed. The
/// form with its entries stays.
fn look_when_stale<T: serde::de::DeserializeOwned + 'static>(
    sending: Sending,
    path: &'static str,
    at: String,
    seen: impl Fn(T) + Copy + 'static,
) {
    let stale = times_stale(sending.fault);
    Effect::new(move |before: Option<()>| {
        stale.get();
        if before.is_none() {
            return;
        }
        let at = at.clone();
        spawn_local(async move {
            match decode(&send(path, &[("at", &at)]).await) {
                Ok(now) => {
                    seen(now);
                    browser::focus_soon(&["main .notice--careful"]);
                }
                Err(fault) => {
                    sending.fault.try_set(Some(fault));
                }
            }
        });
    });
}
