use chrono::TimeDelta;
use domain::{
    error::{Conflict, Error, FieldError, Problem, Refusal},
    expiry::Validity,
    filter,
    key::{State, Tag},
    principal::{DomainType, Principal},
};
use secrecy::ExposeSecret;
use service::{
    Actor,
    keys::{CreatedKey, KEY_FIELDS, KeyQuery, NewKey},
    on_both_databases,
    secret::{KeyValue, RandomToken},
    testing::{Harness, PASSWORD, credentials, origin},
};

fn days(days: u64) -> Validity {
    Validity::days(days).unwrap()
}

fn wanted(description: &str) -> NewKey {
    NewKey {
        owner: None,
        description: description.to_owned(),
        validity: Some(days(30)),
    }
}

async fn create(harness: &Harness, actor: &Actor) -> CreatedKey {
    let outcome = harness.services.keys.create(actor, wanted("CI")).await;
    outcome.unwrap().done()
}

async fn list(harness: &Harness, actor: &Actor, filter: &str) -> Vec<String> {
    let query = KeyQuery {
        filter: (!filter.is_empty()).then(|| filter::parse(filter, KEY_FIELDS).unwrap()),
        limit: 100,
        ..KeyQuery::default()
    };
    let page = harness.services.keys.list(actor, &query).await.unwrap();
    assert_eq!(page.count, page.items.len() as u64, "{filter}");
    page.items
        .into_iter()
        .map(|key| key.owner.principal.name)
        .collect()
}

