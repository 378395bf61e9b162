//! Approval by a second person.

mod again;
mod attacks;
mod doors;
mod expiry;
mod flow;
mod model;
mod parallel;
mod settings;
mod together;
mod view;

use std::sync::Arc;

use chrono::TimeDelta;
use domain::{
    Instant,
    approval::KeyAction,
    error::{Conflict, Error},
    expiry::Validity,
    key::{ApiKey, Tag},
    ticket::{TicketId, TicketState},
};
use service::{
    Actor, Services,
    keys::{CreatedKey, KeyEdit, NewKey, Reissue},
    testing::{Harness, approval},
    tickets::{Carried, Executed},
};

pub(crate) const APPROVER: &str = "Default Multi-Person Authorization Approver";
pub(crate) const SECURITY: &str = "Default Security Administrator";

/// Bob asks, eve and pat decide, sam sees to the settings.
pub(crate) struct Stage {
    pub(crate) harness: Harness,
    pub(crate) bob: Actor,
    pub(crate) eve: Actor,
    pub(crate) pat: Actor,
    pub(crate) sam: Actor,
}

impl Stage {
    /// With approval off.
    pub(crate) async fn off(harness: Harness) -> Self {
        Self {
            bob: harness.user("bob", &[]).await,
            eve: harness.user("eve", &[APPROVER]).await,
            pat: harness.user("pat", &[APPROVER]).await,
            sam: harness.user("sam", &[SECURITY]).await,
            harness,
        }
    }

    /// With approval on for everything.
    pub(crate) async fn on(harness: Harness) -> Self {
        let stage = Self::off(harness).await;
        stage.switch_on().await;
        stage
    }

    pub(crate) async fn switch_on(&self) {
        let wanted = approval(&KeyAction::SWITCHED, 72);
        let tickets = &self.services().tickets;
        tickets
            .set_approval(&self.sam, wanted)
            .await
            .unwrap()
            .done();
    }

    pub(crate) const fn services(&self) -> &Services {
        &self.harness.services
    }

    pub(crate) fn wait(&self, time: TimeDelta) {
        self.harness.clock.advance(time);
    }

    /// Bob's key, made before approval is asked for.
    pub(crate) async fn with_key(harness: Harness) -> (Self, Tag) {
        let stage = Self::off(harness).await;
        let made = stage.services().keys.create(&stage.bob, new_key()).await;
        let tag = made.unwrap().done().key.tag;
        stage.switch_on().await;
        (stage, tag)
    }

    /// Bob asks for a key.
    pub(crate) async fn ask(&self) -> TicketId {
        let asked = self.services().keys.create(&self.bob, new_key()).await;
        asked.unwrap().ticket()
    }

    pub(crate) async fn approve(&self, id: TicketId) {
        let tickets = &self.services().tickets;
        let ticket = tickets.approve(&self.eve, id, "").await.unwrap();
        assert_eq!(ticket.state, TicketState::Approved);
    }

    pub(crate) async fn execute(&self, id: TicketId) -> Result<Carried, Error> {
        let executed = self.services().tickets.execute(&self.bob, &[id]).await?;
        let [Executed { ticket, carried }] = <[_; 1]>::try_from(executed).unwrap();
        assert_eq!(ticket, id);
        Ok(carried)
    }

    pub(crate) async fn state(&self, id: TicketId) -> TicketState {
        let tickets = &self.services().tickets;
        tickets.get(&self.eve, id).await.unwrap().state
    }

    pub(crate) async fn own_key(&self) -> Option<ApiKey> {
        self.services().keys.own(&self.bob).await.unwrap()
    }
}

pub(crate) fn new_key() -> NewKey {
    NewKey {
        description: "CI".to_owned(),
        validity: Validity::days(30).ok(),
        ..NewKey::default()
    }
}

pub(crate) fn described(text: &str) -> KeyEdit {
    KeyEdit {
        description: Some(text.to_owned()),
        ..KeyEdit::default()
    }
}

pub(crate) fn again() -> Reissue {
    Reissue {
        validity: Validity::days(30).ok(),
        ..Reissue::default()
    }
}

pub(crate) fn created(carried: Carried) -> CreatedKey {
    match carried {
        Carried::Created(created) | Carried::Reissued(created) => *created,
        other => unreachable!("no key was made: {other:?}"),
    }
}

pub(crate) const fn is(state: TicketState) -> Error {
    Error::Conflict(Conflict::TicketIs(state))
}

pub(crate) fn later(days: i64) -> Instant {
    Harness::start_of_time() + TimeDelta::days(days)
}

pub(crate) type Shared = Arc<Stage>;
