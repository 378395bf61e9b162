//! What the dashboard shows beside the list: uses, whether anything changed, what a stricter
//! maximum would concern, and whom a new key may be for.

use chrono::TimeDelta;
use domain::{
    directory::{Count, DirectoryQuery, Slice},
    error::{Error, FieldError, Problem},
    expiry::Validity,
    permission::{Grants, Namespace, Permission},
    principal::{DomainType, Principal},
};
use service::{
    Actor,
    keys::{CreatedKey, NewKey},
    on_both_databases,
    roles::RoleChange,
    testing::{Harness, origin},
    users::people::PeopleQuery,
};

async fn create(harness: &Harness, actor: &Actor, days: u64) -> CreatedKey {
    let wanted = NewKey {
        validity: Validity::days(days).ok(),
        ..NewKey::default()
    };
    let created = harness.services.keys.create(actor, wanted).await;
    created.unwrap().done()
}

on_both_databases! {
    async fn uses_are_told_hour_by_hour(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let CreatedKey { key, value, .. } = create(&harness, &bob, 30).await;
        let services = &harness.services;
        for (hours, uses) in [(0, 3), (2, 1)] {
            harness.clock.advance(TimeDelta::hours(hours));
            for _ in 0..uses {
                let verified = services.verifier.verify(value.reveal().as_bytes(), &origin()).await;
                verified.unwrap();
            }
            services.maintain_once().await.unwrap();
        }
        let told = services.keys.uses(&bob, &key.tag, 4).await.unwrap();
        let uses: Vec<_> = told.iter().map(|(_, uses)| *uses).collect();
        assert_eq!(uses, [0, 3, 0, 1]);
        assert_eq!(told[3].0, "2026-11-22T10:00:00Z".parse::<domain::Instant>().unwrap());
        // A1: a key that is hidden has no uses either.
        let eve = harness.user("eve", &[]).await;
        assert_eq!(services.keys.uses(&eve, &key.tag, 4).await, Err(Error::NotFound));
    }

    async fn the_pulse_is_another_once_anything_has_changed(harness: Harness) {
        let admin = harness.user("root", &["Administrator"]).await;
        let bob = harness.user("bob", &[]).await;
        let services = &harness.services;
        let before = services.pulse(&admin).await.unwrap();
        assert_eq!(services.pulse(&admin).await.unwrap(), before);
        create(&harness, &bob, 30).await;
        assert_ne!(services.pulse(&admin).await.unwrap(), before);
        // A7: it tells nothing to who may see nothing of it.
        assert_eq!(services.pulse(&bob).await.unwrap(), "");
        for (name, namespace) in [
            ("kim", Namespace::ApiKeys),
            ("lee", Namespace::Users),
            ("mia", Namespace::Roles),
            ("ned", Namespace::Settings),
            ("oli", Namespace::Audit),
        ] {
            let viewer = RoleChange {
                name: name.to_owned(),
                description: String::new(),
                grants: Grants::one(namespace, Permission::View),
            };
            services.roles.add(&admin, viewer).await.unwrap();
            let viewer = harness.user(name, &[name]).await;
            let told = !services.pulse(&viewer).await.unwrap().is_empty();
            assert_eq!(told, name != "oli", "{name}");
        }
    }

    async fn a_stricter_maximum_is_weighed_beforehand(harness: Harness) {
        let admin = harness.user("root", &["Administrator"]).await;
        for (name, days) in [("ada", 7), ("bob", 8), ("eve", 90)] {
            let user = harness.user(name, &[]).await;
            create(&harness, &user, days).await;
        }
        let keys = &harness.services.keys;
        let exactly = |numbers: [u64; 4]| Ok(numbers.map(Count::Exactly).to_vec());
        assert_eq!(keys.ending_after(&admin, &[1, 7, 30, 90]).await, exactly([3, 2, 1, 0]));
        assert_eq!(keys.ending_after(&admin, &[u32::MAX]).await.unwrap().len(), 1);
        let bob = harness.sign_in("bob").await;
        assert_eq!(keys.ending_after(&bob, &[1]).await, Err(Error::NotPermitted));
    }

    /// A8.
    async fn the_list_is_handed_out_whole_and_that_is_recorded(harness: Harness) {
        let admin = harness.user("root", &["Administrator"]).await;
        let mut expected = Vec::new();
        for number in 0..130 {
            let user = harness.add_user(&format!("user-{number:03}"), &[]).await;
            let wanted = NewKey {
                owner: Some(user.principal),
                validity: Validity::days(30).ok(),
                ..NewKey::default()
            };
            let created = harness.services.keys.create(&admin, wanted).await.unwrap().done();
            expected.push(created.key.tag);
        }
        let keys = &harness.services.keys;
        let query = DirectoryQuery::of(Slice::All);
        let before = harness.services.pulse(&admin).await.unwrap();
        let mut export = keys.export(&admin, query.clone()).await.unwrap();
        assert_ne!(harness.services.pulse(&admin).await.unwrap(), before);
        let mut found = Vec::new();
        while let Some(some) = export.next().await.unwrap() {
            found.extend(some.into_iter().map(|key| key.tag));
        }
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
        // A2: who sees only their own key has no list to take along.
        let bob = harness.user("bob", &[]).await;
        assert!(keys.export(&bob, query).await.is_err());
    }

    async fn an_owner_is_found_by_name(harness: Harness) {
        let admin = harness.user("root", &["Administrator"]).await;
        let bob = harness.user("Bob", &[]).await;
        harness.add_user("bobby", &[]).await;
        harness.add_saml_user("bob@example").await;
        let users = &harness.services.users;
        let names = async |actor: &Actor, start: &str| {
            let found = users.named_like(actor, start).await.unwrap();
            found.into_iter().map(|one| one.principal.name).collect::<Vec<_>>()
        };
        assert_eq!(names(&admin, "BOB").await, ["Bob", "bob@example", "bobby"]);
        // W8: what is typed is only a text.
        for text in ["%", "_ob", "' or 1=1 --", ""] {
            let expected = if text.is_empty() { 4 } else { 0 };
            assert_eq!(names(&admin, text).await.len(), expected, "{text}");
        }
        for text in ["\0", "b\nb"] {
            assert!(names(&admin, text).await.is_empty(), "{text:?}");
        }
        // Who makes keys for others finds whom they are for, also without seeing users (A2, A7).
        let sec = harness.user("sec", &["Default Security Administrator"]).await;
        assert_eq!(names(&sec, "BOB").await, ["Bob", "bob@example", "bobby"]);
        assert!(users.people(&sec, &PeopleQuery::default()).await.is_err());
        for start in ["bob", ""] {
            assert_eq!(users.named_like(&bob, start).await, Err(Error::NotPermitted));
        }

        let local = Principal::new(DomainType::Unixpwd, "", "Bob").unwrap();
        assert_eq!(users.owner(&admin, "bob", false, "").await, Ok(local));
        let saml = Principal::new(DomainType::Saml, "idp", "bob@example").unwrap();
        assert_eq!(users.owner(&admin, "bob@example", true, "idp").await, Ok(saml));
        for (name, problem) in [("", Problem::Required), ("nobody", Problem::Unknown)] {
            let wrong = FieldError::new("userName", problem);
            assert_eq!(users.owner(&admin, name, false, "").await, Err(wrong.into()));
        }
        assert_eq!(users.owner(&bob, "root", false, "").await, Err(Error::NotPermitted));
    }
}