on_both_databases! {
    async fn a_key_works_until_it_is_deleted(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let CreatedKey { key, value, .. } = create(&harness, &bob).await;
        let start = Harness::start_of_time();
        assert_eq!(key.tag, value.tag());
        assert_eq!(key.owner, *bob.identity());
        assert_eq!(key.issuer, *bob.identity());
        assert_eq!(key.state, State::Active);
        assert_eq!(key.created_at, start);
        assert_eq!(key.expires_at, start + TimeDelta::days(30));
        assert_eq!(harness.services.keys.get(&bob, &key.tag).await.unwrap(), key);
        assert_eq!(harness.services.keys.own(&bob).await.unwrap(), Some(key.clone()));

        let verifier = &harness.services.verifier;
        let verified = verifier.verify(value.reveal().as_bytes(), &origin()).await.unwrap();
        assert_eq!(verified.owner, *bob.identity());
        assert_eq!(verified.tag, key.tag);
        assert_eq!(verified.roles, ["API Key Self-Service"]);
        assert_eq!(verified.expires_at, key.expires_at);

        harness.services.keys.delete(&bob, &key.tag, None).await.unwrap().done();
        let refused = verifier.verify(value.reveal().as_bytes(), &origin()).await;
        assert_eq!(refused.unwrap_err(), Error::Unauthenticated);
        assert_eq!(harness.services.keys.own(&bob).await.unwrap(), None);
        assert_eq!(harness.services.keys.get(&bob, &key.tag).await, Err(Error::NotFound));
        let again = harness.services.keys.delete(&bob, &key.tag, None).await;
        assert_eq!(again.unwrap_err(), Error::NotFound);
    }

    async fn the_last_use_is_shown_at_once_and_written_later(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let CreatedKey { key, value, .. } = create(&harness, &bob).await;
        harness.clock.advance(TimeDelta::minutes(3));
        for _ in 0..3 {
            harness.services.verifier.verify(value.reveal().as_bytes(), &origin()).await.unwrap();
        }
        let shown = harness.services.keys.get(&bob, &key.tag).await.unwrap().last_used.unwrap();
        assert_eq!(shown.at, Harness::start_of_time() + TimeDelta::minutes(3));
        assert_eq!(shown.address, "192.0.2.7");
        // Another replica sees it once it is written.
        let other = harness.reopened().await;
        assert_eq!(other.keys.get(&bob, &key.tag).await.unwrap().last_used, None);
        harness.services.maintain_once().await.unwrap();
        assert_eq!(other.keys.get(&bob, &key.tag).await.unwrap().last_used, Some(shown));
    }

    async fn a_key_survives_a_restart(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let CreatedKey { value, .. } = create(&harness, &bob).await;
        let restarted = harness.reopened().await;
        restarted.verifier.verify(value.reveal().as_bytes(), &origin()).await.unwrap();
    }

    /// L1 at the service: one key per user, whatever the parallelism.
    async fn two_hundred_parallel_creates_make_one_key(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let mut creates = tokio::task::JoinSet::new();
        for _ in 0..200 {
            let (services, bob) = (harness.services.clone(), bob.clone());
            creates.spawn(async move { services.keys.create(&bob, wanted("CI")).await });
        }
        let mut made = 0;
        while let Some(result) = creates.join_next().await {
            match result.unwrap() {
                Ok(_) => made += 1,
                Err(error) => assert_eq!(error, Error::Conflict(Conflict::HasKey)),
            }
        }
        assert_eq!(made, 1);
        assert_eq!(list(&harness, &bob, "").await, ["bob"]);
        let created = crate::audit::records(&harness).await;
        let created: Vec<_> = created
            .iter()
            .filter(|record| record.action == "key.create" && record.outcome == "done")
            .collect();
        assert_eq!(created.len(), 1);
    }

    async fn a_second_key_is_refused_until_the_first_is_deleted(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let first = create(&harness, &bob).await.key;
        let second = harness.services.keys.create(&bob, wanted("again")).await;
        assert_eq!(second.unwrap_err(), Error::Conflict(Conflict::HasKey));
        // An expired key still counts: it can be reissued or deleted.
        harness.clock.advance(TimeDelta::days(31));
        let bob = harness.sign_in("bob").await;
        let second = harness.services.keys.create(&bob, wanted("again")).await;
        assert_eq!(second.unwrap_err(), Error::Conflict(Conflict::HasKey));
        harness.services.keys.delete(&bob, &first.tag, None).await.unwrap().done();
        assert_ne!(create(&harness, &bob).await.key.tag, first.tag);
    }

    /// Tags are unique for ever: a collision is drawn again, even with a purged key's tag.
    async fn two_tag_collisions_in_a_row_end_in_a_key(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let draw = [7_u8; domain::key::RANDOM_BYTES];
        harness.entropy.script(draw);
        let first = create(&harness, &bob).await.key;
        harness.services.keys.delete(&bob, &first.tag, None).await.unwrap().done();
        harness.clock.advance(TimeDelta::days(31));
        harness.services.maintain_once().await.unwrap();
        let bob = harness.sign_in("bob").await;
        harness.entropy.script(draw);
        harness.entropy.script(draw);
        let second = create(&harness, &bob).await.key;
        assert_ne!(second.tag, first.tag);
    }

    /// K1, K2, K8, K11: the same answer for every reason, to the millisecond.
    async fn every_key_that_does_not_authenticate_gets_the_same_answer(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let eve = harness.user("eve", &[]).await;
        let CreatedKey { key, value, .. } = create(&harness, &bob).await;
        let other = create(&harness, &eve).await.value;
        let verify = async |text: &[u8]| {
            harness.services.verifier.verify(text, &origin()).await.map(|_| ())
        };
        let refused = Err(Error::Unauthenticated);
        // The right tag with another secret, and the other way round; both with a right checksum.
        let spliced = |tag: &KeyValue, secret: &KeyValue| {
            let (tag, secret) = (tag.reveal(), secret.reveal());
            let bytes = |text: &str| domain::key::parse(text.as_bytes()).unwrap();
            let mut random = [0; domain::key::RANDOM_BYTES];
            random[..5].copy_from_slice(&bytes(&tag)[3..8]);
            random[5..].copy_from_slice(&bytes(&secret)[8..44]);
            domain::key::write(&domain::key::assemble(&random))
        };
        for wrong in [spliced(&value, &other), spliced(&other, &value)] {
            assert_eq!(verify(wrong.as_bytes()).await, refused);
        }
        for junk in ["", "x", "lky_", &value.reveal()[1..]] {
            assert_eq!(verify(junk.as_bytes()).await, refused);
        }
        let text = value.reveal();
        assert_eq!(verify(text.as_bytes()).await, Ok(()));
        harness.clock.set(key.expires_at - TimeDelta::milliseconds(1));
        assert_eq!(verify(text.as_bytes()).await, Ok(()));
        harness.clock.set(key.expires_at);
        assert_eq!(verify(text.as_bytes()).await, refused);
        // A clock that jumps back makes it valid again: the expiry is a date, not an event.
        harness.clock.set(Harness::start_of_time());
        assert_eq!(verify(text.as_bytes()).await, Ok(()));
        let principal = &bob.identity().principal;
        let users = &harness.services.users;
        users.disable(&Actor::console(), principal).await.unwrap();
        assert_eq!(verify(text.as_bytes()).await, refused);
        users.enable(&Actor::console(), principal).await.unwrap();
        assert_eq!(verify(text.as_bytes()).await, Ok(()));
    }

    async fn wrong_fields_are_named_and_nothing_is_made(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let admin = harness.user("root", &["Administrator"]).await;
        let before = crate::audit::records(&harness).await.len();
        let keys = &harness.services.keys;
        let too_long = NewKey { description: "a".repeat(257), ..wanted("") };
        assert_eq!(
            keys.create(&bob, too_long).await.unwrap_err(),
            Error::field("description", Problem::TooLong { max: 256 })
        );
        let none = NewKey { validity: None, ..wanted("") };
        assert_eq!(
            keys.create(&bob, none).await.unwrap_err(),
            Error::field("expireAfterDays", Problem::Required)
        );
        let latest = Harness::start_of_time() + TimeDelta::days(365);
        let too_late = NewKey { validity: Some(days(366)), ..wanted("") };
        assert_eq!(
            keys.create(&bob, too_late).await.unwrap_err(),
            FieldError::new("expireAfterDays", Problem::TooLate { latest }).into()
        );
        let nobody = Principal::new(DomainType::Unixpwd, "", "nobody").unwrap();
        let unknown = NewKey { owner: Some(nobody), ..wanted("") };
        assert_eq!(
            keys.create(&admin, unknown).await.unwrap_err(),
            Error::field("userName", Problem::Unknown)
        );
        assert_eq!(list(&harness, &admin, "").await, [""; 0]);
        assert_eq!(crate::audit::records(&harness).await.len(), before);
    }

    /// A1: without View somebody's key does not exist.
    async fn other_people_s_keys_do_not_exist_without_the_permission(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let eve = harness.user("eve", &["Default Multi-Person Authorization Approver"]).await;
        let tag = create(&harness, &bob).await.key.tag;
        let keys = &harness.services.keys;
        assert_eq!(keys.get(&eve, &tag).await, Err(Error::NotFound));
        assert_eq!(keys.delete(&eve, &tag, None).await.unwrap_err(), Error::NotFound);
        assert_eq!(list(&harness, &eve, "").await, [""; 0]);
        assert_eq!(list(&harness, &eve, "userName eq 'bob'").await, [""; 0]);
        let for_bob = NewKey { owner: Some(bob.identity().principal.clone()), ..wanted("") };
        assert_eq!(keys.create(&eve, for_bob).await.unwrap_err(), Error::NotPermitted);
        assert!(keys.get(&bob, &tag).await.is_ok());
    }

    async fn administrators_manage_everybody_s_keys(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        for role in ["Administrator", "Default Security Administrator"] {
            let name = &role.replace(' ', "");
            let admin = harness.user(name, &[role]).await;
            let for_bob = NewKey { owner: Some(bob.identity().principal.clone()), ..wanted("") };
            let created = harness.services.keys.create(&admin, for_bob).await.unwrap().done();
            assert_eq!(created.key.owner, *bob.identity());
            assert_eq!(created.key.issuer, *admin.identity());
            assert_eq!(list(&harness, &admin, "").await, ["bob"]);
            harness.services.keys.delete(&admin, &created.key.tag, None).await.unwrap().done();
        }
    }

    /// One's own name in another spelling is still oneself.
    async fn naming_oneself_needs_no_more_than_self_service(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let owner = Principal::new(DomainType::Unixpwd, "host", "BOB").unwrap();
        let wanted = NewKey { owner: Some(owner), ..wanted("") };
        let created = harness.services.keys.create(&bob, wanted).await.unwrap().done();
        assert_eq!(created.key.owner, *bob.identity());
    }

    /// Filters mean the same on both databases, and the state agrees with the rule.
    async fn lists_are_filtered_and_sorted_alike(harness: Harness) {
        let admin = harness.user("root", &["Administrator"]).await;
        let keys = &harness.services.keys;
        for (name, days_valid, description) in
            [("anna", 1, "CI 100%"), ("bob", 10, "it's_mine"), ("carl", 100, ""), ("Dora", 200, "ci")]
        {
            harness.add_user(name, &[]).await;
            let owner = Principal::new(DomainType::Unixpwd, "", name).unwrap();
            let key = NewKey {
                owner: Some(owner),
                description: description.to_owned(),
                validity: Some(days(days_valid)),
            };
            keys.create(&admin, key).await.unwrap().done();
        }
        harness.clock.advance(TimeDelta::days(2));
        let admin = harness.sign_in("root").await;
        let carl = Principal::new(DomainType::Unixpwd, "", "carl").unwrap();
        harness.services.users.disable(&admin, &carl).await.unwrap();
        let everyone = ["anna", "bob", "carl", "Dora"];
        for (filter, expected) in [
            ("", &everyone[..]),
            ("userName eq 'bob'", &["bob"]),
            ("userName ne 'bob'", &["anna", "carl", "Dora"]),
            ("userName lt 'b'", &["anna", "Dora"]),
            ("contains(description,'ci')", &["Dora"]),
            ("contains(description,'%')", &["anna"]),
            ("contains(description,'_')", &["bob"]),
            ("contains(description,'')", &everyone),
            ("startswith(description,'it''s')", &["bob"]),
            ("startswith(description,'')", &everyone),
            ("not (userName eq 'bob' or userName eq 'carl')", &["anna", "Dora"]),
            ("state eq 'EXPIRED'", &["anna"]),
            ("state eq 'DISABLED'", &["carl"]),
            ("state eq 'ACTIVE'", &["bob", "Dora"]),
            ("state eq 'DELETED'", &[]),
            ("samlSessionValidated eq false", &everyone),
            ("issuer/principalName eq 'root'", &everyone),
            ("expiryDateTime gt 2026-12-15T00:00:00Z", &["carl", "Dora"]),
            ("lastUsedDateTime gt 2026-01-01T00:00:00Z", &[]),
            ("userDomainType eq 'unixpwd' and userDomain eq ''", &everyone),
        ] {
            assert_eq!(list(&harness, &admin, filter).await, expected, "{filter}");
        }
        for (sort, expected) in [
            ("userName", ["Dora", "anna", "bob", "carl"]),
            ("-userName", ["carl", "bob", "anna", "Dora"]),
            ("-expiryDateTime", ["Dora", "carl", "bob", "anna"]),
            ("state,-userName", ["Dora", "bob", "carl", "anna"].map(|name| name)),
            ("lastUsedDateTime,description", ["carl", "anna", "Dora", "bob"]),
        ] {
            let sort = filter::parse_sort(sort, KEY_FIELDS).unwrap();
            let query = KeyQuery { sort: sort.clone(), limit: 100, ..KeyQuery::default() };
            let page = keys.list(&admin, &query).await.unwrap();
            let names: Vec<_> =
                page.items.iter().map(|key| &*key.owner.principal.name).collect();
            if sort.len() == 1 {
                assert_eq!(names, expected);
            }
            let part = KeyQuery { sort, limit: 2, offset: 1, ..KeyQuery::default() };
            let part = keys.list(&admin, &part).await.unwrap();
            assert_eq!(part.count, 4);
            assert_eq!(part.items, page.items[1..3]);
        }
        let query = KeyQuery { limit: 100, ..KeyQuery::default() };
        for key in keys.list(&admin, &query).await.unwrap().items {
            let filter = format!("state eq '{}' and apiKeyTag eq '{}'", key.state.as_str(), key.tag);
            assert_eq!(list(&harness, &admin, &filter).await.len(), 1, "{filter}");
        }
    }

    /// Deleted keys show when they are asked for, for as long as the policy says.
    async fn tombstones_are_listed_on_request_and_purged(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let tag = create(&harness, &bob).await.key.tag;
        harness.services.keys.delete(&bob, &tag, None).await.unwrap().done();
        create(&harness, &bob).await;
        assert_eq!(list(&harness, &bob, "").await, ["bob"]);
        assert_eq!(list(&harness, &bob, "state eq 'DELETED'").await, ["bob"]);
        let either = "state eq 'DELETED' or state eq 'ACTIVE'";
        assert_eq!(list(&harness, &bob, either).await, ["bob", "bob"]);
        harness.clock.advance(TimeDelta::days(30));
        harness.services.maintain_once().await.unwrap();
        let bob = harness.sign_in("bob").await;
        assert_eq!(list(&harness, &bob, "state eq 'DELETED'").await, [""; 0]);
    }

    /// W5, K15: shown once, to the session that made it, within a minute.
    async fn a_value_is_revealed_once_to_its_own_session(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let keys = &harness.services.keys;
        let make = async || {
            if let Some(key) = keys.own(&bob).await.unwrap() {
                keys.delete(&bob, &key.tag, None).await.unwrap().done();
            }
            keys.create_for_reveal(&bob, wanted("CI")).await.unwrap().done()
        };
        let gone = Error::Conflict(Conflict::RevealGone);

        let cookie = make().await;
        let shown = keys.take_reveal(&bob, &cookie).await.unwrap();
        harness.services.verifier.verify(shown.value.reveal().as_bytes(), &origin()).await.unwrap();
        assert_eq!(keys.take_reveal(&bob, &cookie).await.unwrap_err(), gone);

        let cookie = make().await;
        let elsewhere = harness.sign_in("bob").await;
        assert_eq!(keys.take_reveal(&elsewhere, &cookie).await.unwrap_err(), gone);
        let wrong = RandomToken::generate(&*harness.entropy).unwrap();
        assert_eq!(keys.take_reveal(&bob, &wrong).await.unwrap_err(), gone);
        // A wrong cookie has used it up: nobody may try again.
        assert_eq!(keys.take_reveal(&bob, &cookie).await.unwrap_err(), gone);

        let cookie = make().await;
        harness.clock.advance(TimeDelta::seconds(60));
        assert_eq!(keys.take_reveal(&bob, &cookie).await.unwrap_err(), gone);
    }

    /// A4, A10: what is withheld from keys.
    async fn a_key_cannot_do_what_takes_a_person(harness: Harness) {
        let root = harness.user("root", &["Administrator"]).await;
        let value = create(&harness, &root).await.value;
        let sessions = &harness.services.sessions;
        let by_key = sessions.by_header(value.reveal().as_bytes(), origin()).await.unwrap();
        assert_eq!(by_key.identity(), root.identity());
        let refused = Error::Refused(Refusal::NotWithAKey);
        let secret = || PASSWORD.to_owned().into();
        let services = &harness.services;
        let principal = &root.identity().principal;
        assert_eq!(
            services.users.change_password(&by_key, secret(), "another fine one".to_owned().into()).await,
            Err(refused.clone())
        );
        assert_eq!(services.users.set_password(&by_key, principal, secret()).await, Err(refused.clone()));
        assert_eq!(sessions.end_others(&by_key).await, Err(refused.clone()));
        assert_eq!(
            services.keys.create_for_reveal(&by_key, wanted("")).await.unwrap_err(),
            refused
        );
        // Signing out with a key ends nothing.
        sessions.sign_out(&by_key).await.unwrap();
        assert!(sessions.by_header(value.reveal().as_bytes(), origin()).await.is_ok());
    }

    /// A5: a key's rights are its owner's at each request.
    async fn a_key_carries_its_owner_s_present_roles(harness: Harness) {
        let root = harness.user("root", &["Administrator"]).await;
        let value = create(&harness, &root).await.value;
        let verify = async || {
            harness.services.verifier.verify(value.reveal().as_bytes(), &origin()).await.unwrap().roles
        };
        assert_eq!(verify().await, ["Administrator", "API Key Self-Service"]);
        crate::store::execute(&harness, "delete from user_role").await.unwrap();
        assert_eq!(verify().await, ["API Key Self-Service"]);
    }

    async fn nothing_works_before_the_first_password_is_replaced(harness: Harness) {
        let password = harness.services.users.make_first_administrator().await.unwrap().unwrap();
        let sessions = &harness.services.sessions;
        let signed_in = sessions
            .sign_in(credentials("admin", password.expose_secret()), origin())
            .await
            .unwrap();
        let admin = signed_in.actor;
        assert!(admin.password_change_needed());
        let refused = Error::Refused(Refusal::PasswordChangeNeeded);
        let keys = &harness.services.keys;
        assert_eq!(keys.create(&admin, wanted("")).await.unwrap_err(), refused);
        assert_eq!(keys.own(&admin).await.unwrap_err(), refused);
        assert_eq!(keys.list(&admin, &KeyQuery::default()).await.unwrap_err(), refused);
        let tag = Tag::parse("lky_AAECAwQ=").unwrap();
        assert_eq!(keys.get(&admin, &tag).await.unwrap_err(), refused);
        assert_eq!(keys.delete(&admin, &tag, None).await.unwrap_err(), refused);
        assert_eq!(harness.services.users.list(&admin).await.unwrap_err(), refused);
        harness
            .services
            .users
            .change_password(&admin, password, PASSWORD.to_owned().into())
            .await
            .unwrap();
        let token = signed_in.token.reveal();
        let admin = sessions.by_cookie(&token, origin()).await.unwrap();
        assert_eq!(keys.own(&admin).await, Ok(None));
    }
}
