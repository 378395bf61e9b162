//! Providers: showing and changing them.

use domain::{
    Instant,
    audit::{Action, Event},
    error::{Conflict, Error, FieldError, Problem, Refusal},
    operation::Operation,
    permission::Whose,
    role::BuiltInRole,
    saml::{Facts, ProviderSettings},
};
use serde_json::{Value, json};

use super::{Known, Saml, engine::read_facts};
use crate::{
    Actor,
    fault::Fault,
    roles,
    store::{Conn, saml as store, saml::ProviderRow},
};

/// A provider as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Its number.
    pub id: i64,
    /// What was decided about it.
    pub settings: ProviderSettings,
    /// What its metadata says.
    pub facts: Facts,
    /// When it was added.
    pub created_at: Instant,
    /// Counts the changes.
    pub version: i64,
}

/// What an administrator wants a provider to be.
#[derive(Debug, Clone, Default)]
pub struct ProviderChange {
    /// The decisions. The name of a provider that exists stays.
    pub settings: ProviderSettings,
    /// Its metadata, an XML document. Empty: what is known already.
    pub metadata: String,
    /// The version that the caller saw. `None`: whatever it is now.
    pub version: Option<i64>,
}

fn read(row: &ProviderRow) -> Result<Provider, Fault> {
    let Known {
        id,
        facts,
        settings,
    } = Known::of(row)?;
    Ok(Provider {
        id,
        settings,
        facts,
        created_at: row.created_at.0,
        version: row.version,
    })
}

impl Saml {
    /// The names of the providers that people can sign in by: for everybody.
    ///
    /// # Errors
    /// The database fails.
    pub async fn offered(&self) -> Result<Vec<String>, Error> {
        let mut reader = self.core.db.reader().await?;
        Ok(store::enabled_names(&mut reader.conn()).await?)
    }

    /// Every provider, by name.
    ///
    /// # Errors
    /// No permission.
    pub async fn providers(&self, actor: &Actor) -> Result<Vec<Provider>, Error> {
        self.viewing(actor).await?;
        let mut reader = self.core.db.reader().await?;
        let rows = store::providers(&mut reader.conn()).await?;
        Ok(rows.iter().map(read).collect::<Result<_, Fault>>()?)
    }

    /// One provider.
    ///
    /// # Errors
    /// No permission, or there is none of that number.
    pub async fn provider(&self, actor: &Actor, id: i64) -> Result<Provider, Error> {
        self.viewing(actor).await?;
        let mut reader = self.core.db.reader().await?;
        let row = store::provider(&mut reader.conn(), id).await?;
        Ok(read(&row.ok_or(Error::NotFound)?)?)
    }

    async fn viewing(&self, actor: &Actor) -> Result<(), Error> {
        let (core, whose) = (&self.core, Whose::Others);
        core.reading(actor, Operation::ViewPolicy, whose, "identity providers")
            .await
    }

    /// Whether the caller may change providers: for what pages offer.
    pub fn may_change(&self, actor: &Actor) -> bool {
        may_change(actor).is_ok()
    }

    /// Adds a provider and returns its number.
    ///
    /// # Errors
    /// Wrong fields; no permission: whoever decides who somebody is can be everybody, so it takes
    /// everything that an Administrator holds.
    pub async fn add(&self, actor: &Actor, wanted: ProviderChange) -> Result<i64, Error> {
        let result = self.try_add(actor, wanted).await;
        let (action, core) = (Action::ProviderCreated, &self.core);
        core.recording_refusal(actor, result, action, "a new one")
            .await
    }

    /// Changes a provider.
    ///
    /// # Errors
    /// As [`Saml::add`]; and a version that is not the present one.
    pub async fn update(
        &self,
        actor: &Actor,
        id: i64,
        wanted: ProviderChange,
    ) -> Result<(), Error> {
        let result = self.try_update(actor, id, wanted).await;
        let (action, core) = (Action::ProviderUpdated, &self.core);
        core.recording_refusal(actor, result, action, &id.to_string())
            .await
    }

    /// Removes a provider that nobody has an account by. Another one can be switched off.
    ///
    /// # Errors
    /// As [`Saml::add`]; and [`Conflict::ProviderInUse`].
    pub async fn remove(&self, actor: &Actor, id: i64) -> Result<(), Error> {
        let result = self.try_remove(actor, id).await;
        let (action, core) = (Action::ProviderDeleted, &self.core);
        core.recording_refusal(actor, result, action, &id.to_string())
            .await
    }

    async fn try_add(&self, actor: &Actor, wanted: ProviderChange) -> Result<i64, Fault> {
        may_change(actor)?;
        let settings = wanted.settings.checked();
        let facts = read_metadata(&wanted.metadata);
        let (settings, facts) = both(settings, facts)?;
        let mut tx = self.core.db.begin().await?;
        let conn = &mut tx.conn();
        check_roles(conn, actor, &settings).await?;
        if store::provider_by_entity(conn, &facts.entity_id)
            .await?
            .is_some()
        {
            return Err(FieldError::new("metadata", Problem::Taken).into());
        }
        let id = store::insert_provider(conn, &settings, &facts, self.core.clock.now())
            .await?
            .ok_or_else(|| FieldError::new("name", Problem::Taken))?;
        let event =
            Event::done(Action::ProviderCreated, &*settings.name).after(audited(&settings, &facts));
        self.core.commit(tx, actor, &event).await?;
        Ok(id)
    }

