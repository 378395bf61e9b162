//! How far a ticket is.

use domain::{
    Instant,
    ticket::{Happening, Move, Ticket, TicketEvent, TicketState},
};
use leptos::prelude::*;

use crate::ui::{Icon, IntoWhole, Shape, Time};

/// A step on a ticket's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    name: &'static str,
    how: How,
    at: Option<Instant>,
}

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Done,
    /// It is what is waited for.
    Next,
    /// It comes later.
    Later,
    /// The way ended here.
    Ended,
}

/// The steps of a ticket: Requested, Approved, Executed; or where its way ended.
fn steps(ticket: &Ticket, events: &[TicketEvent]) -> Vec<Step> {
    let step = |name, how, at| Step { name, how, at };
    let last = |what: Happening| {
        let found = events.iter().rev().find(|event| event.what == what);
        found.map(|event| event.at)
    };
    let moved = |by| last(Happening::Moved(by));
    let requested = step("Requested", How::Done, Some(ticket.created_at));
    let decided = ticket.decision.as_ref().map(|decision| decision.at);
    let approved = step("Approved", How::Done, decided);
    let later = |name| step(name, How::Later, None);
    let was_approved = moved(Move::Approve) > moved(Move::Renew);
    let ended = |name, at| {
        let end = step(name, How::Ended, at);
        if was_approved {
            vec![
                requested,
                step("Approved", How::Done, moved(Move::Approve)),
                end,
            ]
        } else {
            vec![requested, end]
        }
    };
    match ticket.state {
        TicketState::Pending => vec![
            requested,
            step("Approved", How::Next, None),
            later("Executed"),
        ],
        TicketState::Approved => vec![requested, approved, step("Executed", How::Next, None)],
        TicketState::Done => vec![
            requested,
            approved,
            step("Executed", How::Done, moved(Move::Execute)),
        ],
        TicketState::Rejected => vec![requested, step("Rejected", How::Ended, decided)],
        TicketState::Canceled => ended("Canceled", moved(Move::Cancel)),
        TicketState::Expired => ended("Expired", Some(ticket.expires_at)),
    }
}

/// How far a ticket is, step by step. Without JavaScript: the same.
pub fn shown_steps(ticket: &Ticket, events: &[TicketEvent], as_of: Instant) -> AnyView {
    let steps = steps(ticket, events).into_iter().map(|step| {
        let (class, shape, word) = match step.how {
            How::Done => ("stages__step stages__step--done", Shape::Check, ""),
            How::Next => (
                "stages__step stages__step--next",
                Shape::Clock,
                "waited for",
            ),
            How::Later => ("stages__step", Shape::Clock, "not yet"),
            How::Ended => ("stages__step stages__step--ended", Shape::Stop, ""),
        };
        let current = (step.how == How::Next).then_some("step");
        let at = step.at.map(|at| view! { <Time at as_of /> });
        view! {
            <li class=class aria-current=current>
                <span class="stages__name">
                    <Icon shape />
                    {step.name}
                </span>
                {(!word.is_empty()).then(|| view! { <span class="quiet">{word}</span> })}
                {at}
            </li>
        }
    });
    view! {
        <ol class="stages" aria-label="How far it is">
            {steps.collect_view()}
        </ol>
    }
    .whole()
}

#[cfg(test)]
mod tests {
    use domain::{
        approval::Settings,
        principal::{DomainType, Identity, Principal, UserId},
        ticket::{Decision, Proposal, SettingsProposal, TicketId},
    };

    use super::*;

    fn at(minute: u32) -> Instant {
        format!("2026-11-25T08:{minute:02}:00Z").parse().unwrap()
    }

    fn shown(state: TicketState, moves: &[Move]) -> Vec<(&'static str, How)> {
        let who = Identity {
            id: UserId(1000),
            principal: Principal::new(DomainType::Unixpwd, "", "bob").unwrap(),
        };
        let proposal = Proposal::Settings(SettingsProposal {
            before: Settings::default(),
            after: Settings::default(),
        });
        let ticket = Ticket {
            id: TicketId(1),
            state,
            digest: proposal.digest(),
            proposal,
            requester: who.clone(),
            by_hand: true,
            created_at: at(0),
            updated_at: at(9),
            expires_at: at(30),
            decision: Some(Decision { by: who, at: at(1) }),
            result: None,
        };
        let events = moves.iter().zip(1..).map(|(by, minute)| TicketEvent {
            at: at(minute),
            by: ":bob:unixpwd:1000".to_owned(),
            what: Happening::Moved(*by),
            comment: String::new(),
        });
        let steps = steps(&ticket, &events.collect::<Vec<_>>());
        steps
            .into_iter()
            .map(|step| (step.name, step.how))
            .collect()
    }

    #[test]
    fn every_state_has_its_way() {
        use How::{Done, Ended, Later, Next};
        let requested = ("Requested", Done);
        let approved = ("Approved", Done);
        for (state, moves, way) in [
            (
                TicketState::Pending,
                &[][..],
                vec![requested, ("Approved", Next), ("Executed", Later)],
            ),
            (
                TicketState::Approved,
                &[Move::Approve],
                vec![requested, approved, ("Executed", Next)],
            ),
            (
                TicketState::Done,
                &[Move::Approve, Move::Execute],
                vec![requested, approved, ("Executed", Done)],
            ),
            (
                TicketState::Rejected,
                &[Move::Reject],
                vec![requested, ("Rejected", Ended)],
            ),
            (
                TicketState::Canceled,
                &[Move::Cancel],
                vec![requested, ("Canceled", Ended)],
            ),
            (
                TicketState::Canceled,
                &[Move::Approve, Move::Cancel],
                vec![requested, approved, ("Canceled", Ended)],
            ),
            (
                TicketState::Expired,
                &[Move::Approve],
                vec![requested, approved, ("Expired", Ended)],
            ),
            // Approved once, expired, asked for again, and canceled before anybody decided.
            (
                TicketState::Canceled,
                &[Move::Approve, Move::Expire, Move::Renew, Move::Cancel],
                vec![requested, ("Canceled", Ended)],
            ),
        ] {
            assert_eq!(shown(state, moves), way, "{state:?} {moves:?}");
        }
    }
}
