//! Finding users.

use domain::{
    error::Error,
    filter::{Field, Kind},
    operation::Operation,
    permission::Whose,
    principal::Identity,
};

use super::Users;
use crate::{
    Actor,
    list::{Page, Query},
    store::users::query,
};

/// The fields of a user that lists are filtered and sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserField {
    /// The name, as it was entered.
    Name,
    /// The domain.
    Domain,
    /// The domain type.
    DomainType,
}

/// The names of the fields on the wire.
pub const USER_FIELDS: &[Field<UserField>] = &[
    Field::new("userName", UserField::Name, Kind::Text),
    Field::new("userDomain", UserField::Domain, Kind::Text),
    Field::new("userDomainType", UserField::DomainType, Kind::Text),
];

/// Which users, in which order, which part of them. The number decides between equals.
pub type UserQuery = Query<UserField>;

impl Users {
    /// The users that match.
    ///
    /// # Errors
    /// No permission to see users.
    pub async fn search(&self, actor: &Actor, wanted: &UserQuery) -> Result<Page<Identity>, Error> {
        let (core, whose) = (&self.core, Whose::Others);
        core.reading(actor, Operation::ViewUsers, whose, "users")
            .await?;
        self.matching(wanted).await
    }

    /// As [`Users::search`], for a form that wants a user's name.
    ///
    /// # Errors
    /// No permission: see [`domain::operation::decide_finding_users`].
    pub async fn find(&self, actor: &Actor, wanted: &UserQuery) -> Result<Page<Identity>, Error> {
        self.finding(actor).await?;
        self.matching(wanted).await
    }

    async fn matching(&self, wanted: &UserQuery) -> Result<Page<Identity>, Error> {
        let mut reader = self.core.db.reader().await?;
        Ok(query::page(&mut reader.conn(), None, wanted).await?)
    }
}
