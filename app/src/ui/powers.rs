//! What permissions amount to, in words. The sentences follow from the one table of operations.

use domain::{
    operation::Operation,
    permission::{Grants, Namespace, Permission, Rights, Whose},
    role::{BuiltInRole, Role},
};

/// What an operation does, completing "Whoever holds it may …".
pub const fn deed(operation: Operation, whose: Whose) -> &'static str {
    match (operation, whose) {
        (Operation::ViewKey, Whose::Others) => "see everybody's API keys",
        (Operation::ViewKey, Whose::Own) => "see their own API key",
        (Operation::CreateKey, Whose::Others) => "add API keys for others",
        (Operation::CreateKey, Whose::Own) => "add their own API key",
        (Operation::UpdateKey, Whose::Others) => "change the description and validity of API keys",
        (Operation::UpdateKey, Whose::Own) => {
            "change the description and validity of their own API key"
        }
        (Operation::DeleteKey, Whose::Others) => "delete API keys",
        (Operation::DeleteKey, Whose::Own) => "delete their own API key",
        (Operation::ReissueKey, Whose::Others) => "reissue API keys",
        (Operation::ReissueKey, Whose::Own) => "reissue their own API key",
        (Operation::RevokeKey, _) => "revoke the API keys of service principals",
        (Operation::ViewUsers, _) => "see and search users",
        (Operation::CreateUser, _) => "add users",
        (Operation::DisableUser, _) => "disable and enable users",
        (Operation::SetPassword, _) => "set the passwords of users who may do no more than they",
        (Operation::ChangeOwnPassword, _) => "change their own password",
        (Operation::EndOwnSessions, _) => "end their own sessions",
        (Operation::ViewRoles, _) => "see roles and who holds them",
        (Operation::CreateRole, _) => "make roles that grant what they hold themselves",
        (Operation::UpdateRole, _) => "change roles, except their own",
        (Operation::DeleteRole, _) => "delete roles that nobody holds",
        (Operation::AssignRoles, _) => "give others roles that they hold themselves, and take them",
        (Operation::ViewAudit, _) => "read, check and export the audit trail",
        (Operation::ViewPolicy, _) => "see the policy",
        (Operation::UpdatePolicy, _) => "change the policy",
        (Operation::ViewTickets, _) => "see requests for approval",
        (Operation::DecideTicket, _) => "decide about other people's requests for approval",
        (Operation::ViewApproval, _) => "see what needs approval",
        (Operation::UpdateApproval, _) => "change what needs approval",
        (Operation::UseNotices, _) => "read their own notices",
        (Operation::ViewNotifying, _) => "see webhooks and what was sent by mail",
        (Operation::UpdateNotifying, _) => "change webhooks, and send notices again",
    }
}

/// What somebody with these rights may do, beyond what everyone may.
pub fn powers(rights: Rights) -> Vec<&'static str> {
    let power = |operation: &Operation| {
        let row = operation.row();
        let may = |whose| {
            let has = |permission: &Permission| rights.has(row.namespace, *permission, whose);
            !row.needs.is_empty() && row.needs.iter().all(has)
        };
        // There are no service principals yet; seeing keys would look like revoking some.
        if matches!(operation, Operation::RevokeKey) {
            None
        } else if may(Whose::Others) {
            Some(deed(*operation, Whose::Others))
        } else if may(Whose::Own) {
            Some(deed(*operation, Whose::Own))
        } else {
            None
        }
    };
    Operation::ALL.iter().filter_map(power).collect()
}

/// What a role amounts to.
pub fn rights_of(role: &Role) -> Rights {
    let built_in = BuiltInRole::from_id(role.id).map(BuiltInRole::rights);
    built_in.unwrap_or(Rights::on_everything(role.grants))
}

/// Whether any operation needs this permission: only such are offered.
pub fn is_needed(namespace: Namespace, permission: Permission) -> bool {
    Operation::ALL.into_iter().any(|operation| {
        let row = operation.row();
        row.namespace == namespace && row.needs.contains(&permission)
    })
}

