//! The roles of a user: to give and to take.

use leptos::{prelude::*, server_fn::ServerFn};

use super::trouble::FormFault;
use crate::{
    calls::Sending,
    rpc::{GiveRole, SetSelfService, TakeRole, UserPage},
    ui::{Choices, IntoWhole, Select, Submit, row_form},
};

/// The roles that a user holds, with ways to take them away and to give others. A person can give
/// and take only what they hold, and nobody changes their own: then it is said instead.
///
/// Without JavaScript: the same.
pub fn roles_of(page: &UserPage, sending: Sending) -> AnyView {
    let who = page.user.identity.to_string();
    let changes = page.may_assign && !page.own;
    let why_not = if page.own && page.may_assign {
        Some("These are your own roles. Nobody changes their own: ask another administrator.")
    } else if !page.may_assign {
        Some("You do not have the permission to give and take roles.")
    } else {
        None
    };
    let rows = match page.user.roles.clone() {
        None => {
            view! { <p class="quiet">"You do not have the permission to see roles."</p> }.whole()
        }
        Some(roles) => {
            let rows = roles.into_iter().map(|(id, name)| {
                let removable = page.removable.contains(&name);
                let way = if removable {
                    take(&who, name.clone(), sending)
                } else if changes {
                    view! { <span class="quiet">"It grants more than you hold."</span> }.whole()
                } else {
                    ().whole()
                };
                view! {
                    <li class="given-role">
                        <a href=format!("/roles/{id}")>
                            <bdi>{name}</bdi>
                        </a>
                        {way}
                    </li>
                }
            });
            view! {
                <ul class="given-roles">
                    {rows.collect_view()} {self_service(page, &who, sending)}
                </ul>
            }
            .whole()
        }
    };
    let give = (changes && !page.offered.is_empty()).then(|| {
        let choices = page.offered.iter();
        let groups = vec![Choices {
            name: "",
            choices: choices.map(|role| (role.clone(), role.clone())).collect(),
        }];
        view! {
            <form
                class="give"
                method="post"
                action=GiveRole::PATH
                on:submit=sending.submit(GiveRole::PATH)
            >
                <input type="hidden" name="who" value=who.clone() />
                <Select name="role" label="Give a role" groups />
                <Submit label="Give" pending_label="Giving…" pending=sending.pending class="button" />
            </form>
        }
    });
    view! {
        <section class="card" aria-labelledby="roles">
            <h2 class="subtitle" id="roles">
                "Roles"
            </h2>
            <FormFault sending />
            {rows}
            {why_not.map(|text| view! { <p class="quiet">{text}</p> })}
            {give}
        </section>
    }
    .whole()
}

fn take(who: &str, role: String, sending: Sending) -> AnyView {
    let label = format!("Take away {role}");
    let entries = [("who", who.to_owned()), ("role", role)];
    row_form(TakeRole::PATH, entries, sending, "Take away", label)
}

/// *API Key Self-Service*, which everybody holds until it is withdrawn.
fn self_service(page: &UserPage, who: &str, sending: Sending) -> AnyView {
    let withdrawn = page.user.self_service_withdrawn;
    let standing = match (page.self_service, withdrawn) {
        (true, _) => "as everybody",
        (false, true) => "withdrawn from this user",
        (false, false) => "withdrawn by the policy or for the domain",
    };
    let way = (page.may_assign && !page.own).then(|| {
        let label = if withdrawn { "Give back" } else { "Withdraw" };
        let entries = [("who", who.to_owned()), ("allowed", withdrawn.to_string())];
        let in_full = format!("{label} API Key Self-Service");
        row_form(SetSelfService::PATH, entries, sending, label, in_full)
    });
    view! {
        <li class="given-role">
            <span>
                <a href="/roles/4">"API Key Self-Service"</a>
                " "
                <span class="quiet">{standing}</span>
            </span>
            {way}
        </li>
    }
    .whole()
}
