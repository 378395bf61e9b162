//! W2: texts that mean harm are refused, or kept and returned as they are: showing them as text is
//! for the pages.

use domain::{
    error::{Error, Problem},
    expiry::Validity,
    permission::Grants,
    principal::{DomainType, Principal},
};
use service::{
    Actor,
    keys::{KeyEdit, KeyQuery, NewKey, Reissue},
    on_both_databases,
    roles::RoleChange,
    testing::PASSWORD,
    users::NewUser,
};

use crate::audit::records;

const SCRIPTS: [&str; 4] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "javascript:alert(1)//</title><!--",
    "{{constructor.constructor('alert(1)')()}} ${7*7} %00 \\u202e",
];
/// Each turns the direction of writing, moves the cursor or ends a C string.
const DISGUISES: [&str; 5] = [
    "a\u{202e}b",
    "a\u{2067}b",
    "a\u{0}b",
    "\u{1b}[2J",
    "a\u{85}b",
];

fn described(description: &str) -> NewKey {
    NewKey {
        description: description.to_owned(),
        validity: Validity::days(1).ok(),
        ..NewKey::default()
    }
}

on_both_databases! {
    async fn a_description_is_kept_as_text_or_refused(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let keys = &harness.services.keys;
        let emoji = "😀".repeat(10_000);
        let too_long = Error::field("description", Problem::TooLong { max: 256 });
        assert_eq!(keys.create(&bob, described(&emoji)).await.unwrap_err(), too_long);
        let disguise = Problem::malformed("text without control characters and direction marks");
        for text in DISGUISES {
            let refused = keys.create(&bob, described(text)).await.unwrap_err();
            assert_eq!(refused, Error::field("description", disguise.clone()), "{text:?}");
        }
        assert_eq!(keys.own(&bob).await, Ok(None));

        let mut tag = keys.create(&bob, described("x")).await.unwrap().done().key.tag;
        let longest = "😀".repeat(256);
        for text in SCRIPTS.into_iter().chain([&*longest, "line\nbreak\ttab"]) {
            let description = Some(text.to_owned());
            let edit = KeyEdit { description: description.clone(), ..KeyEdit::default() };
            keys.update(&bob, &tag, edit).await.unwrap().done();
            assert_eq!(keys.get(&bob, &tag).await.unwrap().description, text);
            let wanted = Reissue { description, validity: Validity::days(1).ok(), ..Reissue::default() };
            tag = keys.reissue(&bob, &tag, wanted).await.unwrap().done().key.tag;
            let page = keys.list(&bob, &KeyQuery { limit: 9, ..KeyQuery::default() }).await.unwrap();
            assert_eq!(page.items[0].description, text);
            let record = records(&harness).await.pop().unwrap();
            let after: serde_json::Value = serde_json::from_str(&record.state_after.unwrap()).unwrap();
            assert_eq!(after["description"], text);
        }
        for text in DISGUISES.into_iter().chain([&*emoji]) {
            let edit = KeyEdit { description: Some(text.to_owned()), ..KeyEdit::default() };
            assert!(matches!(keys.update(&bob, &tag, edit).await, Err(Error::Invalid(_))));
        }
        let report = harness.services.check_audit(&Actor::console()).await.unwrap();
        assert_eq!(report.findings, []);
    }

    async fn names_of_users_and_roles_are_kept_as_text_or_refused(harness: Harness) {
        let (console, services) = (Actor::console(), &harness.services);
        let role = |name: &str, description: &str| RoleChange {
            name: name.to_owned(),
            description: description.to_owned(),
            grants: Grants::NONE,
        };
        for text in SCRIPTS {
            let made = services.roles.add(&console, role(text, text)).await.unwrap();
            let kept = services.roles.get(&console, made.id).await.unwrap();
            assert_eq!((&*kept.name, &*kept.description), (text, text));
            let name = Principal::new(DomainType::Saml, "idp", text).unwrap();
            let wanted = NewUser { principal: name.clone(), roles: vec![], password: None };
            let made = services.users.add(&console, wanted).await.unwrap();
            assert_eq!(made.principal, name);
        }
        let long = "😀".repeat(10_000);
        for text in DISGUISES.into_iter().chain([&*long]) {
            for wanted in [role(text, ""), role("x", text)] {
                assert!(matches!(services.roles.add(&console, wanted).await, Err(Error::Invalid(_))));
            }
            for domain_type in [DomainType::Unixpwd, DomainType::Saml] {
                assert!(Principal::new(domain_type, "idp", text).is_err(), "{text:?}");
            }
        }
        // A local name that no page can be broken with, but a shell or a reader might.
        let principal = Principal::new(DomainType::Unixpwd, "", "<b>&'\"").unwrap();
        let wanted = NewUser { principal, roles: vec![], password: Some(PASSWORD.into()) };
        services.users.add(&console, wanted).await.unwrap();
        let users = services.users.list(&console).await.unwrap();
        assert_eq!(users.last().unwrap().identity.principal.name, "<b>&'\"");
    }
}
