//! Editing keys.

use domain::{
    Instant,
    approval::KeyAction,
    audit::{Action, Event},
    error::{Conflict, Error, FieldError, Problem},
    expiry::{self, Act, Owner, Validity},
    key::{ApiKey, State, Tag, check_description},
    operation::Operation,
    ticket::{End, KeyAfter},
};

use super::{asker, audited, check_version, refuse_passed};
use crate::{
    Actor, Outcome,
    fault::Fault,
    keys::{Keys, whose},
    operation::{Approved, KeyChange, Leave, Step},
    store::{Tx, keys as store, policy},
};

/// What the caller wants to change about a key. `None`: as it is.
#[derive(Debug, Clone, Default)]
pub struct KeyEdit {
    /// Free text, 0–256 characters.
    pub description: Option<String>,
    /// Days from now.
    pub validity: Option<Validity>,
    /// The validity counts from here, or from now if that is earlier, and a key that lasts as long
    /// already keeps its end: so that the same can be asked twice. `None`: the end is as asked.
    pub extend_from: Option<Instant>,
    /// The version that the caller saw. `None`: whatever it is now.
    pub version: Option<i64>,
}

impl Keys {
    pub(in crate::keys) async fn try_update(
        &self,
        actor: &Actor,
        tag: &Tag,
        edit: KeyEdit,
    ) -> Result<Outcome<ApiKey>, Fault> {
        let mut tx = self.core.db.begin().await?;
        let step = self.update_in(&mut tx, actor, tag, edit, None).await?;
        self.core.finish(tx, actor, step).await
    }

    /// Changes a key, within a transaction that goes on to record it.
    pub(crate) async fn update_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        tag: &Tag,
        edit: KeyEdit,
        approved: Option<&Approved<'_>>,
    ) -> Result<Step<ApiKey>, Fault> {
        let core = &*self.core;
        let now = core.clock.now();
        let before = self.find(tx, actor, tag, Operation::UpdateKey, now).await?;
        let policy = policy::get(&mut tx.conn()).await?;
        let from = edit.extend_from.map_or(now, |from| from.min(now));
        let answer = expiry::decide(
            Owner::of(&before.owner),
            Act::Edit,
            asker(actor, whose(actor, &before)),
            edit.validity,
            &policy,
            Approved::counted_from(approved, edit.validity, from),
        )?;
        before.editable()?;
        let lasts = |end: &Instant| edit.extend_from.is_some() && before.expires_at >= *end;
        let end = answer.expires_at.filter(|end| !lasts(end));
        refuse_passed(end, now)?;
        let description = match &edit.description {
            Some(description) => check_description(description)?,
            None => before.description.clone(),
        };
        check_version(&before, edit.version)?;
        if end.is_none() && description == before.description {
            return Ok(Step::Unchanged(before));
        }
        let change = KeyChange {
            action: KeyAction::Update,
            owner: &before.owner,
            before: Some(&before),
            after: Some(KeyAfter {
                description: description.clone(),
                end: End::of(edit.validity, End::Unchanged),
                overlap_hours: None,
                awaiting_sign_in: before.state == State::Inactive,
            }),
        };
        let admission = match core.admit(tx, actor, change, approved).await? {
            Leave::Granted(admission) => admission,
            Leave::Asked(waiting, event) => return Ok(Step::Asked(waiting, event)),
        };
        let conn = &mut tx.conn();
        let version = before.version;
        // A clock that was put back, to before the key was made.
        if end.is_some_and(|end| end <= before.created_at) {
            return Err(FieldError::new(expiry::FIELD, Problem::TooEarly).into());
        }
        if !store::update(conn, tag, version, &description, end, now, &admission).await? {
            return Err(Error::Conflict(Conflict::Stale).into());
        }
        let row = store::by_tag(conn, tag).await?.ok_or(Error::NotFound)?;
        let after = core.usage.overlay(row.into_key(now)?);
        let event = Event::done(Action::KeyUpdated, tag.as_str())
            .before(audited(&before))
            .after(audited(&after));
        Ok(Step::Done(after, event))
    }
}
