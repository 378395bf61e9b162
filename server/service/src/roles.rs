//! Roles: what they amount to, making them, giving and taking them.

mod holders;

use std::sync::Arc;

use domain::{
    audit::{Action, Event},
    error::{Conflict, Error, FieldError, Problem, Refusal},
    operation::{Operation, decide},
    permission::{Grants, Namespace, Permission, Rights, Whose},
    principal::{DomainType, Principal, UserId},
    role::{BuiltInRole, Role, check_texts},
};
use serde_json::{Value, json};

use crate::{
    Actor,
    core::Core,
    fault::Fault,
    store::{
        Conn,
        roles::{self as store, HeldRow, RoleRow},
        saml,
        users::{self as user_store, UserRow},
    },
    tickets::Deciders,
    users::find,
};

pub use self::holders::Member;
pub(crate) use self::holders::{can_give, can_take};

/// What somebody holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held {
    /// The names of the roles.
    pub(crate) names: Vec<String>,
    /// What they amount to.
    pub(crate) rights: Rights,
    /// Whether one of them is *Default Security Administrator*, who may manage all keys.
    pub(crate) security_administrator: bool,
}

/// Sums up roles; *API Key Self-Service* comes on top when `self_service`.
pub(crate) fn sum(rows: impl IntoIterator<Item = HeldRow>, self_service: bool) -> Held {
    let mut held = Held::default();
    let mut last = None;
    for row in rows {
        if last != Some(row.role_id) {
            last = Some(row.role_id);
            let built_in = BuiltInRole::from_id(row.role_id);
            held.rights = held
                .rights
                .and(built_in.map_or(Rights::NONE, BuiltInRole::rights));
            held.security_administrator |=
                built_in == Some(BuiltInRole::DefaultSecurityAdministrator);
            held.names.push(row.role_name);
        }
        let grants = granted(row.namespace.as_deref(), row.permission.as_deref());
        held.rights = held.rights.and(Rights::on_everything(grants));
    }
    if self_service {
        let role = BuiltInRole::ApiKeySelfService;
        held.rights = held.rights.and(role.rights());
        held.names.push(role.name().to_owned());
    }
    held
}

/// One stored permission. What this version does not know grants nothing.
fn granted(namespace: Option<&str>, permission: Option<&str>) -> Grants {
    namespace
        .and_then(Namespace::from_name)
        .zip(permission.and_then(Permission::from_name))
        .map_or(Grants::NONE, |(namespace, permission)| {
            Grants::one(namespace, permission)
        })
}

/// What a user holds at present.
pub(crate) async fn held_by(conn: &mut Conn<'_>, user: UserId) -> Result<Held, Fault> {
    let rows = store::held_by(conn, user).await?;
    let self_service = store::self_service_of(conn, user).await?;
    Ok(sum(rows, self_service))
}

/// A role that somebody wants.
#[derive(Debug, Clone)]
pub struct RoleChange {
    /// 1–64 characters, unique.
    pub name: String,
    /// 0–256 characters.
    pub description: String,
    /// What it grants, whoever owns the thing.
    pub grants: Grants,
}

/// Whom self-service is withdrawn from.
#[derive(Debug, Clone)]
pub enum SelfServiceOf {
    /// One user.
    User(Principal),
    /// Everybody of a domain.
    Domain(DomainType, String),
}

/// The use cases of roles.
#[derive(Clone)]
pub struct Roles {
    pub(crate) core: Arc<Core>,
}

impl Roles {
    /// Every role, the built-in ones first.
    ///
    /// # Errors
    /// No permission.
    pub async fn list(&self, actor: &Actor) -> Result<Vec<Role>, Error> {
        self.reading(actor).await?;
        let mut reader = self.core.db.reader().await?;
        Ok(roles_of(store::all(&mut reader.conn()).await?))
    }

    /// One role.
    ///
    /// # Errors
    /// No permission, or there is none of that number.
    pub async fn get(&self, actor: &Actor, id: i64) -> Result<Role, Error> {
        self.reading(actor).await?;
        let mut reader = self.core.db.reader().await?;
        one_of(store::by_id(&mut reader.conn(), id).await?)
    }

    /// The domains whose users do not hold *API Key Self-Service*.
    ///
    /// # Errors
    /// No permission.
    pub async fn withdrawn_domains(
        &self,
        actor: &Actor,
    ) -> Result<Vec<(DomainType, String)>, Error> {
        self.reading(actor).await?;
        let mut reader = self.core.db.reader().await?;
        let rows = store::withdrawn_domains(&mut reader.conn()).await?;
        // Nobody has an account of a type that this version does not know.
        let known =
            |(domain_type, domain): (String, String)| Some((domain_type.parse().ok()?, domain));
        Ok(rows.into_iter().filter_map(known).collect())
    }

