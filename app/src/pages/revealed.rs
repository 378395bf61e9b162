//! The value of a new key, before somebody's eyes.

use std::time::Duration;

use domain::{Instant, key::Tag};
use leptos::{ev, prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::{
    browser, format,
    place::Place,
    rpc::Secret,
    ui::{CopyButton, Notice, Tone, modal},
};

/// For how long the value stays unmasked.
const SHOWN_FOR: Duration = Duration::from_secs(30);

/// A value before somebody's eyes.
#[derive(Clone, Copy)]
struct Sight {
    /// The only place that holds the value.
    value: RwSignal<Secret>,
    /// Whether it is unmasked.
    open: RwSignal<bool>,
    /// Whether it was copied, or somebody was warned that it was not.
    may_leave: RwSignal<bool>,
    /// What happened, for the eye and for screen readers.
    said: RwSignal<&'static str>,
}

impl Sight {
    /// Masks the value again after a while, warns before it is lost, wipes it when the page goes.
    fn of(value: RwSignal<Secret>) -> Self {
        let sight = Self {
            value,
            open: RwSignal::new(false),
            may_leave: RwSignal::new(false),
            said: RwSignal::new(""),
        };
        Effect::new(move || {
            if sight.open.get()
                && let Ok(timer) = set_timeout_with_handle(move || sight.open.set(false), SHOWN_FOR)
            {
                on_cleanup(move || timer.clear());
            }
        });
        Effect::new(move || {
            let leaving = window_event_listener(ev::beforeunload, move |event| {
                if sight.stays() {
                    event.prevent_default();
                }
            });
            let hiding = window_event_listener(ev::pagehide, move |_| sight.wipe());
            on_cleanup(move || {
                leaving.remove();
                hiding.remove();
            });
        });
        on_cleanup(move || sight.wipe());
        sight
    }

    fn wipe(self) {
        self.value.try_update(Secret::wipe);
    }

    /// Warns whoever leaves without a copy. True the first time: stay this once.
    fn stays(self) -> bool {
        let stay = !self.may_leave.get_untracked();
        if stay {
            self.may_leave.set(true);
            self.said
                .set("You have not copied the key. Close again to leave without it");
        }
        stay
    }

    async fn copy(self) -> bool {
        let copied = browser::copy(self.value.read_untracked().expose()).await;
        self.may_leave.try_set(true);
        if copied {
            self.said.try_set("Copied");
        } else {
            self.open.try_set(true);
            self.said
                .try_set("The browser did not allow copying: select the key and copy it yourself");
        }
        copied
    }

    fn text(self) -> Signal<String> {
        Signal::derive(move || masked(self.value.read().expose(), self.open.get()))
    }
}

/// A dialog with the value: masked until asked for, copied with one press, wiped when it closes.
/// Leaving before it was copied warns once.
///
/// Without JavaScript: not there; see [`Still`].
#[component]
pub fn RevealDialog(
    /// Whose key it is.
    place: Place,
    /// The value; the only place that holds it.
    value: RwSignal<Secret>,
    /// The key's tag.
    tag: Tag,
    /// When the key ends.
    expires_at: Instant,
    /// The address of this server.
    public_url: String,
) -> impl IntoView {
    let sight = Sight::of(value);
    let go = use_navigate();
    let home = place.key(tag.as_str());
    let leave = Callback::new(move |notice: &'static str| {
        sight.wipe();
        let options = NavigateOptions {
            replace: true,
            ..NavigateOptions::default()
        };
        go(&format!("{home}{notice}"), options);
    });
    let cancel = move |event: ev::Event| {
        if sight.stays() {
            event.prevent_default();
        }
    };
    view! {
        <dialog
            node_ref=modal()
            class="dialog"
            open=true
            aria-labelledby="reveal"
            on:cancel=cancel
            on:close=move |_| leave.run("")
        >
            <h2 class="dialog__title" id="reveal">
                "Copy your API key"
            </h2>
            <Warning />
            <Value sight />
            <p class="quiet">"Expires " {format::utc(expires_at)} "."</p>
            <Command sight tag public_url />
            <p class="said" role="status">
                {sight.said}
            </p>
            <Buttons sight leave />
        </dialog>
    }
}

