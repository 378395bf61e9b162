//! Refused reads are recorded; allowed ones, and what is not there, are not.

use domain::{
    error::{Conflict, Error, Refusal},
    expiry::Validity,
    key::Tag,
};
use secrecy::ExposeSecret;
use service::{
    Actor, Via,
    keys::{KeyQuery, NewKey},
    on_both_databases,
    roles::SelfServiceOf,
    secret::RandomToken,
    testing::{Harness, credentials, origin},
};

use crate::audit::records;

const HIDDEN: &str = "Nothing was found under that name.";
const NOT_PERMITTED: &str = "You do not have the permission for this.";

/// What is recorded of one action: who, by what, on what, why not.
async fn refused(harness: &Harness, action: &str) -> Vec<(String, String, String, String)> {
    let records = records(harness).await.into_iter();
    records
        .filter(|record| record.action == action)
        .map(|record| {
            assert_eq!(record.outcome, "refused");
            let (actor, via) = (record.actor.unwrap(), record.via.unwrap());
            (actor, via, record.object, record.cause.unwrap())
        })
        .collect()
}

async fn make_key(harness: &Harness, actor: &Actor) -> service::keys::CreatedKey {
    let wanted = NewKey {
        validity: Validity::days(30).ok(),
        ..NewKey::default()
    };
    let made = harness.services.keys.create(actor, wanted).await;
    made.unwrap().done()
}

/// How the trail names a request by key.
fn via_key(actor: &Actor) -> String {
    match actor.via() {
        Via::Key(tag) => format!("key {tag}"),
        other => unreachable!("{other:?}"),
    }
}

fn texts(parts: &[[&str; 4]]) -> Vec<(String, String, String, String)> {
    parts
        .iter()
        .map(|[a, b, c, d]| ((*a).into(), (*b).into(), (*c).into(), (*d).into()))
        .collect()
}

