//! The one table: what an operation takes, and what happens without it.

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Refusal},
    permission::{Namespace, Permission, Rights, Whose},
};

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Operation {
    /// See a key, or the list of keys.
    ViewKey,
    /// Add a key.
    CreateKey,
    /// Change a key's validity or description.
    UpdateKey,
    /// Delete a key.
    DeleteKey,
    /// Replace a key.
    ReissueKey,
    /// Revoke a service principal's key.
    RevokeKey,
    /// See accounts.
    ViewUsers,
    /// Add an account.
    CreateUser,
    /// Disable or enable an account.
    DisableUser,
    /// Set somebody else's password.
    SetPassword,
    /// Change one's own password.
    ChangeOwnPassword,
    /// End one's own sessions.
    EndOwnSessions,
    /// See roles, and who has them.
    ViewRoles,
    /// Add a role.
    CreateRole,
    /// Change what a role grants.
    UpdateRole,
    /// Delete a role.
    DeleteRole,
    /// Give or take roles, and withdraw self-service.
    AssignRoles,
    /// Read, check or export the audit trail.
    ViewAudit,
    /// See the policy.
    ViewPolicy,
    /// Change the policy.
    UpdatePolicy,
    /// See everybody's tickets.
    ViewTickets,
    /// Approve or reject somebody else's ticket.
    DecideTicket,
    /// See what needs approval, and who is exempt.
    ViewApproval,
    /// Change what needs approval, and who is exempt.
    UpdateApproval,
    /// Read one's own notices, and choose which of them come by mail.
    UseNotices,
    /// See webhooks, the mail server and what was sent.
    ViewNotifying,
    /// Add, change and remove webhooks, and send something again.
    UpdateNotifying,
}

/// What an operation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// On what the permissions are needed.
    pub namespace: Namespace,
    /// The permissions, all of them. None: it concerns oneself only and needs none.
    pub needs: &'static [Permission],
    /// Whether the thing is hidden from whoever may not view it, as if it did not exist.
    pub hidden: bool,
    /// Whether a request that an API key authenticated may do it.
    pub with_a_key: bool,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 27] = [
        Self::ViewKey,
        Self::CreateKey,
        Self::UpdateKey,
        Self::DeleteKey,
        Self::ReissueKey,
        Self::RevokeKey,
        Self::ViewUsers,
        Self::CreateUser,
        Self::DisableUser,
        Self::SetPassword,
        Self::ChangeOwnPassword,
        Self::EndOwnSessions,
        Self::ViewRoles,
        Self::CreateRole,
        Self::UpdateRole,
        Self::DeleteRole,
        Self::AssignRoles,
        Self::ViewAudit,
        Self::ViewPolicy,
        Self::UpdatePolicy,
        Self::ViewTickets,
        Self::DecideTicket,
        Self::ViewApproval,
        Self::UpdateApproval,
        Self::UseNotices,
        Self::ViewNotifying,
        Self::UpdateNotifying,
    ];

    /// The operation's row of the table.
    pub const fn row(self) -> Row {
        use Namespace::{ApiKeys, ApprovalSettings, Audit, Roles, Settings, Tickets, Users};
        use Permission::{Create, Delete, ManageAccess, Reissue, Update, View};
        match self {
            // Creating names no key that could be hidden.
            Self::CreateKey => row(ApiKeys, &[View, Create]),
            Self::ViewKey | Self::RevokeKey => row(ApiKeys, &[View]).hiding(),
            Self::UpdateKey => row(ApiKeys, &[View, Update]).hiding(),
            Self::DeleteKey => row(ApiKeys, &[View, Delete]).hiding(),
            Self::ReissueKey => row(ApiKeys, &[View, Delete, Create, Reissue]).hiding(),
            Self::ViewUsers => row(Users, &[View]),
            Self::CreateUser => row(Users, &[View, Create]),
            Self::DisableUser => row(Users, &[View, Update]),
            Self::SetPassword => row(Users, &[View, Update]).without_keys(),
            Self::ChangeOwnPassword | Self::EndOwnSessions | Self::UseNotices => {
                row(Users, &[]).without_keys()
            }
            Self::ViewRoles => row(Roles, &[View]),
            Self::CreateRole => row(Roles, &[View, Create]),
            Self::UpdateRole => row(Roles, &[View, Update]),
            Self::DeleteRole => row(Roles, &[View, Delete]),
            Self::AssignRoles => row(Roles, &[View, ManageAccess]).without_keys(),
            Self::ViewAudit => row(Audit, &[View]),
            Self::ViewPolicy | Self::ViewNotifying => row(Settings, &[View]),
            Self::UpdatePolicy => row(Settings, &[View, Update]),
            Self::ViewTickets => row(Tickets, &[View]),
            Self::DecideTicket => row(Tickets, &[View, Update]).without_keys(),
            Self::ViewApproval => row(ApprovalSettings, &[View]),
            Self::UpdateApproval => row(ApprovalSettings, &[View, Update]).without_keys(),
            // A webhook's secret is shown when it is added.
            Self::UpdateNotifying => row(Settings, &[View, Update]).without_keys(),
        }
    }
}

