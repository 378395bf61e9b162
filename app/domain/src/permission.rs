//! Who may do what: permissions, roles, and the one table that decides.

use std::ops::{BitOr, BitOrAssign};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Refusal};

/// What may be done to the things of a [`Namespace`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Permission {
    /// See them.
    View,
    /// Add one.
    Create,
    /// Change one.
    Update,
    /// Remove one.
    Delete,
    /// Replace a key by a new one.
    Reissue,
    /// Decide who may do what with them.
    ManageAccess,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 6] = [
        Self::View,
        Self::Create,
        Self::Update,
        Self::Delete,
        Self::Reissue,
        Self::ManageAccess,
    ];
}

/// A family of things that permissions are given on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Namespace {
    /// `|SECURITY|USERS|API-KEYS|`
    ApiKeys,
    /// Accounts, their state, passwords and sessions.
    Users,
    /// Roles and who has them.
    Roles,
    /// Tickets: seeing them (View) and deciding them (Update).
    Tickets,
    /// What needs approval, and who is exempt.
    ApprovalSettings,
    /// The audit trail.
    Audit,
    /// Policy and sign-in.
    Settings,
}

impl Namespace {
    /// Every namespace.
    pub const ALL: [Self; 7] = [
        Self::ApiKeys,
        Self::Users,
        Self::Roles,
        Self::Tickets,
        Self::ApprovalSettings,
        Self::Audit,
        Self::Settings,
    ];
}

/// A set of permissions on namespaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Grants(u64);

impl Grants {
    /// No permission.
    pub const NONE: Self = Self(0);
    /// Every permission on everything.
    pub const ALL: Self = Self((1 << (Namespace::ALL.len() * Permission::ALL.len())) - 1);

    /// One permission on one namespace.
    pub const fn one(namespace: Namespace, permission: Permission) -> Self {
        Self(1 << (namespace as usize * Permission::ALL.len() + permission as usize))
    }

    /// Every permission on one namespace.
    pub const fn every(namespace: Namespace) -> Self {
        Self(((1 << Permission::ALL.len()) - 1) << (namespace as usize * Permission::ALL.len()))
    }

    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is in this set.
    pub const fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the set has this permission.
    pub const fn has(self, namespace: Namespace, permission: Permission) -> bool {
        self.covers(Self::one(namespace, permission))
    }
}

impl BitOr for Grants {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.and(other)
    }
}

impl BitOrAssign for Grants {
    fn bitor_assign(&mut self, other: Self) {
        *self = self.and(other);
    }
}

/// The roles that come with the product and cannot be edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum BuiltInRole {
    /// Everything.
    Administrator,
    /// Keys, approval settings, the audit trail, roles.
    DefaultSecurityAdministrator,
    /// Sees and decides tickets.
    DefaultApprover,
    /// Manages one's own key. Held by everyone who authenticates.
    ApiKeySelfService,
}

impl BuiltInRole {
    /// Every built-in role.
    pub const ALL: [Self; 4] = [
        Self::Administrator,
        Self::DefaultSecurityAdministrator,
        Self::DefaultApprover,
        Self::ApiKeySelfService,
    ];

    /// The number in the database. Never reused.
    pub const fn id(self) -> i64 {
        match self {
            Self::Administrator => 1,
            Self::DefaultSecurityAdministrator => 2,
            Self::DefaultApprover => 3,
            Self::ApiKeySelfService => 4,
        }
    }

    /// The name people know it by.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Administrator => "Administrator",
            Self::DefaultSecurityAdministrator => "Default Security Administrator",
            Self::DefaultApprover => "Default Multi-Person Authorization Approver",
            Self::ApiKeySelfService => "API Key Self-Service",
        }
    }

    /// The built-in role with this number.
    pub fn from_id(id: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.id() == id)
    }

    /// The built-in role with exactly this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// What the role grants.
    pub const fn rights(self) -> Rights {
        match self {
            Self::Administrator => Rights::on_everything(Grants::ALL),
            Self::DefaultSecurityAdministrator => Rights::on_everything(
                Grants::every(Namespace::ApiKeys)
                    .and(Grants::every(Namespace::ApprovalSettings))
                    .and(Grants::every(Namespace::Audit))
                    .and(Grants::every(Namespace::Roles)),
            ),
            Self::DefaultApprover => Rights::on_everything(
                Grants::one(Namespace::Tickets, Permission::View)
                    .and(Grants::one(Namespace::Tickets, Permission::Update)),
            ),
            Self::ApiKeySelfService => Rights {
                all: Grants::NONE,
                own: Grants::one(Namespace::ApiKeys, Permission::View)
                    .and(Grants::one(Namespace::ApiKeys, Permission::Create))
                    .and(Grants::one(Namespace::ApiKeys, Permission::Update))
                    .and(Grants::one(Namespace::ApiKeys, Permission::Delete))
                    .and(Grants::one(Namespace::ApiKeys, Permission::Reissue)),
            },
        }
    }
}

/// What a principal may do: the sum of the roles it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rights {
    /// On things whoever owns them.
    all: Grants,
    /// On one's own things only.
    own: Grants,
}

impl Rights {
    /// No rights.
    pub const NONE: Self = Self::on_everything(Grants::NONE);

    /// Rights that hold whoever owns the thing.
    pub const fn on_everything(grants: Grants) -> Self {
        Self {
            all: grants,
            own: Grants::NONE,
        }
    }

    /// The rights of several roles together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            all: self.all.and(other.all),
            own: self.own.and(other.own),
        }
    }

    /// Whether the permission is held on things of that ownership.
    pub fn has(self, namespace: Namespace, permission: Permission, whose: Whose) -> bool {
        let grants = match whose {
            Whose::Own => self.all | self.own,
            Whose::Others => self.all,
        };
        grants.has(namespace, permission)
    }
}

