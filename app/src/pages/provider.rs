//! `/settings/sign-in/add` and `/settings/sign-in/{id}`

use domain::saml::{
    EXPECTED_GROUP_ROLES, MAX_CLOCK_SKEW_SECONDS, ProviderSettings, write_group_roles,
};
use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    loading::loaded,
    providers::standing,
    told::ToldHere,
    trouble::{FormFault, about, focus_on, lead_on, times_stale},
};
use crate::{
    browser,
    calls::{Sending, read_here},
    query::Query,
    rpc::{DeleteProvider, LoadProviderPage, ProviderPage, SaveProvider},
    ui::{
        Checkbox, Fact, Facts, FieldError, Heading, IntoWhole, Kind, Notice, Submit, TextField,
        Tone, within_area,
    },
};

/// Adding an identity provider.
///
/// Without JavaScript: the same form; after a refusal the metadata is to be pasted again.
#[component]
pub fn AddProviderPage() -> AnyView {
    let sending = Sending::to(&[SaveProvider::PATH]);
    focus_on(sending.fault);
    lead_on(sending.fault);
    view! {
        <Heading title="Add identity provider" />
        {form(None, &ProviderSettings::default(), sending)}
    }
    .whole()
}

/// One identity provider: what is known of it, a test, and what was decided about it.
///
/// Without JavaScript: the same.
#[component]
pub fn ProviderPage() -> AnyView {
    let sending = Sending::to(&[SaveProvider::PATH]);
    let removing = Sending::to(&[DeleteProvider::PATH]);
    for sending in [sending, removing] {
        focus_on(sending.fault);
        lead_on(sending.fault);
    }
    let stale = times_stale(sending.fault);
    let changes = Signal::derive(move || format!("{}{}", sending.done.get(), stale.get()));
    let page = read_here(|at| LoadProviderPage { at }, changes);
    view! {
        <Heading title="Identity provider" />
        {move || sending.fault.with(Option::is_none).then(|| view! { <ToldHere /> })}
        {loaded(page, move |page: ProviderPage| show(&page, sending, removing))}
    }
    .whole()
}

#[expect(clippy::similar_names, reason = "a test, and the text of a form")]
fn show(page: &ProviderPage, sending: Sending, removing: Sending) -> AnyView {
    let as_of = page.as_of;
    let mut facts = vec![
        Fact::text("Name", page.row.name.clone()),
        Fact::code("Entity id", page.row.entity_id.clone()),
        Fact::code("Signs in at", page.sign_in_at.clone()),
    ];
    facts.push(if page.sign_out_at.is_empty() {
        Fact::text("Signs out at", "nowhere: it has no single logout")
    } else {
        Fact::code("Signs out at", page.sign_out_at.clone())
    });
    let certificates = page.row.certificates.iter().map(|certificate| {
        view! {
            <li>
                <p>{standing(certificate, as_of)}</p>
                <p class="quiet">
                    <bdi class="breaks">{certificate.subject.clone()}</bdi>
                    <br />
                    <code class="breaks">{certificate.fingerprint.clone()}</code>
                </p>
            </li>
        }
    });
    let certificates = certificates.collect_view();
    let id = page.row.id;
    let test = view! {
        <section class="card" aria-labelledby="test">
            <h2 class="subtitle" id="test">
                "Test sign-in"
            </h2>
            <p>
                "Signs you in at the provider and shows what it answers and how each check went. Your session here stays as it is."
            </p>
            <form method="post" action="/netbackup/sso/test">
                <input type="hidden" name="id" value=id />
                <button class="button" type="submit">
                    "Test sign-in"
                </button>
            </form>
        </section>
    };
    let remove = page.may_change.then(|| {
        view! {
            <section class="card" aria-labelledby="remove">
                <h2 class="subtitle" id="remove">
                    "Remove"
                </h2>
                <p>
                    "A provider by which nobody has an account can be removed. Otherwise switch it off."
                </p>
                <form
                    method="post"
                    action=DeleteProvider::PATH
                    on:submit=removing.submit(DeleteProvider::PATH)
                >
                    <FormFault sending=removing />
                    <input type="hidden" name="id" value=id />
                    <Submit
                        label="Remove this provider"
                        pending_label="Removing…"
                        pending=removing.pending
                    />
                </form>
            </section>
        }
    });
    let decided = if page.may_change {
        form(Some((id, page.version)), &page.settings, sending)
    } else {
        let text =
            "You may look at identity providers, but not change them: that takes an Administrator.";
        view! { <Notice tone=Tone::Plain text /> }.whole()
    };
    view! {
        <section class="card" aria-labelledby="known">
            <h2 class="subtitle" id="known">
                "From its metadata"
            </h2>
            <Facts facts as_of />
            <h3 class="field__label">"Signing certificates"</h3>
            <ul class="plain">{certificates}</ul>
        </section>
        {test}
        {decided}
        {remove}
    }
    .whole()
}

