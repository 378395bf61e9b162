//! Accounts.

mod owner;
pub mod people;
mod query;

use std::sync::Arc;

use domain::{
    Instant,
    audit::{Action, Event},
    error::{Error, FieldError, Problem, Refusal},
    operation::{Operation, decide},
    permission::Whose,
    principal::{DomainType, Identity, Principal, UserId, fold},
    role::BuiltInRole,
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    Actor,
    core::Core,
    fault::Fault,
    password, roles,
    store::{
        Conn, Tx, roles as role_store, sessions,
        users::{self as store, UserRow},
    },
    tickets::Deciders,
};

pub use self::query::{USER_FIELDS, UserField, UserQuery};

/// The name of the account that the first start makes.
pub(crate) const FIRST_ADMINISTRATOR: &str = "admin";

/// A new account.
#[derive(Debug)]
pub struct NewUser {
    /// The name in the world.
    pub principal: Principal,
    /// Roles by name, besides what everyone holds.
    pub roles: Vec<String>,
    /// The password of a local account. `None`: a SAML user, who has none here.
    pub password: Option<SecretString>,
}

/// What administrators see of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Who.
    pub identity: Identity,
    /// The names of the roles, besides what everyone holds.
    pub roles: Vec<String>,
    /// Whether *API Key Self-Service* was withdrawn from this account.
    pub self_service_withdrawn: bool,
    /// When it was made.
    pub created_at: Instant,
    /// Since when it is disabled. `None`: it is not.
    pub disabled_at: Option<Instant>,
}

/// The use cases of accounts.
#[derive(Clone)]
pub struct Users {
    pub(crate) core: Arc<Core>,
}

impl Users {
    /// Makes a local account.
    ///
    /// # Errors
    /// Wrong fields (`name`, `domain`, `domainType`, `role`, `password`), or no permission.
    pub async fn add(&self, actor: &Actor, wanted: NewUser) -> Result<Identity, Error> {
        let name = wanted.principal.name.clone();
        let result = self.try_add(actor, wanted).await;
        self.core
            .recording_refusal(actor, result, Action::UserCreated, &name)
            .await
    }

    /// Every account, in the order of their numbers.
    pub async fn list(&self, actor: &Actor) -> Result<Vec<User>, Error> {
        let (core, whose) = (&self.core, Whose::Others);
        core.reading(actor, Operation::ViewUsers, whose, "users")
            .await?;
        let (rows, grants) = {
            let mut reader = self.core.db.reader().await?;
            let conn = &mut reader.conn();
            (store::all(conn).await?, role_store::all_grants(conn).await?)
        };
        let users = rows.into_iter().map(|row| {
            let names = grants
                .iter()
                .filter(|(user, _)| *user == row.id)
                .map(|(_, role)| role.clone());
            Ok(User {
                identity: row.identity()?,
                roles: names.collect(),
                self_service_withdrawn: row.self_service_withdrawn,
                created_at: row.created_at.0,
                disabled_at: row.disabled_at.map(Instant::from),
            })
        });
        Ok(users.collect::<Result<_, Fault>>()?)
    }

    /// Disables an account: its sessions end, its key stops.
    ///
    /// # Errors
    /// The last administrator cannot be disabled.
    pub async fn disable(&self, actor: &Actor, principal: &Principal) -> Result<(), Error> {
        let result = self.try_disable(actor, principal).await;
        self.core
            .recording_refusal(actor, result, Action::UserDisabled, &principal.name)
            .await
    }

    /// Enables an account: its key works again.
    pub async fn enable(&self, actor: &Actor, principal: &Principal) -> Result<(), Error> {
        let result = self.try_enable(actor, principal).await;
        self.core
            .recording_refusal(actor, result, Action::UserEnabled, &principal.name)
            .await
    }

    /// Sets somebody's password; it must be changed at the next sign-in, and their sessions end.
    pub async fn set_password(
        &self,
        actor: &Actor,
        principal: &Principal,
        password: SecretString,
    ) -> Result<(), Error> {
        let result = self.try_set_password(actor, principal, password).await;
        self.core
            .recording_refusal(actor, result, Action::PasswordChanged, &principal.name)
            .await
    }

    /// Changes the caller's own password; all their other sessions and tokens end.
    ///
    /// # Errors
    /// `current` or `new` is wrong.
    pub async fn change_password(
        &self,
        actor: &Actor,
        current: SecretString,
        new: SecretString,
    ) -> Result<(), Error> {
        let identity = actor.identity.to_string();
        let result = self.try_change_password(actor, current, new).await;
        self.core
            .recording_refusal(actor, result, Action::PasswordChanged, &identity)
            .await
    }

