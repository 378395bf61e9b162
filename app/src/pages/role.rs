//! `/roles/{id}` and `/roles/{id}/delete`

use domain::role::{BuiltInRole, Role};
use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    loading::loaded,
    told::ToldHere,
    trouble::{FormFault, focus_on, lead_on},
    withdrawn_domains::withdrawn_domains,
};
use crate::{
    calls::{Sending, live, read_here},
    rpc::{DeleteRole, Hindrance, LoadRolePage, RolePage, SetDomainSelfService},
    ui::{ApiCall, Heading, IntoWhole, Notice, Submit, Tone, closes_to, modal, powers},
};

/// What somebody with a role can do, and who holds it. What changes elsewhere appears by itself.
///
/// Without JavaScript: the same, as it was when the page was made; the question whether to delete it stands open on the page.
#[component]
pub fn RolePage(
    /// Whether deleting it is asked about.
    delete: bool,
) -> AnyView {
    let sending = Sending::to(&[DeleteRole::PATH]);
    focus_on(sending.fault);
    lead_on(sending.fault);
    let withdrawing = Sending::to(&[SetDomainSelfService::PATH]);
    focus_on(withdrawing.fault);
    lead_on(withdrawing.fault);
    let pulse = live();
    if delete {
        pulse.rest();
    }
    let done = Sending::any_done([withdrawing]);
    let page = read_here(|at| LoadRolePage { at }, pulse.changes_or(done));
    view! {
        <Heading title="Role" />
        <ToldHere />
        {loaded(page, move |page: RolePage| {
            pulse.known(&page.pulse);
            let question = (delete && page.may_delete && !page.role.built_in)
                .then(|| view! { <Question role=page.role.clone() sending /> });
            view! {
                {question}
                <About page=page.clone() />
                {holders(page, withdrawing)}
            }
            .whole()
        })}
    }
    .whole()
}

#[component]
fn About(page: RolePage) -> AnyView {
    let role = page.role;
    let why_not = match page.hindrance {
        Some(Hindrance::BuiltIn) => Some("This role came with the product and cannot be changed."),
        Some(Hindrance::GrantsMore) if page.may_edit => Some(
            "This role grants more than you hold, so only somebody who holds all of it can edit it.",
        ),
        _ => None,
    };
    let edit = (page.may_edit && page.hindrance.is_none()).then(|| {
        view! {
            <a class="button button--primary" href=format!("/roles/{}/edit", role.id)>
                "Edit"
            </a>
        }
    });
    let delete = (page.may_delete && !role.built_in).then(|| {
        view! {
            <a class="button button--danger" href=format!("/roles/{}/delete", role.id)>
                "Delete"
            </a>
        }
    });
    let kind = if role.built_in { "Built in" } else { "Custom" };
    view! {
        <section class="card" aria-labelledby="role">
            <div class="card__head">
                <h2 class="subtitle" id="role">
                    <bdi>{role.name.clone()}</bdi>
                </h2>
                <span class="chip">{kind}</span>
            </div>
            <p>
                <bdi class="description">{role.description.clone()}</bdi>
            </p>
            <h3 class="field__label">"Whoever holds it may"</h3>
            {told(powers::powers(powers::rights_of(&role)))}
            {why_not.map(|text| view! { <p class="quiet">{text}</p> })}
            <div class="actions">{edit} {delete}</div>
        </section>
    }
    .whole()
}

/// What somebody may do, point by point.
pub fn told(powers: Vec<&'static str>) -> AnyView {
    if powers.is_empty() {
        return view! { <p class="quiet">"do nothing yet that others may not."</p> }.whole();
    }
    let powers = powers.into_iter().map(|power| view! { <li>{power}</li> });
    view! { <ul class="powers">{powers.collect_view()}</ul> }.whole()
}

fn holders(page: RolePage, withdrawing: Sending) -> AnyView {
    if page.role.id == BuiltInRole::ApiKeySelfService.id() {
        return withdrawn_domains(page, withdrawing);
    }
    let rows = page.holders.into_iter().map(|holder| {
        let name = holder.principal.name.clone();
        let name = if page.may_view_users {
            view! {
                <a class="who__name" href=format!("/users/{}", holder.id)>
                    <bdi>{name}</bdi>
                </a>
            }
            .whole()
        } else {
            view! { <bdi class="who__name">{name}</bdi> }.whole()
        };
        view! {
            <li class="who">
                {name} <bdi class="who__identity">{holder.to_string()}</bdi>
            </li>
        }
    });
    let rows: Vec<_> = rows.collect();
    let list = if rows.is_empty() {
        view! { <p class="quiet">"Nobody at present."</p> }.whole()
    } else {
        view! { <ul class="holders">{rows}</ul> }.whole()
    };
    let path = format!("/roles/{}", page.role.id);
    let first = page.later.then(|| {
        view! {
            <a class="button button--small" href=path.clone()>
                "First"
            </a>
        }
    });
    let next = page.after.map(|after| {
        view! {
            <a class="button button--small" href=format!("{path}?after={after}")>
                "Next"
            </a>
        }
    });
    let give = page.may_view_users.then(|| {
        view! {
            <p class="quiet">
                "To give or take it, "
                <a href="/users">"find the user"</a>
                "."
            </p>
        }
    });
    view! {
        <section class="card" aria-labelledby="holders">
            <h2 class="subtitle" id="holders">
                "Who holds it"
            </h2>
            {list}
            <div class="actions">{first} {next}</div>
            {give}
        </section>
    }
    .whole()
}

#[component]
fn Question(role: Role, sending: Sending) -> AnyView {
    let back = format!("/roles/{}", role.id);
    let close = closes_to(back.clone());
    view! {
        <dialog
            node_ref=modal()
            class="dialog"
            open=true
            aria-labelledby="role-question"
            on:close=close
        >
            <form method="post" action=DeleteRole::PATH on:submit=sending.submit(DeleteRole::PATH)>
                <h2 class="dialog__title" id="role-question">
                    "Delete this role?"
                </h2>
                <FormFault sending />
                <p>
                    <bdi class="strong">{role.name}</bdi>
                    " is deleted for good. Only a role that nobody holds can be deleted."
                </p>
                <input type="hidden" name="id" value=role.id.to_string() />
                <div class="actions actions--end">
                    <a class="button" href=back autofocus=true>
                        "Cancel"
                    </a>
                    <Submit
                        label="Delete"
                        pending_label="Deleting…"
                        pending=sending.pending
                        class="button button--destructive"
                    />
                </div>
            </form>
            <ApiCall in_dialog=true />
        </dialog>
    }
    .whole()
}

/// Says that somebody may not edit a role, and why.
pub fn not_editable() -> AnyView {
    let text =
        "This role grants more than you hold, so only somebody who holds all of it can edit it.";
    view! { <Notice tone=Tone::Plain text /> }.whole()
}
