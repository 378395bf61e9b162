//! One's own key: see, add, delete.

use domain::{
    Instant,
    key::{ApiKey, Tag},
    policy::Policy,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Fault, Packed};

/// What the page of one's key shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPage {
    /// The key. `None`: there is none.
    pub key: Option<ApiKey>,
    /// When this was so.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub as_of: Instant,
    /// The address that commands are shown with.
    pub public_url: String,
}

/// What the form for a new key needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddPage {
    /// The key that stands in the way, if there is one.
    pub present: Option<Tag>,
    /// What is allowed.
    pub policy: Policy,
    /// When this was so.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub as_of: Instant,
}

/// One's key, if there is one.
#[server(endpoint = "key_page", output = Packed)]
pub async fn load_key_page() -> Result<KeyPage, Fault> {
    let public_url = super::context::public_url().0.to_string();
    super::context::as_actor(async |services, actor| {
        let key = services.keys.own(&actor).await?;
        let as_of = services.now();
        Ok(KeyPage {
            key,
            as_of,
            public_url,
        })
    })
    .await
}

/// Whether and how one may add a key.
#[server(endpoint = "add_page", output = Packed)]
pub async fn load_add_page() -> Result<AddPage, Fault> {
    super::context::as_actor(async |services, actor| {
        Ok(AddPage {
            present: services.keys.own(&actor).await?.map(|key| key.tag),
            policy: services.policy().await?,
            as_of: services.now(),
        })
    })
    .await
}

/// Makes a key for whoever asks; its value waits for the page that shows it once.
#[server(endpoint = "create_key", output = Packed)]
pub async fn create_key(
    /// What it is for.
    #[server(default)]
    description: String,
    /// A number of days, or that a date was chosen.
    #[server(default)]
    validity: String,
    /// The date.
    #[server(default)]
    until: String,
) -> Result<(), Fault> {
    use super::context::{Scope, answer, keep_entries, set_cookie};
    use domain::error::Error;

    let asked = crate::validity::Choice::parse(&validity, &until);
    let entered = [
        ("description", description.clone()),
        ("validity", validity),
        ("until", until),
    ];
    let created = answer(
        async |Scope {
                   services,
                   caller,
                   cookies,
               }| {
            let actor = caller.actor.ok_or(Error::Unauthenticated)?;
            let validity = asked.and_then(|choice| choice.validity(services.now()))?;
            let wanted = service::keys::NewKey {
                owner: None,
                description,
                validity: Some(validity),
            };
            let value = services
                .keys
                .create_for_reveal(&actor, wanted)
                .await?
                .done();
            set_cookie(cookies.set(cookies.reveal(), &value.reveal()));
            leptos_axum::redirect("/profile/key/reveal");
            Ok(())
        },
    )
    .await;
    created.inspect_err(|fault| {
        let entered = entered
            .each_ref()
            .map(|(name, text)| (*name, text.as_str()));
        keep_entries::<CreateKey>(fault, "/profile/key/add", &entered);
    })
}

/// Deletes one's key.
#[server(endpoint = "delete_key", output = Packed)]
pub async fn delete_key(
    /// Names the key.
    #[server(default)]
    tag: String,
) -> Result<(), Fault> {
    super::context::as_actor(async |services, actor| {
        // What is no tag names nothing.
        let tag = Tag::parse(&tag).map_err(|_| domain::error::Error::NotFound)?;
        services.keys.delete(&actor, &tag, None).await?.done();
        leptos_axum::redirect("/profile/key?notice=deleted");
        Ok(())
    })
    .await
}
