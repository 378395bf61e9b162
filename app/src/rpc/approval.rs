//! What approval by a second person means for whoever looks at a key.

use domain::ticket::TicketId;
use serde::{Deserialize, Serialize};

/// What approval means for a key, or for the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what needs approval is switched one by one"
)]
pub struct Approval {
    /// Whether a second person has to approve a new key.
    pub create: bool,
    /// Whether they have to approve its editing.
    pub update: bool,
    /// Whether they have to approve its deletion.
    pub delete: bool,
    /// Whether they have to approve its reissue.
    pub reissue: bool,
    /// The ticket that waits about it. `None`: none does.
    pub waiting: Option<TicketId>,
}

#[cfg(feature = "ssr")]
impl Approval {
    /// Of a key; `None`: of one's own next one.
    pub(super) async fn of(
        services: &service::Services,
        actor: &service::Actor,
        key: Option<&domain::key::Tag>,
    ) -> Result<Self, domain::error::Error> {
        use domain::approval::KeyAction;

        let tickets = &services.tickets;
        let asks = tickets.asks_approval(actor).await?;
        Ok(Self {
            create: asks.contains(&KeyAction::Create),
            update: asks.contains(&KeyAction::Update),
            delete: asks.contains(&KeyAction::Delete),
            reissue: asks.contains(&KeyAction::Reissue),
            waiting: match key {
                Some(tag) => tickets.about_key(actor, tag).await?,
                None => tickets.about_own_creation(actor).await?,
            },
        })
    }
}
