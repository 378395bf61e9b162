//! M1 to M14 of the list of attacks, as far as they concern one ticket.

use domain::{
    error::{Problem, Refusal},
    operation::Means,
    policy::Policy,
    principal::{DomainType, Principal},
    ticket::Drift,
};
use secrecy::ExposeSecret;
use service::{
    on_both_databases,
    testing::{PASSWORD, credentials, origin},
    users::NewUser,
};

use super::*;
use crate::{
    audit::records,
    store::{execute, number},
};

const fn own() -> Error {
    Error::Refused(Refusal::OwnTicket)
}

const fn drifted(drift: Drift) -> Error {
    Error::Conflict(Conflict::Drifted(drift))
}

/// The one whose ticket it is may decide about tickets.
async fn give(stage: &Stage, name: &str, role: &str) {
    let who = Principal::new(DomainType::Unixpwd, "", name).unwrap();
    let roles = &stage.services().roles;
    let give = [role.to_owned()];
    roles
        .assign(&Actor::console(), &who, &give, &[])
        .await
        .unwrap();
}

async fn take(stage: &Stage, name: &str, role: &str) -> Result<(), Error> {
    let who = Principal::new(DomainType::Unixpwd, "", name).unwrap();
    let roles = &stage.services().roles;
    let take = [role.to_owned()];
    roles.assign(&Actor::console(), &who, &[], &take).await
}

