//! New keys.

use domain::{
    Instant,
    approval::KeyAction,
    audit::{Action, Event},
    error::{Conflict, Error, FieldError, Problem},
    expiry::{self, Act, Owner, Validity},
    key::check_description,
    operation::Operation,
    permission::Whose,
    principal::{Identity, Principal, fold},
    ticket::{End, KeyAfter},
};

use super::{allow_for_owner, asker, audited, refuse_passed};
use crate::{
    Actor, Outcome,
    fault::Fault,
    keys::{CreatedKey, Keys, once::Once},
    operation::{Admission, Approved, KeyChange, Leave, Step},
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

/// How often a tag that was given out before is drawn anew. With 40 random bits a second draw is
/// rare; this many in a row mean that the generator is broken.
const MAX_DRAWS: u32 = 16;

impl Keys {
    /// Makes a key; `also` runs in the same transaction.
    pub(in crate::keys) async fn try_create<T>(
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
    pub(in crate::keys) async fn remember(
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

    /// Draws and stores a new key.
    pub(super) async fn insert(
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
    pub(super) async fn along<T>(
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
pub(super) struct New {
    pub(super) owner: Identity,
    pub(super) description: String,
    pub(super) expires_at: Instant,
    pub(super) saml_validated: bool,
    pub(super) awaiting_sign_in: bool,
    pub(super) later_than_saml: Option<Instant>,
    pub(super) now: Instant,
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
