//! Replacing keys, with an overlap if that is wanted.

use chrono::{SecondsFormat, TimeDelta};
use domain::{
    Instant,
    approval::KeyAction,
    audit::{Action, Event},
    error::{Conflict, Error, FieldError, Problem},
    expiry::{self, Act, Asker, Owner, Validity},
    key::{ApiKey, State, Tag, check_description},
    operation::Operation,
    policy::{MAX_OVERLAP_HOURS, Policy},
    ticket::{End, KeyAfter},
};
use serde_json::json;

use super::{allow_for_owner, asker, audited, check_version, create::New, refuse_passed};
use crate::{
    Actor, Outcome,
    fault::Fault,
    keys::{CreatedKey, Keys, whose},
    operation::{Admission, Approved, KeyChange, Leave, Step},
    store::{Tx, keys as store, policy},
};

/// What the caller wants the key to be that replaces another.
#[derive(Debug, Clone, Default)]
pub struct Reissue {
    /// Free text, 0–256 characters. `None`: the old key's.
    pub description: Option<String>,
    /// Days from now. Required for an owner who does not sign in by SAML.
    pub validity: Option<Validity>,
    /// How long the old key goes on working if it is active, 0–24 hours. `None`: as the policy
    /// says.
    pub overlap_hours: Option<u32>,
    /// The version that the caller saw. `None`: whatever it is now.
    pub version: Option<i64>,
}

impl Keys {
    /// Replaces a key; `also` runs in the same transaction.
    pub(in crate::keys) async fn try_reissue<T>(
        &self,
        actor: &Actor,
        tag: &Tag,
        wanted: Reissue,
        also: impl AsyncFnOnce(&mut Tx, &CreatedKey) -> Result<T, Fault>,
    ) -> Result<Outcome<(CreatedKey, T)>, Fault> {
        let mut tx = self.core.db.begin().await?;
        let step = self.reissue_in(&mut tx, actor, tag, wanted, None).await?;
        let step = step.along(&mut tx, also).await?;
        self.core.finish(tx, actor, step).await
    }

    /// Replaces a key, within a transaction that goes on to record it.
    pub(crate) async fn reissue_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        tag: &Tag,
        wanted: Reissue,
        approved: Option<&Approved<'_>>,
    ) -> Result<Step<CreatedKey>, Fault> {
        let core = &*self.core;
        let now = core.clock.now();
        let old = self
            .find(tx, actor, tag, Operation::ReissueKey, now)
            .await?;
        let policy = policy::get(&mut tx.conn()).await?;
        allow_for_owner(tx, actor, &old.owner, &policy).await?;
        let asker = asker(actor, whose(actor, &old));
        let answer = expiry::decide(
            Owner::of(&old.owner),
            Act::Reissue,
            asker,
            wanted.validity,
            &policy,
            Approved::counted_from(approved, wanted.validity, now),
        )?;
        refuse_passed(answer.expires_at, now)?;
        let overlap_hours = check_overlap(wanted.overlap_hours, &policy)?;
        let overlap = TimeDelta::hours(overlap_hours.into());
        old.reissuable()?;
        let description = match &wanted.description {
            Some(description) => check_description(description)?,
            None => old.description.clone(),
        };
        check_version(&old, wanted.version)?;
        let by_administrator = asker == Asker::Administrator;
        let awaiting_sign_in = by_administrator && old.state == State::Inactive;
        let change = KeyChange {
            action: KeyAction::Reissue,
            owner: &old.owner,
            before: Some(&old),
            after: Some(KeyAfter {
                description: description.clone(),
                end: End::of(wanted.validity, End::SamlSession),
                overlap_hours: Some(overlap_hours),
                awaiting_sign_in,
            }),
        };
        let admission = match core.admit(tx, actor, change, approved).await? {
            Leave::Granted(admission) => admission,
            Leave::Asked(waiting, event) => return Ok(Step::Asked(waiting, event)),
        };
        let ends_at = match old.state {
            State::Active => (now + overlap).min(old.expires_at),
            _ => now,
        };
        self.end_old(tx, actor, &old, ends_at, now, &admission)
            .await?;
        let new = New {
            owner: old.owner.clone(),
            description,
            expires_at: answer
                .expires_at
                .ok_or(Fault::Broken("a key without an end"))?,
            saml_validated: answer.saml_validated || (by_administrator && old.saml_validated),
            awaiting_sign_in,
            later_than_saml: answer.later_than_saml,
            now,
        };
        let created = self.insert(tx, actor, new, &admission).await?;
        let mut after = audited(&created.key);
        after["tag"] = json!(created.key.tag);
        after["oldKeyEnds"] = json!(ends_at.to_rfc3339_opts(SecondsFormat::Micros, true));
        let event = Event::done(Action::KeyReissued, tag.as_str())
            .before(audited(&old))
            .after(after);
        Ok(Step::Done(created, event))
    }

    /// Ends the key that is replaced: at once, or at the end of the overlap.
    async fn end_old(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        old: &ApiKey,
        ends_at: Instant,
        now: Instant,
        admission: &Admission,
    ) -> Result<(), Fault> {
        let by = actor.identity.to_string();
        let conn = &mut tx.conn();
        if !store::retire(conn, old, ends_at, &by, now, admission).await? {
            return Err(Error::Conflict(Conflict::Stale).into());
        }
        if ends_at <= now {
            store::delete(conn, &old.tag, old.owner.id, &by, now, admission).await?;
        }
        Ok(())
    }
}

fn check_overlap(asked: Option<u32>, policy: &Policy) -> Result<u32, FieldError> {
    let (min, max) = (0, MAX_OVERLAP_HOURS);
    match asked.unwrap_or(policy.overlap_hours) {
        hours if hours > max => {
            let problem = Problem::OutOfRange { min, max };
            Err(FieldError::new("overlapHours", problem))
        }
        hours => Ok(hours),
    }
}
