//! Who holds a role: seeing it, giving it to several users and taking it from them.

use domain::{
    audit::Action,
    error::{Error, FieldError, Problem},
    operation::Operation,
    principal::{Identity, Principal, UserId},
};

use super::{Roles, assign_to, one_of};
use crate::{
    Actor,
    fault::Fault,
    list::Page,
    store::{roles as store, users::query},
    users::{UserQuery, find},
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
