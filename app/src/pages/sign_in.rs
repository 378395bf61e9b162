//! `/sign-in`

use domain::error::Error;
use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    loading::waiting,
    notices::UrlNotice,
    trouble::{fault_notice, focus_on},
};
use crate::{
    calls::{Sending, decode, read},
    query::use_query,
    rpc::{LoadSignInPage, SignIn, own_path},
    ui::{Heading, IntoWhole, Kind, Notice, Submit, TextField, Tone, escape},
};

/// A link for each identity provider: a plain one, since a form may not lead to another site.
fn providers(names: Vec<String>, next: &str) -> AnyView {
    if names.is_empty() {
        return ().whole();
    }
    let links = names.into_iter().map(|name| {
        let mut href = format!("/netbackup/sso/login?provider={name}&next=");
        escape(&mut href, next);
        view! {
            <li>
                <a class="button button--wide" href=href rel="external">
                    "Sign in with " {name}
                </a>
            </li>
        }
    });
    view! {
        <section class="gate__others" aria-labelledby="saml">
            <h2 class="subtitle" id="saml">
                "Or at your identity provider"
            </h2>
            <ul class="plain">{links.collect_view()}</ul>
        </section>
    }
    .whole()
}

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
    let asked_for = next.clone();
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
                {waiting(
                    read(LoadSignInPage {}, Signal::default()),
                    move |answer| providers(decode(answer).unwrap_or_default(), &asked_for),
                )}
        </div>
    }
    .whole()
}
