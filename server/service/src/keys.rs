//! Keys: create, view, list, delete.

use std::sync::Arc;

use chrono::SecondsFormat;
use domain::{
    audit::{Action, Event},
    error::{Conflict, Error, FieldError, Problem, Refusal},
    expiry::{Validity, local_expiry},
    filter::{Expr, Field, Kind, SortKey},
    key::{ApiKey, State, Tag, check_description},
    permission::{KeyOperation, Whose, decide},
    principal::{DomainType, Identity, Principal, fold},
};
use serde_json::json;

use crate::{
    Actor, Outcome,
    core::Core,
    fault::Fault,
    operation::KeyChange,
    reveal::{RevealKey, browser_session},
    secret::KeyValue,
    store::{
        Tx,
        keys::{self as store, Visible},
        users,
    },
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

/// A new key, with the value that is shown this once.
#[derive(Debug)]
pub struct CreatedKey {
    /// What people see from now on.
    pub key: ApiKey,
    /// The value.
    pub value: KeyValue,
}

/// The fields of a key that lists are filtered and sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyField {
    /// The tag.
    Tag,
    /// The owner's name.
    UserName,
    /// The owner's domain.
    UserDomain,
    /// The owner's domain type.
    UserDomainType,
    /// When it was made.
    Created,
    /// When it ends.
    Expires,
    /// When the validity was last changed.
    Modified,
    /// The description.
    Description,
    /// Whether validated by SAML.
    SamlValidated,
    /// The issuer's name.
    IssuerName,
    /// The issuer's domain.
    IssuerDomain,
    /// The issuer's domain type.
    IssuerDomainType,
    /// The derived state.
    State,
    /// The latest use.
    LastUsed,
    /// The address of the latest use.
    LastUsedAddress,
}

/// The names of the fields on the wire.
pub const KEY_FIELDS: &[Field<KeyField>] = &[
    field("apiKeyTag", KeyField::Tag, Kind::Text),
    field("id", KeyField::Tag, Kind::Text),
    field("userName", KeyField::UserName, Kind::Text),
    field("userDomain", KeyField::UserDomain, Kind::Text),
    field("userDomainType", KeyField::UserDomainType, Kind::Text),
    field("createdDateTime", KeyField::Created, Kind::Instant),
    field("expiryDateTime", KeyField::Expires, Kind::Instant),
    field("lastModifiedDateTime", KeyField::Modified, Kind::Instant),
    field("description", KeyField::Description, Kind::Text),
    field("samlSessionValidated", KeyField::SamlValidated, Kind::Bool),
    field("issuer/principalName", KeyField::IssuerName, Kind::Text),
    field("issuer/principalDomain", KeyField::IssuerDomain, Kind::Text),
    field(
        "issuer/principalDomainType",
        KeyField::IssuerDomainType,
        Kind::Text,
    ),
    field("state", KeyField::State, Kind::Text),
    field("lastUsedDateTime", KeyField::LastUsed, Kind::Instant),
    field("lastUsedAddress", KeyField::LastUsedAddress, Kind::Text),
];

const fn field(name: &'static str, field: KeyField, kind: Kind) -> Field<KeyField> {
    Field { name, field, kind }
}

/// Which keys, in which order, which part of them.
#[derive(Debug, Clone, Default)]
pub struct KeyQuery {
    /// Which. `None`: all but deleted ones.
    pub filter: Option<Expr<KeyField>>,
    /// The order; the tag decides between equals.
    pub sort: Vec<SortKey<KeyField>>,
    /// How many to leave out.
    pub offset: u32,
    /// How many at most.
    pub limit: u32,
}

/// A part of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// How many there are in all.
    pub count: u64,
}

/// The use cases of keys.
#[derive(Clone)]
pub struct Keys {
    pub(crate) core: Arc<Core>,
}

/// How often a tag that was given out before is drawn anew. With 40 random bits a second draw is
/// rare; this many in a row mean that the generator is broken.
const MAX_DRAWS: u32 = 16;