    async fn reading(&self, actor: &Actor) -> Result<(), Error> {
        let (core, whose) = (&self.core, Whose::Others);
        core.reading(actor, Operation::ViewRoles, whose, "roles")
            .await
    }

    /// Makes a role.
    ///
    /// # Errors
    /// `name` or `description` is wrong or taken; no permission; or it grants what the caller
    /// does not hold.
    pub async fn add(&self, actor: &Actor, wanted: RoleChange) -> Result<Role, Error> {
        let result = self.try_add(actor, wanted).await;
        self.core
            .recording_refusal(actor, result, Action::RoleCreated, "a role")
            .await
    }

    /// Replaces a role's name, description and grants, effective at the holders' next requests.
    ///
    /// # Errors
    /// As [`Roles::add`]; built-in roles and roles that the caller holds cannot be changed.
    pub async fn update(&self, actor: &Actor, id: i64, wanted: RoleChange) -> Result<Role, Error> {
        self.edit(actor, id, |_| Ok(wanted)).await
    }

    /// Changes a role as [`Roles::update`] does, to what `change` makes of its present state.
    ///
    /// # Errors
    /// As [`Roles::update`], and what `change` says.
    pub async fn edit(
        &self,
        actor: &Actor,
        id: i64,
        change: impl FnOnce(&Role) -> Result<RoleChange, Error>,
    ) -> Result<Role, Error> {
        let result = self.try_edit(actor, id, change).await;
        self.core
            .recording_refusal(actor, result, Action::RoleUpdated, &id.to_string())
            .await
    }

    /// Deletes a role that nobody holds.
    ///
    /// # Errors
    /// Built-in roles cannot be deleted; [`Conflict::RoleInUse`].
    pub async fn delete(&self, actor: &Actor, id: i64) -> Result<(), Error> {
        let result = self.try_delete(actor, id).await;
        self.core
            .recording_refusal(actor, result, Action::RoleDeleted, &id.to_string())
            .await
    }

    /// Gives roles to a user, or takes them away, by name.
    ///
    /// # Errors
    /// `role` or `name` is unknown; nobody gives what they do not hold, or changes their own
    /// roles; the last administrator stays one.
    pub async fn assign(
        &self,
        actor: &Actor,
        principal: &Principal,
        give: &[String],
        take: &[String],
    ) -> Result<(), Error> {
        let result = self.try_assign(actor, principal, give, take).await;
        self.core
            .recording_refusal(actor, result, Action::RolesAssigned, &principal.name)
            .await
    }

    /// Withdraws *API Key Self-Service*, or gives it back.
    ///
    /// # Errors
    /// No permission; `name` is unknown, or `domain` cannot be one of that type.
    pub async fn set_self_service(
        &self,
        actor: &Actor,
        whose: &SelfServiceOf,
        allowed: bool,
    ) -> Result<(), Error> {
        let result = self.try_set_self_service(actor, whose, allowed).await;
        self.core
            .recording_refusal(actor, result, Action::SelfServiceChanged, "self-service")
            .await
    }

    async fn try_add(&self, actor: &Actor, wanted: RoleChange) -> Result<Role, Fault> {
        actor.may(Operation::CreateRole)?;
        let (name, description) = check(actor, &wanted)?;
        let mut tx = self.core.db.begin().await?;
        let conn = &mut tx.conn();
        let id = store::insert(conn, &name, &description)
            .await?
            .ok_or_else(|| FieldError::new("name", Problem::Taken))?;
        store::set_permissions(conn, id, names_of(wanted.grants)).await?;
        let role = Role {
            id,
            name,
            description,
            built_in: false,
            grants: wanted.grants,
        };
        let event = Event::done(Action::RoleCreated, id.to_string()).after(audited(&role));
        self.core.commit(tx, actor, &event).await?;
        Ok(role)
    }

    async fn try_edit(
        &self,
        actor: &Actor,
        id: i64,
        change: impl FnOnce(&Role) -> Result<RoleChange, Error>,
    ) -> Result<Role, Fault> {
        actor.may(Operation::UpdateRole)?;
        let mut tx = self.core.db.begin().await?;
        let conn = &mut tx.conn();
        let deciders = Deciders::before(conn).await?;
        let before = editable(conn, id).await?;
        let wanted = change(&before)?;
        let (name, description) = check(actor, &wanted)?;
        let own = store::held_by(conn, actor.identity.id).await?;
        if own.iter().any(|row| row.role_id == id) {
            return Err(Error::Refused(Refusal::OwnRoles).into());
        }
        if !store::update(conn, id, &name, &description).await? {
            return Err(FieldError::new("name", Problem::Taken).into());
        }
        store::set_permissions(conn, id, names_of(wanted.grants)).await?;
        deciders.refuse_too_few(conn).await?;
        let role = Role {
            name,
            description,
            grants: wanted.grants,
            ..before.clone()
        };
        let event = Event::done(Action::RoleUpdated, id.to_string())
            .before(audited(&before))
            .after(audited(&role));
        self.core.commit(tx, actor, &event).await?;
        Ok(role)
    }

