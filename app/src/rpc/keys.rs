//! One's own key: see, add, edit, reissue, delete.

use domain::{
    Instant,
    expiry::{Asker, Owner, SamlSession},
    key::{ApiKey, Tag},
    offer::Offer,
    policy::Policy,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Approval, Fault, Packed};

/// A key, and what whoever looks at it can do with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedKey {
    /// The key.
    pub key: ApiKey,
    /// What can be done.
    pub offer: Offer,
}

/// What the page of one's key shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPage {
    /// The key. `None`: there is none.
    pub key: Option<OfferedKey>,
    /// The key that was replaced last, while it still works.
    pub retiring: Option<OfferedKey>,
    /// What is left of deleted keys, the latest first.
    pub deleted: Vec<ApiKey>,
    /// Whether one may have a key at all.
    pub may_add: bool,
    /// What a second person has to do with it.
    pub approval: Approval,
    /// Whether the end of a key is one's own to choose.
    pub owner: Owner,
    /// When this was so.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub as_of: Instant,
    /// The address that commands are shown with.
    pub public_url: String,
}

/// What the forms for a key need: to add, to edit and to reissue it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyForm {
    /// The key. `None`: there is none.
    pub key: Option<OfferedKey>,
    /// The replaced key that still works, if there is one and it is one's own.
    pub retiring: Option<Tag>,
    /// How the owner signs in.
    pub owner: Owner,
    /// Whether it is one's own key. Otherwise the end can be chosen whatever the owner.
    pub own: bool,
    /// Whether one may have a key of one's own at all.
    pub may_add: bool,
    /// The sign-in that gives the end of one's own key, if there is one.
    pub saml: Option<SamlSession>,
    /// What is allowed.
    pub policy: Policy,
    /// What a second person has to do with it.
    pub approval: Approval,
    /// When this was so.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub as_of: Instant,
}

impl KeyForm {
    /// For whom the rule of the key's end decides.
    pub const fn asker(&self) -> Asker {
        if self.own {
            Asker::Owner(self.saml)
        } else {
            Asker::Administrator
        }
    }
}

/// One's keys.
#[server(endpoint = "key_page", output = Packed)]
pub async fn load_key_page() -> Result<KeyPage, Fault> {
    let public_url = super::context::public_url().0.to_string();
    super::context::as_actor(async |services, actor| {
        let keys = &services.keys;
        let offered = |key: ApiKey| offered(&actor, key);
        let key = keys.own(&actor).await?;
        let tag = key.as_ref().map(|key| &key.tag);
        Ok(KeyPage {
            approval: Approval::of(&services, &actor, tag).await?,
            key: key.map(offered),
            retiring: keys.own_retiring(&actor).await?.map(offered),
            deleted: keys.own_deleted(&actor).await?,
            may_add: may_add(&actor),
            owner: Owner::of(actor.identity()),
            as_of: services.now(),
            public_url,
        })
    })
    .await
}

/// Whether somebody may have a key of their own.
#[cfg(feature = "ssr")]
pub(super) fn may_add(actor: &service::Actor) -> bool {
    actor.is_offered_own(domain::operation::Operation::CreateKey)
}

/// A key with what the actor can do with it.
#[cfg(feature = "ssr")]
pub(super) fn offered(actor: &service::Actor, key: ApiKey) -> OfferedKey {
    use domain::permission::Whose;

    let whose = if key.owner.id == actor.identity().id {
        Whose::Own
    } else {
        Whose::Others
    };
    let (rights, means) = (actor.rights(), actor.via().means());
    let offer = Offer::of(&key, whose, rights, means);
    OfferedKey { key, offer }
}

