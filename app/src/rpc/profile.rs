//! Who is signed in.

use domain::principal::Identity;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Fault, Packed};

/// What the header says about whoever is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says one thing that the menu shows or offers"
)]
pub struct Profile {
    /// Who.
    pub identity: Identity,
    /// Whether the first password must be replaced before anything else.
    pub must_change_password: bool,
    /// Whether there is a key to view.
    pub has_key: bool,
    /// Whether signing out stops that key until the next sign-in.
    pub sign_out_stops_key: bool,
    /// Whether a key can be added.
    pub may_add: bool,
    /// Whether a second person has to approve anything that they do with keys.
    pub asks_approval: bool,
    /// How many tickets wait for their decision. `None`: they do not decide.
    pub waiting: Option<u64>,
    /// The administrators' pages that are open to them.
    pub rooms: Rooms,
    /// How many notices they have not read, 100 for more.
    pub unread: u32,
}

/// The administrators' pages, by who may see them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the pages are open one by one"
)]
pub struct Rooms {
    /// *API keys*: everybody's.
    pub keys: bool,
    /// *Users*.
    pub users: bool,
    /// *Roles*.
    pub roles: bool,
    /// *Tickets*: those of others.
    pub tickets: bool,
    /// *Audit*.
    pub audit: bool,
    /// *Settings*.
    pub settings: bool,
}

/// Whoever is signed in. `None`: nobody is.
#[server(endpoint = "profile", output = Packed)]
pub async fn load_profile() -> Result<Option<Profile>, Fault> {
    use domain::{operation::Operation, principal::DomainType};

    super::context::answer(async |scope| {
        let Some(actor) = scope.caller.actor else {
            return Ok(None);
        };
        let must_change_password = actor.password_change_needed() || actor.factor_needed();
        let sees = |operation| actor.is_offered(operation);
        let rooms = Rooms {
            keys: sees(Operation::ViewKey),
            users: sees(Operation::ViewUsers),
            roles: sees(Operation::ViewRoles),
            tickets: sees(Operation::ViewTickets),
            audit: sees(Operation::ViewAudit),
            settings: sees(Operation::ViewPolicy),
        };
        let tickets = &scope.services.tickets;
        let has_key = !must_change_password && scope.services.keys.own(&actor).await?.is_some();
        let by_saml = actor.identity().principal.domain_type == DomainType::Saml;
        let stops = by_saml && has_key && scope.services.policy().await?.logout_disables_keys;
        Ok(Some(Profile {
            identity: actor.identity().clone(),
            must_change_password,
            has_key,
            sign_out_stops_key: stops,
            may_add: super::keys::may_add(&actor),
            asks_approval: !tickets.asks_approval(&actor).await?.is_empty(),
            waiting: tickets.waiting_for(&actor).await?,
            rooms,
            unread: scope.services.notices.unread(&actor).await?,
        }))
    })
    .await
}