    /// Makes `admin` when there is no administrator yet, and returns the first password, which
    /// must be changed at the first sign-in. `None`: there is one.
    pub async fn make_first_administrator(&self) -> Result<Option<SecretString>, Error> {
        let core = &*self.core;
        let administrator = BuiltInRole::Administrator;
        let any = async |tx: &mut Tx| -> Result<bool, Fault> {
            let holders = store::enabled_holders(&mut tx.conn(), administrator.id()).await?;
            Ok(holders > 0)
        };
        let mut tx = core.db.begin().await?;
        if any(&mut tx).await? {
            return Ok(None);
        }
        drop(tx);
        let password = password::draw(&*core.entropy)?;
        let hash = core
            .passwords
            .hash(password.clone(), &*core.entropy)
            .await?;
        let principal = Principal::new(DomainType::Unixpwd, "", FIRST_ADMINISTRATOR)
            .map_err(|_| Fault::Broken("the first administrator has no name"))?;
        let roles = [administrator.name().to_owned()];
        match self
            .insert(&Actor::job(), &principal, Some(&hash), true, &roles)
            .await
        {
            Ok(_) => Ok(Some(password)),
            // Another replica was faster; or an account of that name lost the role, and giving it
            // a new password is not for a start of the server.
            Err(Fault::Told(Error::Invalid(_))) => Ok(None),
            Err(fault) => Err(fault.into()),
        }
    }

    /// The first administrator, as long as nobody has changed the first password.
    pub(crate) async fn new_administrator(&self) -> Result<Option<UserId>, Error> {
        let mut reader = self.core.db.reader().await?;
        let conn = &mut reader.conn();
        let found = store::find(conn, DomainType::Unixpwd, "", FIRST_ADMINISTRATOR).await?;
        let new = found.filter(|user| user.password_change_needed);
        Ok(new.map(|user| UserId(user.id)))
    }

    async fn try_add(&self, actor: &Actor, wanted: NewUser) -> Result<Identity, Fault> {
        actor.may(Operation::CreateUser)?;
        let principal = &wanted.principal;
        match (principal.domain_type, &wanted.password) {
            (DomainType::Nbsp, _) => {
                let expected = "one of unixpwd, nt, vx, ldap, saml";
                return Err(FieldError::new("domainType", Problem::malformed(expected)).into());
            }
            (DomainType::Saml, Some(_)) => {
                return Err(FieldError::new("password", Problem::NotAccepted).into());
            }
            (DomainType::Saml, None) if principal.domain.is_empty() => {
                return Err(FieldError::new("domain", Problem::Required).into());
            }
            (DomainType::Saml, None) | (_, Some(_)) => {}
            (_, None) => return Err(FieldError::new("password", Problem::Required).into()),
        }
        if !wanted.roles.is_empty() {
            actor.may(Operation::AssignRoles)?;
        }
        let hash = match wanted.password {
            Some(password) => Some(self.hash_new(password, &principal.name, "password").await?),
            None => None,
        };
        self.insert(actor, principal, hash.as_deref(), false, &wanted.roles)
            .await
    }

    /// Adds an account whose password is hashed already.
    async fn insert(
        &self,
        actor: &Actor,
        principal: &Principal,
        hash: Option<&str>,
        change_needed: bool,
        role_names: &[String],
    ) -> Result<Identity, Fault> {
        let core = &*self.core;
        let folded = fold(principal.domain_type, &principal.name)
            .map_err(|problem| FieldError::new("name", problem))?;
        let now = core.clock.now();
        let mut tx = core.db.begin().await?;
        let conn = &mut tx.conn();
        let id = store::insert(conn, principal, &folded, hash, change_needed, now)
            .await?
            .ok_or_else(|| FieldError::new("name", Problem::Taken))?;
        for name in role_names {
            let role = roles::named(conn, name).await?;
            if !actor.rights.covers(roles::rights_of(conn, role).await?) {
                return Err(Error::Refused(Refusal::RoleExceedsOwn).into());
            }
            role_store::grant(conn, id, role).await?;
        }
        let identity = Identity {
            id,
            principal: principal.clone(),
        };
        let event = Event::done(Action::UserCreated, identity.to_string())
            .after(json!({ "roles": role_names }));
        core.commit(tx, actor, &event).await?;
        Ok(identity)
    }

    async fn try_disable(&self, actor: &Actor, principal: &Principal) -> Result<(), Fault> {
        actor.may(Operation::DisableUser)?;
        let core = &*self.core;
        let mut tx = core.db.begin().await?;
        let conn = &mut tx.conn();
        let deciders = Deciders::before(conn).await?;
        let user = find(conn, principal).await?;
        let id = UserId(user.id);
        // Before the account: whoever executes a ticket goes on to the account.
        let tickets = core.lock_tickets_of(&mut tx, id).await?;
        let conn = &mut tx.conn();
        let administrator = BuiltInRole::Administrator.id();
        let held = role_store::held_by(conn, id).await?;
        if held.iter().any(|row| row.role_id == administrator)
            && user.disabled_at.is_none()
            && store::enabled_holders(conn, administrator).await? <= 1
        {
            return Err(Error::Refused(Refusal::LastAdministrator).into());
        }
        if !store::set_disabled(conn, id, Some(core.clock.now())).await? {
            return Ok(());
        }
        deciders.refuse_too_few(conn).await?;
        let ended = sessions::end_all(conn, id, None).await?;
        core.withdraw_tickets(&mut tx, actor, tickets).await?;
        let event = Event::done(Action::UserDisabled, user.identity()?.to_string())
            .after(json!({ "sessionsEnded": ended }));
        core.commit(tx, actor, &event).await
    }

