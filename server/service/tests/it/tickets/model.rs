//! Random sequences of what several people do, against a model of it.

use std::collections::BTreeMap;

use domain::{
    error::Refusal,
    ticket::{Drift, Mover},
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use service::on_both_databases;

use super::*;
use crate::store::{execute, number};

/// Bob and ann ask; eve and pat ask and decide.
const PEOPLE: [&str; 4] = ["bob", "ann", "eve", "pat"];
/// How long a ticket waits, in hours.
const HOURS: i64 = 72;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Act {
    Create,
    Update,
    Reissue,
    Delete,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    /// Somebody asks for something about their own key.
    Ask(usize, Act),
    /// Somebody approves, rejects, withdraws, renews or executes a ticket.
    Approve(usize, usize),
    Reject(usize, usize),
    Cancel(usize, usize),
    Renew(usize, usize),
    Execute(usize, usize),
    /// Time passes.
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (who, which) = (0..PEOPLE.len(), 0..6_usize);
    let act = prop_oneof![
        Just(Act::Create),
        Just(Act::Update),
        Just(Act::Reissue),
        Just(Act::Delete)
    ];
    let pair = move || (who.clone(), which.clone());
    let step = prop_oneof![
        4 => (0..PEOPLE.len(), act).prop_map(|(who, act)| Step::Ask(who, act)),
        4 => pair().prop_map(|(who, which)| Step::Approve(who, which)),
        1 => pair().prop_map(|(who, which)| Step::Reject(who, which)),
        1 => pair().prop_map(|(who, which)| Step::Cancel(who, which)),
        2 => pair().prop_map(|(who, which)| Step::Renew(who, which)),
        5 => pair().prop_map(|(who, which)| Step::Execute(who, which)),
        1 => (1..80_i64).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..40)
}

/// A ticket as the specification has it.
#[derive(Debug, Clone)]
struct Asked {
    id: TicketId,
    owner: usize,
    act: Act,
    state: TicketState,
    ends: Instant,
    /// The owner's key then: how often it was changed. `None`: there was none.
    seen: Option<(Tag, u32)>,
}

#[derive(Debug, Default)]
struct Model {
    tickets: Vec<Asked>,
    /// Each one's key, and how often it was changed.
    keys: BTreeMap<usize, (Tag, u32)>,
    made: i64,
}

impl Model {
    fn expire(&mut self, now: Instant) {
        for ticket in &mut self.tickets {
            let waits = matches!(ticket.state, TicketState::Pending | TicketState::Approved);
            if waits && ticket.ends <= now {
                ticket.state = TicketState::Expired;
            }
        }
    }

    /// The ticket that waits about what this one is about.
    fn in_the_way(&self, owner: usize, act: Act, tag: Option<&Tag>) -> Option<TicketId> {
        let found = self.tickets.iter().find(|ticket| {
            let same = if act == Act::Create {
                ticket.act == Act::Create && ticket.owner == owner
            } else {
                ticket.act != Act::Create && ticket.seen.as_ref().map(|(tag, _)| tag) == tag
            };
            same && matches!(ticket.state, TicketState::Pending | TicketState::Approved)
        });
        found.map(|ticket| ticket.id)
    }
}

struct Play<'a> {
    stage: &'a Stage,
    people: [Actor; 4],
    model: Model,
    step: usize,
}

