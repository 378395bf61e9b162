//! Who holds a role: seeing it, giving it to several users and taking it from them.

use domain::{
    audit::Action,
    error::{Error, FieldError, Problem},
    operation::Operation,
    permission::Rights,
    principal::{Identity, Principal, UserId},
    role::{BuiltInRole, Role},
};

use super::{Roles, assign_to, one_of};
use crate::{
    Actor,
    fault::Fault,
    list::Page,
    store::{
        roles as store,
        users::{UserRow, people, query},
    },
    users::{UserQuery, find, people::MAX_COUNTED},
};

/// Somebody as a caller names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// By name.
    pub principal: Principal,
    /// And by number, which must then be that account's. `None`: the name is enough.
    pub id: Option<UserId>,
}

impl Roles {
    /// The users who hold a role.
    ///
    /// # Errors
    /// No permission, or there is no such role.
    pub async fn holders(
        &self,
        actor: &Actor,
        id: i64,
        wanted: &UserQuery,
    ) -> Result<Page<Identity>, Error> {
        let role = self.get(actor, id).await?;
        let mut reader = self.core.db.reader().await?;
        Ok(query::page(&mut reader.conn(), Some(role.id), wanted).await?)
    }

    /// Every role and how many hold it, up to one more than [`MAX_COUNTED`].
    ///
    /// # Errors
    /// No permission.
    pub async fn overview(&self, actor: &Actor) -> Result<Vec<(Role, u64)>, Error> {
        self.reading(actor).await?;
        let mut reader = self.core.db.reader().await?;
        let conn = &mut reader.conn();
        let counts = people::holders_per_role(conn, MAX_COUNTED.cast_signed() + 1).await?;
        let count = |id| {
            let found = counts.iter().find(|(role, _)| *role == id);
            found.map_or(0, |(_, count)| count.cast_unsigned())
        };
        let roles = super::all(conn).await?.into_iter();
        Ok(roles.map(|role| (role.clone(), count(role.id))).collect())
    }

    /// The names of the roles that the caller holds all of, and so can give to others.
    ///
    /// # Errors
    /// No permission.
    pub async fn giveable(&self, actor: &Actor) -> Result<Vec<String>, Error> {
        let roles = self.list(actor).await?.into_iter();
        let giveable = roles.filter(|role| can_give(actor, role));
        Ok(giveable.map(|role| role.name).collect())
    }

    /// The users who hold a role, in the order of their numbers, and whether there are more.
    ///
    /// # Errors
    /// No permission, or there is no such role.
    pub async fn holders_after(
        &self,
        actor: &Actor,
        id: i64,
        after: UserId,
        limit: u32,
    ) -> Result<(Vec<Identity>, bool), Error> {
        let role = self.get(actor, id).await?;
        let mut reader = self.core.db.reader().await?;
        let mut rows = people::holders(&mut reader.conn(), role.id, after.0, limit + 1).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let found = rows.iter().map(UserRow::identity);
        Ok((found.collect::<Result<_, Fault>>()?, more))
    }

    /// Gives a role to users: to all of them or to none.
    ///
    /// # Errors
    /// `[n]`: there is no nth user; there is no such role; and as [`Roles::assign`].
    pub async fn give(&self, actor: &Actor, id: i64, users: &[Member]) -> Result<(), Error> {
        self.hand(actor, id, users, true).await
    }

    /// Takes a role from users: from all of them or from none.
    ///
    /// # Errors
    /// As [`Roles::give`].
    pub async fn take(&self, actor: &Actor, id: i64, users: &[Member]) -> Result<(), Error> {
        self.hand(actor, id, users, false).await
    }

    async fn hand(
        &self,
        actor: &Actor,
        id: i64,
        users: &[Member],
        give: bool,
    ) -> Result<(), Error> {
        let result = self.try_hand(actor, id, users, give).await;
        let object = format!("role {id}");
        self.core
            .recording_refusal(actor, result, Action::RolesAssigned, &object)
            .await
    }

    async fn try_hand(
        &self,
        actor: &Actor,
        id: i64,
        users: &[Member],
        give: bool,
    ) -> Result<(), Fault> {
        actor.may(Operation::AssignRoles)?;
        let mut tx = self.core.db.begin().await?;
        let name = [one_of(store::by_id(&mut tx.conn(), id).await?)?.name];
        let (given, taken) = if give {
            (&name[..], &[][..])
        } else {
            (&[][..], &name[..])
        };
        // Records come last in a transaction: appending locks the chain for everybody.
        let mut events = Vec::new();
        for (index, member) in users.iter().enumerate() {
            let conn = &mut tx.conn();
            let user = find(conn, &member.principal).await;
            let unknown = |problem| FieldError::new(format!("[{index}]"), problem);
            let user = match user {
                Ok(user) if member.id.is_none_or(|id| id.0 == user.id) => user,
                Ok(_) => return Err(unknown(Problem::Unknown).into()),
                Err(Fault::Told(Error::Invalid(mut fields))) => {
                    let problem = fields.pop().map(|field| field.problem);
                    let problem = problem.unwrap_or(Problem::Unknown);
                    return Err(unknown(problem).into());
                }
                Err(fault) => return Err(fault),
            };
            events.push(assign_to(conn, actor, &user, given, taken).await?);
        }
        for event in &events {
            self.core.append(&mut tx, actor.into(), event).await?;
        }
        tx.commit_unrecorded().await
    }
}

/// Whether the caller holds all that a role grants. What everyone holds is withdrawn and given
/// back, not given.
pub(crate) fn can_give(actor: &Actor, role: &Role) -> bool {
    role.id != BuiltInRole::ApiKeySelfService.id() && can_take(actor, role)
}

/// Whether the caller can take a role away.
pub(crate) fn can_take(actor: &Actor, role: &Role) -> bool {
    let built_in = BuiltInRole::from_id(role.id).map(BuiltInRole::rights);
    let rights = built_in.unwrap_or(Rights::on_everything(role.grants));
    actor.rights.covers(rights)
}
