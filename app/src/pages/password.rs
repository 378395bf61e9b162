//! Changing one's password.

use domain::password::{MAX_CHARS, MIN_CHARS};
use leptos::{prelude::*, server_fn::ServerFn};

use super::trouble::{FormFault, about, focus_on, lead_on};
use crate::{
    calls::Sending,
    rpc::ChangePassword,
    ui::{Kind, Submit, TextField},
};

/// The form to change one's password.
///
/// Without JavaScript: the same; after a refusal all is to be typed again.
#[component]
pub fn PasswordForm(
    /// What it sends.
    change: Sending,
    /// Whether it is the first one, which somebody else has chosen.
    #[prop(optional)]
    first: bool,
) -> impl IntoView {
    let fault = change.fault;
    focus_on(fault);
    lead_on(fault);
    let about = move |field| about(fault, field, "a password");
    let hint = format!(
        "{MIN_CHARS} to {MAX_CHARS} characters. A few words make a good one; nothing else is required."
    );
    view! {
        <section class="card" aria-labelledby="change-password">
            <h2 class="subtitle" id="change-password">
                {if first { "Choose your password" } else { "Change password" }}
            </h2>
            {(!first)
                .then(|| {
                    view! {
                        <p class="quiet">
                            "Your other sessions end when you change it. Your API key stays."
                        </p>
                    }
                })}
            <form method="post" action=ChangePassword::PATH on:submit=change.submit(ChangePassword::PATH)>
                <FormFault sending=change />
                <TextField
                    name="current"
                    label="Current password"
                    kind=Kind::Password
                    autocomplete="current-password"
                    error=about("current")
                />
                <TextField
                    name="new"
                    label="New password"
                    kind=Kind::Password
                    autocomplete="new-password"
                    hint=Signal::stored(hint)
                    error=about("new")
                />
                <TextField
                    name="repeat"
                    label="Repeat new password"
                    kind=Kind::Password
                    autocomplete="new-password"
                    error=about("repeat")
                />
                <Submit
                    label="Change password"
                    pending_label="Changing…"
                    pending=change.pending
                />
            </form>
        </section>
    }
}
