//! Who stands behind accounts, and whether enough people can decide.

use domain::{
    approval::MIN_DECIDERS,
    error::{Error, Refusal},
    operation::{Means, Operation, decide},
    permission::Whose,
    principal::UserId,
    role::BuiltInRole,
    ticket::{Person, people},
};

use crate::{
    fault::Fault,
    roles,
    store::{Conn, approval, users},
};

/// The person behind an account that is enabled. `None`: there is none.
pub(super) async fn person(conn: &mut Conn<'_>, id: UserId) -> Result<Option<Person>, Fault> {
    let row = users::by_id(conn, id).await?;
    let Some(row) = row.filter(|row| row.disabled_at.is_none()) else {
        return Ok(None);
    };
    Ok(Some(Person {
        identity: row.identity()?,
        mails: approval::mails_of(conn, id.0).await?,
    }))
}

/// The accounts that can decide about tickets.
pub(crate) async fn decider_accounts(conn: &mut Conn<'_>) -> Result<Vec<UserId>, Fault> {
    let roles = [BuiltInRole::Administrator, BuiltInRole::DefaultApprover].map(BuiltInRole::id);
    let mut all = Vec::new();
    for id in approval::possible_deciders(conn, roles).await? {
        let rights = roles::held_by(conn, UserId(id)).await?.rights;
        let may = decide(
            Operation::DecideTicket,
            Whose::Others,
            rights,
            Means::Session,
        );
        if may.is_ok() {
            all.push(UserId(id));
        }
    }
    Ok(all)
}

/// How many different people can decide about tickets.
pub(super) async fn deciders(conn: &mut Conn<'_>) -> Result<usize, Fault> {
    let mut all = Vec::new();
    for id in decider_accounts(conn).await? {
        all.extend(person(conn, id).await?);
    }
    Ok(people(&all))
}

/// Refuses to have approval on with too few people who can decide.
pub(super) async fn require_deciders(conn: &mut Conn<'_>) -> Result<(), Fault> {
    if deciders(conn).await? < MIN_DECIDERS {
        return Err(Error::Refused(Refusal::TooFewApprovers).into());
    }
    Ok(())
}

/// How many people could decide before a change of accounts or roles.
#[derive(Debug)]
pub(crate) struct Deciders(Option<usize>);

impl Deciders {
    /// Before the change. While approval is on, changes that could take approvers away happen one
    /// after the other.
    pub(crate) async fn before(conn: &mut Conn<'_>) -> Result<Self, Fault> {
        if !approval::get(conn).await?.is_on() {
            return Ok(Self(None));
        }
        let settings = approval::lock(conn).await?;
        Ok(Self(if settings.is_on() {
            Some(deciders(conn).await?)
        } else {
            None
        }))
    }

    /// After it, in the same transaction: nobody may be missed without whom nothing can be approved.
    pub(crate) async fn refuse_too_few(self, conn: &mut Conn<'_>) -> Result<(), Fault> {
        let Some(before) = self.0 else { return Ok(()) };
        let after = deciders(conn).await?;
        if after < before && after < MIN_DECIDERS {
            return Err(Error::Refused(Refusal::TooFewApprovers).into());
        }
        Ok(())
    }
}