/// What stands in a field: what was entered before a refusal, or what holds.
#[derive(Clone, Copy)]
struct Entries {
    before: StoredValue<Query>,
    sending: Sending,
}

impl Entries {
    fn value(self, name: &'static str, present: &str) -> String {
        let before = self.before.with_value(|before| before.get(name));
        before.unwrap_or_else(|| present.to_owned())
    }

    fn error(self, name: &'static str, expected: &'static str) -> Signal<Option<String>> {
        let fault = self.sending.fault;
        about(fault, name, expected)
    }

    fn tick(
        self,
        name: &'static str,
        label: &'static str,
        hint: &'static str,
        present: bool,
    ) -> AnyView {
        let checked = self
            .before
            .with_value(|before| before.ticked(name, present));
        view! { <Checkbox name label hint checked /> }.whole()
    }

    fn attribute(
        self,
        name: &'static str,
        label: &'static str,
        hint: &'static str,
        present: &str,
    ) -> AnyView {
        view! {
            <TextField
                name
                label
                value=self.value(name, present)
                hint=Signal::stored(hint.to_owned())
                error=self.error(name, "an attribute's name")
                optional=true
            />
        }
        .whole()
    }
}

fn form(known: Option<(i64, i64)>, settings: &ProviderSettings, sending: Sending) -> AnyView {
    let entries = Entries {
        before: StoredValue::new(sending.entered()),
        sending,
    };
    let new = known.is_none();
    let (id, version) = known.map_or_else(Default::default, |(id, version)| {
        (id.to_string(), version.to_string())
    });
    let name = new.then(|| {
        view! {
            <TextField
                name="name"
                label="Name"
                value=entries.value("name", &settings.name)
                hint=Signal::stored(
                    "People see it on the sign-in page; it is the domain of their accounts and cannot be changed later."
                        .to_owned(),
                )
                error=entries
                    .error("name", "a name of ASCII letters, digits, dots, hyphens and underscores")
            />
        }
    });
    let back = (!new).then_some("/settings/sign-in");
    view! {
        <form
            method="post"
            action=SaveProvider::PATH
            novalidate=true
            on:submit=sending.submit(SaveProvider::PATH)
        >
            <FormFault sending />
            <input type="hidden" name="id" value=id />
            <input type="hidden" name="version" value=version />
            <section class="card" aria-labelledby="provider">
                <h2 class="subtitle" id="provider">
                    {if new { "Provider" } else { "New metadata" }}
                </h2>
                {name}
                {metadata(entries, new)}
                {entries
                    .tick(
                        "enabled",
                        "People can sign in by it",
                        "Off: the sign-in page does not offer it, and nothing that it sends is accepted.",
                        settings.enabled,
                    )}
            </section>
            {attributes(entries, settings)}
            {groups(entries, settings)}
            {rules(entries, settings)}
            <div class="actions">
                <Submit label="Save" pending_label="Saving…" pending=sending.pending />
                <a class="button" href=back.unwrap_or("/settings/sign-in")>
                    "Cancel"
                </a>
            </div>
        </form>
    }
    .whole()
}