impl Keys {
    /// Makes a key and returns its value, this once.
    ///
    /// # Errors
    /// Wrong fields (`description`, `expireAfterDays`, `userName`, `userDomain`,
    /// `userDomainType`), no permission, or a conflict when the owner has a key already.
    pub async fn create(
        &self,
        actor: &Actor,
        wanted: NewKey,
    ) -> Result<Outcome<CreatedKey>, Error> {
        let result = self
            .try_create(actor, wanted, async |_, _| Ok(()))
            .await
            .map(|outcome| outcome.map(|(created, ())| created));
        self.recording(actor, result, Action::KeyCreated, "a new key")
            .await
    }

    /// Makes a key for the caller's browser: the value is kept, encrypted under the returned key
    /// and for at most a minute, for the reveal page to show once (see [`crate::reveal`]).
    ///
    /// # Errors
    /// As [`Keys::create`]; and when the caller has no browser session.
    pub async fn create_for_reveal(
        &self,
        actor: &Actor,
        wanted: NewKey,
    ) -> Result<Outcome<RevealKey>, Error> {
        let keep = async |tx: &mut Tx, created: &CreatedKey| self.keep(tx, actor, created).await;
        let result = match browser_session(actor) {
            Ok(_) => self.try_create(actor, wanted, keep).await,
            Err(refusal) => Err(refusal.into()),
        };
        let result = result.map(|outcome| outcome.map(|(_, reveal)| reveal));
        self.recording(actor, result, Action::KeyCreated, "a new key")
            .await
    }

    /// The caller's own key, if there is one.
    pub async fn own(&self, actor: &Actor) -> Result<Option<ApiKey>, Error> {
        actor.settled()?;
        decide(KeyOperation::View, Whose::Own, actor.rights)?;
        let mut reader = self.core.db.reader().await?;
        let row = store::current_of(&mut reader.conn(), actor.identity.id).await?;
        let key = row
            .map(|row| row.into_key(self.core.clock.now()))
            .transpose()?;
        Ok(key.map(|key| self.core.usage.overlay(key)))
    }

    /// One key.
    ///
    /// # Errors
    /// [`Error::NotFound`] also for a key that the caller may not view, and for a deleted one.
    pub async fn get(&self, actor: &Actor, tag: &Tag) -> Result<ApiKey, Error> {
        actor.settled()?;
        let mut reader = self.core.db.reader().await?;
        let row = store::by_tag(&mut reader.conn(), tag).await?;
        let key = row
            .ok_or(Error::NotFound)?
            .into_key(self.core.clock.now())?;
        decide(KeyOperation::View, whose(actor, &key), actor.rights)?;
        if key.state == State::Deleted {
            return Err(Error::NotFound);
        }
        Ok(self.core.usage.overlay(key))
    }

    /// The keys that the caller may view.
    pub async fn list(&self, actor: &Actor, query: &KeyQuery) -> Result<Page<ApiKey>, Error> {
        actor.settled()?;
        let may = |whose| decide(KeyOperation::View, whose, actor.rights).is_ok();
        let visible = if may(Whose::Others) {
            Visible::All
        } else if may(Whose::Own) {
            Visible::Own(actor.identity.id)
        } else {
            Visible::Nothing
        };
        let now = self.core.clock.now();
        let mut reader = self.core.db.reader().await?;
        let conn = &mut reader.conn();
        let count = store::count(conn, query, visible, now).await?;
        let rows = store::list(conn, query, visible, now).await?;
        let items = rows
            .into_iter()
            .map(|row| Ok(self.core.usage.overlay(row.into_key(now)?)))
            .collect::<Result<_, Fault>>()?;
        Ok(Page { items, count })
    }

    /// Deletes a key: it stops working at once and for ever. A tombstone stays.
    ///
    /// # Errors
    /// [`Error::NotFound`] also when it is deleted already.
    pub async fn delete(&self, actor: &Actor, tag: &Tag) -> Result<Outcome<()>, Error> {
        let result = self.try_delete(actor, tag).await;
        self.recording(actor, result, Action::KeyDeleted, tag.as_str())
            .await
    }

