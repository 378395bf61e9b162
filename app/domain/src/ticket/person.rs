//! Four eyes: when two accounts are one person (M1).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    error::Refusal,
    principal::{DomainType, Identity, fold},
};

/// What tells people apart: an account, and the addresses of mail that were confirmed to be its
/// own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The account.
    pub identity: Identity,
    /// Confirmed by an identity provider.
    pub mails: Vec<String>,
}

impl Person {
    /// What an account shares with no other person's.
    fn marks(&self) -> BTreeSet<String> {
        let name = &self.identity.principal.name;
        // `CORP\bob`, `corp/bob` and `bob@corp.example` are bob.
        let short = name.rsplit(['\\', '/']).next().unwrap_or(name);
        let short = match short.split_once('@') {
            Some((local, _)) if !local.is_empty() => local,
            _ => short,
        };
        let mut marks = BTreeSet::from([name_mark(name), name_mark(short)]);
        let mails = self.mails.iter().map(String::as_str);
        let mails = mails.chain(name.contains('@').then_some(name.as_str()));
        marks.extend(
            mails
                .filter(|mail| !mail.trim().is_empty())
                .map(|mail| format!("mail {}", mail.trim().to_lowercase())),
        );
        marks
    }

    /// Whether both are one person, as far as anybody can tell: what looks alike counts as alike.
    pub fn is_same(&self, other: &Self) -> bool {
        self.identity.id == other.identity.id || !self.marks().is_disjoint(&other.marks())
    }
}

/// A name of whatever domain as local names are compared; what cannot be one, in lower case.
fn name_mark(name: &str) -> String {
    let folded = fold(DomainType::Unixpwd, name).unwrap_or_else(|_| name.to_lowercase());
    format!("name {folded}")
}

/// Whether somebody may decide about a request. `None`: nobody knows who it is.
///
/// # Errors
/// [`Refusal::OwnTicket`] when both are one person; [`Refusal::UnknownPerson`] when one of them is
/// not known (M10).
pub fn four_eyes(requester: Option<&Person>, decider: Option<&Person>) -> Result<(), Refusal> {
    match (requester, decider) {
        (Some(requester), Some(decider)) if requester.is_same(decider) => Err(Refusal::OwnTicket),
        (Some(_), Some(_)) => Ok(()),
        _ => Err(Refusal::UnknownPerson),
    }
}

/// How many different people stand behind accounts.
pub fn people(accounts: &[Person]) -> usize {
    // Whoever is like somebody who is like a third is that person too.
    let mut groups: Vec<Vec<&Person>> = Vec::new();
    for account in accounts {
        let (alike, mut others): (Vec<_>, Vec<_>) = groups
            .into_iter()
            .partition(|group| group.iter().any(|known| known.is_same(account)));
        let mut group: Vec<_> = alike.into_iter().flatten().collect();
        group.push(account);
        others.push(group);
        groups = others;
    }
    groups.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::principal::{Principal, UserId};

    fn account(id: i64, domain_type: DomainType, domain: &str, name: &str) -> Person {
        Person {
            identity: Identity {
                id: UserId(id),
                principal: Principal {
                    domain_type,
                    domain: domain.to_owned(),
                    name: name.to_owned(),
                },
            },
            mails: Vec::new(),
        }
    }

    fn with_mail(person: Person, mail: &str) -> Person {
        Person {
            mails: vec![mail.to_owned()],
            ..person
        }
    }

    /// M1: case, Unicode, `domain\user` and `user@domain`, another domain type, a shared address.
    #[test]
    fn an_alias_of_the_requester_is_the_requester() {
        let bob = with_mail(
            account(1000, DomainType::Unixpwd, "", "bob"),
            "Bob.Miller@corp.example",
        );
        for alias in [
            bob.clone(),
            account(1001, DomainType::Nt, "CORP", "Bob"),
            account(1001, DomainType::Vx, "x", "\u{ff42}ob"),
            account(1001, DomainType::Saml, "idp", "BOB"),
            account(1001, DomainType::Saml, "idp", "CORP\\bob"),
            account(1001, DomainType::Saml, "idp", "corp/bob"),
            account(1001, DomainType::Saml, "idp", "bob@corp.example"),
            account(1001, DomainType::Saml, "idp", "bob.miller@CORP.example"),
            with_mail(
                account(1001, DomainType::Saml, "idp", "urn:x:7"),
                " bob.miller@corp.example ",
            ),
            account(1000, DomainType::Saml, "idp", "renamed"),
        ] {
            assert_eq!(
                four_eyes(Some(&bob), Some(&alias)),
                Err(Refusal::OwnTicket),
                "{alias:?}"
            );
            assert_eq!(four_eyes(Some(&alias), Some(&bob)), Err(Refusal::OwnTicket));
        }
    }

    #[test]
    fn somebody_else_is_somebody_else() {
        let bob = with_mail(account(1000, DomainType::Unixpwd, "", "bob"), "b@x");
        for other in [
            account(1001, DomainType::Unixpwd, "", "bobby"),
            account(1001, DomainType::Saml, "idp", "urn:x:7"),
            account(1001, DomainType::Saml, "idp", "alice@bob"),
            account(1001, DomainType::Saml, "idp", "bob\\alice"),
            with_mail(account(1001, DomainType::Saml, "idp", "eve"), "e@x"),
            // An empty address is nobody's.
            with_mail(account(1001, DomainType::Saml, "idp", "eve"), " "),
        ] {
            assert_eq!(four_eyes(Some(&bob), Some(&other)), Ok(()), "{other:?}");
        }
        let (one, other) = (
            with_mail(account(1, DomainType::Saml, "a", "x"), ""),
            with_mail(account(2, DomainType::Saml, "a", "y"), ""),
        );
        assert!(!one.is_same(&other));
        // Names without a part before the sign are told apart by all of it.
        let (one, other) = (
            account(1, DomainType::Saml, "a", "@x"),
            account(2, DomainType::Saml, "a", "@y"),
        );
        assert!(!one.is_same(&other));
    }

    /// M10.
    #[test]
    fn whoever_is_not_known_decides_nothing() {
        let bob = account(1000, DomainType::Unixpwd, "", "bob");
        for pair in [(Some(&bob), None), (None, Some(&bob)), (None, None)] {
            assert_eq!(four_eyes(pair.0, pair.1), Err(Refusal::UnknownPerson));
        }
    }

    #[test]
    fn accounts_of_one_person_count_once() {
        let bob = account(1000, DomainType::Unixpwd, "", "bob");
        let alias = account(1001, DomainType::Nt, "CORP", "Bob");
        let eve = account(1002, DomainType::Unixpwd, "", "eve");
        let bridge = with_mail(account(1003, DomainType::Saml, "idp", "bob"), "eve@x");
        let eve_s = with_mail(account(1004, DomainType::Saml, "idp", "eve"), "eve@x");
        assert_eq!(people(&[]), 0);
        assert_eq!(people(&[bob.clone(), alias.clone()]), 1);
        assert_eq!(people(&[bob.clone(), eve.clone(), alias.clone()]), 2);
        assert_eq!(people(&[bob, eve_s, eve, alias, bridge]), 1);
    }
}