    async fn try_delete(&self, actor: &Actor, id: i64) -> Result<(), Fault> {
        actor.may(Operation::DeleteRole)?;
        let mut tx = self.core.db.begin().await?;
        let conn = &mut tx.conn();
        let before = editable(conn, id).await?;
        if store::holders(conn, id).await? > 0 {
            return Err(Error::Conflict(Conflict::RoleInUse).into());
        }
        store::delete(conn, id).await?;
        let event = Event::done(Action::RoleDeleted, id.to_string()).before(audited(&before));
        self.core.commit(tx, actor, &event).await
    }

    async fn try_assign(
        &self,
        actor: &Actor,
        principal: &Principal,
        give: &[String],
        take: &[String],
    ) -> Result<(), Fault> {
        actor.may(Operation::AssignRoles)?;
        let mut tx = self.core.db.begin().await?;
        let conn = &mut tx.conn();
        let user = find(conn, principal).await?;
        let event = assign_to(conn, actor, &user, give, take).await?;
        self.core.commit(tx, actor, &event).await
    }

    async fn try_set_self_service(
        &self,
        actor: &Actor,
        whose: &SelfServiceOf,
        allowed: bool,
    ) -> Result<(), Fault> {
        actor.may(Operation::AssignRoles)?;
        let mut tx = self.core.db.begin().await?;
        let conn = &mut tx.conn();
        let (object, changed) = match whose {
            SelfServiceOf::User(principal) => {
                let user = find(conn, principal).await?;
                let id = UserId(user.id);
                let changed = user_store::set_self_service_withdrawn(conn, id, !allowed).await?;
                (user.identity()?.to_string(), changed)
            }
            SelfServiceOf::Domain(domain_type, domain) => {
                let domain = domain_type.domain(domain);
                let domain = domain.map_err(|problem| FieldError::new("domain", problem))?;
                let changed =
                    store::set_domain_withdrawn(conn, *domain_type, &domain, !allowed).await?;
                (format!("{domain}:*:{domain_type}"), changed)
            }
        };
        if !changed {
            return Ok(());
        }
        let event = Event::done(Action::SelfServiceChanged, object)
            .before(json!({ "selfService": !allowed }))
            .after(json!({ "selfService": allowed }));
        self.core.commit(tx, actor, &event).await
    }
}

/// Gives a user roles and takes some away, within the rules.
async fn assign_to(
    conn: &mut Conn<'_>,
    actor: &Actor,
    user: &UserRow,
    give: &[String],
    take: &[String],
) -> Result<Event, Fault> {
    let id = UserId(user.id);
    if id == actor.identity.id {
        return Err(Error::Refused(Refusal::OwnRoles).into());
    }
    let deciders = Deciders::before(conn).await?;
    let before = held_by(conn, id).await?;
    let administrator = BuiltInRole::Administrator;
    // Locks them: whoever else takes administrators away waits, and counts anew.
    user_store::enabled_holders(conn, administrator.id()).await?;
    for name in give {
        let role = named(conn, name).await?;
        if !actor.rights.covers(rights_of(conn, role).await?) {
            return Err(Error::Refused(Refusal::RoleExceedsOwn).into());
        }
        store::grant(conn, id, role).await?;
        // What an administrator decided, no group takes back.
        saml::forget_role(conn, id, role).await?;
    }
    for name in take {
        let role = named(conn, name).await?;
        if !actor.rights.covers(rights_of(conn, role).await?) {
            return Err(Error::Refused(Refusal::RoleExceedsOwn).into());
        }
        store::withdraw(conn, id, role).await?;
        saml::forget_role(conn, id, role).await?;
    }
    if before.names.iter().any(|name| name == administrator.name())
        && user_store::enabled_holders(conn, administrator.id()).await? == 0
    {
        return Err(Error::Refused(Refusal::LastAdministrator).into());
    }
    deciders.refuse_too_few(conn).await?;
    let after = held_by(conn, id).await?;
    Ok(
        Event::done(Action::RolesAssigned, user.identity()?.to_string())
            .before(json!({ "roles": before.names }))
            .after(json!({ "roles": after.names })),
    )
}

