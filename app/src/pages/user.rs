//! `/users/{id}`, `/users/{id}/disable` and `/users/{id}/enable`

use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    loading::loaded,
    told::ToldHere,
    trouble::{FormFault, focus_on, lead_on},
    user_factor::factor_of,
    user_password::password_of,
    user_roles::roles_of,
    users,
};
use crate::{
    calls::{Sending, live, read_here},
    rpc::{
        DisableUser, EnableUser, GiveRole, LoadUserPage, ResetSecondFactor, SetSelfService,
        SetUserPassword, TakeRole, UserPage,
    },
    ui::{ApiCall, Fact, Facts, Heading, IntoWhole, Submit, UserChip, address, closes_to, modal},
};

/// What is asked on top of a user's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Nothing.
    Nothing,
    /// Whether to disable the account.
    Disable,
    /// Whether to enable it.
    Enable,
}

/// What is known about a user, and what can be done about them. What changes elsewhere appears by
/// itself.
///
/// Without JavaScript: the same, as it was when the page was made; a question stands open on the page.
#[component]
pub fn UserPage(
    /// What is asked.
    asked: Asked,
) -> AnyView {
    let rights = Sending::to(&[GiveRole::PATH, TakeRole::PATH, SetSelfService::PATH]);
    let password = Sending::to(&[SetUserPassword::PATH]);
    let factor = Sending::to(&[ResetSecondFactor::PATH]);
    let state = Sending::to(&[DisableUser::PATH, EnableUser::PATH]);
    for sending in [rights, password, factor, state] {
        focus_on(sending.fault);
        lead_on(sending.fault);
    }
    let pulse = live();
    if asked != Asked::Nothing {
        pulse.rest();
    }
    let done = Sending::any_done([rights, password, factor]);
    let page = read_here(|at| LoadUserPage { at }, pulse.changes_or(done));
    view! {
        <Heading title="User" />
        <ToldHere />
        {loaded(page, move |page: UserPage| {
            pulse.known(&page.pulse);
            let question = (asked != Asked::Nothing)
                .then(|| view! { <Question page=page.clone() asked sending=state /> });
            let (roles, password) = (roles_of(&page, rights), password_of(&page, password));
            let factor = factor_of(&page, factor);
            view! {
                {question}
                <Account page />
                {roles}
                {password}
                {factor}
            }
            .whole()
        })}
    }
    .whole()
}

#[component]
fn Account(page: UserPage) -> AnyView {
    let UserPage { user, as_of, .. } = page;
    let identity = user.identity;
    let name = identity.principal.name.clone();
    let sign_in = if identity.principal.domain_type.is_local() {
        Fact::text("Signs in", "With a password")
    } else {
        let domain = identity.principal.domain.clone();
        Fact::text("Signs in", "By SAML authentication, provider").and_code(domain)
    };
    let facts = vec![
        Fact::code("Full identity", identity.to_string()),
        sign_in,
        Fact::time("Added", user.created_at),
    ];
    let did = page.may_audit.then(|| {
        let href = address("/security/audit", &[("user", &name)]);
        view! {
            <a class="button" href=href>
                "What they did"
            </a>
        }
    });
    let change = page.may_disable.then(|| {
        let (label, class, step) = if user.disabled_at.is_some() {
            ("Enable", "button", "enable")
        } else {
            ("Disable", "button button--danger", "disable")
        };
        view! {
            <a class=class href=format!("/users/{}/{step}", identity.id)>
                {label}
            </a>
        }
    });
    view! {
        <section class="card" aria-labelledby="account">
            <div class="card__head">
                <h2 class="subtitle" id="account">
                    <bdi>{name}</bdi>
                </h2>
                <UserChip disabled_at=user.disabled_at as_of />
            </div>
            <div>
                <Facts facts as_of />
                <dl class="facts">
                    <div class="fact">
                        <dt class="fact__name">"API key"</dt>
                        <dd class="fact__value">{users::key(user.key)}</dd>
                    </div>
                </dl>
            </div>
            <div class="actions">{did} {change}</div>
        </section>
    }
    .whole()
}

#[component]
fn Question(page: UserPage, asked: Asked, sending: Sending) -> AnyView {
    let identity = page.user.identity;
    let back = format!("/users/{}", identity.id);
    let close = closes_to(back.clone());
    let name = identity.principal.name.clone();
    let disable = asked == Asked::Disable;
    let (title, path, label, pending_label, class) = if disable {
        (
            "Disable this user?",
            DisableUser::PATH,
            "Disable",
            "Disabling…",
            "button button--destructive",
        )
    } else {
        (
            "Enable this user?",
            EnableUser::PATH,
            "Enable",
            "Enabling…",
            "button button--primary",
        )
    };
    let means = if disable {
        " cannot sign in any more, all their sessions end, and their API key stops working at once. Nothing is deleted: enabling the user brings it all back."
    } else {
        " can sign in again, and their API key works again unless it has expired meanwhile."
    };
    let own = (disable && page.own).then(|| {
        view! { <p class="strong">"This is your own account: you will be signed out."</p> }
    });
    view! {
        <dialog
            node_ref=modal()
            class="dialog"
            open=true
            aria-labelledby="user-question"
            on:close=close
        >
            <form method="post" action=path on:submit=sending.submit(path)>
                <h2 class="dialog__title" id="user-question">
                    {title}
                </h2>
                <FormFault sending />
                <p>
                    <bdi class="strong">{name}</bdi>
                    {means}
                </p>
                {own}
                <input type="hidden" name="who" value=identity.to_string() />
                <div class="actions actions--end">
                    <a class="button" href=back autofocus=true>
                        "Cancel"
                    </a>
                    <Submit label pending_label pending=sending.pending class />
                </div>
            </form>
            <ApiCall in_dialog=true />
        </dialog>
    }
    .whole()
}