    /// Makes a key; `also` runs in the same transaction.
    async fn try_create<T>(
        &self,
        actor: &Actor,
        wanted: NewKey,
        also: impl AsyncFnOnce(&mut Tx, &CreatedKey) -> Result<T, Fault>,
    ) -> Result<Outcome<(CreatedKey, T)>, Fault> {
        actor.settled()?;
        let core = &*self.core;
        let now = core.clock.now();
        let others = wanted
            .owner
            .as_ref()
            .is_some_and(|owner| !is_self(actor, owner));
        let whose = if others { Whose::Others } else { Whose::Own };
        decide(KeyOperation::Create, whose, actor.rights)?;
        let description = check_description(&wanted.description)?;

        let mut tx = core.db.begin().await?;
        let owner = match &wanted.owner {
            Some(owner) if others => find_owner(&mut tx, owner).await?,
            _ => actor.identity.clone(),
        };
        if owner.principal.domain_type == DomainType::Saml {
            return Err(Error::Refused(Refusal::SamlOwner).into());
        }
        let expires_at = local_expiry(wanted.validity, &core.policy, now)?;
        let admission = core
            .admit(&mut tx, actor, KeyChange::Create(owner.id))
            .await?;
        let value = self.draw(&mut tx).await?;
        let tag = value.tag();
        let row = store::NewKeyRow {
            tag: &tag,
            owner: owner.id,
            digest: value.digest(&core.secrets.pepper).to_vec(),
            pepper_id: &core.secrets.pepper.fingerprint(),
            description: &description,
            now,
            expires_at,
            issuer: &actor.identity,
        };
        if !store::insert(&mut tx.conn(), row, &admission).await? {
            return Err(Error::Conflict(Conflict::HasKey).into());
        }
        let key = ApiKey {
            tag,
            owner,
            description,
            created_at: now,
            expires_at,
            modified_at: now,
            issuer: actor.identity.clone(),
            state: State::Active,
            saml_validated: false,
            last_used: None,
        };
        let event = Event::done(Action::KeyCreated, key.tag.as_str()).after(audited(&key));
        let created = CreatedKey { key, value };
        let extra = also(&mut tx, &created).await?;
        core.commit(tx, actor, &event).await?;
        Ok(Outcome::Done((created, extra)))
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

    async fn try_delete(&self, actor: &Actor, tag: &Tag) -> Result<Outcome<()>, Fault> {
        actor.settled()?;
        let core = &*self.core;
        let now = core.clock.now();
        let mut tx = core.db.begin().await?;
        let row = store::by_tag(&mut tx.conn(), tag)
            .await?
            .ok_or(Error::NotFound)?;
        let key = core.usage.overlay(row.into_key(now)?);
        decide(KeyOperation::Delete, whose(actor, &key), actor.rights)?;
        let admission = core.admit(&mut tx, actor, KeyChange::Delete(tag)).await?;
        let by = actor.identity.to_string();
        let owner = key.owner.id;
        if !store::delete(&mut tx.conn(), tag, owner, &by, now, &admission).await? {
            return Err(Error::NotFound.into());
        }
        let event = Event::done(Action::KeyDeleted, tag.as_str()).before(audited(&key));
        core.commit(tx, actor, &event).await?;
        Ok(Outcome::Done(()))
    }

    async fn recording<T>(
        &self,
        actor: &Actor,
        result: Result<T, Fault>,
        action: Action,
        object: &str,
    ) -> Result<T, Error> {
        self.core
            .recording_refusal(actor, result, |cause| Event::refused(action, object, cause))
            .await
    }
}

fn whose(actor: &Actor, key: &ApiKey) -> Whose {
    if key.owner.id == actor.identity.id {
        Whose::Own
    } else {
        Whose::Others
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
    let time = |at: domain::Instant| at.to_rfc3339_opts(SecondsFormat::Micros, true);
    json!({
        "owner": key.owner.to_string(),
        "description": key.description,
        "created": time(key.created_at),
        "expires": time(key.expires_at),
        "issuer": key.issuer.to_string(),
        "state": key.state.as_str(),
    })
}