    async fn try_update(
        &self,
        actor: &Actor,
        id: i64,
        wanted: ProviderChange,
    ) -> Result<(), Fault> {
        may_change(actor)?;
        let mut tx = self.core.db.begin().await?;
        let conn = &mut tx.conn();
        let row = store::provider(conn, id).await?.ok_or(Error::NotFound)?;
        let before = read(&row)?;
        if wanted.version.is_some_and(|seen| seen != before.version) {
            return Err(Error::Conflict(Conflict::Stale).into());
        }
        let settings = ProviderSettings {
            name: before.settings.name.clone(),
            ..wanted.settings
        };
        let facts = match wanted.metadata.trim() {
            "" => Ok(before.facts.clone()),
            xml => read_metadata(xml),
        };
        let (settings, facts) = both(settings.checked(), facts)?;
        check_roles(conn, actor, &settings).await?;
        let other = store::provider_by_entity(conn, &facts.entity_id).await?;
        if other.is_some_and(|other| other.id != id) {
            return Err(FieldError::new("metadata", Problem::Taken).into());
        }
        if settings == before.settings && facts == before.facts {
            return Ok(());
        }
        if !store::update_provider(conn, id, before.version, &settings, &facts).await? {
            return Err(Error::Conflict(Conflict::Stale).into());
        }
        let event = Event::done(Action::ProviderUpdated, &*settings.name)
            .before(audited(&before.settings, &before.facts))
            .after(audited(&settings, &facts));
        self.core.commit(tx, actor, &event).await
    }

    async fn try_remove(&self, actor: &Actor, id: i64) -> Result<(), Fault> {
        may_change(actor)?;
        let mut tx = self.core.db.begin().await?;
        let conn = &mut tx.conn();
        let row = store::provider(conn, id).await?.ok_or(Error::NotFound)?;
        let before = read(&row)?;
        if store::has_users(conn, id, &row.name).await? {
            return Err(Error::Conflict(Conflict::ProviderInUse).into());
        }
        store::delete_provider(conn, id).await?;
        let event = Event::done(Action::ProviderDeleted, &*row.name)
            .before(audited(&before.settings, &before.facts));
        self.core.commit(tx, actor, &event).await
    }
}

fn may_change(actor: &Actor) -> Result<(), Error> {
    actor.may(Operation::UpdatePolicy)?;
    if actor.via.means().is_key() {
        return Err(Error::Refused(Refusal::NotWithAKey));
    }
    if actor.rights.covers(BuiltInRole::Administrator.rights()) {
        Ok(())
    } else {
        Err(Error::Refused(Refusal::RoleExceedsOwn))
    }
}

fn read_metadata(xml: &str) -> Result<Facts, FieldError> {
    read_facts(xml).map_err(|problem| FieldError::new("metadata", problem))
}

/// Both, or everything that is wrong with either.
fn both(
    settings: Result<ProviderSettings, Vec<FieldError>>,
    facts: Result<Facts, FieldError>,
) -> Result<(ProviderSettings, Facts), Error> {
    match (settings, facts) {
        (Ok(settings), Ok(facts)) => Ok((settings, facts)),
        (settings, facts) => {
            let mut wrong = settings.err().unwrap_or_default();
            wrong.extend(facts.err());
            Err(Error::Invalid(wrong))
        }
    }
}

/// Every role of the mapping must be there, and be covered by what the caller holds.
async fn check_roles(
    conn: &mut Conn<'_>,
    actor: &Actor,
    settings: &ProviderSettings,
) -> Result<(), Fault> {
    for line in &settings.group_roles {
        let role = roles::named(conn, &line.role)
            .await
            .map_err(|_| FieldError::new("group_roles", Problem::Unknown))?;
        if !actor.rights.covers(roles::rights_of(conn, role).await?) {
            return Err(Error::Refused(Refusal::RoleExceedsOwn).into());
        }
    }
    Ok(())
}

/// A provider as the audit trail keeps it: certificates by their fingerprints.
fn audited(settings: &ProviderSettings, facts: &Facts) -> Value {
    let mut value = serde_json::to_value(settings).unwrap_or_default();
    let certificates = facts.certificates.iter();
    let certificates: Vec<_> = certificates.map(|one| &*one.fingerprint).collect();
    value["entity_id"] = json!(facts.entity_id);
    value["sign_in_at"] = json!(facts.sso_redirect.as_ref().or(facts.sso_post.as_ref()));
    value["sign_out_at"] = json!(facts.slo_redirect.as_ref().or(facts.slo_post.as_ref()));
    value["certificates"] = json!(certificates);
    value
}
