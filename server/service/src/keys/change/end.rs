//! Deleting and revoking keys.

use domain::{
    approval::KeyAction,
    audit::{Action, Event},
    error::{Conflict, Error, Refusal},
    key::{State, Tag},
    operation::Operation,
    principal::DomainType,
};

use super::{audited, check_version};
use crate::{
    Actor, Outcome,
    fault::Fault,
    keys::Keys,
    operation::{Approved, KeyChange, Leave, Step},
    store::{Tx, keys as store},
};

impl Keys {
    pub(in crate::keys) async fn try_delete(
        &self,
        actor: &Actor,
        tag: &Tag,
        version: Option<i64>,
    ) -> Result<Outcome<()>, Fault> {
        let mut tx = self.core.db.begin().await?;
        let step = self.delete_in(&mut tx, actor, tag, version, None).await?;
        self.core.finish(tx, actor, step).await
    }

    /// Deletes a key, within a transaction that goes on to record it.
    pub(crate) async fn delete_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        tag: &Tag,
        version: Option<i64>,
        approved: Option<&Approved<'_>>,
    ) -> Result<Step<()>, Fault> {
        let core = &*self.core;
        let now = core.clock.now();
        let key = self.find(tx, actor, tag, Operation::DeleteKey, now).await?;
        check_version(&key, version)?;
        let change = KeyChange {
            action: KeyAction::Delete,
            owner: &key.owner,
            before: Some(&key),
            after: None,
        };
        let admission = match core.admit(tx, actor, change, approved).await? {
            Leave::Granted(admission) => admission,
            Leave::Asked(waiting, event) => return Ok(Step::Asked(waiting, event)),
        };
        let by = actor.identity.to_string();
        let owner = key.owner.id;
        if !store::delete(&mut tx.conn(), tag, owner, &by, now, &admission).await? {
            return Err(Error::NotFound.into());
        }
        let event = Event::done(Action::KeyDeleted, tag.as_str()).before(audited(&key));
        Ok(Step::Done((), event))
    }

    pub(in crate::keys) async fn try_revoke(
        &self,
        actor: &Actor,
        tag: &Tag,
    ) -> Result<Outcome<()>, Fault> {
        let mut tx = self.core.db.begin().await?;
        let step = self.revoke_in(&mut tx, actor, tag, None).await?;
        self.core.finish(tx, actor, step).await
    }

    /// Revokes a key, within a transaction that goes on to record it.
    pub(crate) async fn revoke_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        tag: &Tag,
        approved: Option<&Approved<'_>>,
    ) -> Result<Step<()>, Fault> {
        let now = self.core.clock.now();
        let core = &*self.core;
        let before = self.find(tx, actor, tag, Operation::RevokeKey, now).await?;
        if before.owner.principal.domain_type != DomainType::Nbsp {
            return Err(Error::Refused(Refusal::NotRevocable).into());
        }
        if before.state == State::Revoked {
            return Err(Error::Conflict(Conflict::NotActive).into());
        }
        let change = KeyChange {
            action: KeyAction::Revoke,
            owner: &before.owner,
            before: Some(&before),
            after: None,
        };
        let admission = match core.admit(tx, actor, change, approved).await? {
            Leave::Granted(admission) => admission,
            Leave::Asked(waiting, event) => return Ok(Step::Asked(waiting, event)),
        };
        let conn = &mut tx.conn();
        if !store::revoke(conn, tag, now, &admission).await? {
            return Err(Error::Conflict(Conflict::NotActive).into());
        }
        let row = store::by_tag(conn, tag).await?.ok_or(Error::NotFound)?;
        let after = row.into_key(now)?;
        let event = Event::done(Action::KeyUpdated, tag.as_str())
            .before(audited(&before))
            .after(audited(&after));
        Ok(Step::Done((), event))
    }
}
