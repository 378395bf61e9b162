use chrono::TimeDelta;
use domain::error::{Error, Problem};
use secrecy::ExposeSecret;
use service::{
    Actor, Origin, Via, on_both_databases,
    sessions::{Credentials, SessionEnd, SessionKind},
    testing::{Harness, PASSWORD, credentials, origin},
};

on_both_databases! {
    async fn a_browser_session_lasts_until_it_idles_ends_or_is_ended(harness: Harness) {
        harness.add_user("bob", &[]).await;
        let sessions = &harness.services.sessions;
        let sign_in = async || sessions.sign_in(credentials("bob", PASSWORD), origin()).await.unwrap();
        let resume = async |token: &str| sessions.by_cookie(token, origin()).await.map(|_| ());
        let ended = Err(Error::Unauthenticated);

        // Idle for 30 minutes.
        let token = sign_in().await.token.reveal();
        harness.clock.advance(TimeDelta::minutes(29));
        assert_eq!(resume(&token).await, Ok(()));
        harness.clock.advance(TimeDelta::minutes(29));
        assert_eq!(resume(&token).await, Ok(()));
        harness.clock.advance(TimeDelta::minutes(30));
        assert_eq!(resume(&token).await, ended);

        // Twelve hours at most, however busy.
        let token = sign_in().await.token.reveal();
        for _ in 0..35 {
            harness.clock.advance(TimeDelta::minutes(20));
            assert_eq!(resume(&token).await, Ok(()));
        }
        harness.clock.advance(TimeDelta::minutes(20));
        assert_eq!(resume(&token).await, ended);

        // Signed out.
        let signed_in = sign_in().await;
        let token = signed_in.token.reveal();
        sessions.sign_out(&signed_in.actor).await.unwrap();
        assert_eq!(resume(&token).await, ended);
        for junk in ["", "x", &token[1..]] {
            assert_eq!(resume(junk).await, ended);
        }
    }

    /// Else a page that looks for news would keep its session for ever (ASVS 5.0 7.3.1).
    async fn what_a_page_asks_by_itself_is_no_use_of_the_session(harness: Harness) {
        harness.add_user("bob", &[]).await;
        let sessions = &harness.services.sessions;
        let signed_in = sessions.sign_in(credentials("bob", PASSWORD), origin()).await.unwrap();
        let token = signed_in.token.reveal();
        for _ in 0..29 {
            harness.clock.advance(TimeDelta::minutes(1));
            sessions.by_cookie_unasked(&token, origin()).await.unwrap();
        }
        harness.clock.advance(TimeDelta::minutes(1));
        for _ in 0..2 {
            let ended = sessions.by_cookie_unasked(&token, origin()).await;
            assert_eq!(ended.map(|_| ()), Err(Error::Unauthenticated));
        }
        assert!(sessions.by_cookie(&token, origin()).await.is_err());
    }

    async fn a_session_tells_when_it_ends_and_stays_when_that_is_wanted(harness: Harness) {
        harness.add_user("bob", &[]).await;
        let sessions = &harness.services.sessions;
        let signed_in = sessions.sign_in(credentials("bob", PASSWORD), origin()).await.unwrap();
        let (token, bob) = (signed_in.token.reveal(), signed_in.actor);
        let end = |minutes, by_idleness| {
            Ok(Some(SessionEnd { left: TimeDelta::minutes(minutes), by_idleness }))
        };
        assert_eq!(sessions.end_of(&bob).await, end(30, true));
        harness.clock.advance(TimeDelta::minutes(28));
        assert_eq!(sessions.end_of(&bob).await, end(2, true));
        assert_eq!(sessions.stay(&bob).await, end(30, true));
        // Uses are noted by the minute, this one at once.
        harness.clock.advance(TimeDelta::seconds(30));
        assert_eq!(sessions.stay(&bob).await, end(30, true));
        // In the end nothing helps.
        harness.clock.advance(TimeDelta::seconds(30));
        for _ in 0..34 {
            harness.clock.advance(TimeDelta::minutes(20));
            sessions.by_cookie(&token, origin()).await.unwrap();
        }
        assert_eq!(sessions.end_of(&bob).await, end(11, false));
        assert_eq!(sessions.stay(&bob).await, end(11, false));
        harness.clock.advance(TimeDelta::minutes(12));
        assert_eq!(sessions.stay(&bob).await, end(0, false));
        assert!(sessions.by_cookie(&token, origin()).await.is_err());
        // A token is no session of a browser, and one that was ended is none.
        let issued = sessions.login(credentials("bob", PASSWORD), origin()).await.unwrap();
        let by_token = sessions.by_header(issued.token.expose_secret().as_bytes(), origin()).await.unwrap();
        assert_eq!(sessions.end_of(&by_token).await, Ok(None));
        sessions.sign_out(&bob).await.unwrap();
        assert_eq!(sessions.stay(&bob).await, Ok(None));
    }

    async fn a_rest_token_lasts_a_day_or_until_it_is_revoked(harness: Harness) {
        harness.add_user("bob", &[]).await;
        let sessions = &harness.services.sessions;
        let login = async || sessions.login(credentials("bob", PASSWORD), origin()).await.unwrap();
        let resume = async |token: &str| sessions.by_header(token.as_bytes(), origin()).await;
        let issued = login().await;
        assert_eq!(issued.validity_seconds, 86_400);
        let token = issued.token.expose_secret();
        let actor = resume(token).await.unwrap();
        assert!(matches!(actor.via(), Via::Token(_)));
        // A token is no cookie, and no key.
        assert!(sessions.by_cookie(token, origin()).await.is_err());
        assert!(harness.services.verifier.verify(token.as_bytes(), &origin()).await.is_err());
        harness.clock.advance(TimeDelta::hours(23));
        assert!(resume(token).await.is_ok());
        harness.clock.advance(TimeDelta::hours(1));
        assert_eq!(resume(token).await.unwrap_err(), Error::Unauthenticated);

        let issued = login().await;
        let actor = resume(issued.token.expose_secret()).await.unwrap();
        sessions.sign_out(&actor).await.unwrap();
        let revoked = resume(issued.token.expose_secret()).await;
        assert_eq!(revoked.unwrap_err(), Error::Unauthenticated);
    }

    async fn one_sees_and_ends_one_s_own_sessions_only(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let eve = harness.user("eve", &[]).await;
        let sessions = &harness.services.sessions;
        harness.clock.advance(TimeDelta::minutes(1));
        let second = harness.sign_in("bob").await;
        sessions.login(credentials("bob", PASSWORD), origin()).await.unwrap();
        let list = sessions.list(&second).await.unwrap();
        let seen: Vec<_> = list.iter().map(|s| (s.current, s.kind)).collect();
        assert_eq!(seen.len(), 3);
        assert!(seen.contains(&(true, SessionKind::Browser)));
        assert!(seen.contains(&(false, SessionKind::Browser)));
        assert!(seen.contains(&(false, SessionKind::Token)));
        assert_eq!(list.last().unwrap().created_at, Harness::start_of_time());
        let first = list.last().unwrap().id.clone();
        assert_eq!(sessions.end(&eve, &first).await, Err(Error::NotFound));
        sessions.end(&second, &first).await.unwrap();
        assert_eq!(sessions.end(&second, &first).await, Err(Error::NotFound));
        assert_eq!(sessions.end_others(&second).await, Ok(1));
        assert_eq!(sessions.list(&second).await.unwrap().len(), 1);
        assert_eq!(sessions.list(&eve).await.unwrap().len(), 1);
        drop(bob);
    }

    /// W12: every failed sign-in is answered alike.
    async fn failed_sign_ins_are_all_alike(harness: Harness) {
        harness.add_user("bob", &[]).await;
        harness.add_user("gone", &[]).await;
        let gone = domain::principal::Principal::new("unixpwd".parse().unwrap(), "", "gone").unwrap();
        harness.services.users.disable(&Actor::console(), &gone).await.unwrap();
        let sessions = &harness.services.sessions;
        for attempt in [
            credentials("bob", "wrong password"),
            credentials("nobody", PASSWORD),
            credentials("gone", PASSWORD),
            credentials("", ""),
            credentials("a b", PASSWORD),
            credentials(&"x".repeat(10_000), PASSWORD),
            Credentials { domain_type: Some("saml".parse().unwrap()), ..credentials("bob", PASSWORD) },
            Credentials { domain_type: Some("nt".parse().unwrap()), ..credentials("bob", PASSWORD) },
        ] {
            let result = sessions.sign_in(attempt, origin()).await;
            assert_eq!(result.unwrap_err(), Error::Unauthenticated);
        }
        // The domain of a unixpwd account is ignored: scripts send the host's name.
        let hosted = Credentials {
            domain_type: Some("unixpwd".parse().unwrap()),
            domain: "host.example".to_owned(),
            ..credentials("BOB", PASSWORD)
        };
        assert!(sessions.sign_in(hosted, origin()).await.is_ok());
    }

    /// W13: ten failures lock the name for that address, known or not, and touch no session.
    async fn failures_lock_the_name_for_that_address_only(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let sessions = &harness.services.sessions;
        for name in ["bob", "nobody"] {
            for _ in 0..10 {
                let result = sessions.sign_in(credentials(name, "wrong password"), origin()).await;
                assert_eq!(result.unwrap_err(), Error::Unauthenticated);
            }
            let locked = sessions.sign_in(credentials(name, PASSWORD), origin()).await;
            assert_eq!(locked.unwrap_err(), Error::TooMany { retry_after_seconds: 900 });
            // Another spelling is the same name.
            let spelled = name.to_uppercase();
            let locked = sessions.sign_in(credentials(&spelled, PASSWORD), origin()).await;
            assert!(matches!(locked.unwrap_err(), Error::TooMany { .. }));
        }
        let elsewhere = Origin { address: "198.51.100.1".to_owned(), ..origin() };
        assert!(sessions.sign_in(credentials("bob", PASSWORD), elsewhere).await.is_ok());
        assert!(sessions.list(&bob).await.is_ok());
        // Trying on does not prolong the lock.
        harness.clock.advance(TimeDelta::minutes(14));
        let locked = sessions.sign_in(credentials("bob", PASSWORD), origin()).await;
        assert_eq!(locked.unwrap_err(), Error::TooMany { retry_after_seconds: 60 });
        harness.clock.advance(TimeDelta::minutes(1));
        assert!(sessions.sign_in(credentials("bob", PASSWORD), origin()).await.is_ok());
    }

    /// W13: guesses in parallel get no more tries than guesses in a row.
    async fn parallel_guesses_are_counted_before_they_are_checked(harness: Harness) {
        harness.add_user("bob", &[]).await;
        let mut guesses = tokio::task::JoinSet::new();
        for _ in 0..30 {
            let sessions = harness.services.sessions.clone();
            guesses.spawn(async move {
                sessions.sign_in(credentials("bob", "wrong password"), origin()).await.map(|_| ())
            });
        }
        let mut checked = 0;
        while let Some(result) = guesses.join_next().await {
            checked += u32::from(result.unwrap() == Err(Error::Unauthenticated));
        }
        assert_eq!(checked, 10);
    }

    async fn changing_the_password_ends_every_other_session(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let sessions = &harness.services.sessions;
        let other = sessions.sign_in(credentials("bob", PASSWORD), origin()).await.unwrap();
        let token = sessions.login(credentials("bob", PASSWORD), origin()).await.unwrap().token;
        let users = &harness.services.users;
        let new = "another fine password";
        for (current, wanted, field, problem) in [
            ("wrong password", new, "current", Problem::WrongPassword),
            (PASSWORD, "short", "new", Problem::TooShort { min: 12 }),
            (PASSWORD, "password1234", "new", Problem::CommonPassword),
            (PASSWORD, PASSWORD, "new", Problem::SamePassword),
        ] {
            let result = users.change_password(&bob, current.into(), wanted.into()).await;
            assert_eq!(result, Err(Error::field(field, problem)));
        }
        users.change_password(&bob, PASSWORD.into(), new.into()).await.unwrap();
        assert!(sessions.by_cookie(&other.token.reveal(), origin()).await.is_err());
        assert!(sessions.by_header(token.expose_secret().as_bytes(), origin()).await.is_err());
        assert_eq!(sessions.list(&bob).await.unwrap().len(), 1);
        assert!(sessions.sign_in(credentials("bob", PASSWORD), origin()).await.is_err());
        assert!(sessions.sign_in(credentials("bob", new), origin()).await.is_ok());
    }
}
