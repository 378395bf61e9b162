//! `/users/add`

use domain::password::{MAX_CHARS, MIN_CHARS};
use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    loading::loaded,
    trouble::{FormFault, about, focus_on, lead_on},
};
use crate::{
    calls::{Sending, read},
    query::use_query,
    rpc::{AddUser, LoadUserForm, UserForm},
    ui::{Heading, IntoWhole, Kind, Radio, Submit, TextField, Tick},
};

/// How users can be known: what the form says, what it is called and what it means.
const KINDS: [(&str, &str, &str); 5] = [
    ("unixpwd", "Local account", "signs in here with a password"),
    ("saml", "SAML user", "signs in at an identity provider"),
    (
        "nt",
        "Local, Windows domain",
        "a local account under the label nt",
    ),
    (
        "ldap",
        "Local, directory",
        "a local account under the label ldap",
    ),
    (
        "vx",
        "Local, private domain",
        "a local account under the label vx",
    ),
];

/// Adding a user: a local account, or somebody who signs in by SAML.
///
/// Without JavaScript: the same form; after a refusal passwords are to be typed again.
#[component]
pub fn AddUserPage() -> AnyView {
    let sending = Sending::to(&[AddUser::PATH]);
    focus_on(sending.fault);
    lead_on(sending.fault);
    let form = read(LoadUserForm {}, Signal::default());
    view! {
        <Heading title="Add user" />
        {loaded(form, move |form: UserForm| view! { <UserForm form sending /> }.whole())}
    }
    .whole()
}

#[component]
fn UserForm(form: UserForm, sending: Sending) -> AnyView {
    let before = use_query().get_untracked();
    let said = |name: &str| before.get(name).unwrap_or_default();
    let given = before.get_all("roles").map(str::to_owned).collect();
    let chosen = before
        .get("domain_type")
        .unwrap_or_else(|| "unixpwd".to_owned());
    let fault = sending.fault;
    let about = move |field, expected| about(fault, field, expected);
    let kinds = KINDS.into_iter().map(|(value, label, more)| {
        let (value, checked) = (value.to_owned(), value == chosen);
        view! { <Radio name="domain_type" value label more checked /> }
    });
    let kinds = kinds.collect_view();
    view! {
        // Which fields are needed depends on the kind: the server says what is missing.
        <form
            class="new-user"
            method="post"
            action=AddUser::PATH
            novalidate=true
            on:submit=sending.submit(AddUser::PATH)
        >
            <FormFault sending />
            <fieldset class="choice">
                <legend class="field__label">"Kind"</legend>
                <div class="choice__options choice__options--wide">{kinds}</div>
            </fieldset>
            <TextField
                name="name"
                label="User name"
                value=said("name")
                hint=Signal::stored(
                    "As it is typed to sign in, or as the identity provider writes it.".to_owned(),
                )
                error=about(
                    "name",
                    "a name; of a local account without spaces, colons and slashes",
                )
            />
            <div class="new-user__domain">
                <TextField
                    name="domain"
                    label="Domain"
                    value=said("domain")
                    hint=Signal::stored(
                        "The domain's label. For SAML: the name that the identity provider has here."
                            .to_owned(),
                    )
                    error=about("domain", "a domain without colons and slashes")
                />
            </div>
            <p class="quiet new-user__saml">
                "A SAML user has no password here. An API key made for them beforehand works from their first sign-in on."
            </p>
            <div class="new-user__password">
                <TextField
                    name="password"
                    label="Password"
                    kind=Kind::Password
                    autocomplete="new-password"
                    hint=Signal::stored(
                        format!(
                            "{MIN_CHARS} to {MAX_CHARS} characters. A few words make a good one; nothing else is required.",
                        ),
                    )
                    error=about("password", "a password")
                />
                <TextField
                    name="repeat"
                    label="Repeat password"
                    kind=Kind::Password
                    autocomplete="new-password"
                    error=about("repeat", "the password once more")
                />
            </div>
            <Roles offered=form.offered given />
            <div class="actions">
                <Submit label="Add user" pending_label="Adding…" pending=sending.pending />
                <a class="button" href="/users">
                    "Cancel"
                </a>
            </div>
        </form>
    }
    .whole()
}

#[component]
fn Roles(offered: Vec<String>, given: Vec<String>) -> AnyView {
    if offered.is_empty() {
        return view! {
            <p class="quiet">
                "Everybody holds API Key Self-Service. You cannot give other roles."
            </p>
        }
        .whole();
    }
    let ticks = offered.into_iter().map(|role| {
        let checked = given.contains(&role);
        view! { <Tick name="roles[]" value=role.clone() label=role checked /> }
    });
    view! {
        <fieldset class="choice">
            <legend class="field__label">"Roles besides API Key Self-Service"</legend>
            <div class="ticks">{ticks.collect_view()}</div>
        </fieldset>
    }
    .whole()
}
