//! Who is signed in.

use domain::principal::Identity;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Fault, Packed};

/// What the header says about whoever is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Who.
    pub identity: Identity,
    /// Whether the first password must be replaced before anything else.
    pub must_change_password: bool,
    /// Whether there is a key to view.
    pub has_key: bool,
}

/// Whoever is signed in. `None`: nobody is.
#[server(endpoint = "profile", output = Packed)]
pub async fn load_profile() -> Result<Option<Profile>, Fault> {
    super::context::answer(async |scope| {
        let Some(actor) = scope.caller.actor else {
            return Ok(None);
        };
        let must_change_password = actor.password_change_needed();
        Ok(Some(Profile {
            identity: actor.identity().clone(),
            must_change_password,
            has_key: !must_change_password && scope.services.keys.own(&actor).await?.is_some(),
        }))
    })
    .await
}
