//! Changes of keys, a file for each kind. Each is one transaction: authorise, apply the rule, pass
//! the choke point, store, record.

mod create;
mod end;
mod reissue;
mod update;

use chrono::SecondsFormat;
use domain::{
    Instant,
    error::{Conflict, Error, Refusal},
    expiry::Asker,
    key::{ApiKey, State, Tag},
    operation::Operation,
    permission::Whose,
    policy::Policy,
    principal::Identity,
};
use serde_json::json;

pub use self::{create::NewKey, reissue::Reissue, update::KeyEdit};
use super::{Keys, whose};
use crate::{
    Actor,
    fault::Fault,
    roles,
    store::{Tx, keys as store},
};

impl Keys {
    /// The key that an operation is about, if the actor may do it.
    async fn find(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        tag: &Tag,
        operation: Operation,
        now: Instant,
    ) -> Result<ApiKey, Fault> {
        actor.settled()?;
        let row = store::by_tag(&mut tx.conn(), tag).await?;
        let key = row.ok_or(Error::NotFound)?.into_key(now)?;
        actor.may_with(operation, whose(actor, &key))?;
        if key.state == State::Deleted {
            return Err(Error::NotFound.into());
        }
        Ok(self.core.usage.overlay(key))
    }
}

fn asker(actor: &Actor, whose: Whose) -> Asker {
    match whose {
        Whose::Own => Asker::Owner(actor.saml),
        Whose::Others => Asker::Administrator,
    }
}

/// Refuses to make a key for somebody who may do more than the caller: the caller would see its
/// value. Administrators hold everything; Default Security Administrators manage all keys unless
/// the policy limits them.
async fn allow_for_owner(
    tx: &mut Tx,
    actor: &Actor,
    owner: &Identity,
    policy: &Policy,
) -> Result<(), Fault> {
    let trusted = actor.security_administrator && !policy.limit_security_administrators;
    if owner.id == actor.identity.id || trusted {
        return Ok(());
    }
    let held = roles::held_by(&mut tx.conn(), owner.id).await?;
    // What the owner holds on their own things is no gain: those stay the owner's.
    if actor.rights.on_others().covers(held.rights.on_others()) {
        Ok(())
    } else {
        Err(Error::Refused(Refusal::OwnerMayDoMore).into())
    }
}

fn check_version(key: &ApiKey, seen: Option<i64>) -> Result<(), Error> {
    match seen {
        Some(version) if version != key.version => Err(Error::Conflict(Conflict::Stale)),
        _ => Ok(()),
    }
}

/// An end that was fixed by an approval may have passed since; no other end can have.
fn refuse_passed(end: Option<Instant>, now: Instant) -> Result<(), Error> {
    match end {
        Some(end) if end <= now => Err(Error::Conflict(Conflict::ApprovedEndPassed)),
        _ => Ok(()),
    }
}

/// A key as the audit trail keeps it.
fn audited(key: &ApiKey) -> serde_json::Value {
    let time = |at: Instant| at.to_rfc3339_opts(SecondsFormat::Micros, true);
    json!({
        "owner": key.owner.to_string(),
        "description": key.description,
        "created": time(key.created_at),
        "expires": time(key.expires_at),
        "issuer": key.issuer.to_string(),
        "state": key.state.as_str(),
    })
}
