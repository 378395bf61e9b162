//! Permissions on namespaces, and sets of them. What they allow stands in [`crate::operation`].

use std::ops::{BitOr, BitOrAssign};

use serde::{Deserialize, Serialize};

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

    /// The name in the database and in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Reissue => "reissue",
            Self::ManageAccess => "manage-access",
        }
    }

    /// The one with exactly this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
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

    /// The name in the database and in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApiKeys => "api-keys",
            Self::Users => "users",
            Self::Roles => "roles",
            Self::Tickets => "tickets",
            Self::ApprovalSettings => "approval-settings",
            Self::Audit => "audit",
            Self::Settings => "settings",
        }
    }

    /// The one with exactly this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
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

    /// The permissions of the set, namespace by namespace.
    pub fn iter(self) -> impl Iterator<Item = (Namespace, Permission)> {
        Namespace::ALL.into_iter().flat_map(move |namespace| {
            Permission::ALL
                .into_iter()
                .filter(move |permission| self.has(namespace, *permission))
                .map(move |permission| (namespace, permission))
        })
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

    /// Rights on one's own things only.
    pub const fn on_own(grants: Grants) -> Self {
        Self {
            all: Grants::NONE,
            own: grants,
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

    /// What is held whoever owns the thing.
    pub const fn on_others(self) -> Grants {
        self.all
    }

    /// Whether all of `other` is held.
    pub const fn covers(self, other: Self) -> bool {
        self.all.covers(other.all) && self.all.and(self.own).covers(other.own)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_of_different_places_never_meet() {
        let mut seen = Grants::NONE;
        for namespace in Namespace::ALL {
            for permission in Permission::ALL {
                let one = Grants::one(namespace, permission);
                assert!(!seen.covers(one), "{namespace:?} {permission:?}");
                assert!(Grants::every(namespace).covers(one));
                assert_eq!(one.iter().collect::<Vec<_>>(), [(namespace, permission)]);
                seen |= one;
            }
        }
        assert_eq!(seen, Grants::ALL);
        // Together, not the difference: what both hold stays.
        assert_eq!(seen | seen, seen);
        assert_eq!(Grants::NONE.iter().count(), 0);
        assert_eq!(Grants::ALL.iter().count(), 42);
    }

    #[test]
    fn names_read_back() {
        for namespace in Namespace::ALL {
            assert_eq!(Namespace::from_name(namespace.as_str()), Some(namespace));
        }
        for permission in Permission::ALL {
            assert_eq!(Permission::from_name(permission.as_str()), Some(permission));
        }
        assert_eq!(Namespace::from_name("keys"), None);
        assert_eq!(Permission::from_name("VIEW"), None);
    }

    #[test]
    fn rights_on_everything_cover_rights_on_one_s_own_and_not_the_reverse() {
        let view = Grants::one(Namespace::ApiKeys, Permission::View);
        let (all, own) = (Rights::on_everything(view), Rights::on_own(view));
        assert!(all.covers(own) && all.covers(all) && own.covers(own));
        assert!(!own.covers(all));
        assert!(own.covers(Rights::NONE) && !Rights::NONE.covers(own));
        for (rights, whose, has) in [
            (all, Whose::Own, true),
            (all, Whose::Others, true),
            (own, Whose::Own, true),
            (own, Whose::Others, false),
        ] {
            assert_eq!(rights.has(Namespace::ApiKeys, Permission::View, whose), has);
            assert!(!rights.has(Namespace::ApiKeys, Permission::Create, whose));
            assert!(!rights.has(Namespace::Users, Permission::View, whose));
        }
        assert_eq!(all.on_others(), view);
        assert_eq!(own.on_others(), Grants::NONE);
        assert_eq!(all.and(own).and(Rights::NONE), all.and(own));
    }
}
