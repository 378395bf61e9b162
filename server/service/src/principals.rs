//! Service principals: accounts of programs, each made with its role and its key in one step.

use std::sync::Arc;

use domain::{
    Instant,
    approval::KeyAction,
    audit::{Action, Event},
    error::{Conflict, Error, FieldError, Problem, Refusal},
    expiry::Validity,
    key::ApiKey,
    operation::Operation,
    permission::{Grants, Rights},
    principal::{DomainType, Identity, Principal, UserId, fold},
    role::{BuiltInRole, Role},
};
use serde_json::json;

use crate::{
    Actor,
    core::Core,
    fault::Fault,
    keys::{CreatedKey, Keys},
    list::{Page, Query},
    operation::{KeyChange, Leave, Step},
    roles,
    store::{
        Conn, keys as key_store, principals as store, roles as role_store, sessions,
        users as user_store,
    },
};

/// The longest name of a service principal, and of its type, in characters.
pub const MAX_CHARS: u32 = 63;

/// Stands before the principal's name in the name of its role.
const ROLE_MARK: char = '~';

/// A service principal that somebody wants.
#[derive(Debug)]
pub struct NewPrincipal {
    /// Its name, 1–63 characters.
    pub name: String,
    /// What the client calls its type, up to 63 characters.
    pub kind: String,
    /// Of its key, in days from now.
    pub validity: Option<Validity>,
    /// What its role grants. `None`: it gets no role of its own.
    pub grants: Grants,
    /// Whether it holds *Default Security Administrator* besides.
    pub security_administrator: bool,
}

/// A service principal.
#[derive(Debug, Clone)]
pub struct ServicePrincipal {
    /// Who.
    pub identity: Identity,
    /// What the client called its type.
    pub kind: String,
    /// When it was made.
    pub created_at: Instant,
    /// What its role grants.
    pub grants: Grants,
    /// Whether it holds *Default Security Administrator*.
    pub security_administrator: bool,
    /// Its key. `None`: it was deleted.
    pub key: Option<ApiKey>,
}

/// The use cases of service principals.
#[derive(Clone)]
pub struct Principals {
    pub(crate) core: Arc<Core>,
}

impl Principals {
    /// Makes a service principal with its role and its key, all or nothing.
    ///
    /// # Errors
    /// Wrong fields (`name`, `kind`, `expireAfterDays`), no permission, more rights than the
    /// caller has, [`Conflict::NameTaken`].
    pub async fn add(
        &self,
        actor: &Actor,
        wanted: NewPrincipal,
    ) -> Result<(ServicePrincipal, CreatedKey), Error> {
        let result = self.try_add(actor, wanted).await;
        self.core
            .recording_refusal(actor, result, Action::UserCreated, "a service principal")
            .await
    }