/// Whose thing is acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Whose {
    /// The actor's own.
    Own,
    /// Somebody else's.
    Others,
}

/// What can be done with keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyOperation {
    /// See one, or the list.
    View,
    /// Add one.
    Create,
    /// Delete one.
    Delete,
}

impl KeyOperation {
    /// Every operation.
    pub const ALL: [Self; 3] = [Self::View, Self::Create, Self::Delete];

    /// The permissions it takes, all of them.
    pub const fn needs(self) -> &'static [Permission] {
        match self {
            Self::View => &[Permission::View],
            Self::Create => &[Permission::View, Permission::Create],
            Self::Delete => &[Permission::View, Permission::Delete],
        }
    }
}

/// Decides an operation on a key.
///
/// # Errors
/// [`Error::NotFound`] when the actor may not even know of the key, [`Error::NotPermitted`] when
/// it is visible but the permission is missing. Creating names no key that could be hidden, so
/// there it is always [`Error::NotPermitted`].
pub fn decide(operation: KeyOperation, whose: Whose, rights: Rights) -> Result<(), Error> {
    let may = |permission: &Permission| rights.has(Namespace::ApiKeys, *permission, whose);
    if operation.needs().iter().all(may) {
        Ok(())
    } else if operation == KeyOperation::Create || may(&Permission::View) {
        Err(Error::NotPermitted)
    } else {
        Err(Error::NotFound)
    }
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

    /// Refuses what is withheld from API keys and from tokens got with one: browser sessions,
    /// passwords, second factors, roles, approval settings, deciding tickets.
    ///
    /// # Errors
    /// [`Refusal::NotWithAKey`].
    pub const fn not_with_a_key(self) -> Result<(), Error> {
        match self {
            Self::Key | Self::KeyToken => Err(Error::Refused(Refusal::NotWithAKey)),
            Self::Session | Self::Token | Self::Console | Self::Job => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(permissions: &[Permission]) -> Grants {
        permissions.iter().fold(Grants::NONE, |all, permission| {
            all | Grants::one(Namespace::ApiKeys, *permission)
        })
    }

    #[test]
    fn grants_of_different_places_never_meet() {
        let mut seen = Grants::NONE;
        for namespace in Namespace::ALL {
            for permission in Permission::ALL {
                let one = Grants::one(namespace, permission);
                assert!(!seen.covers(one), "{namespace:?} {permission:?}");
                assert!(Grants::every(namespace).covers(one));
                seen |= one;
            }
        }
        assert_eq!(seen, Grants::ALL);
    }

    /// A3 and the rest of the table: every operation against every set of permissions.
    #[test]
    fn an_operation_takes_all_its_permissions_and_hides_what_one_may_not_view() {
        for bits in 0..1_usize << Permission::ALL.len() {
            let held: Vec<_> = Permission::ALL
                .into_iter()
                .enumerate()
                .filter(|(index, _)| bits >> index & 1 == 1)
                .map(|(_, permission)| permission)
                .collect();
            let rights = Rights::on_everything(holding(&held));
            let view = held.contains(&Permission::View);
            for whose in [Whose::Own, Whose::Others] {
                let expected = |needed: Permission| match (view, held.contains(&needed)) {
                    (true, true) => Ok(()),
                    (true, false) => Err(Error::NotPermitted),
                    (false, _) => Err(Error::NotFound),
                };
                assert_eq!(
                    decide(KeyOperation::View, whose, rights),
                    expected(Permission::View)
                );
                assert_eq!(
                    decide(KeyOperation::Delete, whose, rights),
                    expected(Permission::Delete)
                );
                assert_eq!(
                    decide(KeyOperation::Create, whose, rights),
                    if view && held.contains(&Permission::Create) {
                        Ok(())
                    } else {
                        Err(Error::NotPermitted)
                    }
                );
            }
        }
    }

    #[test]
    fn self_service_reaches_one_s_own_key_and_no_other() {
        let rights = BuiltInRole::ApiKeySelfService.rights();
        for operation in KeyOperation::ALL {
            assert_eq!(decide(operation, Whose::Own, rights), Ok(()));
            assert!(decide(operation, Whose::Others, rights).is_err());
        }
        assert!(!rights.has(Namespace::ApiKeys, Permission::ManageAccess, Whose::Own));
        assert!(!rights.has(Namespace::Users, Permission::View, Whose::Own));
    }

    #[test]
    fn built_in_roles_are_found_by_number_and_name() {
        for role in BuiltInRole::ALL {
            assert_eq!(BuiltInRole::from_id(role.id()), Some(role));
            assert_eq!(BuiltInRole::from_name(role.name()), Some(role));
        }
        assert_eq!(BuiltInRole::from_id(0), None);
        assert_eq!(BuiltInRole::from_name("administrator"), None);
    }

    #[test]
    fn an_approver_sees_and_decides_tickets_and_nothing_else() {
        let rights = BuiltInRole::DefaultApprover.rights();
        for namespace in Namespace::ALL {
            for permission in Permission::ALL {
                let expected = namespace == Namespace::Tickets
                    && matches!(permission, Permission::View | Permission::Update);
                assert_eq!(
                    rights.has(namespace, permission, Whose::Others),
                    expected,
                    "{namespace:?} {permission:?}"
                );
            }
        }
    }

    /// A4.
    #[test]
    fn only_keys_and_their_tokens_count_as_keys() {
        let withheld: Vec<_> = Means::ALL
            .into_iter()
            .filter(|means| means.not_with_a_key().is_err())
            .collect();
        assert_eq!(withheld, [Means::Key, Means::KeyToken]);
    }
}
