//! `/sign-in/code`

use domain::error::Error;
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_query_map;

use super::trouble::{fault_notice, focus_on};
use crate::{
    calls::Sending,
    rpc::{SignInCode, own_path},
    ui::{Heading, IntoWhole, Notice, Submit, TextField, Tone},
};

/// The second step of signing in: a code.
///
/// Without JavaScript: the same form.
#[component]
pub fn SignInCodePage() -> AnyView {
    let sending = Sending::to(&[SignInCode::PATH]);
    let fault = sending.fault;
    focus_on(fault);
    let next = use_query_map().with_untracked(|query| {
        let next = query.get_str("next").and_then(own_path);
        next.unwrap_or_default().to_owned()
    });
    let refusal = move || {
        fault.get().map(|fault| match fault.error {
            Error::Unauthenticated | Error::Invalid(_) => view! {
                <Notice
                    tone=Tone::Bad
                    text="The code is not right, or was used already. After three minutes the password is asked for again."
                />
            }
            .whole(),
            _ => fault_notice(&fault).whole(),
        })
    };
    view! {
        <div class="gate">
            <Heading title="Enter your code" />
            {refusal}
            <form method="post" action=SignInCode::PATH on:submit=sending.submit(SignInCode::PATH)>
                <input type="hidden" name="next" value=next />
                <TextField
                    name="code"
                    label="Code"
                    autocomplete="one-time-code"
                    hint=Signal::stored(
                        "Six digits of your authenticator application, or a recovery code.".to_owned(),
                    )
                    autofocus=true
                />
                <Submit label="Sign in" pending_label="Signing in…" pending=sending.pending />
            </form>
            <p>
                <a href="/sign-in">"Begin anew"</a>
            </p>
        </div>
    }
    .whole()
}
