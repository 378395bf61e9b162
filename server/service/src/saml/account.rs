//! Whose account an assertion opens: made, claimed, bound; and the roles that groups give.

use domain::{
    audit::{Action, Event},
    principal::{DomainType, Identity, UserId, fold},
    role::BuiltInRole,
    saml::{Cause, Person, roles_of},
};
use serde_json::json;

use super::{Known, Saml, Trouble};
use crate::{
    Actor, Origin,
    audit::Who,
    fault::Fault,
    roles,
    store::{
        Conn, Tx, roles as role_store, saml as store,
        users::{self, UserRow},
    },
};

impl Saml {
    /// Finds or makes the account, binds it, and gives and takes its roles.
    pub(super) async fn enter(
        &self,
        tx: &mut Tx,
        known: &Known,
        person: &Person,
        origin: &Origin,
    ) -> Result<Identity, Trouble> {
        let core = &*self.core;
        let now = core.clock.now();
        let found = find(&mut tx.conn(), known, person).await?;
        let mut house = Actor::job();
        house.origin = origin.clone();
        let identity = match found {
            Some(user) => user.identity()?,
            None => {
                let principal = &person.principal;
                let folded =
                    fold(DomainType::Saml, &principal.name).map_err(|_| Cause::UnusableName)?;
                let conn = &mut tx.conn();
                let id = users::insert(conn, principal, &folded, None, false, now)
                    .await?
                    .ok_or(Fault::Broken("an account was made twice at once"))?;
                let identity = Identity {
                    id,
                    principal: principal.clone(),
                };
                let event = Event::done(Action::UserCreated, identity.to_string())
                    .after(json!({ "roles": [], "provider": known.settings.name }));
                core.append(tx, Who::from(&house), &event).await?;
                identity
            }
        };
        let conn = &mut tx.conn();
        let bound = person.bound_to.as_deref();
        let names = (&*person.mail, &*person.display_name);
        store::bind_user(conn, identity.id, known.id, bound, names, now).await?;
        if let Some(event) = adjust_roles(conn, known, person, &identity).await? {
            core.append(tx, Who::from(&house), &event).await?;
        }
        Ok(identity)
    }

    /// Why an account would not let a person in. `None`: it would.
    pub(super) async fn would_enter(
        &self,
        conn: &mut Conn<'_>,
        known: &Known,
        person: &Person,
    ) -> Result<Option<Cause>, Fault> {
        match find(conn, known, person).await {
            Ok(_) => Ok(None),
            Err(Trouble::Cause(cause)) => Ok(Some(cause)),
            Err(Trouble::Fault(fault)) => Err(fault),
        }
    }
}

/// The person's account. `None`: there is none, and one may be made.
async fn find(
    conn: &mut Conn<'_>,
    known: &Known,
    person: &Person,
) -> Result<Option<UserRow>, Trouble> {
    let principal = &person.principal;
    let folded = fold(DomainType::Saml, &principal.name).map_err(|_| Cause::UnusableName)?;
    let user = users::find(conn, DomainType::Saml, &principal.domain, &folded).await?;
    let holder = match &person.bound_to {
        Some(name_id) => store::user_of_subject(conn, known.id, name_id).await?,
        None => None,
    };
    match (&user, holder) {
        (Some(user), Some(holder)) if UserId(user.id) == holder => {}
        // The subject is somebody else here already.
        (_, Some(_)) => return Err(Cause::SubjectTaken.into()),
        (None, None) if known.settings.create_users => {}
        (None, None) => return Err(Cause::NoAccount.into()),
        (Some(user), None) => {
            // Also to whoever comes with a name that does not last: a binding is never loosened.
            if store::bound_subject(conn, UserId(user.id)).await?.is_some() {
                return Err(Cause::NameTaken.into());
            }
        }
    }
    if user.as_ref().is_some_and(|user| user.disabled_at.is_some()) {
        return Err(Cause::AccountDisabled.into());
    }
    Ok(user)
}

/// Gives the roles of the person's groups, and takes those away that a group gave before. What an
/// administrator gave stays; so does the last Administrator.
async fn adjust_roles(
    conn: &mut Conn<'_>,
    known: &Known,
    person: &Person,
    identity: &Identity,
) -> Result<Option<Event>, Fault> {
    let id = identity.id;
    let before = roles::held_by(conn, id).await?.names;
    let mut wanted = Vec::new();
    for name in roles_of(&person.groups, &known.settings.group_roles) {
        // One that was deleted since gives nothing.
        wanted.extend(role_store::find(conn, name).await?);
    }
    let given = store::roles_by_group(conn, id).await?;
    let held = role_store::held_by(conn, id).await?;
    for role in &wanted {
        if !held.iter().any(|row| row.role_id == *role) {
            role_store::grant(conn, id, *role).await?;
            store::note_role(conn, id, *role).await?;
        }
    }
    let administrator = BuiltInRole::Administrator.id();
    // Locks them: whoever else takes administrators away waits, and counts anew.
    users::enabled_holders(conn, administrator).await?;
    for role in given.iter().filter(|role| !wanted.contains(role)) {
        if *role == administrator && users::enabled_holders(conn, administrator).await? <= 1 {
            tracing::warn!("the last administrator's group is gone; the role stays");
            continue;
        }
        role_store::withdraw(conn, id, *role).await?;
        store::forget_role(conn, id, *role).await?;
    }
    let after = roles::held_by(conn, id).await?.names;
    if before == after {
        return Ok(None);
    }
    let event = Event::done(Action::RolesAssigned, identity.to_string())
        .before(json!({ "roles": before }))
        .after(json!({ "roles": after, "provider": known.settings.name }));
    Ok(Some(event))
}
