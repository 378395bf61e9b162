//! The life of a key: edit, reissue, overlap, and what an administrator does for others.

use chrono::TimeDelta;
use domain::{
    error::{Conflict, Error, Problem, Refusal},
    expiry::{FIELD, Validity},
    key::{ApiKey, State, Tag},
    policy::{LaterThanSaml, Policy},
    principal::Identity,
};
use service::{
    Actor,
    keys::{CreatedKey, KeyEdit, NewKey, Reissue},
    on_both_databases,
    roles::{RoleChange, SelfServiceOf},
    testing::{Harness, origin},
};

fn days(days: u64) -> Option<Validity> {
    Validity::days(days).ok()
}

fn new_key(owner: Option<&Identity>, validity: Option<Validity>) -> NewKey {
    NewKey {
        owner: owner.map(|owner| owner.principal.clone()),
        description: "CI".to_owned(),
        validity,
    }
}

fn reissue(validity: Option<Validity>, overlap_hours: Option<u32>) -> Reissue {
    Reissue {
        validity,
        overlap_hours,
        ..Reissue::default()
    }
}

async fn create(harness: &Harness, actor: &Actor) -> CreatedKey {
    let created = harness
        .services
        .keys
        .create(actor, new_key(None, days(30)))
        .await;
    created.unwrap().done()
}

async fn works(harness: &Harness, created: &CreatedKey) -> bool {
    let value = created.value.reveal();
    harness
        .services
        .verifier
        .verify(value.as_bytes(), &origin())
        .await
        .is_ok()
}

async fn get(harness: &Harness, actor: &Actor, tag: &Tag) -> ApiKey {
    harness.services.keys.get(actor, tag).await.unwrap()
}

