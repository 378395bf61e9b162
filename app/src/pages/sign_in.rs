//! `/sign-in`

use domain::error::Error;
use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    notices::UrlNotice,
    trouble::{fault_notice, focus_on},
};
use crate::{
    calls::Sending,
    query::use_query,
    rpc::{SignIn, own_path},
    ui::{Heading, IntoWhole, Kind, Notice, Submit, TextField, Tone},
};

/// Signing in with a local account. Every wrong entry gets the same answer (W12).
///
/// Without JavaScript: the same form; after a refusal the user name is to be typed again, since
/// people sometimes type their password there, and it would stand in the address.
#[component]
pub fn SignInPage() -> AnyView {
    let sending = Sending::to(&[SignIn::PATH]);
    let fault = sending.fault;
    focus_on(fault);
    let query = use_query().get_untracked();
    let next = query.get_str("next").and_then(own_path);
    let next = next.unwrap_or_default().to_owned();
    let refusal = move || {
        fault.get().map(|fault| match fault.error {
            Error::Unauthenticated | Error::Invalid(_) => view! {
                <Notice tone=Tone::Bad text="The user name or the password is not right." />
            }
            .whole(),
            _ => fault_notice(&fault).whole(),
        })
    };
    view! {
        <div class="gate">
            <Heading title="Sign in" />
                {move || fault.with(Option::is_none).then(|| view! { <UrlNotice /> })}
                {refusal}
                <form method="post" action=SignIn::PATH on:submit=sending.submit(SignIn::PATH)>
                    <input type="hidden" name="next" value=next />
                    <TextField
                        name="user_name"
                        label="User name"
                        autocomplete="username"
                        autofocus=true
                    />
                    <TextField
                        name="password"
                        label="Password"
                        kind=Kind::Password
                        autocomplete="current-password"
                    />
                    <Submit label="Sign in" pending_label="Signing in…" pending=sending.pending />
                </form>
        </div>
    }
    .whole()
}
