//! `/profile/security`

use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    appearance::appearance, loading::loaded, password::PasswordForm, second_factor::SecondFactor,
    sessions::Sessions, told::ToldHere,
};
use crate::{
    calls::{Sending, read},
    rpc::{
        BeginSecondFactor, ChangePassword, ConfirmSecondFactor, EndOtherSessions, EndSession,
        LoadSecurityPage, RemoveSecondFactor, SecurityPage,
    },
    ui::{Heading, IntoWhole, Notice, Tone},
};

/// One's password and sessions. An account whose password somebody else has chosen sees only the
/// form to change it.
///
/// Without JavaScript: the same.
#[component]
pub fn PasswordAndSessionsPage() -> AnyView {
    let change = Sending::to(&[ChangePassword::PATH]);
    let end = Sending::to(&[EndSession::PATH, EndOtherSessions::PATH]);
    let factor = Sending::to(&[
        BeginSecondFactor::PATH,
        ConfirmSecondFactor::PATH,
        RemoveSecondFactor::PATH,
    ]);
    let changes = Sending::any_done([change, end, factor]);
    let page = read(LoadSecurityPage {}, changes);
    view! {
        <Heading title="Password and sessions" />
            <ToldHere />
            {loaded(page, move |page: SecurityPage| {
                if page.must_change_password {
                    view! { <FirstPassword change /> }.whole()
                } else if page.must_set_factor_up {
                    page.factor
                        .map(|now| view! { <SecondFactor factor=now sending=factor /> })
                        .whole()
                } else {
                    let second = page
                        .factor
                        .map(|now| view! { <SecondFactor factor=now sending=factor /> });
                    view! {
                        <PasswordForm change />
                        {second}
                        <Sessions sessions=page.sessions as_of=page.as_of sending=end />
                        {appearance(page.theme)}
                    }
                    .whole()
                }
            })}
    }
    .whole()
}

#[component]
fn FirstPassword(change: Sending) -> impl IntoView {
    view! {
        <Notice
            tone=Tone::Plain
            text="Your present password was chosen for you. Choose one that only you know, then go on."
        />
        <PasswordForm change first=true />
    }
}
