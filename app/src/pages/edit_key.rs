//! `/profile/key/edit` and `/security/api-keys/{tag}/edit`

use domain::{approval::KeyAction, expiry::Act, key::ApiKey};
use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    approval::{ask, instead, submit_unless},
    key_entries::{KeyEntries, KeyFields},
    loading::loaded,
    meanwhile::meanwhile,
    refused::not_offered,
    trouble::{FormFault, focus_on, lead_on, times_stale},
    whose::whose,
};
use crate::{
    calls::{Sending, read_here},
    format,
    place::Place,
    rpc::{KeyForm, LoadKeyForm, UpdateKey},
    ui::{Change, Heading, IntoWhole, WillChange},
    validity::{self, KEEP},
};

/// Changing a key, one's own or another's: what it is for and when it ends. What will change is shown as it is
/// entered, and nothing can be saved until something is. When the key has changed meanwhile, that
/// is shown too, and nothing is overwritten unseen (L13).
///
/// Without JavaScript: the same form; the present end is one of the choices.
#[component]
pub fn EditKeyPage() -> AnyView {
    let sending = Sending::to(&[UpdateKey::PATH]);
    let fault = sending.fault;
    let stale = times_stale(fault);
    let place = Place::here();
    let page = read_here(|at| LoadKeyForm { at }, stale);
    let entries = KeyEntries::of_page(sending);
    let seen = StoredValue::new(Seen::entered(sending));
    view! {
        <Heading title="Edit API key" />
            {loaded(page, move |form: KeyForm| match form.key.clone() {
                Some(offered) if offered.offer.edit && form.approval.waiting.is_some() => {
                    instead(form.approval).whole()
                }
                Some(offered) if offered.offer.edit => {
                    view! { <EditForm place key=offered.key form entries seen sending /> }.whole()
                }
                present => not_offered(place, present.as_ref(), form.own),
            })}
    }
    .whole()
}

/// What somebody saw of the key when they began to edit it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    version: i64,
    description: String,
    expires: String,
}

impl Seen {
    fn of(key: &ApiKey) -> Self {
        Self {
            version: key.version,
            description: key.description.clone(),
            expires: format::utc(key.expires_at),
        }
    }

    /// Before a refusal without JavaScript.
    fn entered(sending: Sending) -> Option<Self> {
        let query = sending.entered();
        Some(Self {
            version: query.get_str("version")?.parse().ok()?,
            description: query.get("seen_description")?,
            expires: query.get("seen_expires")?,
        })
    }

    /// What is different by now.
    fn until(&self, key: &ApiKey) -> Vec<Change> {
        let now = Self::of(key);
        [
            Change::between(DESCRIPTION, &self.description, &now.description),
            Change::between(EXPIRES, &self.expires, &now.expires),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

const DESCRIPTION: &str = "Description";
const EXPIRES: &str = "Expires";

#[component]
fn EditForm(
    place: Place,
    key: ApiKey,
    form: KeyForm,
    entries: KeyEntries,
    seen: StoredValue<Option<Seen>>,
    sending: Sending,
) -> impl IntoView {
    focus_on(sending.fault);
    lead_on(sending.fault);
    entries.begin(&key.description, KEEP);
    let before = seen.get_value().unwrap_or_else(|| Seen::of(&key));
    let differs = (before.version != key.version).then(|| before.until(&key));
    // From here on it is the present key that is changed. Not while rendering: a page may be
    // rendered twice.
    let now = Seen::of(&key);
    let from_now = now.clone();
    Effect::new(move || seen.set_value(Some(from_now.clone())));
    let present = now.clone();
    let (policy, as_of) = (form.policy.clone(), form.as_of);
    let changes = Memo::new(move |_| {
        let chosen = entries.validity.read();
        let end = (*chosen != KEEP)
            .then(|| validity::end(&chosen, &entries.until.read(), &policy, as_of).ok())
            .flatten();
        let end = end.map_or_else(|| present.expires.clone(), format::utc);
        let wanted = entries.description.read();
        [
            Change::between(DESCRIPTION, &present.description, wanted.trim()),
            Change::between(EXPIRES, &present.expires, &end),
        ]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
    });
    let alive = RwSignal::new(false);
    Effect::new(move || alive.set(true));
    let idle = Signal::derive(move || alive.get() && changes.with(Vec::is_empty));
    let back = place.key(key.tag.as_str());
    let asked = form.approval.update;
    let whose = (place == Place::Everybody).then(|| whose(&key));
    view! {
        {whose}
        <form method="post" action=UpdateKey::PATH on:submit=sending.submit(UpdateKey::PATH)>
            {differs.map_or_else(
                || view! { <FormFault sending /> }.whole(),
                |changes| meanwhile(CHANGED, changes),
            )}
            <input type="hidden" name="place" value=place.as_str() />
            <input type="hidden" name="tag" value=key.tag.to_string() />
            <input type="hidden" name="version" value=now.version.to_string() />
            <input type="hidden" name="seen_description" value=now.description />
            <input type="hidden" name="seen_expires" value=now.expires />
            <KeyFields entries form act=Act::Edit keep=Some(key.expires_at) sending />
            <WillChange changes />
            {ask(asked, KeyAction::Update, sending)}
            <div class="actions">
                {submit_unless(idle, asked, "Save", "Saving…", sending)}
                <a class="button" href=back>
                    "Cancel"
                </a>
            </div>
        </form>
    }
}

/// The key is not the one any more that somebody began to edit.
const CHANGED: &str = "Nothing was saved: this API key was changed while you were editing it. Your entries are still here. Compare, and save again if they still hold.";
