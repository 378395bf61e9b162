//! What a page offers for a key: the rules, asked beforehand. The service's answer is law.

use serde::{Deserialize, Serialize};

use crate::{
    expiry::Owner,
    key::{ApiKey, State},
    operation::{Means, Operation, decide},
    permission::{Rights, Whose},
};

/// What somebody can do with a key at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Offer {
    /// Change its validity and description.
    pub edit: bool,
    /// Replace it.
    pub reissue: bool,
    /// Delete it.
    pub delete: bool,
}

impl Offer {
    /// What somebody with these rights can do with the key.
    pub fn of(key: &ApiKey, whose: Whose, rights: Rights, means: Means) -> Self {
        let may = |operation| decide(operation, whose, rights, means).is_ok();
        let own_by_saml = whose == Whose::Own && Owner::of(&key.owner) == Owner::Saml;
        Self {
            edit: !own_by_saml && key.editable().is_ok() && may(Operation::UpdateKey),
            reissue: key.reissuable().is_ok() && may(Operation::ReissueKey),
            delete: key.state != State::Deleted && may(Operation::DeleteKey),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Instant,
        key::{Tag, assemble},
        permission::{Grants, Namespace, Permission},
        principal::{DomainType, Identity, Principal, UserId},
    };

    fn key(state: State, domain_type: DomainType) -> ApiKey {
        let owner = Identity {
            id: UserId(1000),
            principal: Principal::new(domain_type, "", "bob").unwrap(),
        };
        let at: Instant = "2026-11-22T08:00:00Z".parse().unwrap();
        ApiKey {
            tag: Tag::of(&assemble(&[7; 41])),
            owner: owner.clone(),
            description: String::new(),
            created_at: at,
            expires_at: at,
            modified_at: at,
            issuer: owner,
            state,
            saml_validated: false,
            last_used: None,
            retires_at: None,
            deleted: None,
            version: 1,
        }
    }

    fn offer(state: State, domain_type: DomainType, whose: Whose) -> [bool; 3] {
        let rights = Rights::on_everything(Grants::ALL);
        let Offer {
            edit,
            reissue,
            delete,
        } = Offer::of(&key(state, domain_type), whose, rights, Means::Session);
        [edit, reissue, delete]
    }

    #[test]
    fn a_state_offers_what_its_rules_allow() {
        for (state, expected) in [
            (State::Active, [true, true, true]),
            (State::Inactive, [true, true, true]),
            (State::Disabled, [true, true, true]),
            (State::Expired, [false, true, true]),
            (State::Retiring, [false, false, true]),
            (State::Revoked, [false, false, true]),
            (State::Deleted, [false, false, false]),
        ] {
            for whose in [Whose::Own, Whose::Others] {
                let got = offer(state, DomainType::Unixpwd, whose);
                assert_eq!(got, expected, "{state:?} {whose:?}");
            }
        }
    }

    #[test]
    fn a_saml_owner_is_not_offered_to_edit() {
        let saml = DomainType::Saml;
        assert_eq!(offer(State::Active, saml, Whose::Own), [false, true, true]);
        assert_eq!(
            offer(State::Active, saml, Whose::Others),
            [true, true, true]
        );
    }

    #[test]
    fn what_is_not_permitted_is_not_offered() {
        use Permission::{Create, Delete, Reissue, Update, View};
        let key = key(State::Active, DomainType::Unixpwd);
        let with = |permissions: &[Permission]| {
            let grants = permissions.iter().fold(Grants::NONE, |all, permission| {
                all | Grants::one(Namespace::ApiKeys, *permission)
            });
            Offer::of(&key, Whose::Own, Rights::on_own(grants), Means::Session)
        };
        let none = Offer::default();
        assert_eq!(with(&[View]), none);
        assert_eq!(with(&[Update, Delete, Create, Reissue]), none);
        assert_eq!(with(&[View, Update]), Offer { edit: true, ..none });
        assert_eq!(
            with(&[View, Delete]),
            Offer {
                delete: true,
                ..none
            }
        );
        assert_eq!(
            with(&[View, Delete, Create, Reissue]),
            Offer {
                edit: false,
                reissue: true,
                delete: true
            }
        );
    }
}