const fn row(namespace: Namespace, needs: &'static [Permission]) -> Row {
    Row {
        namespace,
        needs,
        hidden: false,
        with_a_key: true,
    }
}

impl Row {
    const fn hiding(self) -> Self {
        Self {
            hidden: true,
            ..self
        }
    }

    const fn without_keys(self) -> Self {
        Self {
            with_a_key: false,
            ..self
        }
    }
}

/// Decides an operation.
///
/// # Errors
/// [`Error::NotFound`] when the thing is hidden from the caller, [`Error::NotPermitted`] when it
/// is visible but a permission is missing, [`Refusal::NotWithAKey`] when only a person may do it.
pub fn decide(
    operation: Operation,
    whose: Whose,
    rights: Rights,
    means: Means,
) -> Result<(), Error> {
    let row = operation.row();
    let may = |permission: &Permission| rights.has(row.namespace, *permission, whose);
    if row.hidden && !may(&Permission::View) {
        return Err(Error::NotFound);
    }
    if !row.needs.iter().all(may) {
        return Err(Error::NotPermitted);
    }
    if means.is_key() && !row.with_a_key {
        return Err(Error::Refused(Refusal::NotWithAKey));
    }
    Ok(())
}

/// Decides whether users may be found by their names: by whoever sees users, and by whoever may
/// make keys for others, who has to name them.
///
/// # Errors
/// As [`decide`] says of seeing users.
pub fn decide_finding_users(rights: Rights, means: Means) -> Result<(), Error> {
    decide(Operation::ViewUsers, Whose::Others, rights, means).or_else(|refusal| {
        decide(Operation::CreateKey, Whose::Others, rights, means).map_err(|_| refusal)
    })
}

/// By what means a request is authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Means {
    /// A browser session.
    Session,
    /// A token from a password sign-in.
    Token,
    /// An API key.
    Key,
    /// A token that was got with an API key: it counts as that key.
    KeyToken,
    /// The command line beside the database.
    Console,
    /// The server's own background work.
    Job,
}

impl Means {
    /// Every means.
    pub const ALL: [Self; 6] = [
        Self::Session,
        Self::Token,
        Self::Key,
        Self::KeyToken,
        Self::Console,
        Self::Job,
    ];