/// Checks a role's texts, and that it grants nothing beyond what the caller holds.
fn check(actor: &Actor, wanted: &RoleChange) -> Result<(String, String), Error> {
    let texts = check_texts(&wanted.name, &wanted.description).map_err(Error::Invalid)?;
    if actor.rights.covers(Rights::on_everything(wanted.grants)) {
        Ok(texts)
    } else {
        Err(Error::Refused(Refusal::RoleExceedsOwn))
    }
}

/// A role that may be changed, which nobody else changes meanwhile.
async fn editable(conn: &mut Conn<'_>, id: i64) -> Result<Role, Fault> {
    store::lock(conn, id).await?;
    let role = one_of(store::by_id(conn, id).await?)?;
    if role.built_in {
        return Err(Error::Refused(Refusal::SystemDefined).into());
    }
    Ok(role)
}

/// The number of a role by its name.
pub(crate) async fn named(conn: &mut Conn<'_>, name: &str) -> Result<i64, Fault> {
    let found = store::find(conn, name).await?;
    found.ok_or_else(|| FieldError::new("role", Problem::Unknown).into())
}

/// What a role grants, its own-key part included.
pub(crate) async fn rights_of(conn: &mut Conn<'_>, id: i64) -> Result<Rights, Fault> {
    if let Some(role) = BuiltInRole::from_id(id) {
        return Ok(role.rights());
    }
    let role = one_of(store::by_id(conn, id).await?)?;
    Ok(Rights::on_everything(role.grants))
}

pub(crate) fn names_of(grants: Grants) -> impl Iterator<Item = (&'static str, &'static str)> {
    grants
        .iter()
        .map(|(namespace, permission)| (namespace.as_str(), permission.as_str()))
}

fn one_of(rows: Vec<RoleRow>) -> Result<Role, Error> {
    roles_of(rows).pop().ok_or(Error::NotFound)
}

/// Puts roles together from rows in the order of their numbers.
fn roles_of(rows: Vec<RoleRow>) -> Vec<Role> {
    let mut roles: Vec<Role> = Vec::new();
    for row in rows {
        let grants = match BuiltInRole::from_id(row.id) {
            Some(role) => role.rights().on_others(),
            None => granted(row.namespace.as_deref(), row.permission.as_deref()),
        };
        match roles.last_mut() {
            Some(last) if last.id == row.id => last.grants |= grants,
            _ => roles.push(Role {
                id: row.id,
                name: row.name,
                description: row.description,
                built_in: row.built_in,
                grants,
            }),
        }
    }
    roles
}

/// Every role.
pub(crate) async fn all(conn: &mut Conn<'_>) -> Result<Vec<Role>, Fault> {
    Ok(roles_of(store::all(conn).await?))
}

/// A role as the audit trail keeps it.
pub(crate) fn audited(role: &Role) -> Value {
    let grants: Vec<_> = names_of(role.grants)
        .map(|(namespace, permission)| format!("{namespace}:{permission}"))
        .collect();
    json!({ "name": role.name, "description": role.description, "grants": grants })
}

impl Actor {
    /// Whether the actor may do something that does not depend on whose it is, or with what is
    /// others': for what pages offer. The use cases decide it anew.
    pub fn is_offered(&self, operation: Operation) -> bool {
        self.may(operation).is_ok()
    }

    /// As [`Actor::is_offered`], for a page of its own.
    ///
    /// # Errors
    /// Why not. A page is not hidden as a thing is: without View it is not permitted.
    pub fn offered(&self, operation: Operation) -> Result<(), Error> {
        match self.may(operation) {
            Err(Error::NotFound) => Err(Error::NotPermitted),
            answer => answer,
        }
    }

    /// As [`Actor::is_offered`], with what is their own.
    pub fn is_offered_own(&self, operation: Operation) -> bool {
        self.may_with(operation, Whose::Own).is_ok()
    }

    /// Whether the actor may do something that does not depend on whose it is.
    ///
    /// # Errors
    /// What [`decide`] says, and [`Refusal::PasswordChangeNeeded`].
    pub(crate) fn may(&self, operation: Operation) -> Result<(), Error> {
        self.may_with(operation, Whose::Others)
    }

    /// Whether the actor may do something with a thing of that ownership.
    ///
    /// # Errors
    /// As [`Actor::may`].
    pub(crate) fn may_with(&self, operation: Operation, whose: Whose) -> Result<(), Error> {
        self.settled()?;
        decide(operation, whose, self.rights, self.via.means())
    }
}
