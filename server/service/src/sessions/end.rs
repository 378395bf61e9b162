//! Which sessions somebody has, and how they end.

use domain::{
    audit::{Action, Event},
    error::Error,
    operation::{Operation, decide},
    permission::Whose,
};
use serde_json::json;

use super::{SessionKind, SessionView, Sessions, duration};
use crate::{Actor, fault::Fault, store::sessions as store};

impl Sessions {
    /// Ends the session that asks. With an API key nothing ends: the key lives on.
    pub async fn sign_out(&self, actor: &Actor) -> Result<(), Error> {
        let Some(id) = actor.via.session_id() else {
            return Ok(());
        };
        let mut tx = self.core.db.begin().await?;
        store::end(&mut tx.conn(), actor.identity.id, id).await?;
        let event = Event::done(Action::SignedOut, id);
        Ok(self.core.commit(tx, actor, &event).await?)
    }

    /// The caller's sessions, the latest first.
    pub async fn list(&self, actor: &Actor) -> Result<Vec<SessionView>, Error> {
        let settled = actor.settled().map_err(Fault::from);
        self.core
            .recording_refusal(actor, settled, Action::Read, "one's own sessions")
            .await?;
        let rows = {
            let mut reader = self.core.db.reader().await?;
            store::of_user(&mut reader.conn(), actor.identity.id).await?
        };
        let now = self.core.clock.now();
        let idle = duration(self.core.limits.session_idle);
        let current = actor.via.session_id();
        let views = rows.into_iter().map(|row| row.view(current));
        Ok(views
            .filter(|view| view.expires_at > now)
            .filter(|view| view.kind == SessionKind::Token || now - view.last_seen_at < idle)
            .collect())
    }

    /// Ends one of the caller's sessions.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not the caller's, or has ended.
    pub async fn end(&self, actor: &Actor, id: &str) -> Result<(), Error> {
        let result = self.try_end(actor, id).await;
        self.core
            // Not its number, which may be any text that the caller sent.
            .recording_refusal(actor, result, Action::SessionEnded, "a session")
            .await
    }

    async fn try_end(&self, actor: &Actor, id: &str) -> Result<(), Fault> {
        actor.may_end_sessions()?;
        let mut tx = self.core.db.begin().await?;
        if !store::end(&mut tx.conn(), actor.identity.id, id).await? {
            return Err(Error::NotFound.into());
        }
        let event = Event::done(Action::SessionEnded, id);
        self.core.commit(tx, actor, &event).await
    }

    /// Ends all of the caller's sessions but the one that asks. Returns how many.
    pub async fn end_others(&self, actor: &Actor) -> Result<u64, Error> {
        let result = self.try_end_others(actor).await;
        let object = actor.identity.to_string();
        self.core
            .recording_refusal(actor, result, Action::SessionEnded, &object)
            .await
    }

    async fn try_end_others(&self, actor: &Actor) -> Result<u64, Fault> {
        actor.may_end_sessions()?;
        let mut tx = self.core.db.begin().await?;
        let keep = actor.via.session_id();
        let ended = store::end_all(&mut tx.conn(), actor.identity.id, keep).await?;
        let event = Event::done(Action::SessionEnded, actor.identity.to_string())
            .after(json!({ "ended": ended }));
        self.core.commit(tx, actor, &event).await?;
        Ok(ended)
    }
}

impl Actor {
    /// Also while the first password stands: it may be the reason to end sessions.
    pub(super) fn may_end_sessions(&self) -> Result<(), Error> {
        let means = self.via.means();
        decide(Operation::EndOwnSessions, Whose::Own, self.rights, means)
    }
}