impl Play<'_> {
    fn now(&self) -> Instant {
        self.stage.services().now()
    }

    async fn play(&mut self, step: Step) {
        self.step += 1;
        let now = self.now();
        self.model.expire(now);
        match step {
            Step::Wait(hours) => self.stage.wait(TimeDelta::hours(hours)),
            Step::Ask(who, act) => self.ask(who, act).await,
            Step::Approve(who, which) => {
                self.decide(who, which, TicketState::Approved).await;
            }
            Step::Reject(who, which) => {
                self.decide(who, which, TicketState::Rejected).await;
            }
            Step::Cancel(who, which) => self.cancel(who, which).await,
            Step::Renew(who, which) => self.renew(who, which).await,
            Step::Execute(who, which) => self.execute(who, which).await,
        }
        let now = self.now();
        self.model.expire(now);
        self.compare().await;
    }

    async fn ask(&mut self, who: usize, act: Act) {
        let keys = &self.stage.services().keys;
        let actor = &self.people[who];
        let held = self.model.keys.get(&who).cloned();
        let long = Validity::days(300).ok();
        let answer = match (act, &held) {
            (Act::Create, _) => {
                let wanted = NewKey {
                    validity: long,
                    ..new_key()
                };
                keys.create(actor, wanted)
                    .await
                    .map(service::Outcome::ticket)
            }
            (_, None) => return,
            (Act::Update, Some((tag, _))) => {
                let edit = described(&format!("step {}", self.step));
                keys.update(actor, tag, edit)
                    .await
                    .map(service::Outcome::ticket)
            }
            (Act::Reissue, Some((tag, _))) => {
                let wanted = Reissue {
                    validity: long,
                    ..Reissue::default()
                };
                keys.reissue(actor, tag, wanted)
                    .await
                    .map(service::Outcome::ticket)
            }
            (Act::Delete, Some((tag, _))) => keys
                .delete(actor, tag, None)
                .await
                .map(service::Outcome::ticket),
        };
        let tag = held.as_ref().map(|(tag, _)| tag);
        if let Some(other) = self.model.in_the_way(who, act, tag) {
            let waits = Error::Conflict(Conflict::TicketWaits(other));
            assert_eq!(answer, Err(waits));
        } else if act == Act::Create && held.is_some() {
            assert_eq!(answer, Err(Error::Conflict(Conflict::HasKey)));
        } else {
            let ends = self.now() + TimeDelta::hours(HOURS);
            self.model.tickets.push(Asked {
                id: answer.unwrap(),
                owner: who,
                act,
                state: TicketState::Pending,
                ends,
                seen: if act == Act::Create { None } else { held },
            });
        }
    }

    async fn decide(&mut self, who: usize, which: usize, to: TicketState) {
        let Some(ticket) = self.model.tickets.get_mut(which) else {
            return;
        };
        let (tickets, actor) = (&self.stage.services().tickets, &self.people[who]);
        let answer = match to {
            TicketState::Approved => tickets.approve(actor, ticket.id, "").await,
            _ => tickets.reject(actor, ticket.id, "no").await,
        };
        let expected = if who < 2 {
            Err(Error::NotPermitted)
        } else if who == ticket.owner {
            Err(Error::Refused(Refusal::OwnTicket))
        } else if ticket.state == TicketState::Pending {
            ticket.state = to;
            Ok(to)
        } else {
            Err(is(ticket.state))
        };
        assert_eq!(answer.map(|ticket| ticket.state), expected);
    }

    /// Whose move a requester's move is, and how it is refused if it is not theirs.
    fn mover(who: usize, ticket: &Asked) -> (Mover, Error) {
        if who == ticket.owner {
            (Mover::Requester, Error::Internal)
        } else if who < 2 {
            (Mover::Other, Error::NotFound)
        } else {
            (Mover::Other, Error::NotPermitted)
        }
    }

    async fn cancel(&mut self, who: usize, which: usize) {
        let Some(ticket) = self.model.tickets.get(which).cloned() else {
            return;
        };
        let tickets = &self.stage.services().tickets;
        let answer = tickets.cancel(&self.people[who], ticket.id, "").await;
        let (mover, refusal) = Self::mover(who, &ticket);
        let expected = if mover != Mover::Requester {
            Err(refusal)
        } else if matches!(ticket.state, TicketState::Pending | TicketState::Approved) {
            self.model.tickets[which].state = TicketState::Canceled;
            Ok(TicketState::Canceled)
        } else {
            Err(is(ticket.state))
        };
        assert_eq!(answer.map(|ticket| ticket.state), expected);
    }

    async fn renew(&mut self, who: usize, which: usize) {
        let Some(ticket) = self.model.tickets.get(which).cloned() else {
            return;
        };
        let tickets = &self.stage.services().tickets;
        let answer = tickets.renew(&self.people[who], ticket.id, "").await;
        let (mover, refusal) = Self::mover(who, &ticket);
        let tag = ticket.seen.as_ref().map(|(tag, _)| tag);
        let expected = if mover != Mover::Requester {
            Err(refusal)
        } else if ticket.state != TicketState::Expired {
            Err(is(ticket.state))
        } else if let Some(other) = self.model.in_the_way(ticket.owner, ticket.act, tag) {
            Err(Error::Conflict(Conflict::TicketWaits(other)))
        } else {
            let ends = self.now() + TimeDelta::hours(HOURS);
            let renewed = &mut self.model.tickets[which];
            (renewed.state, renewed.ends) = (TicketState::Pending, ends);
            Ok(TicketState::Pending)
        };
        assert_eq!(answer.map(|ticket| ticket.state), expected);
    }

    async fn execute(&mut self, who: usize, which: usize) {
        let Some(ticket) = self.model.tickets.get(which).cloned() else {
            return;
        };
        let tickets = &self.stage.services().tickets;
        let answer = tickets.execute(&self.people[who], &[ticket.id]).await;
        let held = self.model.keys.get(&ticket.owner).cloned();
        let refusal = if who != ticket.owner {
            Some(Error::NotFound)
        } else if ticket.state != TicketState::Approved {
            Some(is(ticket.state))
        } else if ticket.act == Act::Create && held.is_some() {
            Some(Error::Conflict(Conflict::HasKey))
        } else if ticket.act != Act::Create && held != ticket.seen {
            Some(Error::Conflict(Conflict::Drifted(Drift::Key)))
        } else {
            None
        };
        if let Some(refusal) = refusal {
            assert_eq!(answer.unwrap_err(), refusal);
            return;
        }
        self.model.tickets[which].state = TicketState::Done;
        let carried = answer.unwrap().pop().unwrap().carried;
        match (ticket.act, carried) {
            (Act::Create | Act::Reissue, carried) => {
                let tag = created(carried).key.tag;
                self.model.keys.insert(ticket.owner, (tag, 0));
                self.model.made += 1;
            }
            (Act::Update, Carried::Updated(tag)) => {
                let key = self.model.keys.get_mut(&ticket.owner).unwrap();
                assert_eq!(key.0, tag);
                key.1 += 1;
            }
            (Act::Delete, Carried::Deleted(_)) => {
                self.model.keys.remove(&ticket.owner);
            }
            (act, carried) => unreachable!("{act:?} {carried:?}"),
        }
    }

    /// The database says what the model says.
    async fn compare(&self) {
        let services = self.stage.services();
        for ticket in &self.model.tickets {
            let found = services.tickets.get(&self.people[2], ticket.id).await;
            let found = found.unwrap();
            assert_eq!((found.state, found.expires_at), (ticket.state, ticket.ends));
        }
        for (who, actor) in self.people.iter().enumerate() {
            let held = services.keys.own(actor).await.unwrap();
            let expected = self.model.keys.get(&who).map(|(tag, _)| tag.clone());
            assert_eq!(held.map(|key| key.tag), expected);
        }
        let made = number(&self.stage.harness, "select count(*) from used_tag").await;
        assert_eq!(made, self.model.made);
    }
}

async fn run(stage: &Stage, ann: &Actor, steps: Vec<Step>) {
    for sql in [
        "delete from ticket",
        "delete from api_key",
        "delete from used_tag",
    ] {
        execute(&stage.harness, sql).await.unwrap();
    }
    let people = [&stage.bob, ann, &stage.eve, &stage.pat].map(Actor::clone);
    let model = Model::default();
    let mut play = Play {
        stage,
        people,
        model,
        step: 0,
    };
    for step in steps {
        play.play(step).await;
    }
}

on_both_databases! {
    async fn whatever_people_do_the_machine_keeps_to_its_rules(harness: Harness) {
        let stage = Stage::on(harness).await;
        let ann = stage.harness.user("ann", &[]).await;
        let config = Config { cases: 40, failure_persistence: None, ..Config::default() };
        let here = tokio::runtime::Handle::current();
        tokio::task::block_in_place(|| {
            TestRunner::new(config).run(&steps(), |steps| {
                here.block_on(run(&stage, &ann, steps));
                Ok(())
            })
        })
        .unwrap();
        let report = stage.services().check_audit(&Actor::console()).await.unwrap();
        assert_eq!(report.findings, []);
    }
}