    /// Whether an API key is behind it: some things take a person.
    pub const fn is_key(self) -> bool {
        matches!(self, Self::Key | Self::KeyToken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permission::Grants;

    /// A2, A3, A4: every operation × ownership × set of permissions × means, against the words of
    /// the specification rather than the table.
    #[test]
    fn the_table_says_what_happens_in_every_case() {
        for operation in Operation::ALL {
            let namespace = operation.row().namespace;
            for bits in 0..1_usize << Permission::ALL.len() {
                let held: Vec<_> = Permission::ALL
                    .into_iter()
                    .enumerate()
                    .filter(|(index, _)| bits >> index & 1 == 1)
                    .map(|(_, permission)| permission)
                    .collect();
                let grants = held.iter().fold(Grants::NONE, |all, permission| {
                    all | Grants::one(namespace, *permission)
                });
                for means in Means::ALL {
                    for (rights, whose, reach) in [
                        (Rights::on_everything(grants), Whose::Others, true),
                        (Rights::on_everything(grants), Whose::Own, true),
                        (Rights::on_own(grants), Whose::Own, true),
                        (Rights::on_own(grants), Whose::Others, false),
                    ] {
                        let held = if reach { &*held } else { &[] };
                        assert_eq!(
                            decide(operation, whose, rights, means),
                            expected(operation, held, means),
                            "{operation:?} {whose:?} {held:?} {means:?}"
                        );
                    }
                }
            }
        }
    }

    fn expected(operation: Operation, held: &[Permission], means: Means) -> Result<(), Error> {
        use Operation::{
            AssignRoles, ChangeOwnPassword, CreateKey, CreateRole, CreateUser, DecideTicket,
            DeleteKey, DeleteRole, DisableUser, EndOwnSessions, ReissueKey, RevokeKey, SetPassword,
            UpdateApproval, UpdateKey, UpdateNotifying, UpdatePolicy, UpdateRole, UseNotices,
            ViewApproval, ViewAudit, ViewKey, ViewNotifying, ViewPolicy, ViewRoles, ViewTickets,
            ViewUsers,
        };
        use Permission::{Create, Delete, ManageAccess, Reissue, Update, View};
        let has = |permission| held.contains(&permission);
        let one_s_own = matches!(operation, ChangeOwnPassword | EndOwnSessions | UseNotices);
        let a_key_by_its_tag = matches!(
            operation,
            ViewKey | UpdateKey | DeleteKey | ReissueKey | RevokeKey
        );
        if !one_s_own && !has(View) {
            return Err(if a_key_by_its_tag {
                Error::NotFound
            } else {
                Error::NotPermitted
            });
        }
        let further = match operation {
            ViewKey | RevokeKey | ViewUsers | ViewRoles | ViewAudit | ViewPolicy | ViewTickets
            | ViewApproval | ViewNotifying | ChangeOwnPassword | EndOwnSessions | UseNotices => {
                true
            }
            CreateKey | CreateUser | CreateRole => has(Create),
            UpdateKey | DisableUser | SetPassword | UpdateRole | UpdatePolicy | DecideTicket
            | UpdateApproval | UpdateNotifying => has(Update),
            DeleteKey | DeleteRole => has(Delete),
            ReissueKey => has(Delete) && has(Create) && has(Reissue),
            AssignRoles => has(ManageAccess),
        };
        if !further {
            return Err(Error::NotPermitted);
        }
        let takes_a_person = matches!(
            operation,
            ChangeOwnPassword
                | EndOwnSessions
                | SetPassword
                | AssignRoles
                | DecideTicket
                | UpdateApproval
                | UseNotices
                | UpdateNotifying
        );
        match means {
            Means::Key | Means::KeyToken if takes_a_person => {
                Err(Error::Refused(Refusal::NotWithAKey))
            }
            _ => Ok(()),
        }
    }

    /// A2: every pair of sets of permissions on users and on keys.
    #[test]
    fn users_are_found_by_who_sees_them_or_makes_keys_for_them() {
        let sets = |namespace| {
            (0..1_usize << Permission::ALL.len()).map(move |bits| {
                let held = Permission::ALL.into_iter().enumerate();
                let held = held.filter(|(index, _)| bits >> index & 1 == 1);
                let held = held.map(|(_, permission)| permission).collect::<Vec<_>>();
                let grants = held.iter().fold(Grants::NONE, |all, permission| {
                    all | Grants::one(namespace, *permission)
                });
                (held, grants)
            })
        };
        for (on_users, users) in sets(Namespace::Users) {
            for (on_keys, keys) in sets(Namespace::ApiKeys) {
                let makes = [Permission::View, Permission::Create];
                let may = on_users.contains(&Permission::View)
                    || makes.iter().all(|needed| on_keys.contains(needed));
                let expected = if may {
                    Ok(())
                } else {
                    Err(Error::NotPermitted)
                };
                let rights = Rights::on_everything(users | keys);
                for means in Means::ALL {
                    let found = decide_finding_users(rights, means);
                    assert_eq!(found, expected, "{on_users:?} {on_keys:?} {means:?}");
                }
            }
        }
        // Who makes their own key names nobody.
        let own = Rights::on_own(Grants::ALL);
        assert!(decide_finding_users(own, Means::Session).is_err());
    }

    /// A4.
    #[test]
    fn only_keys_and_their_tokens_count_as_keys() {
        let keys: Vec<_> = Means::ALL
            .into_iter()
            .filter(|means| means.is_key())
            .collect();
        assert_eq!(keys, [Means::Key, Means::KeyToken]);
    }
}