/// A permission as forms write it: `namespace:permission`.
pub fn write_grant(namespace: Namespace, permission: Permission) -> String {
    format!("{}:{}", namespace.as_str(), permission.as_str())
}

/// Reads what [`write_grant`] wrote.
pub fn read_grant(text: &str) -> Option<Grants> {
    let (namespace, permission) = text.split_once(':')?;
    let namespace = Namespace::from_name(namespace)?;
    let permission = Permission::from_name(permission)?;
    is_needed(namespace, permission).then(|| Grants::one(namespace, permission))
}

/// What a namespace is called.
pub const fn namespace(namespace: Namespace) -> &'static str {
    match namespace {
        Namespace::ApiKeys => "API keys",
        Namespace::Users => "Users",
        Namespace::Roles => "Roles",
        Namespace::Tickets => "Tickets",
        Namespace::ApprovalSettings => "Approval settings",
        Namespace::Audit => "Audit",
        Namespace::Settings => "Settings",
    }
}

/// What a permission is called.
pub const fn permission(permission: Permission) -> &'static str {
    match permission {
        Permission::View => "View",
        Permission::Create => "Create",
        Permission::Update => "Update",
        Permission::Delete => "Delete",
        Permission::Reissue => "Reissue",
        Permission::ManageAccess => "Manage access",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(grants: &[(Namespace, Permission)]) -> Vec<&'static str> {
        let grants = grants
            .iter()
            .fold(Grants::NONE, |all, (namespace, permission)| {
                all | Grants::one(*namespace, *permission)
            });
        powers(Rights::on_everything(grants))
    }

    #[test]
    fn an_operation_is_told_when_all_that_it_needs_is_granted() {
        use Namespace::{ApiKeys, Audit, Roles, Tickets, Users};
        use Permission::{Create, Delete, ManageAccess, Reissue, Update, View};
        assert_eq!(told(&[]), [] as [&str; 0]);
        assert_eq!(told(&[(Tickets, Update)]), [] as [&str; 0]);
        assert_eq!(
            told(&[(Tickets, View), (Tickets, Update)]),
            [
                "see requests for approval",
                "decide about other people's requests for approval"
            ]
        );
        assert_eq!(told(&[(ApiKeys, Create)]), [] as [&str; 0]);
        assert_eq!(
            told(&[(ApiKeys, View), (ApiKeys, Create)]),
            ["see everybody's API keys", "add API keys for others"]
        );
        let reissuing = [Delete, Create, Reissue].map(|one| (ApiKeys, one));
        assert!(told(&reissuing).is_empty());
        assert!(told(&[&reissuing[..], &[(ApiKeys, View)]].concat()).contains(&"reissue API keys"));
        assert_eq!(
            told(&[(Audit, View)]),
            ["read, check and export the audit trail"]
        );
        assert!(told(&[(Users, View), (Users, Update)]).contains(&"disable and enable users"));
        assert_eq!(told(&[(Roles, ManageAccess)]), [] as [&str; 0]);
    }

    #[test]
    fn self_service_is_about_one_s_own_key() {
        let told = powers(BuiltInRole::ApiKeySelfService.rights());
        assert_eq!(told.len(), 5);
        assert!(told.iter().all(|power| power.contains("their own API key")));
    }

    #[test]
    fn only_what_some_operation_needs_is_offered() {
        assert!(is_needed(Namespace::Roles, Permission::ManageAccess));
        assert!(!is_needed(Namespace::Users, Permission::Reissue));
        assert!(is_needed(Namespace::Tickets, Permission::View));
        assert!(!is_needed(Namespace::Tickets, Permission::Delete));
        for (namespace, permission) in Grants::ALL.iter() {
            let read = read_grant(&write_grant(namespace, permission));
            let one = Grants::one(namespace, permission);
            assert_eq!(read, is_needed(namespace, permission).then_some(one));
        }
        for text in ["", "api-keys", "api-keys:", "x:view", "api-keys:view:view"] {
            assert_eq!(read_grant(text), None, "{text}");
        }
    }
}
