//! `/settings`

use domain::{
    directory::Count,
    policy::{
        MAX_LIFETIME_DAYS, MAX_OVERLAP_HOURS, MAX_SAML_LIFETIME_HOURS, MAX_TOMBSTONE_DAYS, Policy,
    },
};
use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    loading::loaded,
    notices::UrlNotice,
    trouble::{FormFault, about, focus_on, lead_on},
};
use crate::{
    calls::{Sending, read},
    format,
    query::Query,
    rpc::{LATER_THAN_SAML, LoadSettingsPage, SAML_EXPIRY, SavePolicy, SettingsPage},
    ui::{Checkbox, Heading, IntoWhole, Kind, Notice, Radio, Submit, TextField, Tone, words},
};

/// The policy: what keys may be, for everybody.
///
/// Without JavaScript: the same form; what was entered comes back in the address after a refusal.
#[component]
pub fn SettingsPage() -> AnyView {
    let sending = Sending::to(&[SavePolicy::PATH]);
    let page = read(LoadSettingsPage {}, Sending::any_done([sending]));
    view! {
        <Heading title="Settings" />
            {move || sending.fault.with(Option::is_none).then(|| view! { <UrlNotice /> })}
            {loaded(page, move |page: SettingsPage| view! { <PolicyForm page sending /> }.whole())}
    }
    .whole()
}

/// What stands in the form: the policy, or what was entered before a refusal.
#[derive(Clone, Copy)]
struct Entries {
    before: StoredValue<Query>,
    sending: Sending,
    fixed: bool,
}

impl Entries {
    /// A refused form without JavaScript says all but the boxes that were not ticked.
    fn value(self, name: &'static str, present: &str) -> String {
        let before = self.before.with_value(|before| before.get(name));
        before.unwrap_or_else(|| present.to_owned())
    }

    fn number(
        self,
        name: &'static str,
        label: &'static str,
        present: u32,
        hint: String,
    ) -> AnyView {
        let fault = self.sending.fault;
        let error = about(fault, name, "a whole number");
        view! {
            <TextField
                name
                label
                kind=Kind::Number
                value=self.value(name, &present.to_string())
                hint=Signal::stored(hint)
                error
                fixed=self.fixed
            />
        }
        .whole()
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
        view! { <Checkbox name label hint checked disabled=self.fixed /> }.whole()
    }

