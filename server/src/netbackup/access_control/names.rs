//! What namespaces and operations are called on the wire.

use domain::permission::{Namespace, Permission};
use serde_json::Value;

use crate::netbackup::api::schema;

/// A namespace's name.
pub(super) const fn namespace(namespace: Namespace) -> &'static str {
    match namespace {
        Namespace::ApiKeys => "|SECURITY|USERS|API-KEYS|",
        Namespace::Users => "|SECURITY|USERS|",
        Namespace::Roles => "|SECURITY|ACCESS-CONTROL|ROLES|",
        Namespace::Tickets => "|SECURITY|MULTI-PERSON-AUTHORIZATION|TICKETS|",
        Namespace::ApprovalSettings => "|SECURITY|MULTI-PERSON-AUTHORIZATION|CONFIGURATION|",
        Namespace::Audit => "|SECURITY|AUDIT-LOGS|",
        Namespace::Settings => "|SECURITY|SETTINGS|",
    }
}

/// The namespace with exactly this name.
pub(crate) fn namespace_of(name: &str) -> Option<Namespace> {
    Namespace::ALL
        .into_iter()
        .find(|one| namespace(*one) == name)
}

/// An operation's name.
pub(super) const fn operation(permission: Permission) -> &'static str {
    match permission {
        Permission::View => "|OPERATIONS|VIEW|",
        Permission::Create => "|OPERATIONS|ADD|",
        Permission::Update => "|OPERATIONS|UPDATE|",
        Permission::Delete => "|OPERATIONS|DELETE|",
        Permission::Reissue => "|OPERATIONS|SECURITY|USERS|API-KEYS|REISSUE|",
        Permission::ManageAccess => "|OPERATIONS|MANAGE-ACCESS|",
    }
}

/// Revoking takes no more than seeing here, so whoever is given this may see.
const REVOKE: &str = "|OPERATIONS|SECURITY|USERS|API-KEYS|REVOKE|";

/// The permission that an operation's name stands for on a namespace.
pub(crate) fn permission_of(on: Namespace, name: &str) -> Option<Permission> {
    if (on, name) == (Namespace::ApiKeys, REVOKE) {
        return Some(Permission::View);
    }
    on_namespace(on).find(|permission| operation(*permission) == name)
}

/// The schema of a namespace's name.
pub(super) fn namespace_schema() -> Value {
    schema::one_of(&Namespace::ALL.map(namespace))
}

/// The schema of the names of operations. Which of them a namespace has is not in it.
pub(super) fn operations_schema() -> Value {
    let names: Vec<_> = Permission::ALL
        .into_iter()
        .map(operation)
        .chain([REVOKE])
        .collect();
    schema::list(&schema::one_of(&names))
}

/// The schema of what a role grants on one namespace.
pub(crate) fn access_definition() -> Value {
    schema::whole(&[
        ("namespace", namespace_schema()),
        ("operations", operations_schema()),
    ])
}

/// As [`operations_schema`], in a body: one at least.
pub(super) fn wanted_operations() -> Value {
    let mut operations = operations_schema();
    operations["minItems"] = 1.into();
    operations
}

/// As [`access_definition`], in a body.
pub(crate) fn wanted_definition() -> Value {
    schema::whole(&[
        ("namespace", namespace_schema()),
        ("operations", wanted_operations()),
    ])
}

/// The permissions that mean something on a namespace: only keys are reissued.
pub(super) fn on_namespace(on: Namespace) -> impl Iterator<Item = Permission> {
    Permission::ALL
        .into_iter()
        .filter(move |permission| *permission != Permission::Reissue || on == Namespace::ApiKeys)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_name_reads_back() {
        for on in Namespace::ALL {
            assert_eq!(namespace_of(namespace(on)), Some(on));
            for permission in on_namespace(on) {
                assert_eq!(permission_of(on, operation(permission)), Some(permission));
            }
        }
        let names = Namespace::ALL.map(namespace).into_iter();
        let all: BTreeSet<_> = names.chain(Permission::ALL.map(operation)).collect();
        assert_eq!(all.len(), 13);
    }

    /// Those that clients of that API send.
    #[test]
    fn the_keys_names_are_that_api_s() {
        let on = namespace_of("|SECURITY|USERS|API-KEYS|").unwrap();
        assert_eq!(on, Namespace::ApiKeys);
        for (name, permission) in [
            ("|OPERATIONS|VIEW|", Permission::View),
            ("|OPERATIONS|ADD|", Permission::Create),
            ("|OPERATIONS|UPDATE|", Permission::Update),
            ("|OPERATIONS|DELETE|", Permission::Delete),
            ("|OPERATIONS|MANAGE-ACCESS|", Permission::ManageAccess),
            (
                "|OPERATIONS|SECURITY|USERS|API-KEYS|REISSUE|",
                Permission::Reissue,
            ),
            (
                "|OPERATIONS|SECURITY|USERS|API-KEYS|REVOKE|",
                Permission::View,
            ),
        ] {
            assert_eq!(permission_of(on, name), Some(permission), "{name}");
        }
    }

    #[test]
    fn what_is_no_name_stands_for_nothing() {
        for name in ["", "|", "|security|users|", "|SECURITY|USERS", "api-keys"] {
            assert_eq!(namespace_of(name), None, "{name}");
        }
        for name in [
            "",
            "VIEW",
            "|OPERATIONS|view|",
            "view",
            operation(Permission::Reissue),
        ] {
            assert_eq!(permission_of(Namespace::Roles, name), None, "{name}");
        }
        assert_eq!(permission_of(Namespace::Users, REVOKE), None);
    }
}