/// What is to be added, edited or reissued, and what is allowed: one's own key, or the one that
/// the address names.
#[server(endpoint = "key_form", output = Packed)]
pub async fn load_key_form(
    /// The page's address.
    #[server(default)]
    at: String,
) -> Result<KeyForm, Fault> {
    use super::address::Address;
    use crate::place::Place;

    super::context::as_actor(async |services, actor| {
        let keys = &services.keys;
        let (key, retiring) = match Place::of(&at) {
            Place::Own => (keys.own(&actor).await?, keys.own_retiring(&actor).await?),
            Place::Everybody => {
                let tag = Address::parse(&at).tag(2)?;
                (Some(keys.get(&actor, &tag).await?), None)
            }
        };
        let owner = key.as_ref().map_or(actor.identity(), |key| &key.owner);
        let tag = key.as_ref().map(|key| &key.tag);
        Ok(KeyForm {
            approval: Approval::of(&services, &actor, tag).await?,
            retiring: retiring.map(|key| key.tag),
            owner: Owner::of(owner),
            own: owner.id == actor.identity().id,
            may_add: may_add(&actor),
            saml: actor.saml_session(),
            key: key.map(|key| offered(&actor, key)),
            policy: services.policy().await?,
            as_of: services.now(),
        })
    })
    .await
}

/// What a form says that a key shall be.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyEntries {
    /// What it is for.
    pub description: String,
    /// A number of days, that a date was chosen, or that the end stays. Empty: nothing was chosen.
    pub validity: String,
    /// The date.
    pub until: String,
    /// Why, for whoever approves it.
    pub reason: String,
}

#[cfg(feature = "ssr")]
impl KeyEntries {
    /// The validity that is asked for.
    pub(super) fn asked(
        &self,
        now: Instant,
    ) -> Result<Option<domain::expiry::Validity>, domain::error::FieldError> {
        crate::validity::asked(&self.validity, &self.until, now)
    }

    /// What comes back to the form after a refusal.
    pub(super) fn all(&self) -> [(&'static str, &str); 4] {
        [
            ("description", &self.description),
            ("validity", &self.validity),
            ("until", &self.until),
            ("reason", &self.reason),
        ]
    }
}

/// Makes a key for whoever asks; its value waits for the page that shows it once.
#[server(endpoint = "create_key", output = Packed)]
pub async fn create_key(
    /// What it shall be.
    #[server(flatten)]
    entries: KeyEntries,
) -> Result<(), Fault> {
    use super::context::{answer, keep_entries, show_once};
    use crate::place::Place;

    let created = answer(async |scope| {
        let actor = scope.actor_for(&entries.reason)?;
        let wanted = service::keys::NewKey {
            owner: None,
            description: entries.description.clone(),
            validity: entries.asked(scope.services.now())?,
        };
        let keys = &scope.services.keys;
        let outcome = keys.create_for_reveal(&actor, wanted).await?;
        show_once(&scope, outcome, Place::Own);
        Ok(())
    })
    .await;
    created.inspect_err(|fault| {
        keep_entries::<CreateKey>(fault, "/profile/key/add", &entries.all());
    })
}

/// What somebody saw of a key, for the page that shows what changed meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SeenKey {
    /// The description.
    pub seen_description: String,
    /// The end, in words.
    pub seen_expires: String,
}

/// Changes a key's description or validity.
#[server(endpoint = "update_key", output = Packed)]
pub async fn update_key(
    /// Where the form is.
    #[server(default)]
    place: String,
    /// Names the key.
    #[server(default)]
    tag: String,
    /// The version that was seen.
    #[server(default)]
    version: String,
    /// What it shall be.
    #[server(flatten)]
    entries: KeyEntries,
    /// What else was seen.
    #[server(flatten)]
    seen: SeenKey,
) -> Result<(), Fault> {
    use service::Outcome;

    use super::context::{answer, keep_entries, named, tell_request};
    use crate::place::Place;

    let place = Place::from_name(&place);
    let updated = answer(async |scope| {
        let edit = service::keys::KeyEdit {
            description: Some(entries.description.clone()),
            validity: entries.asked(scope.services.now())?,
            extend_from: None,
            version: Some(number("version", &version)?),
        };
        let (actor, keys) = (scope.actor_for(&entries.reason)?, &scope.services.keys);
        match keys.update(&actor, &named(&tag)?, edit).await? {
            Outcome::Done(_) => {
                leptos_axum::redirect(&format!("{}?notice=saved", place.key(&tag)));
            }
            Outcome::Waits(waiting) => tell_request(waiting),
        }
        Ok(())
    })
    .await;
    updated.inspect_err(|fault| {
        let [description, validity, until, reason] = entries.all();
        let entries = [
            description,
            validity,
            until,
            reason,
            ("version", &*version),
            ("seen_description", &seen.seen_description),
            ("seen_expires", &seen.seen_expires),
        ];
        let page = format!("{}/edit", place.key(&tag));
        keep_entries::<UpdateKey>(fault, &page, &entries);
    })
}

