//! Requests that wait for a second person: their states, and who may move them.

mod again;
mod person;
mod proposal;
mod record;
mod view;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::{
    again::{Again, FRESH_MINUTES},
    person::{Person, four_eyes, people},
    proposal::{
        Drift, End, KeyAfter, KeyBefore, KeyProposal, Proposal, SettingsProposal, TicketAction,
        subject_of_creation, subject_of_key,
    },
    record::{Decision, Happening, Ticket, TicketEvent, TicketResult},
    view::TicketView,
};
use crate::{
    Instant,
    error::{Conflict, Error, FieldError, Refusal},
    text::check_prose,
};

/// The longest comment, in characters.
pub const MAX_COMMENT_CHARS: u32 = 1024;

/// A ticket's number: from 1, never used again, 32 bits on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TicketId(pub i64);

impl fmt::Display for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How far a ticket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TicketState {
    /// Waits for a decision.
    Pending,
    /// Waits to be executed.
    Approved,
    /// Was refused.
    Rejected,
    /// Was executed.
    Done,
    /// Was withdrawn.
    Canceled,
    /// Waited for too long.
    Expired,
}

impl TicketState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Approved,
        Self::Rejected,
        Self::Done,
        Self::Canceled,
        Self::Expired,
    ];

    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Approved => "APPROVED",
            Self::Rejected => "REJECTED",
            Self::Done => "DONE",
            Self::Canceled => "CANCELED",
            Self::Expired => "EXPIRED",
        }
    }

    /// The state with exactly this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// Whether something is still to come: such a ticket blocks what it is about, and expires.
    pub const fn waits(self) -> bool {
        matches!(self, Self::Pending | Self::Approved)
    }

    /// The state at `now` of a ticket that waits until `expires_at`: nothing has to run for a
    /// ticket to expire.
    #[must_use]
    pub fn at(self, expires_at: Instant, now: Instant) -> Self {
        if self.waits() && now >= expires_at {
            Self::Expired
        } else {
            self
        }
    }
}

/// What can happen to a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Move {
    /// Somebody else agrees.
    Approve,
    /// Somebody else does not.
    Reject,
    /// The requester wants it no more.
    Cancel,
    /// The requester carries it out.
    Execute,
    /// It has waited for too long.
    Expire,
    /// The requester asks again.
    Renew,
}

impl Move {
    /// Every move.
    pub const ALL: [Self; 6] = [
        Self::Approve,
        Self::Reject,
        Self::Cancel,
        Self::Execute,
        Self::Expire,
        Self::Renew,
    ];

    /// Whether it is for somebody else than the requester.
    pub const fn decides(self) -> bool {
        matches!(self, Self::Approve | Self::Reject)
    }
}

/// Who moves a ticket, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mover {
    /// Whoever asked for it, whatever else they may do.
    Requester,
    /// Somebody else who may decide.
    Approver,
    /// The server itself.
    House,
    /// Anybody else.
    Other,
}

impl Mover {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Requester, Self::Approver, Self::House, Self::Other];
}

/// THE state machine: what becomes of a ticket by a move.
///
/// # Errors
/// Who may not make the move learns that first, then [`Conflict::TicketIs`] says which state is in
/// the way. Only the requester knows a ticket to execute; for others it does not exist.
pub const fn next(state: TicketState, by: Move, who: Mover) -> Result<TicketState, Error> {
    use TicketState::{Approved, Canceled, Done, Expired, Pending, Rejected};
    match (by, who) {
        (Move::Approve | Move::Reject, Mover::Approver)
        | (Move::Cancel | Move::Execute | Move::Renew, Mover::Requester)
        | (Move::Expire, Mover::House) => {}
        (Move::Approve | Move::Reject, Mover::Requester) => {
            return Err(Error::Refused(Refusal::OwnTicket));
        }
        (Move::Execute, _) => return Err(Error::NotFound),
        _ => return Err(Error::NotPermitted),
    }
    match (state, by) {
        (Pending, Move::Approve) => Ok(Approved),
        (Pending, Move::Reject) => Ok(Rejected),
        (Pending | Approved, Move::Cancel) => Ok(Canceled),
        (Approved, Move::Execute) => Ok(Done),
        (Pending | Approved, Move::Expire) => Ok(Expired),
        (Expired, Move::Renew) => Ok(Pending),
        (state, _) => Err(Error::Conflict(Conflict::TicketIs(state))),
    }
}