#[component]
fn Warning() -> impl IntoView {
    view! {
        <Notice
            tone=Tone::Careful
            text="You will not see this key again. Copy it now and keep it in a secret store."
        />
    }
}

#[component]
fn Value(sight: Sight) -> impl IntoView {
    view! {
        <div class="secret">
            <code class="secret__value">{sight.text()}</code>
            <button
                type="button"
                class="button button--small"
                on:click=move |_| sight.open.update(|open| *open = !*open)
            >
                {move || if sight.open.get() { "Hide key" } else { "Show key" }}
            </button>
        </div>
    }
}

#[component]
fn Command(sight: Sight, tag: Tag, public_url: String) -> impl IntoView {
    let shown = sight.text();
    let with = move |key: &str| command(key, &public_url, &tag);
    let to_copy = with.clone();
    let copied = move |text: String| {
        sight.may_leave.set(true);
        text
    };
    view! {
        <div class="command">
            <code class="command__text">{move || with(&shown.read())}</code>
            <div class="command__ways">
                <CopyButton
                    label="Copy command"
                    text=move |()| copied(to_copy(sight.value.read_untracked().expose()))
                />
                <CopyButton
                    label="Copy .env line"
                    text=move |()| copied(env_line(sight.value.read_untracked().expose()))
                />
            </div>
        </div>
    }
}

#[component]
fn Buttons(sight: Sight, leave: Callback<&'static str>) -> impl IntoView {
    let close = move |_| {
        if !sight.stays() {
            leave.run("");
        }
    };
    let copy_and_close = move |_| {
        spawn_local(async move {
            if sight.copy().await {
                leave.run("?notice=copied");
            }
        });
    };
    view! {
        <div class="actions actions--end">
            <button type="button" class="button" on:click=close>
                "Close"
            </button>
            <button
                type="button"
                class="button button--primary"
                autofocus=true
                on:click=copy_and_close
            >
                "Copy and close"
            </button>
        </div>
    }
}

/// The value, or as much of it as the tag gives away anyway.
fn masked(value: &str, open: bool) -> String {
    const TELLTALE: usize = 10;
    match value.get(..TELLTALE) {
        Some(start) if !open => format!("{start}{}", "•".repeat(value.len() - TELLTALE)),
        _ => value.to_owned(),
    }
}

/// As files of environment variables have it.
fn env_line(key: &str) -> String {
    format!("LATCHKEY_API_KEY={key}\n")
}

fn command(key: &str, public_url: &str, tag: &Tag) -> String {
    format!("curl -H \"Authorization: {key}\" {public_url}/netbackup/security/api-keys/{tag}")
}

/// The value without JavaScript: folded away until it is opened, selected with one click. The
/// answer to a POST, so it is neither kept nor loaded anew without asking.
#[cfg(feature = "ssr")]
#[component]
pub fn Still(
    /// Whose key it is.
    place: Place,
    /// What is shown.
    revealed: crate::rpc::Revealed,
) -> impl IntoView {
    let value = revealed.value.into_inner();
    let home = place.key(revealed.tag.as_str());
    let command = command(&value, &revealed.public_url, &revealed.tag);
    view! {
        <crate::ui::Heading title="Your new API key" />
            <section class="card" aria-label="New API key">
                <Warning />
                <details class="secret secret--still">
                    <summary class="button">"Show key"</summary>
                    <code class="secret__value">{value}</code>
                </details>
                <p class="quiet">"Expires " {format::utc(revealed.expires_at)} "."</p>
                <details class="command command--still">
                    <summary class="button">"Show command"</summary>
                    <code class="command__text">{command}</code>
                </details>
                <p>
                    <a class="button button--primary" href=home rel="external">
                        "Close"
                    </a>
                </p>
            </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masked_shows_no_more_than_the_tag_does() {
        let value = "lky_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygp1234";
        assert_eq!(
            masked(value, false),
            format!("lky_AAECAw{}", "•".repeat(54))
        );
        assert_eq!(masked(value, true), value);
        assert_eq!(masked("", false), "");
    }
}