/// Replaces a key; the new one's value waits for the page that shows it once.
#[server(endpoint = "reissue_key", output = Packed)]
pub async fn reissue_key(
    /// Where the form is.
    #[server(default)]
    place: String,
    /// Names the key.
    #[server(default)]
    tag: String,
    /// The version that was seen.
    #[server(default)]
    version: String,
    /// What the new one shall be.
    #[server(flatten)]
    entries: KeyEntries,
    /// For how many hours the old key goes on working. Empty: as the policy says.
    #[server(default)]
    overlap: String,
) -> Result<(), Fault> {
    use super::context::{answer, keep_entries, named, show_once};
    use crate::place::Place;

    let place = Place::from_name(&place);
    let reissued = answer(async |scope| {
        let wanted = service::keys::Reissue {
            description: Some(entries.description.clone()),
            validity: entries.asked(scope.services.now())?,
            overlap_hours: match &*overlap {
                "" => None,
                hours => Some(number("overlapHours", hours)?),
            },
            version: Some(number("version", &version)?),
        };
        let (actor, keys) = (scope.actor_for(&entries.reason)?, &scope.services.keys);
        let outcome = keys
            .reissue_for_reveal(&actor, &named(&tag)?, wanted)
            .await?;
        show_once(&scope, outcome, place);
        Ok(())
    })
    .await;
    reissued.inspect_err(|fault| {
        let [description, validity, until, reason] = entries.all();
        let entries = [description, validity, until, reason, ("overlap", &*overlap)];
        let page = format!("{}/reissue", place.key(&tag));
        keep_entries::<ReissueKey>(fault, &page, &entries);
    })
}

/// A number in a form.
#[cfg(feature = "ssr")]
fn number<T: std::str::FromStr>(
    field: &'static str,
    text: &str,
) -> Result<T, domain::error::FieldError> {
    use domain::error::{FieldError, Problem};

    text.parse()
        .map_err(|_| FieldError::new(field, Problem::malformed("a whole number")))
}

/// Deletes a key.
#[server(endpoint = "delete_key", output = Packed)]
pub async fn delete_key(
    /// Where the form is.
    #[server(default)]
    place: String,
    /// Names the key.
    #[server(default)]
    tag: String,
    /// Why, for whoever approves it.
    #[server(default)]
    reason: String,
) -> Result<(), Fault> {
    use service::Outcome;

    use super::context::{answer, keep_entries, named, tell_request};
    use crate::place::Place;

    let place = Place::from_name(&place);
    let deleted = answer(async |scope| {
        let (actor, tag) = (scope.actor_for(&reason)?, named(&tag)?);
        match scope.services.keys.delete(&actor, &tag, None).await? {
            Outcome::Done(()) => {
                leptos_axum::redirect(&place.gone(tag.as_str()));
            }
            Outcome::Waits(waiting) => tell_request(waiting),
        }
        Ok(())
    })
    .await;
    deleted.inspect_err(|fault| {
        let page = format!("{}/delete", place.key(&tag));
        let entries = match place {
            Place::Own => vec![("reason", &*reason), ("tag", &*tag)],
            Place::Everybody => vec![("reason", &*reason)],
        };
        keep_entries::<DeleteKey>(fault, &page, &entries);
    })
}
