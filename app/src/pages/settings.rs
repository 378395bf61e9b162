//! `/settings`

use domain::{
    directory::Count,
    policy::{
        LaterThanSaml, MAX_LIFETIME_DAYS, MAX_OVERLAP_HOURS, MAX_SAML_LIFETIME_HOURS,
        MAX_TOMBSTONE_DAYS, Policy, SamlExpiry,
    },
};
use leptos::{prelude::*, server_fn::ServerFn, task::spawn_local};

use super::{
    loading::loaded,
    meanwhile::{Seen, meanwhile},
    policy_words,
    told::ToldHere,
    trouble::{FormFault, about, focus_on, lead_on},
};
use crate::{
    calls::{Pulse, Sending, ask, decode, live, read, send},
    format,
    query::Query,
    rpc::{
        CountEndingAfter, LATER_THAN_SAML, LoadSettingsPage, SAML_EXPIRY, SavePolicy, SeenPolicy,
        SettingsPage,
    },
    ui::{
        Change, Checkbox, Heading, IntoWhole, Kind, Notice, Pause, Radio, Submit, TextField, Tone,
        words,
    },
};

/// The policy: what keys may be, for everybody. When somebody else changes it meanwhile, that is
/// said, and nothing is overwritten unseen.
///
/// Without JavaScript: the same form; what was entered comes back in the address after a refusal.
#[component]
pub fn SettingsPage() -> AnyView {
    let sending = Sending::to(&[SavePolicy::PATH]);
    let page = read(LoadSettingsPage {}, Sending::any_done([sending]));
    let pulse = live();
    view! {
        <Heading title="Settings" />
            {move || sending.fault.with(Option::is_none).then(|| view! { <ToldHere /> })}
            {loaded(page, move |page: SettingsPage| {
                view! { <PolicyForm page sending pulse /> }.whole()
            })}
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
        self.number_telling(name, label, present, hint, Callback::new(|_| ()))
    }

    /// The same, telling what is typed.
    fn number_telling(
        self,
        name: &'static str,
        label: &'static str,
        present: u32,
        hint: String,
        on_input: Callback<String>,
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
                on_input
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

/// The policy that the form is about, and what is different by now.
#[derive(Clone, Copy)]
struct Shown {
    policy: Seen<Policy>,
    /// Beside a form that was not sent.
    beside: RwSignal<Vec<Change>>,
}

impl Shown {
    fn begin(sending: Sending, present: &Policy) -> Self {
        // Before a refusal without JavaScript.
        let before = sending.entered().get("seen").map(SeenPolicy);
        let before = before.and_then(|seen| seen.read());
        Self {
            policy: Seen::begin(before.as_ref(), present.clone(), policy_words::between),
            beside: RwSignal::new(Vec::new()),
        }
    }

    /// Looks how the policy is now when the form was refused, and when anything was changed
    /// elsewhere. What is in the form stays.
    fn look_again(self, sending: Sending, pulse: Pulse) {
        let now = move |page: SettingsPage| {
            self.beside.try_set(Vec::new());
            page.policy
        };
        let path = LoadSettingsPage::PATH;
        self.policy
            .look_when_stale(sending, path, String::new(), now);
        Effect::new(move |before: Option<()>| {
            pulse.beat.get();
            if before.is_none() {
                return;
            }
            spawn_local(async move {
                let page = decode::<SettingsPage>(&ask(LoadSettingsPage {}).await);
                if let Ok(page) = page {
                    self.beside.try_set(self.policy.until(&page.policy));
                }
            });
        });
    }

    /// The policy as the form sends it along.
    fn text(self) -> String {
        self.policy.now.with(|policy| SeenPolicy::of(policy).0)
    }

    fn told(self, sending: Sending) -> AnyView {
        let beside = self.beside.get();
        if let Some(refused) = self.policy.told(REFUSED) {
            return refused;
        }
        if !beside.is_empty() {
            return meanwhile(BESIDE, beside);
        }
        view! { <FormFault sending /> }.whole()
    }
}

/// The policy is not the one any more that somebody began to change.
const REFUSED: &str = "Nothing was saved: somebody else has changed the policy meanwhile. Your entries are still here. Compare, and save again if they still hold.";
/// It is another one by now, and nothing was sent yet.
const BESIDE: &str = "Somebody else has just changed the policy. What is in the form is from before; you will be asked to compare before it is saved.";

#[component]
fn PolicyForm(page: SettingsPage, sending: Sending, pulse: Pulse) -> impl IntoView {
    focus_on(sending.fault);
    lead_on(sending.fault);
    pulse.known(&page.pulse);
    let SettingsPage {
        policy,
        later,
        may_update,
        ..
    } = page;
    let seen = Shown::begin(sending, &policy);
    seen.look_again(sending, pulse);
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
            {move || seen.told(sending)}
            <input type="hidden" name="seen" value=move || seen.text() />
            {keys(entries, &policy, later)}
            {saml(entries, &policy)}
            {administrators(entries, &policy)}
            {save}
        </form>
    }
}

/// How many keys end later than the number that is typed would allow from now.
#[derive(Clone, Copy)]
struct Typed {
    /// What is told. Empty: nothing that is a number was typed.
    told: RwSignal<String>,
    /// Counts what was asked: an answer that comes late is not shown.
    times: StoredValue<usize>,
    pause: Pause,
}

impl Typed {
    fn nothing() -> Self {
        Self {
            told: RwSignal::new(String::new()),
            times: StoredValue::new(0),
            pause: Pause::none(),
        }
    }

    fn hear(self, text: &str) {
        self.times.update_value(|times| *times += 1);
        let own = self.times.get_value();
        let days = text.trim().parse::<u32>().ok();
        let Some(days) = days.filter(|days| (1..=MAX_LIFETIME_DAYS).contains(days)) else {
            self.pause.stop();
            self.told.set(String::new());
            return;
        };
        self.pause.then(move || {
            spawn_local(async move {
                let answer = send(CountEndingAfter::PATH, &[("days", &days.to_string())]).await;
                // What cannot be told now is told when the form is sent.
                if let (Ok(count), Some(times)) = (decode(&answer), self.times.try_get_value())
                    && times == own
                {
                    self.told.try_set(ends_after(days, count));
                }
            });
        });
    }
}

/// How many keys end more than so many days from now.
fn ends_after(days: u32, count: Count) -> String {
    let keys = words::how_many(count, "key ends", "keys end");
    format!("{keys} more than {} from now.", format::days(days.into()))
}

/// What a stricter maximum would concern: the number that is typed, and some to choose from.
///
/// Without JavaScript: some to choose from.
fn preview(later: Vec<(u32, Count)>, typed: Typed) -> AnyView {
    let row = |(days, count)| view! { <li>{ends_after(days, count)}</li> };
    view! {
        <p class="quiet needs-script" role="status">
            {move || typed.told.get()}
        </p>
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
    let typed = Typed::nothing();
    view! {
        <section class="card" aria-labelledby="policy-keys">
            <h2 class="subtitle" id="policy-keys">
                "API keys"
            </h2>
            {entries
                .number_telling(
                    "max_lifetime_days",
                    policy_words::MAX_LIFETIME,
                    policy.max_lifetime_days,
                    days(MAX_LIFETIME_DAYS),
                    Callback::new(move |text: String| typed.hear(&text)),
                )}
            {preview(later, typed)}
            {entries
                .number(
                    "default_lifetime_days",
                    policy_words::DEFAULT_LIFETIME,
                    policy.default_lifetime_days,
                    "In days of 24 hours, at most the longest validity.".to_owned(),
                )}
            {entries
                .number(
                    "overlap_hours",
                    policy_words::OVERLAP,
                    policy.overlap_hours,
                    format!(
                        "For how many hours the old key goes on working unless the request says otherwise, from 0 to {MAX_OVERLAP_HOURS}.",
                    ),
                )}
            {entries
                .number(
                    "tombstone_days",
                    policy_words::TOMBSTONES,
                    policy.tombstone_days,
                    days(MAX_TOMBSTONE_DAYS),
                )}
            {entries
                .tick(
                    "self_service",
                    policy_words::SELF_SERVICE,
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
                    policy_words::SAML_MAX_LIFETIME,
                    policy.saml_max_lifetime_hours,
                    format!("In hours, from 1 to {MAX_SAML_LIFETIME_HOURS}."),
                )}
            {entries
                .choice(
                    "saml_expiry",
                    policy_words::SAML_EXPIRY,
                    SAML_EXPIRY,
                    [
                        (policy_words::saml_expiry(SamlExpiry::Session), "the identity provider's session, or the hours above"),
                        (policy_words::saml_expiry(SamlExpiry::Fixed), "for providers with very short sessions"),
                    ],
                    policy.saml_expiry,
                )}
            {entries
                .choice(
                    "later_than_saml",
                    policy_words::LATER_THAN_SAML,
                    LATER_THAN_SAML,
                    [
                        (policy_words::later_than_saml(LaterThanSaml::Warn), "say so, and do it"),
                        (policy_words::later_than_saml(LaterThanSaml::Refuse), "do not allow it"),
                    ],
                    policy.later_than_saml,
                )}
            {entries
                .tick(
                    "logout_disables_keys",
                    policy_words::LOGOUT,
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
                    policy_words::LIMIT,
                    "Otherwise they manage all keys, also those of Administrators.",
                    policy.limit_security_administrators,
                )}
            {entries
                .tick(
                    "second_factor_required",
                    policy_words::SECOND_FACTOR,
                    "Whoever has none sets one up before anything else. API keys and SAML users are not concerned.",
                    policy.second_factor_required,
                )}
        </section>
    }
    .whole()
}
