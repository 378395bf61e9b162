//! `/roles/add` and `/roles/{id}/edit`

use domain::{
    permission::{Grants, Namespace, Permission, Rights},
    role::{MAX_DESCRIPTION_CHARS, MAX_NAME_CHARS, Role},
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_location;

use super::{
    loading::loaded,
    meanwhile::Seen,
    role::{not_editable, told},
    trouble::{FormFault, about, focus_on, lead_on},
};
use crate::{
    calls::{Sending, read_here},
    query::use_query,
    rpc::{LoadRoleForm, RoleForm, SaveRole, SeenRole},
    ui::{Change, Heading, IntoWhole, Submit, TextField, Tick, powers},
};

/// Making a role, or changing one: its name, what it is for, and what it grants, with what that
/// amounts to in words. When somebody else has changed it meanwhile, that is said, and nothing is
/// overwritten unseen.
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

/// What the form is about.
fn seen(sending: Sending, present: Option<&Role>) -> Seen<SeenRole> {
    // Before a refusal without JavaScript.
    let query = sending.entered();
    let said = |field| query.get(field).unwrap_or_default();
    let before = SeenRole {
        name: said("seen_name"),
        description: said("seen_description"),
        grants: said("seen_grants"),
    };
    let before = (!before.name.is_empty()).then_some(&before);
    let of = |role: Option<&Role>| role.map(SeenRole::of).unwrap_or_default();
    let seen = Seen::begin(before, of(present), between);
    let at = use_location().pathname.get_untracked();
    seen.look_when_stale(sending, LoadRoleForm::PATH, at, move |form: RoleForm| {
        of(form.role.as_ref())
    });
    seen
}

/// What was seen, as the form sends it along.
fn fields(seen: Seen<SeenRole>) -> AnyView {
    let field = move |place: usize| move || seen.now.with(|role| role.all()[place].1.to_owned());
    let names = seen
        .now
        .with_untracked(|role| role.all().map(|(name, _)| name));
    let fields = names.into_iter().enumerate();
    let fields =
        fields.map(|(place, name)| view! { <input type="hidden" name=name value=field(place) /> });
    fields.collect_view().whole()
}

/// The role is not the one any more that somebody began to change.
const CHANGED: &str = "Nothing was saved: somebody else has changed this role meanwhile. Your entries are still here. Compare, and save again if they still hold.";

/// What is different about a role.
fn between(from: &SeenRole, to: &SeenRole) -> Vec<Change> {
    let mut changes: Vec<_> = [
        Change::between(NAME, &from.name, &to.name),
        Change::between(PURPOSE, &from.description, &to.description),
    ]
    .into_iter()
    .flatten()
    .collect();
    if let (Some(from), Some(to)) = (from.grants(), to.grants()) {
        let word = |on: bool| if on { "granted" } else { "not granted" };
        let all = (from | to).iter();
        changes.extend(all.filter_map(|(namespace, permission)| {
            let one = Grants::one(namespace, permission);
            let (namespace, permission) =
                (powers::namespace(namespace), powers::permission(permission));
            let name = format!("{namespace}: {permission}");
            Change::of(name, word(from.covers(one)), word(to.covers(one)))
        }));
    }
    changes
}

const NAME: &str = "Name";
const PURPOSE: &str = "What it is for";

#[component]
fn Form(form: RoleForm, sending: Sending) -> AnyView {
    let before = use_query().get_untracked();
    let seen = seen(sending, form.role.as_ref());
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
            {move || {
                seen.told(CHANGED).unwrap_or_else(|| view! { <FormFault sending /> }.whole())
            }}
            <input type="hidden" name="id" value=id />
            {fields(seen)}
            <TextField
                name="name"
                label=NAME
                value=said("name", name)
                hint=Signal::stored(format!("At most {MAX_NAME_CHARS} characters."))
                error=about("name", "a name")
            />
            <TextField
                name="description"
                label=PURPOSE
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

#[cfg(test)]
mod tests {
    use domain::{
        permission::{Namespace, Permission},
        role::Role,
    };

    use super::*;

    #[test]
    fn what_is_different_about_a_role_is_named() {
        let view = Grants::one(Namespace::Users, Permission::View);
        let role = Role {
            id: 1000,
            name: "Help desk".to_owned(),
            description: String::new(),
            built_in: false,
            grants: view,
        };
        let other = Role {
            name: "Service desk".to_owned(),
            grants: view | Grants::one(Namespace::Users, Permission::Update),
            ..role.clone()
        };
        let (from, to) = (SeenRole::of(&role), SeenRole::of(&other));
        let update = format!("Users: {}", powers::permission(Permission::Update));
        let expected = [
            Change::between(NAME, "Help desk", "Service desk"),
            Change::of(update, "not granted", "granted"),
        ];
        let expected: Vec<_> = expected.into_iter().flatten().collect();
        assert_eq!(between(&from, &to), expected);
        assert_eq!(between(&from, &from), []);
    }
}