on_both_databases! {
    /// M1.
    async fn nobody_decides_about_their_own_request_whatever_their_role(harness: Harness) {
        let stage = Stage::on(harness).await;
        let tickets = &stage.services().tickets;
        let id = stage.ask().await;
        let refused = tickets.approve(&stage.bob, id, "").await.unwrap_err();
        assert_eq!(refused, Error::NotPermitted);
        for role in [APPROVER, "Administrator"] {
            give(&stage, "bob", role).await;
            let bob = stage.harness.sign_in("bob").await;
            assert_eq!(tickets.approve(&bob, id, "").await.unwrap_err(), own());
            assert_eq!(tickets.reject(&bob, id, "no").await.unwrap_err(), own());
        }
        assert_eq!(stage.state(id).await, TicketState::Pending);
        let refusals = records(&stage.harness).await;
        let refusals = refusals.iter().filter(|one| {
            one.action.starts_with("ticket.") && one.outcome == "refused"
        });
        assert_eq!(refusals.count(), 5);
    }

    /// M1: another account of the requester's, by case, Unicode, domain, `user@domain` or mail.
    async fn an_alias_of_the_requester_decides_nothing(harness: Harness) {
        let stage = Stage::on(harness).await;
        let services = stage.services();
        let id = stage.ask().await;
        let local = [
            (DomainType::Nt, "CORP", "BOB"),
            (DomainType::Vx, "x", "\u{ff42}ob"),
        ];
        for (domain_type, domain, name) in local {
            let wanted = NewUser {
                principal: Principal::new(domain_type, domain, name).unwrap(),
                roles: vec![APPROVER.to_owned()],
                password: Some(PASSWORD.to_owned().into()),
            };
            services.users.add(&Actor::console(), wanted).await.unwrap();
            let mut typed = credentials(name, PASSWORD);
            typed.domain_type = Some(domain_type);
            typed.domain = domain.to_owned();
            let alias = services.sessions.sign_in(typed, origin()).await.unwrap().actor;
            let told = services.tickets.approve(&alias, id, "").await.unwrap_err();
            assert_eq!(told, own(), "{name}");
        }
        let provider = "insert into saml_provider (name, entity_id, facts, settings, enabled, \
                        created_at) values ('idp', 'e', '{}', '{}', true, 1)";
        execute(&stage.harness, provider).await.unwrap();
        for (name, mail) in [("bob@corp.example", ""), ("CORP\\bob", ""), ("u-7", "Bob@Corp.Example")] {
            let alias = stage.harness.add_saml_user(name).await;
            let sql = format!(
                "insert into user_role (user_id, role_id) values ({}, 3)", alias.id
            );
            execute(&stage.harness, &sql).await.unwrap();
            let sql = format!(
                "insert into saml_user (user_id, provider_id, mail, display_name, signed_in_at) \
                 select {}, id, '{mail}', '', 1 from saml_provider", alias.id
            );
            execute(&stage.harness, &sql).await.unwrap();
            if !mail.is_empty() {
                // Bob's own address, confirmed by the same provider.
                let sql = format!(
                    "insert into saml_user (user_id, provider_id, mail, display_name, \
                     signed_in_at) select {}, id, 'bob@corp.example', '', 1 from saml_provider",
                    stage.bob.identity().id
                );
                execute(&stage.harness, &sql).await.unwrap();
            }
            let (_, session) = stage.harness.saml_session(&alias, None).await;
            let told = services.tickets.approve(&session, id, "").await.unwrap_err();
            assert_eq!(told, own(), "{name}");
        }
        assert_eq!(stage.state(id).await, TicketState::Pending);
        // Somebody else still can.
        stage.approve(id).await;
    }

    /// M1: not with a key, nor with a token that was got with one.
    async fn no_key_decides_withdraws_or_says_anything(harness: Harness) {
        let stage = Stage::off(harness).await;
        let services = stage.services();
        let made = services.keys.create(&stage.eve, new_key()).await.unwrap().done();
        stage.switch_on().await;
        let id = stage.ask().await;
        let sessions = &services.sessions;
        let value = made.value.reveal();
        let key = sessions.by_header(value.as_bytes(), origin()).await.unwrap();
        let token = sessions.login_with_key("eve", &value.to_string().into(), origin()).await.unwrap();
        let token = sessions.by_header(token.token.expose_secret().as_bytes(), origin()).await.unwrap();
        assert_eq!([key.via().means(), token.via().means()], [Means::Key, Means::KeyToken]);
        let refused = Error::Refused(Refusal::NotWithAKey);
        for by in [&key, &token] {
            let tickets = &services.tickets;
            assert_eq!(tickets.approve(by, id, "").await.unwrap_err(), refused);
            assert_eq!(tickets.reject(by, id, "no").await.unwrap_err(), refused);
            assert_eq!(tickets.cancel(by, id, "").await.unwrap_err(), refused);
            assert_eq!(tickets.comment(by, id, "x").await.unwrap_err(), refused);
            let off = approval(&[], 72);
            assert!(tickets.set_approval(by, off).await.is_err());
        }
        assert_eq!(stage.state(id).await, TicketState::Pending);
    }

    /// M1: the session ended between the request's arrival and its decision.
    async fn a_session_that_has_ended_decides_nothing(harness: Harness) {
        let stage = Stage::on(harness).await;
        let id = stage.ask().await;
        stage.services().sessions.sign_out(&stage.eve).await.unwrap();
        let told = stage.services().tickets.approve(&stage.eve, id, "").await;
        assert_eq!(told.unwrap_err(), Error::Unauthenticated);
        assert_eq!(stage.services().tickets.get(&stage.pat, id).await.unwrap().state, TicketState::Pending);
    }

    /// M3.
    async fn a_role_that_was_lost_meanwhile_decides_nothing(harness: Harness) {
        let stage = Stage::on(harness).await;
        stage.harness.user("third", &[APPROVER]).await;
        let id = stage.ask().await;
        take(&stage, "eve", APPROVER).await.unwrap();
        // This actor was authenticated before.
        let told = stage.services().tickets.approve(&stage.eve, id, "").await;
        assert_eq!(told.unwrap_err(), Error::NotPermitted);
        assert_eq!(stage.services().tickets.get(&stage.pat, id).await.unwrap().state, TicketState::Pending);
    }

    /// M4: what a ticket says was changed behind the service's back.
    async fn a_ticket_that_does_not_fit_its_digest_is_worth_nothing(harness: Harness) {
        let stage = Stage::on(harness).await;
        let id = stage.ask().await;
        stage.approve(id).await;
        let sql = "update ticket set proposal = replace(proposal, '\"Days\":30', '\"Days\":300')";
        assert_eq!(execute(&stage.harness, sql).await, Ok(1));
        assert_eq!(stage.execute(id).await.unwrap_err(), Error::Internal);
        assert_eq!(stage.own_key().await, None);
    }

    /// M4: the key, its owner's roles or the policy are not what they were.
    async fn what_would_be_something_else_now_is_refused_with_what_changed(harness: Harness) {
        let (stage, tag) = Stage::with_key(harness).await;
        let (keys, services) = (&stage.services().keys, stage.services());
        let id = keys.reissue(&stage.bob, &tag, again()).await.unwrap().ticket();
        stage.approve(id).await;
        for (change, back, drift) in [
            ("description = 'x'", "description = 'CI'", Drift::Key),
            ("version = version + 1", "version = version - 1", Drift::Key),
        ] {
            execute(&stage.harness, &format!("update api_key set {change}")).await.unwrap();
            assert_eq!(stage.execute(id).await.unwrap_err(), drifted(drift), "{change}");
            execute(&stage.harness, &format!("update api_key set {back}")).await.unwrap();
        }
        // A new key would carry more than the approver saw.
        give(&stage, "bob", APPROVER).await;
        assert_eq!(stage.execute(id).await.unwrap_err(), drifted(Drift::Owner));
        take(&stage, "bob", APPROVER).await.unwrap();
        let policy = Policy { max_lifetime_days: 29, default_lifetime_days: 29, ..Policy::default() };
        services.set_policy(&Actor::console(), &policy).await.unwrap();
        assert_eq!(stage.execute(id).await.unwrap_err(), drifted(Drift::Policy));
        services.set_policy(&Actor::console(), &Policy::default()).await.unwrap();
        assert_eq!(stage.own_key().await.unwrap().tag, tag);
        assert_eq!(stage.state(id).await, TicketState::Approved);
        // As it was, it happens.
        created(stage.execute(id).await.unwrap());
    }

    /// The rules are asked again.
    async fn a_requester_who_may_no_more_executes_nothing(harness: Harness) {
        let stage = Stage::on(harness).await;
        let id = stage.ask().await;
        stage.approve(id).await;
        let whose = service::roles::SelfServiceOf::User(stage.bob.identity().principal.clone());
        let roles = &stage.services().roles;
        roles.set_self_service(&Actor::console(), &whose, false).await.unwrap();
        let bob = stage.harness.sign_in("bob").await;
        let told = stage.services().tickets.execute(&bob, &[id]).await.unwrap_err();
        assert_eq!(told, Error::NotPermitted);
        assert_eq!(number(&stage.harness, "select count(*) from api_key").await, 0);
    }

    /// M5.
    async fn nobody_else_executes_a_ticket_and_nobody_twice(harness: Harness) {
        let stage = Stage::on(harness).await;
        let tickets = &stage.services().tickets;
        let id = stage.ask().await;
        stage.approve(id).await;
        let root = stage.harness.user("root", &["Administrator"]).await;
        for other in [&stage.eve, &stage.sam, &root, &Actor::console()] {
            let told = tickets.execute(other, &[id]).await.unwrap_err();
            assert_eq!(told, Error::NotFound);
        }
        let unknown = tickets.execute(&stage.bob, &[TicketId(99)]).await.unwrap_err();
        assert_eq!(unknown, Error::NotFound);
        created(stage.execute(id).await.unwrap());
        assert_eq!(stage.execute(id).await.unwrap_err(), is(TicketState::Done));
        assert_eq!(number(&stage.harness, "select count(*) from api_key").await, 1);
    }

    /// M6.
    async fn what_was_not_approved_or_is_closed_is_not_executed(harness: Harness) {
        let stage = Stage::on(harness).await;
        let tickets = &stage.services().tickets;
        let id = stage.ask().await;
        assert_eq!(stage.execute(id).await.unwrap_err(), is(TicketState::Pending));
        let missing = tickets.reject(&stage.eve, id, " ").await.unwrap_err();
        assert_eq!(missing, Error::field("comment", Problem::Required));
        tickets.reject(&stage.eve, id, "not now").await.unwrap();
        assert_eq!(stage.execute(id).await.unwrap_err(), is(TicketState::Rejected));
        assert_eq!(
            tickets.approve(&stage.pat, id, "").await.unwrap_err(),
            is(TicketState::Rejected)
        );

        let id = stage.ask().await;
        stage.approve(id).await;
        let by_other = tickets.cancel(&stage.eve, id, "").await.unwrap_err();
        assert_eq!(by_other, Error::NotPermitted);
        tickets.cancel(&stage.bob, id, "").await.unwrap();
        assert_eq!(stage.execute(id).await.unwrap_err(), is(TicketState::Canceled));

        let id = stage.ask().await;
        stage.approve(id).await;
        stage.wait(TimeDelta::hours(72));
        let bob = stage.harness.sign_in("bob").await;
        let told = tickets.execute(&bob, &[id]).await.unwrap_err();
        assert_eq!(told, is(TicketState::Expired));
        assert_eq!(number(&stage.harness, "select count(*) from api_key").await, 0);
    }

    /// M7, M8: whoever asks, exempt or not.
    async fn nothing_else_happens_to_what_a_ticket_waits_about(harness: Harness) {
        let (stage, tag) = Stage::with_key(harness).await;
        let keys = &stage.services().keys;
        let id = keys.update(&stage.bob, &tag, described("new")).await.unwrap().ticket();
        let waits = Error::Conflict(Conflict::TicketWaits(id));
        for by in [&stage.bob, &stage.sam, &Actor::console()] {
            let mut told = vec![
                keys.update(by, &tag, described("other")).await.unwrap_err(),
                keys.delete(by, &tag, None).await.unwrap_err(),
            ];
            told.extend(keys.reissue(by, &tag, again()).await.err());
            assert_eq!(told, vec![waits.clone(); 3]);
        }
        stage.approve(id).await;
        assert_eq!(keys.delete(&stage.bob, &tag, None).await.unwrap_err(), waits);
        // A create blocks its owner's.
        let for_eve = NewKey { owner: Some(stage.eve.identity().principal.clone()), ..new_key() };
        let id = keys.create(&stage.eve, new_key()).await.unwrap().ticket();
        let told = keys.create(&stage.sam, for_eve).await.unwrap_err();
        assert_eq!(told, Error::Conflict(Conflict::TicketWaits(id)));
        // And nobody else's.
        keys.create(&stage.pat, new_key()).await.unwrap().ticket();
    }

    /// M10.
    async fn whoever_is_not_known_decides_nothing(harness: Harness) {
        let stage = Stage::on(harness).await;
        let tickets = &stage.services().tickets;
        let id = stage.ask().await;
        for house in [Actor::console(), Actor::job()] {
            let told = tickets.approve(&house, id, "").await.unwrap_err();
            assert_eq!(told, Error::Refused(Refusal::UnknownPerson));
        }
        // Disabled behind the service's back: nobody knows that account any more.
        let sql = format!("update app_user set disabled_at = 1 where id = {}", stage.eve.identity().id);
        execute(&stage.harness, &sql).await.unwrap();
        let told = tickets.approve(&stage.eve, id, "").await.unwrap_err();
        assert_eq!(told, Error::Refused(Refusal::UnknownPerson));
        assert_eq!(tickets.get(&stage.pat, id).await.unwrap().state, TicketState::Pending);
    }

    /// M12.
    async fn a_requester_who_is_gone_gets_nothing(harness: Harness) {
        let stage = Stage::on(harness).await;
        let services = stage.services();
        let id = stage.ask().await;
        stage.approve(id).await;
        let bob = &stage.bob.identity().principal;
        services.users.disable(&Actor::console(), bob).await.unwrap();
        assert_eq!(stage.state(id).await, TicketState::Canceled);
        services.users.enable(&Actor::console(), bob).await.unwrap();
        assert_eq!(stage.execute(id).await.unwrap_err(), is(TicketState::Canceled));

        let id = stage.ask().await;
        let sql = format!("update app_user set disabled_at = 1 where id = {}", stage.bob.identity().id);
        execute(&stage.harness, &sql).await.unwrap();
        let told = services.tickets.approve(&stage.eve, id, "").await.unwrap_err();
        assert_eq!(told, Error::Conflict(Conflict::RequesterGone));
        services.tickets.reject(&stage.eve, id, "gone").await.unwrap();
        assert_eq!(number(&stage.harness, "select count(*) from api_key").await, 0);
    }

    /// M14: an end that was approved and has passed is refused, to the microsecond.
    async fn an_approved_validity_that_has_passed_is_refused(harness: Harness) {
        let stage = Stage::on(harness).await;
        let keys = &stage.services().keys;
        let short = NewKey { validity: Validity::days(1).ok(), ..new_key() };
        let id = keys.create(&stage.bob, short).await.unwrap().ticket();
        stage.approve(id).await;
        stage.wait(TimeDelta::days(1) - TimeDelta::microseconds(1));
        let bob = stage.harness.sign_in("bob").await;
        let tickets = &stage.services().tickets;
        stage.wait(TimeDelta::microseconds(1));
        let told = tickets.execute(&bob, &[id]).await.unwrap_err();
        assert_eq!(told, Error::Conflict(Conflict::ApprovedEndPassed));
        stage.wait(TimeDelta::microseconds(-1));
        tickets.execute(&bob, &[id]).await.unwrap();
        assert_eq!(stage.own_key().await.unwrap().expires_at, later(1));
    }
}