/// Checks what somebody says about a ticket: up to 1024 characters, white space at the ends removed,
/// no control characters other than line breaks and tabs, none that turn the direction of writing.
///
/// # Errors
/// `comment`, and what is allowed.
pub fn check_comment(text: &str) -> Result<String, FieldError> {
    check_prose("comment", text, MAX_COMMENT_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Problem;

    /// M1, M5, M6: every state × move × mover, against the words of the specification.
    #[test]
    fn the_machine_moves_as_specified_and_no_other_way() {
        let allowed = [
            ("PENDING", Move::Approve, Mover::Approver, "APPROVED"),
            ("PENDING", Move::Reject, Mover::Approver, "REJECTED"),
            ("PENDING", Move::Cancel, Mover::Requester, "CANCELED"),
            ("APPROVED", Move::Cancel, Mover::Requester, "CANCELED"),
            ("APPROVED", Move::Execute, Mover::Requester, "DONE"),
            ("PENDING", Move::Expire, Mover::House, "EXPIRED"),
            ("APPROVED", Move::Expire, Mover::House, "EXPIRED"),
            ("EXPIRED", Move::Renew, Mover::Requester, "PENDING"),
        ];
        let mut moved = 0;
        for state in TicketState::ALL {
            for by in Move::ALL {
                for who in Mover::ALL {
                    let found = allowed.iter().find(|(from, a_move, mover, _)| {
                        *from == state.as_str() && *a_move == by && *mover == who
                    });
                    let answer = next(state, by, who);
                    match found {
                        Some((.., to)) => {
                            assert_eq!(answer.map(TicketState::as_str), Ok(*to));
                            moved += 1;
                        }
                        None => assert_eq!(answer, Err(refusal(state, by, who))),
                    }
                }
            }
        }
        assert_eq!(moved, allowed.len());
    }

    fn refusal(state: TicketState, by: Move, who: Mover) -> Error {
        let right = match by {
            Move::Approve | Move::Reject => Mover::Approver,
            Move::Cancel | Move::Execute | Move::Renew => Mover::Requester,
            Move::Expire => Mover::House,
        };
        match (by, who) {
            (_, who) if who == right => Error::Conflict(Conflict::TicketIs(state)),
            (Move::Approve | Move::Reject, Mover::Requester) => Error::Refused(Refusal::OwnTicket),
            (Move::Execute, _) => Error::NotFound,
            _ => Error::NotPermitted,
        }
    }

    /// M6: to the microsecond, whether or not anything runs.
    #[test]
    fn a_ticket_that_waits_expires_by_itself_and_others_stay() {
        let end: Instant = "2026-11-25T08:00:00Z".parse().unwrap();
        let before = end - chrono::TimeDelta::microseconds(1);
        for state in TicketState::ALL {
            assert_eq!(state.at(end, before), state);
            let waits = matches!(state, TicketState::Pending | TicketState::Approved);
            assert_eq!(state.waits(), waits);
            let expected = if waits { TicketState::Expired } else { state };
            assert_eq!(state.at(end, end), expected);
        }
    }

    #[test]
    fn states_read_back_by_their_names() {
        for state in TicketState::ALL {
            assert_eq!(TicketState::from_name(state.as_str()), Some(state));
            let text = serde_json::to_string(&state).unwrap();
            assert_eq!(text, format!("\"{}\"", state.as_str()));
        }
        assert_eq!(TicketState::from_name("pending"), None);
        assert_eq!(TicketId(12).to_string(), "12");
        let deciding: Vec<_> = Move::ALL.into_iter().filter(|by| by.decides()).collect();
        assert_eq!(deciding, [Move::Approve, Move::Reject]);
    }

    /// W2.
    #[test]
    fn a_comment_is_trimmed_limited_and_disguises_nothing() {
        assert_eq!(check_comment(" why\nnot "), Ok("why\nnot".to_owned()));
        assert!(check_comment(&"é".repeat(1024)).is_ok());
        let long = check_comment(&"é".repeat(1025)).unwrap_err();
        assert_eq!(
            long,
            FieldError::new("comment", Problem::TooLong { max: 1024 })
        );
        for text in ["a\u{202e}b", "a\u{0}b", "a\u{1b}b"] {
            assert!(check_comment(text).is_err(), "{text:?}");
        }
    }
}