    async fn try_add(
        &self,
        actor: &Actor,
        wanted: NewPrincipal,
    ) -> Result<(ServicePrincipal, CreatedKey), Fault> {
        for operation in [
            Operation::CreateUser,
            Operation::CreateRole,
            Operation::AssignRoles,
            Operation::CreateKey,
        ] {
            actor.may(operation)?;
        }
        check(&wanted)?;
        let security = BuiltInRole::DefaultSecurityAdministrator;
        let mut rights = Rights::on_everything(wanted.grants);
        if wanted.security_administrator {
            rights = rights.and(security.rights());
        }
        if !actor.rights.covers(rights) {
            return Err(Error::Refused(Refusal::RoleExceedsOwn).into());
        }
        let principal = Principal::new(DomainType::Nbsp, "", &wanted.name)
            .map_err(|(_, problem)| FieldError::new("name", problem))?;
        let core = &*self.core;
        let now = core.clock.now();
        let mut tx = core.db.begin().await?;
        let conn = &mut tx.conn();
        let taken = || Error::Conflict(Conflict::NameTaken);
        let id = user_store::insert(conn, &principal, &wanted.name, None, false, now)
            .await?
            .ok_or_else(taken)?;
        let identity = Identity { id, principal };
        let mut names = Vec::new();
        let role = if wanted.grants == Grants::NONE {
            None
        } else {
            let role = own_role(conn, &wanted).await?.ok_or_else(taken)?;
            role_store::grant(conn, id, role.id).await?;
            names.push(role.name.clone());
            Some(role)
        };
        if wanted.security_administrator {
            role_store::grant(conn, id, security.id()).await?;
            names.push(security.name().to_owned());
        }
        store::insert(
            conn,
            id,
            &wanted.kind,
            role.as_ref().map(|role| role.id),
            now,
        )
        .await?;
        let made = Event::done(Action::UserCreated, identity.to_string())
            .after(json!({ "roles": names, "type": wanted.kind }));
        core.append(&mut tx, actor.into(), &made).await?;
        if let Some(role) = &role {
            let made =
                Event::done(Action::RoleCreated, role.id.to_string()).after(roles::audited(role));
            core.append(&mut tx, actor.into(), &made).await?;
        }
        let keys = Keys {
            core: self.core.clone(),
        };
        let step = keys
            .create_in(
                &mut tx,
                actor,
                identity.clone(),
                String::new(),
                wanted.validity,
                None,
            )
            .await?;
        let (created, event) = match step {
            Step::Done(created, event) => (created, event),
            // A ticket holds a key; principal and role would have to exist before it (ADR 22).
            Step::Unchanged(_) | Step::Asked(..) => {
                return Err(Error::Refused(Refusal::NeedsApproval).into());
            }
        };
        core.commit(tx, actor, &event).await?;
        let principal = ServicePrincipal {
            identity,
            kind: wanted.kind,
            created_at: now,
            grants: wanted.grants,
            security_administrator: wanted.security_administrator,
            key: Some(created.key.clone()),
        };
        Ok((principal, created))
    }

    /// The service principals, a part of them. `query` takes neither filter nor order.
    ///
    /// # Errors
    /// No permission.
    pub async fn list(
        &self,
        actor: &Actor,
        query: &Query<()>,
    ) -> Result<Page<ServicePrincipal>, Error> {
        self.reading(actor).await?;
        let mut reader = self.core.db.reader().await?;
        let conn = &mut reader.conn();
        let rows = store::all(conn).await?;
        let page = query.page_of(rows, |row, ()| domain::filter::Literal::Number(row.user_id));
        let described = self.describe(conn, &page.items).await?;
        Ok(Page {
            items: described,
            count: page.count,
            before: page.before,
            after: page.after,
        })
    }

    /// The one of that name.
    ///
    /// # Errors
    /// No permission, or there is none.
    pub async fn get(&self, actor: &Actor, name: &str) -> Result<ServicePrincipal, Error> {
        self.reading(actor).await?;
        let mut reader = self.core.db.reader().await?;
        let conn = &mut reader.conn();
        let row = store::find(conn, name).await?.ok_or(Error::NotFound)?;
        let mut described = self.describe(conn, &[row]).await?;
        described.pop().ok_or(Error::NotFound)
    }

    async fn reading(&self, actor: &Actor) -> Result<(), Error> {
        let whose = domain::permission::Whose::Others;
        self.core
            .reading(actor, Operation::ViewUsers, whose, "service principals")
            .await
    }

    async fn describe(
        &self,
        conn: &mut Conn<'_>,
        rows: &[store::PrincipalRow],
    ) -> Result<Vec<ServicePrincipal>, Fault> {
        let now = self.core.clock.now();
        let roles = roles::all(conn).await?;
        let numbers: Vec<_> = rows.iter().map(|row| row.user_id).collect();
        let keys = key_store::present_of(conn, &numbers).await?;
        let keys = keys.into_iter().map(|row| row.into_key(now));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        let mut all = Vec::new();
        for row in rows {
            let held = role_store::held_by(conn, UserId(row.user_id)).await?;
            let security = BuiltInRole::DefaultSecurityAdministrator.id();
            let role = roles.iter().find(|role| Some(role.id) == row.role_id);
            let key = keys.iter().find(|key| key.owner.id.0 == row.user_id);
            all.push(ServicePrincipal {
                identity: row.identity()?,
                kind: row.kind.clone(),
                created_at: row.created_at.0,
                grants: role.map_or(Grants::NONE, |role| role.grants),
                security_administrator: held.iter().any(|held| held.role_id == security),
                key: key.cloned().map(|key| self.core.usage.overlay(key)),
            });
        }
        Ok(all)
    }

