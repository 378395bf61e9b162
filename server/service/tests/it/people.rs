//! The list of users by name, and one of them.

use domain::{
    error::{Error, Problem, Refusal},
    expiry::Validity,
    key::State,
    permission::{Grants, Namespace, Permission},
    principal::{DomainType, Principal, UserId},
};
use service::{
    Actor,
    keys::NewKey,
    on_both_databases,
    roles::{RoleChange, SelfServiceOf},
    testing::Harness,
    users::{
        NewUser,
        people::{People, PeopleQuery, PersonKey},
    },
};

async fn page(harness: &Harness, actor: &Actor, wanted: PeopleQuery) -> People {
    harness.services.users.people(actor, &wanted).await.unwrap()
}

fn searching(search: &str) -> PeopleQuery {
    PeopleQuery {
        search: search.to_owned(),
        limit: 100,
        ..PeopleQuery::default()
    }
}

fn names(people: &People) -> Vec<&str> {
    let names = people.items.iter();
    names
        .map(|person| &*person.identity.principal.name)
        .collect()
}

async fn add_saml(harness: &Harness, name: &str) {
    let wanted = NewUser {
        principal: Principal::new(DomainType::Saml, "idp", name).unwrap(),
        roles: Vec::new(),
        password: None,
    };
    let users = &harness.services.users;
    users.add(&Actor::console(), wanted).await.unwrap();
}

/// Whoever holds these permissions, by a role of their own.
async fn with_grants(harness: &Harness, name: &str, grants: Grants) -> Actor {
    let wanted = RoleChange {
        name: format!("Role of {name}"),
        description: String::new(),
        grants,
    };
    let roles = &harness.services.roles;
    let role = roles.add(&Actor::console(), wanted).await.unwrap();
    harness.user(name, &[&role.name]).await
}

