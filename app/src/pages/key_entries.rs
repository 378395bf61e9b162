//! What is entered about a key that is added, edited or reissued.

use domain::{
    Instant,
    error::{Error, Refusal},
    expiry::{self, Act, Asker, Owner, Validated},
    key::{MAX_DESCRIPTION_CHARS, check_description},
    policy::Policy,
};
use leptos::prelude::*;

use super::{trouble::about, validity_field::ValidityField};
use crate::{
    browser,
    calls::Sending,
    format,
    rpc::KeyForm,
    ui::{IntoWhole, Notice, TextField, Time, Tone, words},
    validity,
};

/// The entries, kept by the page: they outlive a form that is shown anew.
#[derive(Clone, Copy)]
pub struct KeyEntries {
    /// What the key is for.
    pub description: RwSignal<String>,
    /// How long it is to last, as [`crate::validity::Choice`] reads it.
    pub validity: RwSignal<String>,
    /// The date, when one was chosen.
    pub until: RwSignal<String>,
    begun: StoredValue<bool>,
    /// Whether something was entered before.
    given: bool,
}

impl KeyEntries {
    /// Of a page about to be shown. Without JavaScript, what was entered before a refusal stands
    /// in the address.
    pub fn of_page(sending: Sending) -> Self {
        let before = sending.entered();
        let entered = |name| RwSignal::new(before.get(name).unwrap_or_default());
        Self {
            description: entered("description"),
            validity: entered("validity"),
            until: entered("until"),
            begun: StoredValue::new(false),
            given: before.get("validity").is_some(),
        }
    }

    /// What stands in the form at first, unless something was entered already.
    pub fn begin(self, description: &str, validity: &str) {
        if !self.begun.get_value() {
            self.begun.set_value(true);
            if !self.given {
                description.clone_into(&mut self.description.write_untracked());
                validity.clone_into(&mut self.validity.write_untracked());
            }
            // Once: when a form is shown anew, the one before it still listens.
            Effect::new(browser::replay_entries);
        }
    }
}

/// The fields for description and validity. Who signs in by SAML chooses no end, and is told
/// when it is and why.
///
/// Without JavaScript: the same; what was entered comes back in the address after a refusal.
#[component]
pub fn KeyFields(
    /// What is entered.
    entries: KeyEntries,
    /// What is allowed, and for whom.
    form: KeyForm,
    /// What is to be done.
    act: Act,
    /// The end that an edited key has already.
    #[prop(optional_no_strip)]
    keep: Option<Instant>,
    /// What became of the form.
    sending: Sending,
) -> impl IntoView {
    let fault = sending.fault;
    let description = entries.description;
    let hint = Signal::derive(move || count(description.read().trim()));
    let error = Signal::derive(move || description_error(&description.read()));
    let refused = move |field| fault.with(|fault| words::about(fault.as_ref(), field, EXPECTED));
    let wrong = Signal::derive(move || error.get().or_else(|| refused("description")));
    let validity_error = about(fault, expiry::FIELD, "a date");
    let field = match (form.owner, form.own) {
        (Owner::Local, _) | (Owner::Saml, false) => view! {
            <ValidityField
                validity=entries.validity
                until=entries.until
                keep
                policy=form.policy.clone()
                as_of=form.as_of
                error=validity_error
            />
            {(form.owner == Owner::Saml).then(|| later_than_saml(entries, form.policy, form.as_of))}
        }
        .whole(),
        (Owner::Saml, true) => saml_end(&form, act),
    };
    view! {
        <TextField
            name="description"
            label="Description"
            value=description.get_untracked()
            optional=true
            hint=hint
            error=wrong
            on_input=move |text| description.set(text)
        />
        {field}
    }
}

/// Says when an administrator's choice for a SAML user is later than their sign-in would give.
pub fn later_than_saml(entries: KeyEntries, policy: Policy, as_of: Instant) -> AnyView {
    let by = Asker::Administrator;
    (move || {
        let (chosen, until) = (entries.validity.read(), entries.until.read());
        let asked = validity::asked(&chosen, &until, as_of).ok().flatten()?;
        match expiry::decide(Owner::Saml, Act::Edit, by, Some(asked), &policy, as_of) {
            Ok(Validated {
                later_than_saml: Some(limit),
                ..
            }) => {
                let limit = format::utc(limit);
                let text = format!(
                    "This is later than the owner's sign-in by SAML authentication would give: {limit} at most."
                );
                Some(view! { <Notice tone=Tone::Careful text /> })
            }
            Err(error @ Error::Refused(_)) => {
                let text = words::sentence(&error.into());
                Some(view! { <Notice tone=Tone::Bad text /> })
            }
            _ => None,
        }
    })
    .whole()
}

/// When the sign-in by SAML ends the key, and why nobody chooses.
fn saml_end(form: &KeyForm, act: Act) -> AnyView {
    let as_of = form.as_of;
    match expiry::decide(Owner::Saml, act, form.asker(), None, &form.policy, as_of) {
        Ok(answer) => {
            let end = answer.expires_at.unwrap_or(as_of);
            let longest = format::count(
                form.policy.saml_max_lifetime_hours.into(),
                "hour",
                "hours",
            );
            view! {
                <section class="given" aria-labelledby="given">
                    <h2 class="field__label" id="given">
                        "Validity"
                    </h2>
                    <p class="given__end">
                        "Your expiry is set by your sign-in policy:" <Time at=end as_of />
                    </p>
                    <details>
                        <summary>"Why is there no date to choose?"</summary>
                        <p class="quiet">
                            "You sign in by SAML authentication, so your key lasts as long as your sign-in does: until your identity provider ends it, and at most "
                            {longest} ". Sign in again and reissue the key to go on."
                        </p>
                    </details>
                </section>
            }
            .whole()
        }
        Err(Error::Refused(Refusal::NeedsSamlSession)) => view! {
            <Notice
                tone=Tone::Careful
                text="Your sign-in by SAML authentication has ended, and it would set this key's expiry. Sign out and sign in again first."
            />
        }
        .whole(),
        Err(error) => view! { <Notice tone=Tone::Bad text=words::sentence(&error.into()) /> }.whole(),
    }
}

const EXPECTED: &str = "text without control characters and direction marks";

/// The rule, for the hint; the server's answer is law.
fn description_error(text: &str) -> Option<String> {
    let error = check_description(text).err()?;
    Some(words::problem(&error.problem, EXPECTED))
}

fn count(text: &str) -> String {
    let used = text.chars().count();
    format!(
        "What it is for, so that you know it again. {used} of {MAX_DESCRIPTION_CHARS} characters."
    )
}
