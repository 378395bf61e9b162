//! What approval by a second person means for whoever looks at a key.

use domain::{approval::KeyAction, ticket::TicketId};
use serde::{Deserialize, Serialize};

/// What approval means for a key, or for the next one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Approval {
    /// What a second person would have to approve.
    pub asks: Vec<KeyAction>,
    /// The ticket that waits about it. `None`: none does.
    pub waiting: Option<TicketId>,
}

impl Approval {
    /// Whether a second person would have to approve that.
    pub fn asks(&self, action: KeyAction) -> bool {
        self.asks.contains(&action)
    }

    /// Of a key; `None`: of one's own next one.
    #[cfg(feature = "ssr")]
    pub(super) async fn of(
        services: &service::Services,
        actor: &service::Actor,
        key: Option<&domain::key::Tag>,
    ) -> Result<Self, domain::error::Error> {
        let tickets = &services.tickets;
        Ok(Self {
            asks: tickets.asks_approval(actor).await?,
            waiting: match key {
                Some(tag) => tickets.about_key(actor, tag).await?,
                None => tickets.about_own_creation(actor).await?,
            },
        })
    }
}