on_both_databases! {
    async fn users_stand_in_the_order_of_their_names_whatever_the_case(harness: Harness) {
        for name in ["delta", "Charlie", "bravo"] {
            harness.add_user(name, &[]).await;
        }
        add_saml(&harness, "Alpha@idp").await;
        add_saml(&harness, "éva").await;
        let root = Actor::console();
        let all = page(&harness, &root, searching("")).await;
        assert_eq!(names(&all), ["Alpha@idp", "bravo", "Charlie", "delta", "éva"]);
        assert_eq!((all.count, all.more_before, all.more_after), (5, false, false));
    }

    async fn pages_follow_one_another_both_ways(harness: Harness) {
        for name in ["a1", "a2", "a3", "a4", "a5", "b1"] {
            harness.add_user(name, &[]).await;
        }
        // The same name elsewhere: the number decides.
        add_saml(&harness, "a3").await;
        let root = Actor::console();
        let mut seen = Vec::new();
        let mut after = None;
        let mut pages = Vec::new();
        loop {
            let wanted = PeopleQuery { after, limit: 3, ..searching("a") };
            let part = page(&harness, &root, wanted).await;
            assert_eq!(part.count, 6);
            assert_eq!(part.more_before, !pages.is_empty());
            seen.extend(part.items.iter().map(|person| person.identity.id.0));
            after = part.items.last().map(|person| person.identity.id);
            let more = part.more_after;
            pages.push(part);
            if !more {
                break;
            }
        }
        assert_eq!(pages.len(), 2);
        assert_eq!(seen, [1000, 1001, 1002, 1006, 1003, 1004]);
        let before = pages[1].items.first().map(|person| person.identity.id);
        let back = page(&harness, &root, PeopleQuery { before, limit: 3, ..searching("a") }).await;
        assert_eq!(back, pages[0]);
        let nowhere = PeopleQuery { after: Some(UserId(7)), ..searching("") };
        assert_eq!(page(&harness, &root, nowhere).await.items.len(), 7);
    }

    /// W8: no text means anything but itself.
    async fn a_search_is_literal_and_minds_no_case(harness: Harness) {
        for name in ["Bob", "bobby", "b%b", "b_b", "éva"] {
            harness.add_user(name, &[]).await;
        }
        add_saml(&harness, "BOB@idp").await;
        add_saml(&harness, "o'bob").await;
        let root = Actor::console();
        for (search, found) in [
            ("bob", &["Bob", "BOB@idp", "bobby"][..]),
            ("BOB", &["Bob", "BOB@idp", "bobby"]),
            (" bobb ", &["bobby"]),
            ("b%", &["b%b"]),
            ("b_", &["b_b"]),
            ("%", &[]),
            ("ob", &[]),
            ("É", &["éva"]),
            ("o'", &["o'bob"]),
            ("' or 1=1 --", &[]),
            ("\0", &[]),
        ] {
            let part = page(&harness, &root, searching(search)).await;
            assert_eq!(names(&part), found, "{search:?}");
            assert_eq!(part.count, found.len() as u64, "{search:?}");
        }
        let long = harness.services.users.people(&root, &searching(&"a".repeat(129))).await;
        assert_eq!(long, Err(Error::field("search", Problem::TooLong { max: 128 })));
    }

    /// A7: nothing at all without the permission, and that is recorded.
    async fn whoever_may_not_see_users_gets_nothing(harness: Harness) {
        let bob = harness.user("bob", &["Default Security Administrator"]).await;
        let users = &harness.services.users;
        assert_eq!(users.people(&bob, &searching("")).await, Err(Error::NotPermitted));
        let own = bob.identity().id;
        for id in [own, UserId(1), UserId(4711)] {
            assert_eq!(users.person(&bob, id).await, Err(Error::NotPermitted));
        }
        let root = Actor::console();
        assert_eq!(users.person(&root, UserId(4711)).await, Err(Error::NotFound));
    }

    /// A7: who sees users does not see their keys and roles by that.
    async fn roles_and_keys_are_shown_to_whoever_may_see_those(harness: Harness) {
        let bob = harness.user("bob", &["Administrator"]).await;
        let key = NewKey { owner: None, description: String::new(), validity: Validity::days(30).ok() };
        let made = harness.services.keys.create(&bob, key).await.unwrap().done();
        let only_users = Grants::one(Namespace::Users, Permission::View);
        let eve = with_grants(&harness, "eve", only_users).await;
        let found = page(&harness, &eve, searching("bob")).await;
        assert_eq!((&found.items[0].key, &found.items[0].roles), (&PersonKey::Hidden, &None));
        // One's own key is one's own.
        let found = page(&harness, &eve, searching("eve")).await;
        assert_eq!((&found.items[0].key, &found.items[0].roles), (&PersonKey::Absent, &None));
        let found = page(&harness, &bob, searching("bob")).await;
        let roles = found.items[0].roles.as_ref().unwrap();
        assert_eq!(roles.iter().map(|role| &*role.name).collect::<Vec<_>>(), ["Administrator"]);
        assert_eq!(
            found.items[0].key,
            PersonKey::Present(made.key.tag.clone(), State::Active)
        );
        let users = &harness.services.users;
        users.disable(&Actor::console(), &eve.identity().principal).await.unwrap();
        let found = page(&harness, &bob, searching("eve")).await;
        assert!(found.items[0].disabled_at.is_some());
    }

    async fn a_user_s_page_offers_what_the_rules_allow(harness: Harness) {
        let root = harness.user("root", &["Administrator"]).await;
        let bob = harness.user("bob", &[]).await;
        let users = &harness.services.users;
        let id = bob.identity().id;
        let of_bob = users.person(&root, id).await.unwrap();
        assert!(of_bob.may_assign && of_bob.may_disable && of_bob.may_set_password);
        assert!(of_bob.self_service && !of_bob.own);
        assert_eq!(
            of_bob.offered,
            [
                "Administrator",
                "Default Security Administrator",
                "Default Multi-Person Authorization Approver",
            ]
        );
        let own = users.person(&root, root.identity().id).await.unwrap();
        assert!(own.own && own.offered.is_empty() && own.removable.is_empty());
        let whose = SelfServiceOf::User(bob.identity().principal.clone());
        let roles = &harness.services.roles;
        roles.set_self_service(&root, &whose, false).await.unwrap();
        let of_bob = users.person(&root, id).await.unwrap();
        assert!(!of_bob.self_service && of_bob.person.self_service_withdrawn);
        // Nobody gives what they do not hold, nor sets the password of who may do more.
        let grants = Grants::every(Namespace::Users) | Grants::every(Namespace::Roles);
        let desk = with_grants(&harness, "desk", grants).await;
        let of_bob = users.person(&desk, id).await.unwrap();
        assert_eq!(of_bob.offered, ["Role of desk"]);
        assert!(of_bob.may_set_password);
        let of_root = users.person(&desk, root.identity().id).await.unwrap();
        assert!(!of_root.may_set_password && of_root.removable.is_empty());
        let taken = roles
            .assign(&desk, &root.identity().principal, &[], &["Administrator".to_owned()])
            .await;
        assert_eq!(taken, Err(Error::Refused(Refusal::RoleExceedsOwn)));
    }

    async fn roles_tell_how_many_hold_them_and_who(harness: Harness) {
        let root = harness.user("root", &["Administrator"]).await;
        for name in ["a", "b", "c"] {
            harness.add_user(name, &["Default Security Administrator"]).await;
        }
        let roles = &harness.services.roles;
        let counts: Vec<_> = roles
            .overview(&root)
            .await
            .unwrap()
            .into_iter()
            .map(|(role, holders)| (role.id, holders))
            .collect();
        assert_eq!(counts, [(1, 1), (2, 3), (3, 0), (4, 0)]);
        let (first, more) = roles.holders_after(&root, 2, UserId(0), 2).await.unwrap();
        assert_eq!((first.len(), more), (2, true));
        let (rest, more) = roles.holders_after(&root, 2, first[1].id, 2).await.unwrap();
        assert_eq!((rest.len(), more), (1, false));
        assert_eq!(rest[0].principal.name, "c");
        let bob = harness.user("bob", &[]).await;
        assert_eq!(roles.overview(&bob).await, Err(Error::NotPermitted));
        assert_eq!(
            roles.holders_after(&bob, 2, UserId(0), 2).await,
            Err(Error::NotPermitted)
        );
        assert_eq!(roles.giveable(&bob).await, Err(Error::NotPermitted));
    }
}
