//! Notices: what people are told, and who. The same notice is shown in the application, sent by
//! mail and handed to webhooks.

mod choice;
mod delivery;
mod due;
mod webhook;
mod words;

use serde::{Deserialize, Serialize};

pub use self::{
    choice::Choice,
    delivery::{DeliveryState, MAX_ATTEMPTS, Trouble, next_attempt},
    due::{ENDING_DAYS, TICKET_ENDING_HOURS, is_key_end_due, is_ticket_end_due},
    webhook::{SIGNATURE_HEADER, check_events, check_url, is_public, signature_header},
    words::Audience,
};
use crate::{
    Instant,
    key::{ApiKey, Tag},
    principal::Identity,
    ticket::{Proposal, Ticket, TicketId},
};

/// What somebody is told. Every name is stable: webhooks match on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// Somebody else made a key for its owner.
    KeyCreated,
    /// Somebody else replaced a key.
    KeyReissued,
    /// Somebody else changed a key.
    KeyUpdated,
    /// Somebody else deleted a key.
    KeyDeleted,
    /// A key ends soon, or has ended.
    KeyEnding,
    /// A key that was replaced is still used.
    OldKeyUsed,
    /// Something waits for approval.
    TicketRequested,
    /// What somebody asked for was approved.
    TicketApproved,
    /// What somebody asked for was rejected.
    TicketRejected,
    /// A ticket waits, and not for much longer.
    TicketEnding,
    /// Nothing happened: somebody tries whether notices arrive.
    Test,
}

/// What people choose by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Group {
    /// What somebody else did to one's key.
    Keys,
    /// The end of one's key, and the use of the old one.
    Ends,
    /// Tickets.
    Tickets,
}

impl Kind {
    /// Every kind of which something happens.
    pub const ALL: [Self; 10] = [
        Self::KeyCreated,
        Self::KeyReissued,
        Self::KeyUpdated,
        Self::KeyDeleted,
        Self::KeyEnding,
        Self::OldKeyUsed,
        Self::TicketRequested,
        Self::TicketApproved,
        Self::TicketRejected,
        Self::TicketEnding,
    ];

    /// The stable name, `thing.what`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KeyCreated => "key.created",
            Self::KeyReissued => "key.reissued",
            Self::KeyUpdated => "key.changed",
            Self::KeyDeleted => "key.deleted",
            Self::KeyEnding => "key.expiring",
            Self::OldKeyUsed => "key.old-used",
            Self::TicketRequested => "ticket.requested",
            Self::TicketApproved => "ticket.approved",
            Self::TicketRejected => "ticket.rejected",
            Self::TicketEnding => "ticket.expiring",
            Self::Test => "test",
        }
    }

    /// The one of [`Kind::ALL`] with exactly this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// What people choose it by. `None`: nobody can do without it.
    pub const fn group(self) -> Option<Group> {
        match self {
            Self::KeyCreated | Self::KeyReissued | Self::KeyUpdated | Self::KeyDeleted => {
                Some(Group::Keys)
            }
            Self::KeyEnding | Self::OldKeyUsed => Some(Group::Ends),
            Self::TicketRequested
            | Self::TicketApproved
            | Self::TicketRejected
            | Self::TicketEnding => Some(Group::Tickets),
            Self::Test => None,
        }
    }
}

/// What somebody is told. Never a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What happened.
    pub kind: Kind,
    /// When.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: Instant,
    /// To what.
    pub about: About,
}

/// What a notice is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum About {
    /// A key.
    Key(KeyFacts),
    /// A ticket.
    Ticket(TicketFacts),
    /// Nothing.
    Nothing,
}

/// A key, as a notice tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyFacts {
    /// Which.
    pub tag: Tag,
    /// Whose it is.
    pub owner: Identity,
    /// What it is for.
    pub description: String,
    /// When it ends.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub expires_at: Instant,
    /// Who did something to it, in words. `None`: nobody did.
    pub by: Option<String>,
    /// The key in its place. `None`: none is.
    pub replaced_by: Option<Tag>,
    /// How many days before its end this is told. `None`: it is not about the end.
    pub days: Option<u32>,
    /// From where it was used last. `None`: it is not about its use.
    pub used_from: Option<String>,
}

impl KeyFacts {
    /// Of a key to which nobody did anything.
    pub fn of(key: &ApiKey) -> Self {
        Self {
            tag: key.tag.clone(),
            owner: key.owner.clone(),
            description: key.description.clone(),
            expires_at: key.retires_at.unwrap_or(key.expires_at).min(key.expires_at),
            by: None,
            replaced_by: None,
            days: None,
            used_from: None,
        }
    }
}

/// A ticket, as a notice tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketFacts {
    /// Which.
    pub id: TicketId,
    /// What would be done, in words.
    pub action: String,
    /// To which key. `None`: a new one, or the settings.
    pub tag: Option<Tag>,
    /// Whose key it is or will be. `None`: it is about the settings.
    pub owner: Option<Identity>,
    /// Who asked.
    pub requester: Identity,
    /// Who decided, in words. `None`: nobody yet.
    pub by: Option<String>,
    /// What was said with the decision. Empty: nothing.
    pub comment: String,
    /// Whether the requester has to execute it.
    pub by_hand: bool,
    /// Until when it waits.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub expires_at: Instant,
}

impl TicketFacts {
    /// Of a ticket.
    pub fn of(ticket: &Ticket) -> Self {
        let (tag, owner) = match &ticket.proposal {
            Proposal::Key(key) => {
                let before = key.before.as_ref();
                (before.map(|key| key.tag.clone()), Some(key.owner.clone()))
            }
            Proposal::Settings(_) => (None, None),
        };
        Self {
            id: ticket.id,
            action: ticket.proposal.action().words().to_owned(),
            tag,
            owner,
            requester: ticket.requester.clone(),
            by: ticket
                .decision
                .as_ref()
                .map(|decision| decision.by.to_string()),
            comment: String::new(),
            by_hand: ticket.by_hand,
            expires_at: ticket.expires_at,
        }
    }
}

impl Notice {
    /// One that only shows whether notices arrive.
    pub const fn test(at: Instant) -> Self {
        Self {
            kind: Kind::Test,
            at,
            about: About::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_reads_back_by_its_name_and_can_be_chosen() {
        let names: BTreeSet<_> = Kind::ALL.into_iter().map(Kind::as_str).collect();
        assert_eq!(names.len(), Kind::ALL.len());
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.as_str()), Some(kind));
            assert!(kind.group().is_some(), "{kind:?}");
        }
        assert_eq!(Kind::from_name("test"), None);
        assert_eq!(Kind::Test.group(), None);
    }
}
