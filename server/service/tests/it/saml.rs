//! People who sign in by SAML, and their keys.

use domain::{
    error::Error,
    expiry::Validity,
    key::State,
    principal::{DomainType, Identity, Principal},
};
use service::{
    Actor,
    keys::{CreatedKey, NewKey},
    on_both_databases,
    testing::{Harness, origin},
    users::NewUser,
};

/// Whom a key identifies, if it authenticates.
async fn owner(harness: &Harness, key: &CreatedKey) -> Option<Identity> {
    let value = key.value.reveal();
    let verifier = &harness.services.verifier;
    let found = verifier.verify(value.as_bytes(), &origin()).await;
    found.ok().map(|found| found.owner)
}

on_both_databases! {
    /// L10, the part without an identity provider: whoever is disabled there and therefore here.
    async fn a_disabled_saml_user_s_key_and_session_are_dead_at_once(harness: Harness) {
        let anna = harness.add_saml_user("anna").await;
        let (cookie, session) = harness.saml_session(&anna, None).await;
        let services = &harness.services;
        let key = services.keys.create(&session, NewKey::default()).await.unwrap().done();
        let value = key.value.reveal();
        assert_eq!(owner(&harness, &key).await.as_ref(), Some(&anna));
        services.users.disable(&Actor::console(), &anna.principal).await.unwrap();
        assert_eq!(owner(&harness, &key).await, None);
        let sessions = &services.sessions;
        let refused = Error::Unauthenticated;
        assert_eq!(sessions.by_cookie(&cookie.reveal(), origin()).await.unwrap_err(), refused);
        assert_eq!(sessions.by_header(value.as_bytes(), origin()).await.unwrap_err(), refused);
        // Seen by whoever may, so that people know why automation stopped.
        let root = harness.user("root", &["Administrator"]).await;
        let seen = services.keys.get(&root, &key.key.tag).await.unwrap();
        assert_eq!(seen.state, State::Disabled);
        services.users.enable(&Actor::console(), &anna.principal).await.unwrap();
        assert_eq!(owner(&harness, &key).await.as_ref(), Some(&anna));
        // The session does not come back.
        assert_eq!(sessions.by_cookie(&cookie.reveal(), origin()).await.unwrap_err(), refused);
    }

    /// L11: the same name by another door is another person, and inherits nothing.
    async fn one_name_in_two_places_is_two_people(harness: Harness) {
        let local = harness.user("anna", &["Administrator"]).await;
        let first = harness.add_saml_user("anna").await;
        let second = NewUser {
            principal: Principal::new(DomainType::Saml, "other-idp", "anna").unwrap(),
            roles: Vec::new(),
            password: None,
        };
        let services = &harness.services;
        let second = services.users.add(&Actor::console(), second).await.unwrap();
        // SAML subjects are compared byte for byte.
        let upper = harness.add_saml_user("Anna").await;
        let (_, first_session) = harness.saml_session(&first, None).await;
        let (_, second_session) = harness.saml_session(&second, None).await;
        let (_, upper_session) = harness.saml_session(&upper, None).await;

        let dated = NewKey { validity: Validity::days(1).ok(), ..NewKey::default() };
        let local_key = services.keys.create(&local, dated).await.unwrap().done();
        assert_eq!(owner(&harness, &local_key).await.as_ref(), Some(local.identity()));
        let mut made = vec![local_key.key.tag];
        for session in [&first_session, &second_session, &upper_session] {
            assert_eq!(session.rights().on_others(), domain::permission::Grants::NONE);
            assert_eq!(services.keys.own(session).await, Ok(None));
            for tag in &made {
                assert_eq!(services.keys.get(session, tag).await, Err(Error::NotFound));
                assert_eq!(services.keys.delete(session, tag, None).await.unwrap_err(), Error::NotFound);
            }
            let key = services.keys.create(session, NewKey::default()).await.unwrap().done();
            assert_eq!(owner(&harness, &key).await.as_ref(), Some(session.identity()));
            made.push(key.key.tag);
        }
        // Naming the namesake is naming somebody else.
        let for_local = NewKey { owner: Some(local.identity().principal.clone()), ..NewKey::default() };
        let refused = services.keys.create(&first_session, for_local).await.unwrap_err();
        assert_eq!(refused, Error::NotPermitted);
        // Ending one account ends one key.
        services.users.disable(&Actor::console(), &first.principal).await.unwrap();
        let mut seen = Vec::new();
        for tag in &made {
            seen.push(services.keys.get(&local, tag).await.unwrap().state);
        }
        assert_eq!(seen, [State::Active, State::Disabled, State::Active, State::Active]);
    }
}