    /// Removes a service principal with its role and its key.
    ///
    /// # Errors
    /// No permission, or there is none of that name.
    pub async fn delete(&self, actor: &Actor, name: &str) -> Result<(), Error> {
        let result = self.try_delete(actor, name).await;
        self.core
            .recording_refusal(
                actor,
                result,
                Action::PrincipalDeleted,
                "a service principal",
            )
            .await
    }

    async fn try_delete(&self, actor: &Actor, name: &str) -> Result<(), Fault> {
        for operation in [
            Operation::DisableUser,
            Operation::DeleteRole,
            Operation::AssignRoles,
            Operation::DeleteKey,
        ] {
            actor.may(operation)?;
        }
        let core = &*self.core;
        let now = core.clock.now();
        let mut tx = core.db.begin().await?;
        let row = store::find(&mut tx.conn(), name).await?;
        let row = row.ok_or(Error::NotFound)?;
        let (user, identity) = (UserId(row.user_id), row.identity()?);
        let by = actor.identity.to_string();
        let key = key_store::current_of(&mut tx.conn(), user).await?;
        let key = key.map(|row| row.into_key(now)).transpose()?;
        if let Some(key) = &key {
            let change = KeyChange {
                action: KeyAction::Delete,
                owner: &key.owner,
                before: Some(key),
                after: None,
            };
            // Its key is deleted first, with a ticket; then nothing of it needs approval.
            let Leave::Granted(admission) = core.admit(&mut tx, actor, change, None).await? else {
                return Err(Error::Refused(Refusal::NeedsApproval).into());
            };
            key_store::delete(&mut tx.conn(), &key.tag, user, &by, now, &admission).await?;
            let gone = Event::done(Action::KeyDeleted, key.tag.as_str());
            core.append(&mut tx, actor.into(), &gone).await?;
        }
        let tickets = core.lock_tickets_of(&mut tx, user).await?;
        let conn = &mut tx.conn();
        for held in role_store::held_by(conn, user).await? {
            role_store::withdraw(conn, user, held.role_id).await?;
        }
        sessions::end_all(conn, user, None).await?;
        // No name has a control character, so this one is nobody's.
        let freed = format!("{name}\u{1}{user}");
        store::delete(conn, user, &freed, now).await?;
        if let Some(role) = row.role_id
            && role_store::holders(conn, role).await? == 0
        {
            role_store::set_permissions(conn, role, std::iter::empty()).await?;
            role_store::delete(conn, role).await?;
        }
        core.withdraw_tickets(&mut tx, actor, tickets).await?;
        let event = Event::done(Action::PrincipalDeleted, identity.to_string());
        core.commit(tx, actor, &event).await
    }
}

fn check(wanted: &NewPrincipal) -> Result<(), Error> {
    let mut wrong = Vec::new();
    let too_long = Problem::TooLong { max: MAX_CHARS };
    let long = |text: &str| text.chars().count() > MAX_CHARS as usize;
    if long(&wanted.name) {
        wrong.push(FieldError::new("name", too_long.clone()));
    } else if let Err(problem) = fold(DomainType::Nbsp, &wanted.name) {
        wrong.push(FieldError::new("name", problem));
    } else if wanted.name.contains([':', '/', '\\']) {
        let problem = Problem::malformed("a name without colons and slashes");
        wrong.push(FieldError::new("name", problem));
    }
    if long(&wanted.kind) {
        wrong.push(FieldError::new("kind", too_long));
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(wrong))
    }
}

/// The role of its own. `None`: the name is taken.
async fn own_role(conn: &mut Conn<'_>, wanted: &NewPrincipal) -> Result<Option<Role>, Fault> {
    let name = format!("{ROLE_MARK}{}", wanted.name);
    let description = "Of the service principal of that name".to_owned();
    let Some(id) = role_store::insert(conn, &name, &description).await? else {
        return Ok(None);
    };
    role_store::set_permissions(conn, id, roles::names_of(wanted.grants)).await?;
    Ok(Some(Role {
        id,
        name,
        description,
        built_in: false,
        grants: wanted.grants,
    }))
}
