//! Changes of keys. Each is one transaction: authorise, apply the rule, pass the choke point,
//! store, record.

use chrono::{SecondsFormat, TimeDelta};
use domain::{
    Instant,
    approval::KeyAction,
    audit::{Action, Event},
    error::{Conflict, Error, FieldError, Problem, Refusal},
    expiry::{self, Act, Asker, Owner, Validity},
    key::{ApiKey, State, Tag, check_description},
    operation::Operation,
    permission::Whose,
    policy::{MAX_OVERLAP_HOURS, Policy},
    principal::{DomainType, Identity, Principal, fold},
    ticket::{End, KeyAfter},
};
use serde_json::json;

use super::{CreatedKey, Keys, once::Once, whose};
use crate::{
    Actor, Outcome,
    fault::Fault,
    operation::{Admission, Approved, KeyChange, Leave, Step},
    roles,
    secret::KeyValue,
    store::{Tx, idempotency, keys as store, policy, users},
};

/// What the caller wants a new key to be.
#[derive(Debug, Clone, Default)]
pub struct NewKey {
    /// Whom the key is for. `None`: the caller.
    pub owner: Option<Principal>,
    /// Free text, 0–256 characters.
    pub description: String,
    /// Days from now. Required for an owner who does not sign in by SAML.
    pub validity: Option<Validity>,
}

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

/// How often a tag that was given out before is drawn anew. With 40 random bits a second draw is
/// rare; this many in a row mean that the generator is broken.
const MAX_DRAWS: u32 = 16;

impl Keys {
    /// Makes a key; `also` runs in the same transaction.
    pub(super) async fn try_create<T>(
        &self,
        actor: &Actor,
        wanted: NewKey,
        also: impl AsyncFnOnce(&mut Tx, &CreatedKey) -> Result<T, Fault>,
    ) -> Result<Outcome<(CreatedKey, T)>, Fault> {
        let core = &*self.core;
        let named = wanted.owner.as_ref();
        let others = named.filter(|owner| !is_self(actor, owner));
        let whose = others.map_or(Whose::Own, |_| Whose::Others);
        actor.may_with(Operation::CreateKey, whose)?;
        let description = check_description(&wanted.description)?;

        let mut tx = core.db.begin().await?;
        let owner = match others {
            Some(owner) => find_owner(&mut tx, owner).await?,
            None => actor.identity.clone(),
        };
        let step = self
            .create_in(&mut tx, actor, owner, description, wanted.validity, None)
            .await?;
        let step = step.along(&mut tx, also).await?;
        core.finish(tx, actor, step).await
    }

    /// Makes a key for an owner, within a transaction that goes on to record it.
    pub(crate) async fn create_in(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        owner: Identity,
        description: String,
        validity: Option<Validity>,
        approved: Option<&Approved<'_>>,
    ) -> Result<Step<CreatedKey>, Fault> {
        let core = &*self.core;
        let now = core.clock.now();
        let whose = if owner.id == actor.identity.id {
            Whose::Own
        } else {
            Whose::Others
        };
        actor.may_with(Operation::CreateKey, whose)?;
        let policy = policy::get(&mut tx.conn()).await?;
        allow_for_owner(tx, actor, &owner, &policy).await?;
        let answer = expiry::decide(
            Owner::of(&owner),
            Act::Create,
            asker(actor, whose),
            validity,
            &policy,
            Approved::counted_from(approved, validity, now),
        )?;
        refuse_passed(answer.expires_at, now)?;
        let change = KeyChange {
            action: KeyAction::Create,
            owner: &owner,
            before: None,
            after: Some(KeyAfter {
                description: description.clone(),
                end: End::of(validity, End::SamlSession),
                overlap_hours: None,
                awaiting_sign_in: answer.awaiting_sign_in,
            }),
        };
        let admission = match core.admit(tx, actor, change, approved).await? {
            Leave::Granted(admission) => admission,
            Leave::Asked(waiting, event) => {
                // Nobody is asked for what could not be done.
                if store::current_of(&mut tx.conn(), owner.id).await?.is_some() {
                    return Err(Error::Conflict(Conflict::HasKey).into());
                }
                return Ok(Step::Asked(waiting, event));
            }
        };
        let new = New {
            owner,
            description,
            expires_at: answer
                .expires_at
                .ok_or(Fault::Broken("a key without an end"))?,
            saml_validated: answer.saml_validated,
            awaiting_sign_in: answer.awaiting_sign_in,
            later_than_saml: answer.later_than_saml,
            now,
        };
        let created = self.insert(tx, actor, new, &admission).await?;
        let event = created.event();
        Ok(Step::Done(created, event))
    }

