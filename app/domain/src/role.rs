//! The roles that come with the product, and the form of those that administrators make.

use serde::{Deserialize, Serialize};

use crate::{
    error::{FieldError, Problem},
    permission::{Grants, Namespace, Permission, Rights},
    text::disguises,
};

/// The longest name of a role, in characters.
pub const MAX_NAME_CHARS: u32 = 64;
/// The longest description of a role, in characters.
pub const MAX_DESCRIPTION_CHARS: u32 = 256;

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
            Self::ApiKeySelfService => Rights::on_own(
                Grants::one(Namespace::ApiKeys, Permission::View)
                    .and(Grants::one(Namespace::ApiKeys, Permission::Create))
                    .and(Grants::one(Namespace::ApiKeys, Permission::Update))
                    .and(Grants::one(Namespace::ApiKeys, Permission::Delete))
                    .and(Grants::one(Namespace::ApiKeys, Permission::Reissue)),
            ),
        }
    }
}

/// A role as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// The number. Never used again.
    pub id: i64,
    /// The name, unique.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether it came with the product and cannot be edited.
    pub built_in: bool,
    /// What it grants, whoever owns the thing.
    pub grants: Grants,
}

/// Checks a role's name and description: 1–64 and 0–256 characters, white space at the ends
/// removed, no control characters and direction marks.
///
/// # Errors
/// `name` or `description`, and what is allowed.
pub fn check_texts(name: &str, description: &str) -> Result<(String, String), Vec<FieldError>> {
    let check = |field, text: &str, min: u32, max: u32| {
        let text = text.trim();
        let problem = match text.chars().count() {
            0 if min > 0 => Problem::Required,
            chars if chars > max as usize => Problem::TooLong { max },
            _ if text.chars().any(disguises) => {
                Problem::malformed("text without control characters and direction marks")
            }
            _ => return Ok(text.to_owned()),
        };
        Err(FieldError::new(field, problem))
    };
    let name = check("name", name, 1, MAX_NAME_CHARS);
    let description = check("description", description, 0, MAX_DESCRIPTION_CHARS);
    match (name, description) {
        (Ok(name), Ok(description)) => Ok((name, description)),
        (name, description) => Err([name.err(), description.err()]
            .into_iter()
            .flatten()
            .collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permission::Whose;

    #[test]
    fn built_in_roles_are_found_by_number_and_name() {
        for role in BuiltInRole::ALL {
            assert_eq!(BuiltInRole::from_id(role.id()), Some(role));
            assert_eq!(BuiltInRole::from_name(role.name()), Some(role));
        }
        assert_eq!(BuiltInRole::from_id(0), None);
        assert_eq!(BuiltInRole::from_name("administrator"), None);
    }

    /// What each built-in role grants on other people's things, spelled out.
    #[test]
    fn built_in_roles_grant_what_is_documented() {
        let everything: Vec<_> = Grants::ALL.iter().collect();
        let security: Vec<_> = everything
            .iter()
            .copied()
            .filter(|(namespace, _)| {
                matches!(
                    namespace,
                    Namespace::ApiKeys
                        | Namespace::ApprovalSettings
                        | Namespace::Audit
                        | Namespace::Roles
                )
            })
            .collect();
        for (role, granted) in [
            (BuiltInRole::Administrator, everything),
            (BuiltInRole::DefaultSecurityAdministrator, security),
            (
                BuiltInRole::DefaultApprover,
                vec![
                    (Namespace::Tickets, Permission::View),
                    (Namespace::Tickets, Permission::Update),
                ],
            ),
            (BuiltInRole::ApiKeySelfService, vec![]),
        ] {
            let on_others: Vec<_> = role.rights().on_others().iter().collect();
            assert_eq!(on_others, granted, "{role:?}");
        }
    }

    #[test]
    fn self_service_reaches_one_s_own_key_and_nothing_else() {
        let rights = BuiltInRole::ApiKeySelfService.rights();
        for (namespace, permission) in Grants::ALL.iter() {
            assert_eq!(
                rights.has(namespace, permission, Whose::Own),
                namespace == Namespace::ApiKeys && permission != Permission::ManageAccess,
            );
            assert!(!rights.has(namespace, permission, Whose::Others));
        }
    }

    #[test]
    fn a_role_s_texts_are_trimmed_and_limited() {
        let long = |chars| "a".repeat(chars);
        assert_eq!(
            check_texts(" CI ", " x "),
            Ok(("CI".to_owned(), "x".to_owned()))
        );
        assert!(check_texts(&long(64), &long(256)).is_ok());
        assert_eq!(
            check_texts(&long(65), &long(257)),
            Err(vec![
                FieldError::new("name", Problem::TooLong { max: 64 }),
                FieldError::new("description", Problem::TooLong { max: 256 }),
            ])
        );
        assert_eq!(
            check_texts(" ", ""),
            Err(vec![FieldError::new("name", Problem::Required)])
        );
        assert!(check_texts("a\u{0}", "").is_err());
        assert!(check_texts("a", "\u{1b}").is_err());
        assert!(check_texts("a\u{202e}", "").is_err());
    }
}
