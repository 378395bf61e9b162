//! Resetting somebody's second factor.

use leptos::{prelude::*, server_fn::ServerFn};

use super::trouble::FormFault;
use crate::{
    calls::Sending,
    rpc::{ResetSecondFactor, UserPage},
    ui::{IntoWhole, Submit},
};

/// The form to take away a second factor that its owner lost.
///
/// Without JavaScript: the same.
pub fn factor_of(page: &UserPage, sending: Sending) -> AnyView {
    if !page.may_reset_factor {
        return ().whole();
    }
    let fault = sending.fault;
    view! {
        <details class="card" open=fault.with_untracked(Option::is_some)>
            <summary class="subtitle">"Reset second factor"</summary>
            <form
                method="post"
                action=ResetSecondFactor::PATH
                on:submit=sending.submit(ResetSecondFactor::PATH)
            >
                <FormFault sending />
                <p class="quiet">
                    "For somebody who lost it. Their sessions end, and the password alone signs them in until they set up another one. Their API key stays."
                </p>
                <input type="hidden" name="who" value=page.user.identity.to_string() />
                <Submit
                    label="Reset second factor"
                    pending_label="Resetting…"
                    pending=sending.pending
                    class="button button--danger"
                />
            </form>
        </details>
    }
    .whole()
}