    /// Remembers a request that is not to be carried out twice.
    pub(super) async fn remember(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        once: Option<&Once>,
        created: &CreatedKey,
    ) -> Result<(), Fault> {
        let Some(Once { name, request }) = once else {
            return Ok(());
        };
        let (tag, now) = (&created.key.tag, self.core.clock.now());
        let user = actor.identity.id;
        let first = idempotency::remember(&mut tx.conn(), user, name, request, tag, now).await?;
        if first {
            Ok(())
        } else {
            // Another request of that name was faster.
            Err(Error::Conflict(Conflict::Stale).into())
        }
    }

    pub(super) async fn try_update(
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

    /// Replaces a key; `also` runs in the same transaction.
    pub(super) async fn try_reissue<T>(
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

    pub(super) async fn try_delete(
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

    pub(super) async fn try_revoke(&self, actor: &Actor, tag: &Tag) -> Result<Outcome<()>, Fault> {
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

    /// Draws and stores a new key.
    async fn insert(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        new: New,
        admission: &Admission,
    ) -> Result<CreatedKey, Fault> {
        let core = &*self.core;
        let value = self.draw(tx).await?;
        let tag = value.tag();
        let row = store::NewKeyRow {
            tag: &tag,
            owner: new.owner.id,
            digest: value.digest(&core.secrets.pepper).to_vec(),
            pepper_id: &core.secrets.pepper.fingerprint(),
            description: &new.description,
            now: new.now,
            expires_at: new.expires_at,
            issuer: &actor.identity,
            saml_validated: new.saml_validated,
            awaiting_sign_in: new.awaiting_sign_in,
        };
        let conn = &mut tx.conn();
        if !store::insert(conn, row, admission).await? {
            return Err(Error::Conflict(Conflict::HasKey).into());
        }
        let row = store::by_tag(conn, &tag).await?;
        let key = row
            .ok_or(Fault::Broken("a new key is not there"))?
            .into_key(new.now)?;
        Ok(CreatedKey {
            key,
            value,
            later_than_saml: new.later_than_saml,
        })
    }

    /// Draws keys until one has a tag that was never given out.
    async fn draw(&self, tx: &mut Tx) -> Result<KeyValue, Fault> {
        for _ in 0..MAX_DRAWS {
            let value = KeyValue::generate(&*self.core.entropy)?;
            if store::take_tag(&mut tx.conn(), &value.tag()).await? {
                return Ok(value);
            }
        }
        Err(Fault::Broken("the random generator repeats itself"))
    }
}

impl Step<CreatedKey> {
    /// Does what belongs to a new key in the same transaction.
    async fn along<T>(
        self,
        tx: &mut Tx,
        also: impl AsyncFnOnce(&mut Tx, &CreatedKey) -> Result<T, Fault>,
    ) -> Result<Step<(CreatedKey, T)>, Fault> {
        Ok(match self {
            Self::Done(created, event) => {
                let extra = also(tx, &created).await?;
                Step::Done((created, extra), event)
            }
            Self::Unchanged(created) => {
                let extra = also(tx, &created).await?;
                Step::Unchanged((created, extra))
            }
            Self::Asked(waiting, event) => Step::Asked(waiting, event),
        })
    }
}

impl CreatedKey {
    /// What the trail says of it.
    pub(crate) fn event(&self) -> Event {
        let tag = self.key.tag.as_str();
        Event::done(Action::KeyCreated, tag).after(audited(&self.key))
    }
}

/// A key about to be drawn.
struct New {
    owner: Identity,
    description: String,
    expires_at: Instant,
    saml_validated: bool,
    awaiting_sign_in: bool,
    later_than_saml: Option<Instant>,
    now: Instant,
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

/// Whether a caller names itself: by the same folded name, in the same domain.
fn is_self(actor: &Actor, named: &Principal) -> bool {
    let own = &actor.identity.principal;
    let folded = |principal: &Principal| fold(principal.domain_type, &principal.name);
    own.domain_type == named.domain_type
        && own.domain == named.domain
        && folded(own).is_ok()
        && folded(own) == folded(named)
}

async fn find_owner(tx: &mut Tx, owner: &Principal) -> Result<Identity, Fault> {
    let unknown = || FieldError::new("userName", Problem::Unknown);
    let folded = fold(owner.domain_type, &owner.name).map_err(|_| unknown())?;
    let conn = &mut tx.conn();
    users::find(conn, owner.domain_type, &owner.domain, &folded)
        .await?
        .ok_or_else(unknown)?
        .identity()
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