on_both_databases! {
    /// A1: a hidden key and a tag that nobody has are refused, and recorded, alike.
    async fn reading_what_one_may_not_is_recorded(harness: Harness) {
        let root = harness.user("root", &["Administrator"]).await;
        let bob = harness.user("bob", &[]).await;
        let hidden = make_key(&harness, &root).await.key.tag;
        let nobody_s = Tag::parse("lky_AAECAwQ=").unwrap();
        let value = make_key(&harness, &bob).await.value.reveal();
        let services = &harness.services;
        let by_key = services.sessions.by_header(value.as_bytes(), origin()).await.unwrap();
        assert_eq!(services.keys.get(&bob, &hidden).await, Err(Error::NotFound));
        assert_eq!(services.keys.get(&by_key, &nobody_s).await, Err(Error::NotFound));
        assert_eq!(services.users.list(&bob).await, Err(Error::NotPermitted));
        assert_eq!(services.roles.list(&bob).await, Err(Error::NotPermitted));
        assert_eq!(services.roles.get(&bob, 1).await, Err(Error::NotPermitted));
        assert_eq!(services.view_policy(&bob).await, Err(Error::NotPermitted));
        let via_key = via_key(&by_key);
        let who = ":bob:unixpwd:1001";
        assert_eq!(refused(&harness, "read").await, texts(&[
            [who, "session", hidden.as_str(), HIDDEN],
            [who, &via_key, nobody_s.as_str(), HIDDEN],
            [who, "session", "users", NOT_PERMITTED],
            [who, "session", "roles", NOT_PERMITTED],
            [who, "session", "roles", NOT_PERMITTED],
            [who, "session", "policy", NOT_PERMITTED],
        ]));
    }

    /// Their key does not exist for them: an answer, no refusal.
    async fn without_self_service_one_sees_nothing_and_nothing_is_recorded(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        make_key(&harness, &bob).await;
        let of_bob = SelfServiceOf::User(bob.identity().principal.clone());
        harness.services.roles.set_self_service(&Actor::console(), &of_bob, false).await.unwrap();
        let bob = harness.sign_in("bob").await;
        let keys = &harness.services.keys;
        assert_eq!(keys.own(&bob).await, Ok(None));
        assert_eq!(keys.own_retiring(&bob).await, Ok(None));
        assert_eq!(keys.own_deleted(&bob).await, Ok(Vec::new()));
        let page = keys.list(&bob, &KeyQuery { limit: 9, ..KeyQuery::default() }).await.unwrap();
        assert_eq!((page.items, page.count), (Vec::new(), 0));
        assert_eq!(refused(&harness, "read").await, []);
    }

    async fn before_the_first_password_is_replaced_reading_is_refused_and_recorded(harness: Harness) {
        let services = &harness.services;
        let password = services.users.make_first_administrator().await.unwrap().unwrap();
        let typed = credentials("admin", password.expose_secret());
        let admin = services.sessions.sign_in(typed, origin()).await.unwrap().actor;
        let needed = Error::Refused(Refusal::PasswordChangeNeeded);
        let query = KeyQuery::default();
        let nobody_s = Tag::parse("lky_AAECAwQ=").unwrap();
        assert_eq!(services.keys.list(&admin, &query).await.unwrap_err(), needed);
        assert_eq!(services.keys.get(&admin, &nobody_s).await.unwrap_err(), needed);
        assert_eq!(services.sessions.list(&admin).await.unwrap_err(), needed);
        let (who, why) = (admin.identity().to_string(), needed.to_string());
        assert_eq!(refused(&harness, "read").await, texts(&[
            [&who, "session", "one's own key", &why],
            [&who, "session", nobody_s.as_str(), &why],
            [&who, "session", "one's own sessions", &why],
        ]));
    }

    async fn a_value_that_is_not_shown_again_is_a_refused_read(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let wrong = RandomToken::generate(&*harness.entropy).unwrap();
        let gone = Error::Conflict(Conflict::RevealGone);
        let keys = &harness.services.keys;
        assert_eq!(keys.take_reveal(&bob, &wrong).await.unwrap_err(), gone);
        let why = gone.to_string();
        let expected = [":bob:unixpwd:1000", "session", "a new key's value", &why];
        assert_eq!(refused(&harness, "read").await, texts(&[expected]));
    }

    async fn ending_somebody_s_session_is_refused_and_recorded(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let eve = harness.user("eve", &[]).await;
        let value = make_key(&harness, &eve).await.value.reveal();
        let sessions = &harness.services.sessions;
        let by_key = sessions.by_header(value.as_bytes(), origin()).await.unwrap();
        let id = bob.via().session_id().unwrap();
        assert_eq!(sessions.end(&eve, id).await, Err(Error::NotFound));
        let with_a_key = Error::Refused(Refusal::NotWithAKey);
        assert_eq!(sessions.end_others(&by_key).await, Err(with_a_key.clone()));
        let (who, why) = (":eve:unixpwd:1001", with_a_key.to_string());
        assert_eq!(refused(&harness, "session.end").await, texts(&[
            [who, "session", "a session", HIDDEN],
            [who, &via_key(&by_key), who, &why],
        ]));
        assert_eq!(sessions.list(&bob).await.unwrap().len(), 1);
    }

    async fn allowed_reads_and_what_is_not_there_are_not_recorded(harness: Harness) {
        let root = harness.user("root", &["Administrator"]).await;
        let bob = harness.user("bob", &[]).await;
        let key = make_key(&harness, &bob).await.key;
        let services = &harness.services;
        let query = KeyQuery { limit: 9, ..KeyQuery::default() };
        let nobody_s = Tag::parse("lky_AAECAwQ=").unwrap();
        assert_eq!(services.keys.get(&root, &nobody_s).await, Err(Error::NotFound));
        assert_eq!(services.roles.get(&root, 99).await, Err(Error::NotFound));
        for reader in [&root, &bob] {
            services.keys.get(reader, &key.tag).await.unwrap();
            services.keys.own(reader).await.unwrap();
            services.keys.list(reader, &query).await.unwrap();
            services.sessions.list(reader).await.unwrap();
        }
        services.users.list(&root).await.unwrap();
        services.roles.list(&root).await.unwrap();
        services.view_policy(&root).await.unwrap();
        services.keys.delete(&bob, &key.tag, None).await.unwrap().done();
        for reader in [&root, &bob] {
            assert_eq!(services.keys.get(reader, &key.tag).await, Err(Error::NotFound));
        }
        assert_eq!(refused(&harness, "read").await, []);
    }
}
