//! `/security/api-keys/add`

use domain::{
    Instant,
    approval::KeyAction,
    error::{Conflict, Error},
    policy::Policy,
};
use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    approval::{ask, submit},
    find_owner::FindOwner,
    key_entries::{KeyEntries, later_than_saml},
    loading::loaded,
    trouble::{about, fault_notice, focus_on, lead_on},
    validity_field::ValidityField,
};
use crate::{
    calls::{Sending, read_here},
    place::EVERYBODY,
    query::use_query,
    rpc::{AddForPage, CreateKeyFor, LoadAddForPage},
    ui::{Checkbox, Heading, IntoWhole, Notice, TextField, Tone},
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
                    <FindOwner found=page.found sending />
                    <Form policy=page.policy asked=page.asks_approval as_of=page.as_of entries sending />
                }
                .whole()
            })}
    }
    .whole()
}

#[component]
fn Form(
    policy: Policy,
    asked: bool,
    as_of: Instant,
    entries: KeyEntries,
    sending: Sending,
) -> impl IntoView {
    let fault = sending.fault;
    focus_on(fault);
    lead_on(fault);
    entries.begin("", &policy.default_lifetime_days.to_string());
    let given = use_query().get_untracked();
    let given = move |name| given.get(name).unwrap_or_default();
    let about = move |field, expected| about(fault, field, expected);
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
            {ask(asked, KeyAction::Create, sending)}
            <div class="actions">
                {submit(asked, "Add", "Adding…", sending)}
                <a class="button" href=EVERYBODY>
                    "Cancel"
                </a>
            </div>
        </form>
    }
}