on_both_databases! {
    async fn an_edit_changes_validity_and_description_and_nothing_else(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let created = create(&harness, &bob).await;
        let (key, keys) = (&created.key, &harness.services.keys);
        harness.clock.advance(TimeDelta::minutes(10));
        let later = Harness::start_of_time() + TimeDelta::minutes(10);
        let edit = KeyEdit { description: Some(" CD ".to_owned()), ..KeyEdit::default() };
        let described = keys.update(&bob, &key.tag, edit).await.unwrap().done();
        // The validity was not changed, so neither was the time of its last change.
        let expected = ApiKey { description: "CD".to_owned(), version: 2, ..key.clone() };
        assert_eq!(described, expected);
        let edit = KeyEdit { validity: days(60), ..KeyEdit::default() };
        let extended = keys.update(&bob, &key.tag, edit).await.unwrap().done();
        let expected = ApiKey {
            expires_at: later + TimeDelta::days(60),
            modified_at: later,
            version: 3,
            ..expected
        };
        assert_eq!(extended, expected);
        assert_eq!(get(&harness, &bob, &key.tag).await, expected);
        assert!(works(&harness, &created).await);
    }

    /// Whoever does not know whether it was done asks again.
    async fn what_is_extended_twice_from_an_instant_is_extended_once(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let tag = create(&harness, &bob).await.key.tag;
        let keys = &harness.services.keys;
        let begin = Harness::start_of_time();
        let extend = async |number, extend_from| {
            let edit = KeyEdit { validity: days(number), extend_from, ..KeyEdit::default() };
            keys.update(&bob, &tag, edit).await.unwrap().done()
        };
        harness.clock.advance(TimeDelta::hours(2));
        let extended = extend(60, Some(begin)).await;
        assert_eq!((extended.expires_at, extended.version), (begin + TimeDelta::days(60), 2));
        harness.clock.advance(TimeDelta::hours(2));
        assert_eq!(extend(60, Some(begin)).await, extended);
        assert_eq!(extend(59, Some(begin)).await, extended);
        // What is past is no end of a key that lasts.
        assert_eq!(extend(1, Some(begin - TimeDelta::days(3))).await, extended);
        // Nothing counts from an instant to come.
        let now = begin + TimeDelta::hours(4);
        let latest = extend(365, Some(now + TimeDelta::days(1))).await;
        assert_eq!((latest.expires_at, latest.version), (now + TimeDelta::days(365), 3));
        // Without an instant it is an edit as any.
        assert_eq!(extend(1, None).await.expires_at, now + TimeDelta::days(1));
    }

    /// L5, L6, L13.
    async fn a_wrong_edit_changes_nothing(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let tag = create(&harness, &bob).await.key.tag;
        let before = get(&harness, &bob, &tag).await;
        let keys = &harness.services.keys;
        let long = KeyEdit { description: Some("a".repeat(257)), ..KeyEdit::default() };
        let late = KeyEdit { validity: days(366), ..KeyEdit::default() };
        let stale = KeyEdit { validity: days(1), version: Some(2), ..KeyEdit::default() };
        let edit = async |edit| keys.update(&bob, &tag, edit).await.unwrap_err();
        assert_eq!(
            edit(long).await,
            Error::field("description", Problem::TooLong { max: 256 })
        );
        let latest = Harness::start_of_time() + TimeDelta::days(365);
        assert_eq!(edit(late).await, Error::field(FIELD, Problem::TooLate { latest }));
        assert_eq!(edit(stale).await, Error::Conflict(Conflict::Stale));
        assert_eq!(get(&harness, &bob, &tag).await, before);
        let seen = KeyEdit { validity: days(1), version: Some(1), ..KeyEdit::default() };
        keys.update(&bob, &tag, seen).await.unwrap().done();
        harness.clock.advance(TimeDelta::days(1));
        let bob = harness.sign_in("bob").await;
        let edit = KeyEdit { validity: days(1), ..KeyEdit::default() };
        let expired = keys.update(&bob, &tag, edit).await.unwrap_err();
        assert_eq!(expired, Error::Conflict(Conflict::Expired));
        assert_eq!(get(&harness, &bob, &tag).await.state, State::Expired);
    }

    /// L2: at once by default.
    async fn a_reissue_ends_the_old_key_at_once(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let old = create(&harness, &bob).await;
        let keys = &harness.services.keys;
        let new = keys.reissue(&bob, &old.key.tag, reissue(days(10), None)).await.unwrap().done();
        assert_ne!(new.key.tag, old.key.tag);
        assert_eq!(new.key.owner, old.key.owner);
        assert_eq!(new.key.description, "CI");
        assert_eq!(new.key.expires_at, Harness::start_of_time() + TimeDelta::days(10));
        assert!(works(&harness, &new).await);
        assert!(!works(&harness, &old).await);
        assert_eq!(keys.get(&bob, &old.key.tag).await, Err(Error::NotFound));
        let deleted = keys.own_deleted(&bob).await.unwrap();
        assert_eq!(deleted.len(), 1);
        assert_eq!(deleted[0].tag, old.key.tag);
        assert_eq!(deleted[0].deleted.as_ref().unwrap().by, bob.identity().to_string());
    }

    /// L2: or after the overlap, which never outlasts the old key itself.
    async fn an_overlap_lets_the_old_key_retire(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let old = create(&harness, &bob).await;
        let keys = &harness.services.keys;
        let new = keys.reissue(&bob, &old.key.tag, reissue(days(10), Some(1))).await.unwrap().done();
        let retiring = keys.own_retiring(&bob).await.unwrap().unwrap();
        let end = Harness::start_of_time() + TimeDelta::hours(1);
        assert_eq!((&retiring.tag, retiring.state), (&old.key.tag, State::Retiring));
        assert_eq!(retiring.retires_at, Some(end));
        assert!(works(&harness, &old).await && works(&harness, &new).await);
        assert_eq!(keys.own(&bob).await.unwrap().unwrap().tag, new.key.tag);

        // What retires can only end.
        let edit = KeyEdit { validity: days(1), ..KeyEdit::default() };
        let refused = Error::Conflict(Conflict::Retiring);
        assert_eq!(keys.update(&bob, &old.key.tag, edit).await.unwrap_err(), refused);
        let again = keys.reissue(&bob, &old.key.tag, reissue(days(1), None)).await;
        assert_eq!(again.unwrap_err(), refused);

        harness.clock.set(end - TimeDelta::milliseconds(1));
        assert!(works(&harness, &old).await);
        harness.clock.set(end);
        assert!(!works(&harness, &old).await);
        assert!(works(&harness, &new).await);
        let bob = harness.sign_in("bob").await;
        assert_eq!(keys.get(&bob, &old.key.tag).await, Err(Error::NotFound));
        assert_eq!(keys.own_retiring(&bob).await, Ok(None));
        harness.services.maintain_once().await.unwrap();
        assert_eq!(keys.own_deleted(&bob).await.unwrap()[0].tag, old.key.tag);
        assert!(works(&harness, &new).await);
    }

    async fn a_second_reissue_ends_the_retiring_key_and_a_delete_ends_both(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let first = create(&harness, &bob).await;
        let keys = &harness.services.keys;
        let overlapping = || reissue(days(10), Some(24));
        let second = keys.reissue(&bob, &first.key.tag, overlapping()).await.unwrap().done();
        let third = keys.reissue(&bob, &second.key.tag, overlapping()).await.unwrap().done();
        assert!(!works(&harness, &first).await);
        assert!(works(&harness, &second).await && works(&harness, &third).await);
        keys.delete(&bob, &third.key.tag, None).await.unwrap().done();
        assert!(!works(&harness, &second).await && !works(&harness, &third).await);
    }

    async fn an_expired_key_is_reissued_without_overlap(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let old = create(&harness, &bob).await;
        harness.clock.advance(TimeDelta::days(30));
        let bob = harness.sign_in("bob").await;
        let keys = &harness.services.keys;
        let new = keys.reissue(&bob, &old.key.tag, reissue(days(10), Some(24))).await.unwrap().done();
        assert!(works(&harness, &new).await && !works(&harness, &old).await);
        assert_eq!(keys.own_retiring(&bob).await, Ok(None));
    }

    async fn a_wrong_reissue_changes_nothing(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let old = create(&harness, &bob).await;
        let keys = &harness.services.keys;
        let tag = &old.key.tag;
        let long = Reissue { description: Some("a".repeat(257)), ..reissue(days(1), None) };
        let stale = Reissue { version: Some(7), ..reissue(days(1), None) };
        for (wanted, error) in [
            (reissue(None, None), Error::field(FIELD, Problem::Required)),
            (
                reissue(days(1), Some(25)),
                Error::field("overlapHours", Problem::OutOfRange { min: 0, max: 24 }),
            ),
            (long, Error::field("description", Problem::TooLong { max: 256 })),
            (stale, Error::Conflict(Conflict::Stale)),
        ] {
            assert_eq!(keys.reissue(&bob, tag, wanted).await.unwrap_err(), error);
        }
        assert_eq!(get(&harness, &bob, tag).await.version, 1);
        assert!(works(&harness, &old).await);
    }

    /// L3, L4: in parallel exactly one reissue of a key wins, and whoever lost the answer goes on
    /// from the key there is.
    async fn parallel_reissues_of_one_key_make_one_key(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let tag = create(&harness, &bob).await.key.tag;
        let mut reissues = tokio::task::JoinSet::new();
        for overlap in (0..50).map(|n| n % 2) {
            let (services, bob, tag) = (harness.services.clone(), bob.clone(), tag.clone());
            reissues.spawn(async move {
                services.keys.reissue(&bob, &tag, reissue(days(1), Some(overlap))).await
            });
        }
        let mut made = Vec::new();
        while let Some(result) = reissues.join_next().await {
            match result.unwrap() {
                Ok(outcome) => made.push(outcome.done()),
                Err(error) => assert!(
                    matches!(error, Error::NotFound | Error::Conflict(Conflict::Stale | Conflict::Retiring)),
                    "{error:?}"
                ),
            }
        }
        assert_eq!(made.len(), 1);
        let current = harness.services.keys.own(&bob).await.unwrap().unwrap();
        assert_eq!(current.tag, made[0].key.tag);
        let again = harness.services.keys.reissue(&bob, &current.tag, reissue(days(1), None)).await;
        assert!(works(&harness, &again.unwrap().done()).await);
        assert!(!works(&harness, &made[0]).await);
    }

    /// L7, L9: a SAML user chooses no date.
    async fn a_saml_user_s_key_follows_the_session(harness: Harness) {
        let anna = harness.add_saml_user("anna").await;
        let end = Harness::start_of_time() + TimeDelta::hours(8);
        let (_, session) = harness.saml_session(&anna, Some(end)).await;
        let keys = &harness.services.keys;
        let dated = keys.create(&session, new_key(None, days(1))).await.unwrap_err();
        assert_eq!(dated, Error::field(FIELD, Problem::NotAccepted));
        let created = keys.create(&session, new_key(None, None)).await.unwrap().done();
        assert_eq!(created.key.expires_at, end);
        assert!(created.key.saml_validated);
        assert_eq!(created.key.state, State::Active);
        let edit = KeyEdit { description: Some("x".to_owned()), ..KeyEdit::default() };
        let refused = keys.update(&session, &created.key.tag, edit).await.unwrap_err();
        assert_eq!(refused, Error::Refused(Refusal::SamlOwner));
        harness.clock.advance(TimeDelta::hours(9));
        let (_, session) = harness.saml_session(&anna, None).await;
        assert!(!works(&harness, &created).await);
        let new = keys.reissue(&session, &created.key.tag, reissue(None, None)).await.unwrap().done();
        let expected = Harness::start_of_time() + TimeDelta::hours(9 + 24);
        assert_eq!((new.key.expires_at, new.key.saml_validated), (expected, true));
        // By the key itself there is no session to take an expiry from.
        let value = new.value.reveal();
        let by_key = harness.services.sessions.by_header(value.as_bytes(), origin()).await.unwrap();
        let refused = keys.reissue(&by_key, &new.key.tag, reissue(None, None)).await.unwrap_err();
        assert_eq!(refused, Error::Refused(Refusal::NeedsSamlSession));
    }

    /// L8: an administrator's key for a SAML user waits for the sign-in; later dates are warned of
    /// or refused.
    async fn an_administrator_s_key_for_a_saml_user_is_inactive(harness: Harness) {
        let root = harness.user("root", &["Administrator"]).await;
        let anna = harness.add_saml_user("anna").await;
        let keys = &harness.services.keys;
        let made = keys.create(&root, new_key(Some(&anna), days(30))).await.unwrap().done();
        assert_eq!(made.key.state, State::Inactive);
        assert!(!made.key.saml_validated);
        let limit = Harness::start_of_time() + TimeDelta::hours(24);
        assert_eq!(made.later_than_saml, Some(limit));
        assert!(!works(&harness, &made).await);
        let again = keys.reissue(&root, &made.key.tag, reissue(days(1), Some(24))).await.unwrap().done();
        assert_eq!((again.key.state, again.later_than_saml), (State::Inactive, None));
        let policy = Policy { later_than_saml: LaterThanSaml::Refuse, ..Policy::default() };
        harness.services.set_policy(&root, &policy).await.unwrap();
        let refused = keys.reissue(&root, &again.key.tag, reissue(days(2), None)).await.unwrap_err();
        assert_eq!(refused, Error::Refused(Refusal::LaterThanSaml));
        let edit = KeyEdit { validity: days(2), ..KeyEdit::default() };
        let refused = keys.update(&root, &again.key.tag, edit).await.unwrap_err();
        assert_eq!(refused, Error::Refused(Refusal::LaterThanSaml));
        let edit = KeyEdit { validity: days(1), ..KeyEdit::default() };
        let edited = keys.update(&root, &again.key.tag, edit).await.unwrap().done();
        assert_eq!(edited.state, State::Inactive);
    }

    /// Nobody gains rights through another's key.
    async fn a_key_of_somebody_who_may_do_more_is_out_of_reach(harness: Harness) {
        let root = harness.user("root", &["Administrator"]).await;
        let keys_role = RoleChange {
            name: "Key keeper".to_owned(),
            description: String::new(),
            grants: domain::permission::Grants::every(domain::permission::Namespace::ApiKeys),
        };
        harness.services.roles.add(&root, keys_role).await.unwrap();
        let keeper = harness.user("keeper", &["Key keeper"]).await;
        let security = harness.user("sec", &["Default Security Administrator"]).await;
        let bob = harness.add_user("bob", &[]).await;
        let keys = &harness.services.keys;
        let for_bob = keys.create(&keeper, new_key(Some(&bob), days(1))).await.unwrap().done();
        keys.reissue(&keeper, &for_bob.key.tag, reissue(days(1), None)).await.unwrap().done();
        let refused = Error::Refused(Refusal::OwnerMayDoMore);
        let for_root = || new_key(Some(root.identity()), days(1));
        assert_eq!(keys.create(&keeper, for_root()).await.unwrap_err(), refused);
        let made = keys.create(&security, for_root()).await.unwrap().done();
        let tag = &made.key.tag;
        assert_eq!(keys.reissue(&keeper, tag, reissue(days(1), None)).await.unwrap_err(), refused);
        let policy = Policy { limit_security_administrators: true, ..Policy::default() };
        harness.services.set_policy(&root, &policy).await.unwrap();
        assert_eq!(keys.reissue(&security, tag, reissue(days(1), None)).await.unwrap_err(), refused);
        // Ending somebody's key gains nothing.
        keys.delete(&keeper, tag, None).await.unwrap().done();
    }

    /// L13 for the delete.
    async fn a_delete_of_another_version_is_refused(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let tag = create(&harness, &bob).await.key.tag;
        let keys = &harness.services.keys;
        let stale = keys.delete(&bob, &tag, Some(9)).await.unwrap_err();
        assert_eq!(stale, Error::Conflict(Conflict::Stale));
        keys.delete(&bob, &tag, Some(1)).await.unwrap().done();
    }

    async fn a_user_s_key_is_not_revoked(harness: Harness) {
        let bob = harness.user("bob", &[]).await;
        let eve = harness.user("eve", &[]).await;
        let created = create(&harness, &bob).await;
        let keys = &harness.services.keys;
        let refused = keys.revoke(&bob, &created.key.tag).await.unwrap_err();
        assert_eq!(refused, Error::Refused(Refusal::NotRevocable));
        assert_eq!(keys.revoke(&eve, &created.key.tag).await.unwrap_err(), Error::NotFound);
        assert!(works(&harness, &created).await);
    }

    async fn self_service_can_be_withdrawn(harness: Harness) {
        let root = harness.user("root", &["Administrator"]).await;
        let bob = harness.user("bob", &[]).await;
        let created = create(&harness, &bob).await;
        let roles = &harness.services.roles;
        let of_bob = SelfServiceOf::User(bob.identity().principal.clone());
        let of_all = SelfServiceOf::Domain(bob.identity().principal.domain_type, String::new());
        for whose in [of_bob, of_all] {
            roles.set_self_service(&root, &whose, false).await.unwrap();
            let bob = harness.sign_in("bob").await;
            let keys = &harness.services.keys;
            assert_eq!(keys.own(&bob).await, Ok(None));
            assert_eq!(keys.get(&bob, &created.key.tag).await, Err(Error::NotFound));
            assert_eq!(keys.create(&bob, new_key(None, days(1))).await.unwrap_err(), Error::NotPermitted);
            assert_eq!(keys.delete(&bob, &created.key.tag, None).await.unwrap_err(), Error::NotFound);
            // The key itself goes on identifying its owner.
            assert!(works(&harness, &created).await);
            roles.set_self_service(&root, &whose, true).await.unwrap();
            let bob = harness.sign_in("bob").await;
            assert!(keys.own(&bob).await.is_ok());
        }
        let policy = Policy { self_service: false, ..Policy::default() };
        harness.services.set_policy(&root, &policy).await.unwrap();
        let bob = harness.sign_in("bob").await;
        assert_eq!(harness.services.keys.own(&bob).await, Ok(None));
    }

    async fn the_policy_holds_from_the_next_request_on_and_cuts_nothing(harness: Harness) {
        let root = harness.user("root", &["Administrator"]).await;
        let bob = harness.user("bob", &[]).await;
        let tag = create(&harness, &bob).await.key.tag;
        let services = &harness.services;
        let strict = Policy { max_lifetime_days: 7, default_lifetime_days: 7, ..Policy::default() };
        assert_eq!(services.set_policy(&bob, &strict).await, Err(Error::NotPermitted));
        let wrong = Policy { max_lifetime_days: 7, ..Policy::default() };
        let told = services.set_policy(&root, &wrong).await.unwrap_err();
        assert_eq!(told.about("default_lifetime_days"), Some(&Problem::OutOfRange { min: 1, max: 7 }));
        assert_eq!(services.policy().await.unwrap(), Policy::default());
        services.set_policy(&root, &strict).await.unwrap();
        assert_eq!(services.policy().await.unwrap(), strict);
        // Who decided about what is no more is told so, and changes nothing.
        let (old, new) = (Policy::default(), Policy { overlap_hours: 1, ..strict.clone() });
        let stale = Err(Error::Conflict(Conflict::Stale));
        assert_eq!(services.change_policy(&root, &old, &new).await, stale);
        assert_eq!(services.change_policy(&bob, &old, &new).await, Err(Error::NotPermitted));
        assert_eq!(services.policy().await.unwrap(), strict);
        services.change_policy(&root, &strict, &new).await.unwrap();
        assert_eq!(services.policy().await.unwrap(), new);
        let key = get(&harness, &bob, &tag).await;
        assert_eq!(key.expires_at, Harness::start_of_time() + TimeDelta::days(30));
        let edit = KeyEdit { validity: days(8), ..KeyEdit::default() };
        let latest = Harness::start_of_time() + TimeDelta::days(7);
        assert_eq!(
            services.keys.update(&bob, &tag, edit).await.unwrap_err(),
            Error::field(FIELD, Problem::TooLate { latest })
        );
        // The description of a key that outlasts the policy can still be changed.
        let edit = KeyEdit { description: Some("x".to_owned()), ..KeyEdit::default() };
        assert!(services.keys.update(&bob, &tag, edit).await.is_ok());
    }
}
