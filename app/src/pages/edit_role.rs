//! `/roles/add` and `/roles/{id}/edit`

use domain::{
    permission::{Grants, Namespace, Permission, Rights},
    role::{MAX_DESCRIPTION_CHARS, MAX_NAME_CHARS},
};
use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    loading::loaded,
    role::{not_editable, told},
    trouble::{FormFault, about, focus_on, lead_on},
};
use crate::{
    calls::{Sending, read_here},
    query::use_query,
    rpc::{LoadRoleForm, RoleForm, SaveRole},
    ui::{Heading, IntoWhole, Submit, TextField, Tick, powers},
};

/// Making a role, or changing one: its name, what it is for, and what it grants, with what that
/// amounts to in words.
///
/// Without JavaScript: the same form; the words are those of the role as it was.
#[component]
pub fn EditRolePage(
    /// The page's title.
    title: &'static str,
) -> AnyView {
    let sending = Sending::to(&[SaveRole::PATH]);
    focus_on(sending.fault);
    lead_on(sending.fault);
    let form = read_here(|at| LoadRoleForm { at }, Signal::default());
    view! {
        <Heading title />
        {loaded(form, move |form: RoleForm| {
            let grants = form.role.as_ref().map_or(Grants::NONE, |role| role.grants);
            if form.held.covers(grants) {
                view! { <Form form sending /> }.whole()
            } else {
                not_editable()
            }
        })}
    }
    .whole()
}

#[component]
fn Form(form: RoleForm, sending: Sending) -> AnyView {
    let before = use_query().get_untracked();
    let (id, name, description, grants) = form.role.map_or_else(Default::default, |role| {
        (
            role.id.to_string(),
            role.name,
            role.description,
            role.grants,
        )
    });
    let said = |field: &str, present: String| before.get(field).unwrap_or(present);
    // A refused form without JavaScript says all that was ticked, with the name.
    let start = match before.get("name") {
        None => grants,
        Some(_) => before
            .get_all("grants")
            .filter_map(powers::read_grant)
            .fold(Grants::NONE, |all, one| all | one),
    };
    let ticked = RwSignal::new(start);
    let fault = sending.fault;
    let about = move |field, expected| about(fault, field, expected);
    let back = if id.is_empty() {
        "/roles".to_owned()
    } else {
        format!("/roles/{id}")
    };
    let groups = Namespace::ALL
        .into_iter()
        .filter_map(|namespace| group(namespace, form.held, start, ticked));
    let groups = groups.collect_view();
    view! {
        <form method="post" action=SaveRole::PATH on:submit=sending.submit(SaveRole::PATH)>
            <FormFault sending />
            <input type="hidden" name="id" value=id />
            <TextField
                name="name"
                label="Name"
                value=said("name", name)
                hint=Signal::stored(format!("At most {MAX_NAME_CHARS} characters."))
                error=about("name", "a name")
            />
            <TextField
                name="description"
                label="What it is for"
                value=said("description", description)
                hint=Signal::stored(format!("At most {MAX_DESCRIPTION_CHARS} characters."))
                error=about("description", "plain text")
                optional=true
            />
            <div class="grants">{groups}</div>
            <section class="card card--flat needs-script" aria-labelledby="amounts">
                <h2 class="subtitle" id="amounts">
                    "Whoever holds it may"
                </h2>
                <div role="status">
                    {move || told(powers::powers(Rights::on_everything(ticked.get())))}
                </div>
            </section>
            <div class="actions">
                <Submit label="Save" pending_label="Saving…" pending=sending.pending />
                <a class="button" href=back>
                    "Cancel"
                </a>
            </div>
        </form>
    }
    .whole()
}

/// The permissions on one namespace. `None`: no operation needs any.
fn group(
    namespace: Namespace,
    held: Grants,
    start: Grants,
    ticked: RwSignal<Grants>,
) -> Option<AnyView> {
    let offered: Vec<_> = Permission::ALL
        .into_iter()
        .filter(|permission| powers::is_needed(namespace, *permission))
        .collect();
    if offered.is_empty() {
        return None;
    }
    let ticks = offered.into_iter().map(|permission| {
        let one = Grants::one(namespace, permission);
        let toggle = Callback::new(move |on: bool| {
            ticked.update(|ticked| {
                let others = ticked
                    .iter()
                    .map(|(namespace, permission)| Grants::one(namespace, permission));
                let others = others.filter(|other| *other != one);
                let others = others.fold(Grants::NONE, |all, other| all | other);
                *ticked = if on { others | one } else { others };
            });
        });
        let hindrance = (!held.covers(one)).then_some("You do not hold this yourself.");
        tick(
            powers::write_grant(namespace, permission),
            powers::permission(permission),
            start.covers(one),
            hindrance,
            toggle,
        )
    });
    let ticks = ticks.collect_view();
    let legend = powers::namespace(namespace);
    Some(
        view! {
            <fieldset class="choice">
                <legend class="field__label">{legend}</legend>
                <div class="ticks">{ticks}</div>
            </fieldset>
        }
        .whole(),
    )
}

fn tick(
    value: String,
    label: &'static str,
    checked: bool,
    hindrance: Option<&'static str>,
    on_change: Callback<bool>,
) -> AnyView {
    match hindrance {
        Some(hindrance) => view! { <Tick name="grants[]" value label checked hindrance /> }.whole(),
        None => view! { <Tick name="grants[]" value label checked on_change /> }.whole(),
    }
}
