//! Roles: made, given, taken; nobody gains what they do not hold.

use domain::{
    error::{Conflict, Error, Problem, Refusal},
    operation::Operation,
    permission::{Grants, Namespace, Permission},
    principal::{DomainType, Principal},
};
use service::{
    Actor, on_both_databases,
    roles::{RoleChange, SelfServiceOf},
    testing::PASSWORD,
};

fn role(name: &str, grants: Grants) -> RoleChange {
    RoleChange {
        name: name.to_owned(),
        description: "for tests".to_owned(),
        grants,
    }
}

fn viewer() -> Grants {
    Grants::one(Namespace::ApiKeys, Permission::View)
}

fn name_of(actor: &Actor) -> &Principal {
    &actor.identity().principal
}

fn domain_form() -> Problem {
    Problem::malformed(
        "a domain name without colons, slashes, control characters and direction marks",
    )
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

on_both_databases! {
    async fn self_service_is_withdrawn_from_domains_that_can_be(harness: Harness) {
        let root = harness.user("root", &["Administrator"]).await;
        let bob = harness.user("bob", &[]).await;
        let roles = &harness.services.roles;
        let idp = (DomainType::Saml, "idp".to_owned());
        let local = (DomainType::Unixpwd, String::new());
        let of = |(domain_type, name): &(DomainType, String)| SelfServiceOf::Domain(*domain_type, name.clone());
        for domain in [&local, &idp] {
            let denied = roles.set_self_service(&bob, &of(domain), false).await;
            assert_eq!(denied, Err(Error::NotPermitted));
            roles.set_self_service(&root, &of(domain), false).await.unwrap();
        }
        assert_eq!(roles.withdrawn_domains(&root).await, Ok(vec![idp.clone(), local.clone()]));
        assert_eq!(roles.withdrawn_domains(&bob).await, Err(Error::NotPermitted));
        assert!(!harness.sign_in("bob").await.is_offered_own(Operation::CreateKey));
        for (domain_type, name, problem) in [
            (DomainType::Saml, "", Problem::Required),
            (DomainType::Unixpwd, "host", Problem::malformed("empty: unixpwd has no domains")),
            (DomainType::Nt, "a:b", domain_form()),
            (DomainType::Ldap, "a\u{202e}b", domain_form()),
        ] {
            let wrong = of(&(domain_type, name.to_owned()));
            let told = roles.set_self_service(&root, &wrong, false).await;
            assert_eq!(told, Err(Error::field("domain", problem)), "{name}");
        }
        roles.set_self_service(&root, &of(&local), true).await.unwrap();
        assert_eq!(roles.withdrawn_domains(&root).await, Ok(vec![idp]));
        assert!(harness.sign_in("bob").await.is_offered_own(Operation::CreateKey));
    }

    async fn a_custom_role_grants_what_it_says_from_the_next_request_on(harness: Harness) {
        let root = harness.user("root", &["Administrator"]).await;
        let roles = &harness.services.roles;
        let made = roles.add(&root, role("Viewer", viewer())).await.unwrap();
        assert!(made.id >= 1000 && !made.built_in);
        assert_eq!(roles.get(&root, made.id).await, Ok(made.clone()));
        let bob = harness.user("bob", &[]).await;
        roles.assign(&root, name_of(&bob), &names(&["Viewer"]), &[]).await.unwrap();
        let bob = harness.sign_in("bob").await;
        assert_eq!(bob.rights().on_others(), viewer());
        let more = viewer() | Grants::one(Namespace::Audit, Permission::View);
        roles.update(&root, made.id, role("Auditor", more)).await.unwrap();
        let bob = harness.sign_in("bob").await;
        assert_eq!(bob.rights().on_others(), more);
        assert_eq!(roles.delete(&root, made.id).await, Err(Error::Conflict(Conflict::RoleInUse)));
        roles.assign(&root, name_of(&bob), &[], &names(&["Auditor"])).await.unwrap();
        let bob = harness.sign_in("bob").await;
        assert_eq!(bob.rights().on_others(), Grants::NONE);
        roles.delete(&root, made.id).await.unwrap();
        assert_eq!(roles.get(&root, made.id).await, Err(Error::NotFound));
        let again = roles.add(&root, role("Viewer", viewer())).await.unwrap();
        assert!(again.id > made.id);
    }

    async fn a_wrong_role_is_named_and_not_made(harness: Harness) {
        let root = harness.user("root", &["Administrator"]).await;
        let roles = &harness.services.roles;
        let one = roles.add(&root, role("One", viewer())).await.unwrap();
        let two = roles.add(&root, role("Two", viewer())).await.unwrap();
        let taken = Err(Error::field("name", Problem::Taken));
        assert_eq!(roles.add(&root, role("One", viewer())).await, taken);
        assert_eq!(roles.add(&root, role("Administrator", viewer())).await, taken);
        assert_eq!(roles.update(&root, two.id, role("One", viewer())).await, taken);
        assert_eq!(
            roles.add(&root, role("", viewer())).await,
            Err(Error::field("name", Problem::Required))
        );
        assert_eq!(roles.update(&root, 999_999, role("x", viewer())).await, Err(Error::NotFound));
        let bob = harness.user("bob", &[]).await;
        let unknown = roles.assign(&root, name_of(&bob), &names(&["Boss"]), &[]).await;
        assert_eq!(unknown, Err(Error::field("role", Problem::Unknown)));
        for id in 1..=4 {
            let defined = Err(Error::Refused(Refusal::SystemDefined));
            assert_eq!(roles.update(&root, id, role("x", viewer())).await, defined);
            assert_eq!(roles.delete(&root, id).await, Err(Error::Refused(Refusal::SystemDefined)));
        }
        assert_eq!(roles.list(&root).await.unwrap().len(), 6);
        assert_eq!(roles.get(&root, one.id).await, Ok(one));
    }

    /// A6: nobody gives, makes or takes what they do not hold, or changes their own roles.
    async fn nobody_raises_rights(harness: Harness) {
        let root = harness.user("root", &["Administrator"]).await;
        let security = harness.user("sec", &["Default Security Administrator"]).await;
        let bob = harness.user("bob", &[]).await;
        let roles = &harness.services.roles;
        let exceeds = Error::Refused(Refusal::RoleExceedsOwn);
        let users = Grants::one(Namespace::Users, Permission::View);
        let administrator = names(&["Administrator"]);
        assert_eq!(
            roles.assign(&security, name_of(&bob), &administrator, &[]).await,
            Err(exceeds.clone())
        );
        assert_eq!(
            roles.assign(&security, name_of(&root), &[], &administrator).await,
            Err(exceeds.clone())
        );
        assert_eq!(roles.add(&security, role("x", users)).await, Err(exceeds.clone()));
        let made = roles.add(&security, role("y", viewer())).await.unwrap();
        assert_eq!(roles.update(&security, made.id, role("y", users)).await, Err(exceeds));
        let own = Err(Error::Refused(Refusal::OwnRoles));
        assert_eq!(roles.assign(&security, name_of(&security), &names(&["y"]), &[]).await, own);
        roles.assign(&root, name_of(&security), &names(&["y"]), &[]).await.unwrap();
        let security = harness.sign_in("sec").await;
        assert_eq!(
            roles.update(&security, made.id, role("y", viewer())).await,
            Err(Error::Refused(Refusal::OwnRoles))
        );
        let users = &harness.services.users;
        assert_eq!(users.list(&bob).await, Err(Error::NotPermitted));
        assert_eq!(roles.list(&bob).await, Err(Error::NotPermitted));
    }

    /// Whoever sets a password can become the account.
    async fn a_password_is_not_set_for_somebody_who_may_do_more(harness: Harness) {
        let root = harness.user("root", &["Administrator"]).await;
        let help = Grants::every(Namespace::Users);
        harness.services.roles.add(&root, role("Help desk", help)).await.unwrap();
        let desk = harness.user("desk", &["Help desk"]).await;
        let bob = harness.user("bob", &[]).await;
        let users = &harness.services.users;
        users.set_password(&desk, name_of(&bob), PASSWORD.into()).await.unwrap();
        assert_eq!(
            users.set_password(&desk, name_of(&root), PASSWORD.into()).await,
            Err(Error::Refused(Refusal::OwnerMayDoMore))
        );
    }

    /// A6.
    async fn the_last_administrator_keeps_the_role(harness: Harness) {
        let one = harness.user("one", &["Administrator"]).await;
        let two = harness.user("two", &["Administrator"]).await;
        let roles = &harness.services.roles;
        let administrator = names(&["Administrator"]);
        let (first, second) = tokio::join!(
            roles.assign(&one, name_of(&two), &[], &administrator),
            roles.assign(&two, name_of(&one), &[], &administrator),
        );
        assert_eq!(usize::from(first.is_ok()) + usize::from(second.is_ok()), 1);
        let last = if first.is_ok() { one } else { two };
        let console = Actor::console();
        assert_eq!(
            roles.assign(&console, name_of(&last), &[], &administrator).await,
            Err(Error::Refused(Refusal::LastAdministrator))
        );
    }
}
