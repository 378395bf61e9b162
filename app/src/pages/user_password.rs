//! Setting somebody's password.

use domain::password::{MAX_CHARS, MIN_CHARS};
use leptos::{prelude::*, server_fn::ServerFn};

use super::trouble::{FormFault, about};
use crate::{
    calls::Sending,
    rpc::{SetUserPassword, UserPage},
    ui::{IntoWhole, Kind, Submit, TextField},
};

/// The form to set a local account's password, which must be changed at the next sign-in.
///
/// Without JavaScript: the same; after a refusal all is to be typed again.
pub fn password_of(page: &UserPage, sending: Sending) -> AnyView {
    if !page.may_set_password || page.own {
        return ().whole();
    }
    let fault = sending.fault;
    let about = move |field| about(fault, field, "a password");
    let hint = format!("{MIN_CHARS} to {MAX_CHARS} characters.");
    view! {
        <details class="card" open=fault.with_untracked(Option::is_some)>
            <summary class="subtitle">"Set password"</summary>
            <form
                method="post"
                action=SetUserPassword::PATH
                on:submit=sending.submit(SetUserPassword::PATH)
            >
                <FormFault sending />
                <p class="quiet">
                    "Their sessions end, and they must choose another password at the next sign-in. Their API key stays."
                </p>
                <input type="hidden" name="who" value=page.user.identity.to_string() />
                <TextField
                    name="password"
                    label="New password"
                    kind=Kind::Password
                    autocomplete="new-password"
                    hint=Signal::stored(hint)
                    error=about("password")
                />
                <TextField
                    name="repeat"
                    label="Repeat new password"
                    kind=Kind::Password
                    autocomplete="new-password"
                    error=about("repeat")
                />
                <Submit label="Set password" pending_label="Setting…" pending=sending.pending />
            </form>
        </details>
    }
    .whole()
}