    async fn try_enable(&self, actor: &Actor, principal: &Principal) -> Result<(), Fault> {
        actor.may(Operation::DisableUser)?;
        let mut tx = self.core.db.begin().await?;
        let conn = &mut tx.conn();
        let user = find(conn, principal).await?;
        if !store::set_disabled(conn, UserId(user.id), None).await? {
            return Ok(());
        }
        let event = Event::done(Action::UserEnabled, user.identity()?.to_string());
        self.core.commit(tx, actor, &event).await
    }

    async fn try_set_password(
        &self,
        actor: &Actor,
        principal: &Principal,
        password: SecretString,
    ) -> Result<(), Fault> {
        actor.may(Operation::SetPassword)?;
        let core = &*self.core;
        let hash = self.hash_new(password, &principal.name, "password").await?;
        let mut tx = core.db.begin().await?;
        let conn = &mut tx.conn();
        let user = find(conn, principal).await?;
        if !user.identity()?.principal.domain_type.is_local() {
            return Err(FieldError::new("name", Problem::malformed("a local account")).into());
        }
        let id = UserId(user.id);
        // Whoever can set a password can become the account: nobody gains rights that way.
        if !actor.rights.covers(roles::held_by(conn, id).await?.rights) {
            return Err(Error::Refused(Refusal::OwnerMayDoMore).into());
        }
        store::set_password(conn, id, None, &hash, true).await?;
        let ended = sessions::end_all(conn, id, None).await?;
        let event = Event::done(Action::PasswordChanged, user.identity()?.to_string())
            .after(json!({ "sessionsEnded": ended, "changeNeeded": true }));
        core.commit(tx, actor, &event).await
    }

    async fn try_change_password(
        &self,
        actor: &Actor,
        current: SecretString,
        new: SecretString,
    ) -> Result<(), Fault> {
        let (rights, means) = (actor.rights, actor.via.means());
        decide(Operation::ChangeOwnPassword, Whose::Own, rights, means)?;
        let core = &*self.core;
        let id = actor.identity.id;
        let user = {
            let mut reader = core.db.reader().await?;
            store::by_id(&mut reader.conn(), id).await?
        };
        let present = user
            .and_then(|user| user.password_hash)
            .ok_or(Error::NotPermitted)?;
        let subject = actor.identity.principal.name.clone();
        core.count_attempt(&subject, &actor.origin).await?;
        if !core
            .passwords
            .matches(current, Some(present.clone()))
            .await?
        {
            return Err(FieldError::new("current", Problem::WrongPassword).into());
        }
        core.forget_attempts(&subject, &actor.origin).await?;
        if core
            .passwords
            .matches(new.clone(), Some(present.clone()))
            .await?
        {
            return Err(FieldError::new("new", Problem::SamePassword).into());
        }
        let hash = self
            .hash_new(new, &actor.identity.principal.name, "new")
            .await?;
        let mut tx = core.db.begin().await?;
        let conn = &mut tx.conn();
        if !store::set_password(conn, id, Some(&present), &hash, false).await? {
            return Err(FieldError::new("current", Problem::WrongPassword).into());
        }
        let ended = sessions::end_all(conn, id, actor.via.session_id()).await?;
        let event = Event::done(Action::PasswordChanged, actor.identity.to_string())
            .after(json!({ "sessionsEnded": ended, "changeNeeded": false }));
        core.commit(tx, actor, &event).await
    }

    async fn hash_new(
        &self,
        password: SecretString,
        name: &str,
        field: &'static str,
    ) -> Result<String, Fault> {
        password::check_new(&password, name).map_err(|problem| FieldError::new(field, problem))?;
        self.core
            .passwords
            .hash(password, &*self.core.entropy)
            .await
    }
}

/// The account of that name.
pub(crate) async fn find(conn: &mut Conn<'_>, principal: &Principal) -> Result<UserRow, Fault> {
    let folded = fold(principal.domain_type, &principal.name)
        .map_err(|problem| FieldError::new("name", problem))?;
    store::find(conn, principal.domain_type, &principal.domain, &folded)
        .await?
        .ok_or_else(|| FieldError::new("name", Problem::Unknown).into())
}