fn metadata(entries: Entries, new: bool) -> AnyView {
    let error = entries.error(
        "metadata",
        "the SAML metadata of one identity provider, as XML",
    );
    let area = NodeRef::<leptos::html::Textarea>::new();
    let hint = if new {
        "The XML document that the identity provider publishes about itself."
    } else {
        "When the provider changes its certificate or addresses: paste its new metadata. Both certificates count while it names both. Empty: as it is."
    };
    view! {
        <div class="field">
            <label class="field__label" for="metadata">
                "Metadata"
            </label>
            <textarea
                class="field__input field__input--area"
                id="metadata"
                name="metadata"
                rows="6"
                spellcheck="false"
                autocomplete="off"
                aria-describedby="metadata-hint metadata-error"
                aria-invalid=move || error.get().map(|_| "true")
                node_ref=area
            ></textarea>
            <p class="field__hint" id="metadata-hint">
                {hint}
            </p>
            <FieldError id="metadata-error".to_owned() error />
            <div class="needs-script">
                <label class="field__label" for="metadata-file">
                    "Or take it from a file"
                </label>
                <input
                    class="field__file"
                    type="file"
                    id="metadata-file"
                    accept=".xml,text/xml,application/xml,application/samlmetadata+xml"
                    on:change:target=move |event| {
                        browser::read_file(
                            &event.target(),
                            move |text| {
                                if let Some(area) = area.get_untracked() {
                                    area.set_value(&text);
                                }
                            },
                        );
                    }
                />
            </div>
        </div>
    }
    .whole()
}

fn attributes(entries: Entries, settings: &ProviderSettings) -> AnyView {
    view! {
        <section class="card" aria-labelledby="attributes">
            <h2 class="subtitle" id="attributes">
                "Attributes"
            </h2>
            <p class="quiet">"As the assertion names them, letter by letter. A test sign-in shows them."</p>
            {entries
                .attribute(
                    "user_attribute",
                    "User name",
                    "Must never change and never go to somebody else. Empty: the NameID.",
                    &settings.user_attribute,
                )}
            {entries.attribute("mail_attribute", "Mail address", "", &settings.mail_attribute)}
            {entries
                .attribute("display_attribute", "Name that people are called", "", &settings.display_attribute)}
            {entries
                .attribute("groups_attribute", "Groups", "Needed for the mapping below.", &settings.groups_attribute)}
        </section>
    }
    .whole()
}

fn groups(entries: Entries, settings: &ProviderSettings) -> AnyView {
    let error = entries.error("group_roles", EXPECTED_GROUP_ROLES);
    let text = entries.value("group_roles", &write_group_roles(&settings.group_roles));
    view! {
        <section class="card" aria-labelledby="groups">
            <h2 class="subtitle" id="groups">
                "Roles from groups"
            </h2>
            <div class="field">
                <label class="field__label" for="group_roles">
                    "Mapping"
                    <span class="field__optional">"optional"</span>
                </label>
                <textarea
                    class="field__input field__input--area"
                    id="group_roles"
                    name="group_roles"
                    rows="4"
                    spellcheck="false"
                    autocomplete="off"
                    aria-describedby="group_roles-hint group_roles-error"
                    aria-invalid=move || error.get().map(|_| "true")
                >
                    {within_area(&text)}
                </textarea>
                <p class="field__hint" id="group_roles-hint">
                    "A line each: group => role. Whoever is in the group holds the role from their next sign-in on; when the group goes, so does the role."
                </p>
                <FieldError id="group_roles-error".to_owned() error />
            </div>
        </section>
    }
    .whole()
}

fn rules(entries: Entries, settings: &ProviderSettings) -> AnyView {
    view! {
        <section class="card" aria-labelledby="rules">
            <h2 class="subtitle" id="rules">
                "Rules"
            </h2>
            {entries
                .tick(
                    "create_users",
                    "Make an account at the first sign-in",
                    "Otherwise an administrator adds the user before, with exactly that name.",
                    settings.create_users,
                )}
            {entries
                .tick(
                    "unsolicited",
                    "Allow sign-ins that start at the provider",
                    "Whoever comes that way is asked whether they mean it, since another site could have sent them.",
                    settings.unsolicited,
                )}
            {entries
                .tick(
                    "encrypted",
                    "Its assertions are encrypted",
                    "Then all of them must be, for the certificate in our metadata.",
                    settings.encrypted,
                )}
            <TextField
                name="clock_skew_seconds"
                label="Clock skew"
                kind=Kind::Number
                value=entries.value("clock_skew_seconds", &settings.clock_skew_seconds.to_string())
                hint=Signal::stored(
                    format!(
                        "By how many seconds its clock may differ from ours, from 0 to {MAX_CLOCK_SKEW_SECONDS}.",
                    ),
                )
                error=entries.error("clock_skew_seconds", "a whole number")
            />
        </section>
    }
    .whole()
}