    fn choice<T: PartialEq + Copy>(
        self,
        name: &'static str,
        legend: &'static str,
        among: [(&'static str, T); 2],
        words: [(&'static str, &'static str); 2],
        present: T,
    ) -> AnyView {
        let present = among.iter().find(|(_, value)| *value == present);
        let chosen = self.value(name, present.map_or("", |(known, _)| known));
        let options = among
            .into_iter()
            .zip(words)
            .map(|((value, _), (label, more))| {
                let checked = chosen == value;
                let value = value.to_owned();
                view! { <Radio name value label more checked disabled=self.fixed /> }
            });
        view! {
            <fieldset class="choice">
                <legend class="field__label">{legend}</legend>
                <div class="choice__options choice__options--wide">{options.collect_view()}</div>
            </fieldset>
        }
        .whole()
    }
}

#[component]
fn PolicyForm(page: SettingsPage, sending: Sending) -> impl IntoView {
    focus_on(sending.fault);
    lead_on(sending.fault);
    let SettingsPage {
        policy,
        later,
        may_update,
    } = page;
    let entries = Entries {
        before: StoredValue::new(sending.entered()),
        sending,
        fixed: !may_update,
    };
    let only_look = (!may_update).then(|| {
        let text = "You may look at the policy, but not change it.";
        view! { <Notice tone=Tone::Plain text /> }
    });
    let save = may_update.then(|| {
        view! {
            <div class="actions">
                <Submit label="Save" pending_label="Saving…" pending=sending.pending />
            </div>
        }
    });
    view! {
        <p class="lead">
            "The policy for everybody's API keys. It holds from the next request on; keys that exist are not cut."
        </p>
        <p>
            <a class="button button--small" href="/settings/sign-in">
                "Sign-in"
            </a>
            " The identity providers that people sign in by."
        </p>
        <p>
            <a class="button button--small" href="/settings/approval">
                "Approval"
            </a>
            " What a second person has to approve."
        </p>
        <p>
            <a class="button button--small" href="/settings/notices">
                "Notices"
            </a>
            " Webhooks, mail, and what was sent."
        </p>
        {only_look}
        <form method="post" action=SavePolicy::PATH on:submit=sending.submit(SavePolicy::PATH)>
            <FormFault sending />
            {keys(entries, &policy, later)}
            {saml(entries, &policy)}
            {administrators(entries, &policy)}
            {save}
        </form>
    }
}

/// What a stricter maximum would concern. Without JavaScript: the same.
fn preview(later: Vec<(u32, Count)>) -> AnyView {
    let row = |(days, count): (u32, Count)| {
        view! {
            <li>
                {words::how_many(count, "key ends", "keys end")} " more than "
                {format::days(days.into())} " from now."
            </li>
        }
    };
    view! {
        <details>
            <summary>"How many keys would a stricter maximum concern?"</summary>
            <p class="quiet">
                "They keep their ends. They could not be edited or reissued to last as long again."
            </p>
            <ul>{later.into_iter().map(row).collect_view()}</ul>
        </details>
    }
    .whole()
}

fn keys(entries: Entries, policy: &Policy, later: Vec<(u32, Count)>) -> AnyView {
    let days = |max: u32| format!("In days of 24 hours, from 1 to {max}.");
    view! {
        <section class="card" aria-labelledby="policy-keys">
            <h2 class="subtitle" id="policy-keys">
                "API keys"
            </h2>
            {entries
                .number(
                    "max_lifetime_days",
                    "Longest validity",
                    policy.max_lifetime_days,
                    days(MAX_LIFETIME_DAYS),
                )}
            {preview(later)}
            {entries
                .number(
                    "default_lifetime_days",
                    "Validity that forms offer first",
                    policy.default_lifetime_days,
                    "In days of 24 hours, at most the longest validity.".to_owned(),
                )}
            {entries
                .number(
                    "overlap_hours",
                    "Overlap after a reissue",
                    policy.overlap_hours,
                    format!(
                        "For how many hours the old key goes on working unless the request says otherwise, from 0 to {MAX_OVERLAP_HOURS}.",
                    ),
                )}
            {entries
                .number(
                    "tombstone_days",
                    "Deleted keys stay visible",
                    policy.tombstone_days,
                    days(MAX_TOMBSTONE_DAYS),
                )}
            {entries
                .tick(
                    "self_service",
                    "Everybody manages their own key",
                    "Whoever signs in holds the role API Key Self-Service, unless it is withdrawn for their domain or for them.",
                    policy.self_service,
                )}
        </section>
    }
    .whole()
}

fn saml(entries: Entries, policy: &Policy) -> AnyView {
    view! {
        <section class="card" aria-labelledby="policy-saml">
            <h2 class="subtitle" id="policy-saml">
                "SAML authentication"
            </h2>
            <p class="quiet">"Who signs in by SAML chooses no expiry: the sign-in sets it."</p>
            {entries
                .number(
                    "saml_max_lifetime_hours",
                    "Longest validity from a sign-in",
                    policy.saml_max_lifetime_hours,
                    format!("In hours, from 1 to {MAX_SAML_LIFETIME_HOURS}."),
                )}
            {entries
                .choice(
                    "saml_expiry",
                    "What ends such a key",
                    SAML_EXPIRY,
                    [
                        ("The earliest end", "the identity provider's session, or the hours above"),
                        ("The hours above alone", "for providers with very short sessions"),
                    ],
                    policy.saml_expiry,
                )}
            {entries
                .choice(
                    "later_than_saml",
                    "When an administrator chooses a later end than the sign-in would give",
                    LATER_THAN_SAML,
                    [("Warn", "say so, and do it"), ("Refuse", "do not allow it")],
                    policy.later_than_saml,
                )}
            {entries
                .tick(
                    "logout_disables_keys",
                    "Signing out by SAML disables the key until the next sign-in",
                    "When the identity provider signs somebody out, and with Sign out here. The mere end of a session does not.",
                    policy.logout_disables_keys,
                )}
        </section>
    }
    .whole()
}

fn administrators(entries: Entries, policy: &Policy) -> AnyView {
    view! {
        <section class="card" aria-labelledby="policy-administrators">
            <h2 class="subtitle" id="policy-administrators">
                "Administrators"
            </h2>
            {entries
                .tick(
                    "limit_security_administrators",
                    "Limit Default Security Administrators to owners who may do no more than they",
                    "Otherwise they manage all keys, also those of Administrators.",
                    policy.limit_security_administrators,
                )}
            {entries
                .tick(
                    "second_factor_required",
                    "Require a second factor of everybody who signs in with a password",
                    "Whoever has none sets one up before anything else. API keys and SAML users are not concerned.",
                    policy.second_factor_required,
                )}
        </section>
    }
    .whole()
}
