//! A ticket as people see it.

use serde::{Deserialize, Serialize};

use super::{Move, Proposal, TicketId, TicketState};
use crate::{Instant, key::Tag, principal::Identity};

/// A ticket. No part of it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The number.
    pub id: TicketId,
    /// At the time of reading.
    pub state: TicketState,
    /// What would be done.
    pub proposal: Proposal,
    /// What binds the ticket to it.
    pub digest: String,
    /// Who asked.
    pub requester: Identity,
    /// Whether the requester has to execute it after its approval.
    pub by_hand: bool,
    /// When it was asked for.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub created_at: Instant,
    /// When something last happened to it.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub updated_at: Instant,
    /// Until when it waits.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub expires_at: Instant,
    /// Who decided, and when. `None`: nobody yet.
    pub decision: Option<Decision>,
    /// What came of it. `None`: it was not executed.
    pub result: Option<TicketResult>,
}

/// Who decided about a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Who.
    pub by: Identity,
    /// When.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: Instant,
}

/// What came of a ticket that was executed. Never a key's value.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TicketResult {
    /// The key that was made. `None`: none was.
    pub tag: Option<Tag>,
    /// When that key ends.
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub expires_at: Option<Instant>,
}

/// Something that happened to a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketEvent {
    /// When.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: Instant,
    /// By whom: the full identity.
    pub by: String,
    /// What.
    pub what: Happening,
    /// What was said about it. Empty: nothing.
    pub comment: String,
}

/// What can have happened to a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Happening {
    /// It was asked for.
    Requested,
    /// It was moved.
    Moved(Move),
    /// Something was said.
    Commented,
}

impl Happening {
    /// Everything.
    pub const ALL: [Self; 8] = [
        Self::Requested,
        Self::Moved(Move::Approve),
        Self::Moved(Move::Reject),
        Self::Moved(Move::Cancel),
        Self::Moved(Move::Execute),
        Self::Moved(Move::Expire),
        Self::Moved(Move::Renew),
        Self::Commented,
    ];

    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Moved(Move::Approve) => "APPROVED",
            Self::Moved(Move::Reject) => "REJECTED",
            Self::Moved(Move::Cancel) => "CANCELED",
            Self::Moved(Move::Execute) => "EXECUTED",
            Self::Moved(Move::Expire) => "EXPIRED",
            Self::Moved(Move::Renew) => "RENEWED",
            Self::Commented => "COMMENTED",
        }
    }

    /// The one with exactly this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_reads_back_by_its_name() {
        for one in Happening::ALL {
            assert_eq!(Happening::from_name(one.as_str()), Some(one));
        }
        assert_eq!(Happening::from_name("DONE"), None);
    }
}
