//! `/security/api-keys/add`

use domain::{
    Instant,
    error::{Conflict, Error},
    policy::Policy,
    principal::{DomainType, Identity},
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_query_map;

use super::{
    key_entries::{KeyEntries, later_than_saml},
    loading::loaded,
    trouble::{fault_notice, focus_on, lead_on},
    validity_field::ValidityField,
};
use crate::{
    calls::{Sending, read_here},
    place::EVERYBODY,
    rpc::{AddForPage, CreateKeyFor, LoadAddForPage},
    ui::{Checkbox, Heading, IntoWhole, Notice, Submit, TextField, Tone, address, words},
};

/// Adding a key for somebody else: who, whether they sign in by SAML, how long.
///
/// Without JavaScript: the same form; the search for a user is sent with its button.
#[component]
pub fn AddForPage() -> AnyView {
    let page = read_here(|at| LoadAddForPage { at }, Signal::default());
    let sending = Sending::to(&[CreateKeyFor::PATH]);
    let entries = KeyEntries::of_page(sending);
    view! {
        <Heading title="Add API key for a user" />
            <p>
                <a class="way" href=EVERYBODY>"All API keys"</a>
            </p>
            {loaded(page, move |page: AddForPage| {
                view! {
                    <Finder found=page.found />
                    <Form policy=page.policy as_of=page.as_of entries sending />
                }
                .whole()
            })}
    }
    .whole()
}

const PATH: &str = "/security/api-keys/add";

/// Finds a user by the beginning of the name.
#[component]
fn Finder(found: Vec<Identity>) -> impl IntoView {
    let who = use_query_map().with_untracked(|query| query.get("who").unwrap_or_default());
    let searched = !who.is_empty();
    let row = |identity: Identity| {
        let saml = identity.principal.domain_type == DomainType::Saml;
        let href = address(
            PATH,
            &[
                ("user_name", &*identity.principal.name),
                ("domain", &identity.principal.domain),
                ("saml", if saml { "true" } else { "" }),
            ],
        );
        view! {
            <li>
                <a class="way" href=href rel="external">
                    <bdi>{identity.principal.name.clone()}</bdi>
                </a>
                " "
                <bdi class="fact__code quiet">{identity.to_string()}</bdi>
            </li>
        }
    };
    let none = (searched && found.is_empty())
        .then(|| view! { <p class="quiet">"No user has a name that begins so."</p> });
    view! {
        <section class="card card--flat" aria-labelledby="finder">
            <h2 class="subtitle" id="finder">
                "Find the user"
            </h2>
            <form class="search" method="get" action=PATH role="search">
                <div class="field">
                    <label class="field__label" for="who">
                        "The name begins with"
                    </label>
                    <input
                        class="field__input"
                        type="search"
                        id="who"
                        name="who"
                        value=who
                        autocomplete="off"
                    />
                </div>
                <button type="submit" class="button">
                    "Search"
                </button>
            </form>
            {none}
            <ul class="found">{found.into_iter().map(row).collect_view()}</ul>
        </section>
    }
}

#[component]
fn Form(policy: Policy, as_of: Instant, entries: KeyEntries, sending: Sending) -> impl IntoView {
    let fault = sending.fault;
    focus_on(fault);
    lead_on(fault);
    entries.begin("", &policy.default_lifetime_days.to_string());
    let given = use_query_map().get_untracked();
    let given = move |name| given.get(name).unwrap_or_default();
    let about = move |field, expected| {
        Signal::derive(move || fault.with(|fault| words::about(fault.as_ref(), field, expected)))
    };
    let saml = given("saml") == "true";
    let by_saml = RwSignal::new(saml);
    let (limits, sets_saml) = (policy.clone(), move |ticked| by_saml.set(ticked));
    let warning = move || {
        let limits = limits.clone();
        by_saml
            .get()
            .then(|| later_than_saml(entries, limits, as_of))
    };
    let refusal = move || {
        fault.get().map(|fault| match fault.error {
            Error::Conflict(Conflict::HasKey) => {
                let text = "This user has an API key already, and can have one at a time. Reissue or delete that one instead.";
                view! { <Notice tone=Tone::Bad text /> }.whole()
            }
            _ => fault_notice(&fault).whole(),
        })
    };
    let description = entries.description;
    view! {
        <form method="post" action=CreateKeyFor::PATH on:submit=sending.submit(CreateKeyFor::PATH)>
            {refusal}
            <TextField
                name="user_name"
                label="User name"
                value=given("user_name")
                error=about("userName", "a user name")
            />
            <Checkbox
                name="saml"
                label="SAML authentication"
                hint="The user signs in by SAML. The key is inactive until they sign in to this application, and then lasts as chosen here."
                checked=saml
                on_change=sets_saml
            />
            <TextField
                name="domain"
                label="Domain, or identity provider"
                value=given("domain")
                optional=true
                error=about("userDomain", "a domain")
            />
            <TextField
                name="description"
                label="Description"
                value=description.get_untracked()
                optional=true
                error=about("description", "plain text")
                on_input=move |text| description.set(text)
            />
            <ValidityField
                validity=entries.validity
                until=entries.until
                keep=None
                policy
                as_of
                error=about(domain::expiry::FIELD, "a date")
            />
            {warning}
            <div class="actions">
                <Submit label="Add" pending_label="Adding…" pending=sending.pending />
                <a class="button" href=EVERYBODY>
                    "Cancel"
                </a>
            </div>
        </form>
    }
}
